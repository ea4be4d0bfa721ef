// Choices that were made and not yet handed over, per item. They outlive the screen, so "later"
// costs nothing; they are forgotten when the window closes.
import { SvelteMap } from "svelte/reactivity";
import type { Id } from "$backend/contract";
import type { Choice } from "./choices";

const drafts = new Map<Id, SvelteMap<string, Choice>>();

/** The choices on an item, empty at first. */
export function draftOf(entity: Id): SvelteMap<string, Choice> {
  const known = drafts.get(entity);
  if (known) return known;
  const fresh = new SvelteMap<string, Choice>();
  drafts.set(entity, fresh);
  return fresh;
}

/** For tests: as at start. */
export function forgetDrafts(): void {
  drafts.clear();
}
