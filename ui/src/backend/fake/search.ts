// How the in-memory backend finds things.
import type { Id, SearchHit } from "../contract";
import { readable } from "./readable";
import type { World } from "./world";

/** Words, and in:LIST tag:T is:conflict is:done. */
export function searchHits(world: World, query: string): SearchHit[] {
  const filters = [...query.matchAll(/(\w+):(\S+)/g)];
  const needles = query.replace(/(\w+):(\S+)/g, "").replaceAll('"', "").toLowerCase().split(/\s+/).filter(Boolean);
  const hit = (kind: SearchHit["kind"], one: { id: Id; title: string; deleted: number | null }, markdown: string, listId: Id | null, status: string | null, tags: string[]): SearchHit[] => {
    const text = readable(world, markdown);
    const all = `${one.title}\n${text}`.toLowerCase();
    if (!needles.every((needle) => all.includes(needle))) return [];
    const listTitle = world.lists.find((entry) => entry.id === listId)?.title ?? null;
    for (const [, key, value] of filters) {
      if (key === "in" && listTitle?.toLowerCase() !== value!.toLowerCase()) return [];
      if (key === "tag" && !tags.includes(value!)) return [];
      if (key === "is" && value === "conflict" && !world.conflicts.some((c) => c.entity === one.id && c.tab === "open")) return [];
      if (key === "is" && value === "done" && status !== "done") return [];
    }
    const at = needles.length ? text.toLowerCase().indexOf(needles[0]!) : -1;
    const snippet = at < 0 ? "" : `${text.slice(Math.max(0, at - 40), at)}\u0001${text.slice(at, at + needles[0]!.length)}\u0002${text.slice(at + needles[0]!.length, at + 60)}`;
    return [{ id: one.id, kind, title: one.title, snippet, listTitle, trashed: one.deleted !== null, status }];
  };
  return query.trim() === "" ? [] : [
    ...world.lists.flatMap((one) => (filters.length ? [] : hit("list", one, "", null, null, []))),
    ...world.tasks.flatMap((one) => hit("task", one, one.notes, one.list, one.status, one.tags)),
    ...world.notes.flatMap((one) => hit("note", one, one.text, one.list, null, one.tags)),
  ];
}
