// Which note the keys act on, and which notes are selected.
import { SvelteSet } from "svelte/reactivity";
import type { Id } from "$backend/contract";

export class Marks {
  /** The row of the keys. */
  cursor = $state.raw<Id | null>(null);
  readonly chosen = new SvelteSet<Id>();
  #from: Id | null = null;

  /** What an action acts on: the selection, or the row of the cursor. */
  get targets(): Id[] {
    if (this.chosen.size > 0) return [...this.chosen];
    return this.cursor === null ? [] : [this.cursor];
  }
  /** Puts the cursor on a row and ends the selection. */
  place(id: Id | null): void {
    this.clear();
    this.cursor = id;
  }
  clear(): void {
    this.chosen.clear();
    this.#from = null;
  }
  toggle(id: Id): void {
    if (!this.chosen.delete(id)) this.chosen.add(id);
    this.cursor = this.#from = id;
  }
  /** Selects everything from where the selection began to here. */
  extend(id: Id, order: readonly Id[]): void {
    this.#from ??= this.cursor ?? id;
    const [a, b] = [order.indexOf(this.#from), order.indexOf(id)];
    if (a < 0 || b < 0) return;
    this.chosen.clear();
    for (const one of order.slice(Math.min(a, b), Math.max(a, b) + 1)) this.chosen.add(one);
    this.cursor = id;
  }
  /** Forgets what is no longer there; the cursor goes to the row that took its place. */
  keep(order: readonly Id[], before: readonly Id[]): void {
    const alive = new SvelteSet(order);
    for (const id of [...this.chosen]) if (!alive.has(id)) this.chosen.delete(id);
    if (this.cursor === null || alive.has(this.cursor)) return;
    const at = before.indexOf(this.cursor);
    this.cursor = before.slice(at + 1).find((id) => alive.has(id)) ?? before.slice(0, Math.max(0, at)).findLast((id) => alive.has(id)) ?? order[0] ?? null;
  }
}
