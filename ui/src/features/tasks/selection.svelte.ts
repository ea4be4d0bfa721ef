// Which row the keys act on, and which tasks are selected.
import { SvelteSet } from "svelte/reactivity";
import type { Id } from "$backend/contract";

export class Selection {
  /** The row that has, or would get, focus. */
  cursor = $state.raw<Id | null>(null);
  readonly chosen = new SvelteSet<Id>();
  #anchor: Id | null = null;

  /** What an action acts on: the selection, or the row of the cursor. */
  get targets(): Id[] {
    return this.chosen.size > 0 ? [...this.chosen] : this.cursor !== null ? [this.cursor] : [];
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
    this.#anchor ??= this.cursor ?? id;
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
