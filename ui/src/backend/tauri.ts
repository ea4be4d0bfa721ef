// The backend over the shell's commands. `bindings.ts` is written from the Rust side; that its
// commands fit the contract is checked by the compiler here, method by method. Events: `changed`
// (Changed) and `menu` (an action id).
import { listen } from "@tauri-apps/api/event";
import { commands } from "../bindings";
import type { Backend, Changed } from "./contract";

/**
 * An event of the shell, heard by the window once and from its start on: whoever reads something and then asks
 * to be told has missed nothing in between, although the shell itself takes a moment to listen.
 */
function heard<T>(event: string): { ready: Promise<unknown>; subscribe: (listener: (payload: T) => void) => () => void } {
  const listeners = new Set<(payload: T) => void>();
  const ready = listen<T>(event, ({ payload }) => [...listeners].forEach((listener) => listener(payload)));
  const subscribe = (listener: (payload: T) => void) => {
    const own = (payload: T) => listener(payload);
    listeners.add(own);
    return () => void listeners.delete(own);
  };
  return { ready, subscribe };
}

/** An attachment arrives as bytes: a 4-byte big-endian length, that many bytes of JSON {name, mime}, the content. */
async function attachment(id: string): ReturnType<Backend["attachment"]> {
  const buffer = await commands.attachment(id);
  const head = new DataView(buffer).getUint32(0);
  const text = new TextDecoder().decode(new Uint8Array(buffer, 4, head));
  const { name, mime } = JSON.parse(text) as { name: string; mime: string };
  return { name, mime, bytes: new Uint8Array(buffer, 4 + head) };
}

/** The backend of the app's window. */
export function tauriBackend(): Backend {
  const changed = heard<Changed>("changed");
  const menu = heard<string>("menu");
  return {
    ...commands,
    // Nothing is read before changes are heard of.
    boot: () => changed.ready.catch(() => undefined).then(() => commands.boot()),
    // An item has one text: its id says which field is meant.
    spliceText: (id, _field, version, splices) => commands.spliceText(id, version, splices),
    textSince: (id, _field, version) => commands.textSince(id, version),
    setPrefs: (prefs) => commands.setPrefs(prefs).then(() => undefined),
    openLink: (url) => commands.openLink(url).then(() => undefined),
    stopShowing: () => commands.stopShowing().then(() => undefined),
    startLooking: () => commands.startLooking().then(() => undefined),
    stopLooking: () => commands.stopLooking().then(() => undefined),
    cancelJoining: () => commands.cancelJoining().then(() => undefined),
    addAddress: (address) => commands.addAddress(address).then(() => undefined),
    removeAddress: (address) => commands.removeAddress(address).then(() => undefined),
    blockDevice: (id) => commands.blockDevice(id).then(() => undefined),
    unblockKey: (key) => commands.unblockKey(key).then(() => undefined),
    attachment,
    onChanged: changed.subscribe,
    onMenu: menu.subscribe,
  };
}
