// Which row the keys act on, and which tasks are selected.
import { SvelteSet } from "svelte/reactivity";
import type { Id } from "$backend/contract";

/** Where the cursor was in each view, for when a person comes back to it. */
// eslint-disable-next-line svelte/prefer-svelte-reactivity -- nothing shows it
const places = new Map<string, string>();

/** For tests: as at start. */
export function forgetPlaces(): void {
  places.clear();
}

export class Selection {
  /** The key of the row that has, or would get, focus: a task's id, or that of a group's head. */
  #cursor = $state.raw<string | null>(null);
  /** Whether a person put it there, or saw it have focus. Until then nothing acts on its row. */
  #placed = $state.raw(false);
  readonly chosen = new SvelteSet<Id>();
  #anchor: Id | null = null;
  readonly #view: string;

  constructor(view: string) {
    this.#view = view;
    this.#cursor = places.get(view) ?? null;
  }

  get cursor(): string | null {
    return this.#cursor;
  }
  set cursor(key: string | null) {
    this.#cursor = key;
    this.#placed = key !== null;
    if (key !== null) places.set(this.#view, key);
  }
  /** Where the cursor would be, when the rows get focus. */
  rest(key: string | null): void {
    this.#cursor = key;
    this.#placed = false;
  }
  /** The task under the cursor; null on a group's head. */
  get task(): Id | null {
    return this.#cursor?.startsWith("head:") ? null : this.#cursor;
  }

  /** What an action acts on: the selection, or the row of the cursor. */
  get targets(): Id[] {
    return this.chosen.size > 0 ? [...this.chosen] : this.task !== null && this.#placed ? [this.task] : [];
  }

  clear(): void {
    this.chosen.clear();
    this.#anchor = null;
  }
  /** Puts the cursor on a row and ends the selection. */
  place(id: Id): void {
    this.clear();
    this.cursor = id;
  }
  toggle(id: Id): void {
    this.cursor = id;
    this.#anchor = id;
    if (!this.chosen.delete(id)) this.chosen.add(id);
  }
  /** Selects everything from where the selection began to here. */
  extend(id: Id, order: Id[]): void {
    this.#anchor ??= this.task ?? id;
    const [a, b] = [order.indexOf(this.#anchor), order.indexOf(id)];
    if (a < 0 || b < 0) return;
    this.chosen.clear();
    for (const one of order.slice(Math.min(a, b), Math.max(a, b) + 1)) this.chosen.add(one);
    this.cursor = id;
  }
  all(order: Id[]): void {
    for (const id of order) this.chosen.add(id);
  }
  /** Forgets what is no longer there. */
  keep(order: Id[]): void {
    // A plain set: it lives for this one call.
    // eslint-disable-next-line svelte/prefer-svelte-reactivity
    const alive = new Set(order);
    for (const id of [...this.chosen]) if (!alive.has(id)) this.chosen.delete(id);
  }
}
