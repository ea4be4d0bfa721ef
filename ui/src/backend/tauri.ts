// The backend over the shell's commands. A method `editTasks(ids, patch, asOf)` is the command
// `edit_tasks` with arguments of the same names. Events: `changed` (Changed) and `menu` (action id).
import { invoke } from "@tauri-apps/api/core";
import { listen } from "@tauri-apps/api/event";
import type { Backend, Changed } from "./contract";

/** Argument names of every command, in order. The type makes a missing or unknown method an error. */
const ARGUMENTS: { [M in Exclude<keyof Backend, "onChanged" | "onMenu" | "attachment">]: string[] } = {
  boot: [],
  createVault: ["deviceName", "keyStore", "passphrase"],
  pickInvitation: [],
  join: ["token", "invitePassphrase", "deviceName", "keyStore", "passphrase"],
  unlock: ["passphrase"],
  setPrefs: ["prefs"],
  sidebar: [],
  tasks: ["query"],
  task: ["id"],
  notes: ["query"],
  note: ["id"],
  trash: [],
  search: ["query", "limit"],
  parseQuickAdd: ["text", "ignore"],
  quickAdd: ["text", "ignore", "defaults"],
  editTasks: ["ids", "patch", "asOf"],
  moveTask: ["id", "after", "before", "asOf"],
  addNote: ["title", "list", "text"],
  editNotes: ["ids", "patch", "asOf"],
  addList: ["title", "parent", "space"],
  editList: ["id", "patch", "asOf"],
  deleteItems: ["ids", "asOf"],
  restoreItems: ["ids"],
  purgeItems: ["ids"],
  spliceText: ["id", "field", "version", "splices"],
  textSince: ["id", "field", "version"],
  renderMarkdown: ["text"],
  turnIntoTask: ["note", "version", "lineStart", "lineEnd"],
  undo: [],
  redo: [],
  conflicts: ["tab"],
  review: ["entity"],
  textBlocks: ["entity", "field", "left", "right"],
  resolve: ["entity", "decisions", "asOf"],
  reopen: ["entity"],
  status: [],
  setMode: ["mode"],
  waiting: [],
  devices: [],
  renameDevice: ["id", "name"],
  exportBundle: ["request"],
  inspectBundle: [],
  importBundle: ["token"],
  pickMarkdown: [],
  importMarkdown: ["token"],
  exportAll: ["format"],
  activity: ["limit"],
  undoExchange: ["id"],
  policies: [],
  setPolicy: ["kind", "policy"],
  check: ["repair"],
  openLink: ["url"],
};

const snake = (name: string) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** Events come through a promise of an unlistener; this hands out a plain function at once. */
function subscribe<T>(event: string, listener: (payload: T) => void): () => void {
  const stop = listen<T>(event, ({ payload }) => listener(payload));
  return () => void stop.then((off) => off());
}

/** An attachment arrives as bytes: a 4-byte big-endian length, that many bytes of JSON {name, mime}, the content. */
async function attachment(id: string): ReturnType<Backend["attachment"]> {
  const buffer = await invoke<ArrayBuffer>("attachment", { id });
  const head = new DataView(buffer).getUint32(0);
  const text = new TextDecoder().decode(new Uint8Array(buffer, 4, head));
  const { name, mime } = JSON.parse(text) as { name: string; mime: string };
  return { name, mime, bytes: new Uint8Array(buffer, 4 + head) };
}

/** The backend of the app's window. */
export function tauriBackend(): Backend {
  const commands = Object.entries(ARGUMENTS).map(([method, names]) => [
    method,
    (...args: unknown[]) => invoke(snake(method), Object.fromEntries(names.map((name, i) => [name, args[i] ?? null]))),
  ]);
  return {
    ...(Object.fromEntries(commands) as Omit<Backend, "onChanged" | "onMenu" | "attachment">),
    attachment,
    onChanged: (listener) => subscribe<Changed>("changed", listener),
    onMenu: (listener) => subscribe<string>("menu", listener),
  };
}
