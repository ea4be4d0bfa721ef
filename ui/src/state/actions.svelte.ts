// Who carries out which action at this moment, and the one key dispatcher. A feature offers an
// action while it can do it; the palette and menus show only what is offered.
import { untrack } from "svelte";
import { SvelteMap } from "svelte/reactivity";
import { ACTIONS, actionOf, chordOf, isSingle, keysOf, type Scope } from "./keymap";
import { session } from "./session.svelte";

export type Handler = {
  /** `value`: what the palette already knows, such as the day for task.schedule. */
  run: (value?: string) => void;
  /** False: known here, but not possible at this moment. */
  enabled?: () => boolean;
  /** A label for what it would act on: "Move 3 tasks…". */
  label?: () => string;
  /** Whether a person selected or opened what it would act on, rather than that the cursor happens to be there. */
  selected?: () => boolean;
};

const offered = new SvelteMap<string, Handler[]>();

/** Offers an action until the returned function is called. The latest offer wins. */
export function offer(id: string, handler: Handler | Handler["run"]): () => void {
  if (!actionOf(id)) throw new Error(`No action "${id}" in the keyboard map.`);
  const entry = typeof handler === "function" ? { run: handler } : handler;
  offered.set(id, [...(offered.get(id) ?? []), entry]);
  return () => {
    const rest = (offered.get(id) ?? []).filter((one) => one !== entry);
    if (rest.length > 0) offered.set(id, rest);
    else offered.delete(id);
  };
}

/** Offers several actions for the life of the component that is being set up. */
export function offerAll(handlers: Record<string, Handler | Handler["run"]>): void {
  $effect.pre(() => {
    // Registering must not make this effect depend on who else registered.
    const stops: (() => void)[] = [];
    for (const [id, handler] of Object.entries(handlers)) stops.push(untrack(() => offer(id, handler)));
    return () => untrack(() => stops.forEach((stop) => stop()));
  });
}

/** The handler that would run, if the action is possible now. */
export function handlerOf(id: string): Handler | null {
  const handler = offered.get(id)?.at(-1);
  return handler && (handler.enabled?.() ?? true) ? handler : null;
}

/** Runs an action. False when nobody can do it now. */
export function act(id: string, value?: string): boolean {
  const handler = handlerOf(id);
  handler?.run(value);
  return handler !== null;
}

/** What an action is called now. */
export function labelOf(id: string): string {
  return handlerOf(id)?.label?.() ?? actionOf(id)?.label ?? id;
}

const TYPING = 'input:not([type="checkbox"]):not([type="radio"]):not([type="button"]), textarea, select, [contenteditable="true"], .cm-content';

/** True while keys belong to a text that is being edited. */
export function isTyping(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest(TYPING) !== null;
}

function scopesAt(target: EventTarget | null): Scope[] {
  const keys = target instanceof Element ? (target.closest<HTMLElement>("[data-keys]")?.dataset.keys ?? "") : "";
  return keys === "list" || keys === "review" ? [keys, "global"] : ["global"];
}

const UNDO_KEYS = new Set(["Mod+Z", "Mod+Y", "Mod+Shift+Z"]);

/** Keys that a text field needs for itself. */
const TEXT_KEYS = new Set(["Mod+Z", "Mod+Y", "Mod+Shift+Z", "Mod+A", "Mod+B", "Mod+Enter", "Alt+Left", "Alt+Up", "Alt+Down", "Space", "Enter", "Delete", "Backspace", "Shift+Up", "Shift+Down"]);

/** Handles a key press of the window. True when an action ran. */
export function dispatchKey(event: KeyboardEvent): boolean {
  if (event.defaultPrevented || event.isComposing || event.repeat && event.key === " ") return false;
  const mac = session.mac;
  const chord = chordOf(event, mac);
  const typing = isTyping(event.target);
  // An empty field has nothing to undo: then the keys mean the last action.
  const empty = event.target instanceof HTMLInputElement && event.target.value === "" && UNDO_KEYS.has(chord);
  if (typing && !empty && (isSingle(chord) || TEXT_KEYS.has(chord))) return false;
  if (isSingle(chord) && !session.prefs.singleKeys) return false;
  const dialogOpen = document.querySelector('[role="dialog"][data-state="open"]') !== null;
  for (const scope of scopesAt(event.target)) {
    for (const entry of ACTIONS) {
      if (entry.scope !== scope || !keysOf(entry.id, mac, session.prefs.layout).includes(chord)) continue;
      if (dialogOpen && scope === "global" && entry.group !== "Edit") continue;
      if (act(entry.id)) {
        event.preventDefault();
        return true;
      }
    }
  }
  return false;
}
