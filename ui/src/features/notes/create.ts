// A new note is there at once and can be written into; its title comes first.
import { backend } from "$backend";
import type { Id } from "$backend/contract";
import { router } from "$state/router.svelte";
import { attempt } from "$state/toast.svelte";

let fresh: Id | null = null;

/** True once for a note that was just made here: its title gets focus. */
export function isFresh(id: Id): boolean {
  const mine = fresh === id;
  if (mine) fresh = null;
  return mine;
}

/** Makes a note in the list that is shown, or in none, and opens it. */
export async function newNote(): Promise<void> {
  const from = router.route;
  const list = from.screen === "list" ? from.list : null;
  const made = await attempt(backend().addNote("", list, ""), { quiet: true });
  const id = made?.ids[0];
  if (!id) return;
  fresh = id;
  if (list !== null) router.go({ screen: "list", list, tab: "notes", item: id });
  else router.go({ screen: "notes", item: id });
}
