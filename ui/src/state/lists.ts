// Lists as a tree. Whatever arrives, every list is shown exactly once.
import type { Id, ListView } from "$backend/contract";

export type ListNode = { list: ListView; depth: number; children: number };

/** A list with the one that it is in: "House › Garden". */
export function listPath(list: ListView, lists: readonly ListView[]): string {
  const parent = lists.find((one) => one.id === list.parent);
  return parent ? `${parent.title} › ${list.title}` : list.title;
}

/** Lists in the order of the tree, with depth. Archived ones are left out. Unknown parents and cycles become top level. */
export function listTree(lists: ListView[], folded: (id: Id) => boolean = () => false): ListNode[] {
  const live = lists.filter((list) => !list.archived);
  const ids = new Set(live.map((list) => list.id));
  const byParent = new Map<Id | null, ListView[]>();
  for (const list of live) {
    const parent = list.parent !== null && ids.has(list.parent) ? list.parent : null;
    byParent.set(parent, [...(byParent.get(parent) ?? []), list]);
  }
  const seen = new Set<Id>();
  const out: ListNode[] = [];
  const walk = (parent: Id | null, depth: number, visible: boolean) => {
    for (const list of byParent.get(parent) ?? []) {
      if (seen.has(list.id)) continue;
      seen.add(list.id);
      if (visible) out.push({ list, depth, children: byParent.get(list.id)?.length ?? 0 });
      walk(list.id, depth + 1, visible && !folded(list.id));
    }
  };
  walk(null, 0, true);
  for (const list of live) {
    if (seen.has(list.id)) continue;
    seen.add(list.id);
    out.push({ list, depth: 0, children: 0 });
    walk(list.id, 1, true);
  }
  return out;
}
