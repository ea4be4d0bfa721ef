// What the palette offers for what was typed: commands, places, dates, items.
import uFuzzy from "@leeoniya/ufuzzy";
import type { SearchHit, Sidebar } from "$backend/contract";
import { act, handlerOf, labelOf } from "$state/actions.svelte";
import { sayWhen } from "$state/format";
import { ACTIONS, keysOf } from "$state/keymap";
import { openLinked } from "$shared/editor/linked";
import { router } from "$state/router.svelte";
import { listTree } from "$state/lists";

export type Entry = { id: string; label: string; hint?: string; chord?: string; run: () => void; icon: "command" | "list" | "tag" | "date" | "task" | "note" };
export type Section = { title: string; entries: Entry[] };

/** What a person more likely wants comes first while nothing is typed. */
const ORDER = ["Create", "Task", "Go", "Sync", "Edit", "Window"];

/** What of conflicts is reached when none needs the person, too. */
const TABS = [["merged", "Merged automatically"], ["resolved", "Resolved"], ["aside", "Set aside"]] as const;

/** The actions that can be done now. Those of the selection name what they act on. */
export function commands(mac: boolean, layout: Record<string, string>): Entry[] {
  const offered = ACTIONS.filter((one) => !one.hidden && handlerOf(one.id)).sort((a, b) => ORDER.indexOf(a.group) - ORDER.indexOf(b.group));
  return offered.map((one) => ({ id: `do:${one.id}`, label: labelOf(one.id), hint: one.group, chord: keysOf(one.id, mac, layout)[0], run: () => void act(one.id), icon: "command" }));
}

/** Lists and tags as places to go. */
export function places(sidebar: Sidebar | null): Entry[] {
  return [
    ...listTree(sidebar?.lists ?? []).map(({ list }): Entry => ({ id: `list:${list.id}`, label: list.title, hint: "List", run: () => router.go({ screen: "list", list: list.id }), icon: "list" })),
    ...(sidebar?.tags ?? []).map((tag): Entry => ({ id: `tag:${tag.id}`, label: tag.title, hint: "Tag", run: () => router.go({ screen: "tag", tag: tag.title }), icon: "tag" })),
    ...TABS.map(([tab, label]): Entry => ({ id: `go:${tab}`, label, hint: "Conflicts", run: () => router.go({ screen: "conflicts", tab }), icon: "list" })),
  ];
}

/** What can be done with a date: plan the selected tasks. Without a selection, go and see that time. */
export function dates(when: string | null, today: string): Entry[] {
  if (!when) return [];
  const said = sayWhen(when, today);
  const schedule = handlerOf("task.schedule");
  const plan: Entry[] = schedule ? [{ id: "date:schedule", label: `${labelOf("task.schedule").replace(/…$/, "")} for ${said}`, run: () => void act("task.schedule", when), icon: "date" }] : [];
  const go: Entry = { id: "date:go", label: when.slice(0, 10) === today ? "Go to Today" : `Go to Upcoming · ${said}`, run: () => router.go({ screen: when.slice(0, 10) <= today ? "today" : "upcoming" }), icon: "date" };
  // What nobody selected is never what Enter acts on.
  return schedule?.selected?.() ? [...plan, go] : [go, ...plan];
}

export function items(hits: SearchHit[]): Entry[] {
  return hits.flatMap((hit): Entry[] =>
    hit.kind === "list" || hit.trashed ? [] : [{ id: `${hit.kind}:${hit.id}`, label: hit.title || "Untitled", hint: [hit.listTitle, hit.status === "done" ? "done" : null].filter(Boolean).join(" · ") || (hit.kind === "note" ? "Note" : "Inbox"), run: () => void openLinked(hit.id), icon: hit.kind === "note" ? "note" : "task" }],
  );
}

const fuzzy = new uFuzzy({ intraMode: 1, intraIns: 1 });

/** The best matches for what was typed, best first; everything for nothing. */
export function rank(entries: Entry[], typed: string, limit: number): Entry[] {
  const needle = typed.trim();
  if (needle === "") return entries.slice(0, limit);
  const words = entries.map((entry) => `${entry.label} ${entry.icon === "command" ? (entry.hint ?? "") : ""}`);
  const [found, info, order] = fuzzy.search(words, needle, 1);
  const best = order && info ? order.map((i) => info.idx[i]) : found;
  return (best ?? []).flatMap((i) => (i === undefined ? [] : (entries[i] ?? []))).slice(0, limit);
}
