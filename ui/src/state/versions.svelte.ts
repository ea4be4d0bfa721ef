// How many versions stand of an item that devices changed differently. Rows only know that there are several.
import { backend } from "$backend";
import type { Id } from "$backend/contract";
import { live } from "./live.svelte";
import { session } from "./session.svelte";

let standing = $state.raw<Record<Id, number>>({});

/** "3 versions": one for each device that has its own. */
export function versionsOf(id: Id): string {
  return `${Math.max(2, standing[id] ?? 2)} versions`;
}

/** Keeps it as it is, for the life of the component that is being set up. */
export function followVersions(): void {
  const rows = live(() => ((session.sidebar?.counts.conflicts ?? 0) > 0 ? backend().conflicts("open") : null));
  $effect.pre(() => {
    standing = Object.fromEntries((rows.data ?? []).map((row) => [row.entity, row.sides.length]));
  });
}
