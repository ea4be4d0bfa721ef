// Choices that were made and not yet handed over, per item. They outlive the screen, so "later"
// costs nothing; they are forgotten when the window closes.
import { SvelteMap, SvelteSet } from "svelte/reactivity";
import type { Id } from "$backend/contract";
import type { Choice } from "./choices";

let drafts: Record<Id, SvelteMap<string, Choice>> = {};

/** The choices on an item, empty at first. */
export function draftOf(entity: Id): SvelteMap<string, Choice> {
  return (drafts[entity] ??= new SvelteMap<string, Choice>());
}

const openedAgain = new SvelteSet<Id>();
let visited: Id | null = null;

/** Waits until a decided item is open again, from wherever the person opens it: its choices shall count again. */
export async function openAgain<Done>(entity: Id, opening: Promise<Done | null>): Promise<Done | null> {
  openedAgain.add(entity);
  const done = await opening;
  if (!done) openedAgain.delete(entity);
  return done;
}

/** Whether the item was opened again; asked once. */
export function wasOpenedAgain(entity: Id): boolean {
  return openedAgain.delete(entity);
}

/** For tests: as at start. */
export function forgetDrafts(): void {
  drafts = {};
  openedAgain.clear();
  visited = null;
}

/** Remembers which item was reviewed last, so that the list gives focus back to it. */
export function visit(entity: Id): void {
  visited = entity;
}

/** The item that was reviewed last; asked once. */
export function lastVisited(): Id | null {
  const entity = visited;
  visited = null;
  return entity;
}
