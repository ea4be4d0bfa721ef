// What a view of tasks is: its question, its title, its words when empty.
import type { Id, ListView, QuickAddDefaults, TaskQuery } from "$backend/contract";
import type { Route } from "$state/router.svelte";

export type TaskRoute = Extract<Route, { screen: "inbox" | "today" | "upcoming" | "someday" | "completed" | "list" | "tag" }>;
export type View = {
  /** Two routes with the same key show the same rows. */
  key: string;
  title: string;
  query: TaskQuery;
  list: ListView | null;
  empty: string;
  /** Rows can be put in another order by hand. */
  ordered: boolean;
  /** Where a task added here goes. */
  defaults: (today: string) => QuickAddDefaults;
};

const into = (list: Id | null) => () => ({ list, when: null, parent: null });

/** The view of a route. */
export function viewOf(route: TaskRoute, lists: ListView[]): View {
  switch (route.screen) {
    case "inbox":
      return { key: "inbox", title: "Inbox", query: { view: "inbox" }, list: null, empty: "Your Inbox is empty.", ordered: true, defaults: into(null) };
    case "today":
      return { key: "today", title: "Today", query: { view: "today" }, list: null, empty: "Nothing due today.", ordered: false, defaults: (today) => ({ list: null, when: today, parent: null }) };
    case "upcoming":
      return { key: "upcoming", title: "Upcoming", query: { view: "upcoming" }, list: null, empty: "Nothing scheduled. Press S on a task.", ordered: false, defaults: into(null) };
    case "someday":
      return { key: "someday", title: "Someday", query: { view: "someday" }, list: null, empty: "Nothing without a date.", ordered: true, defaults: into(null) };
    case "completed":
      return { key: "completed", title: "Completed", query: { view: "completed" }, list: null, empty: "Nothing completed yet.", ordered: false, defaults: into(null) };
    case "list": {
      const list = lists.find((entry) => entry.id === route.list) ?? null;
      const title = list ? (list.recovered ? `Recovered from ${list.title}` : list.title) : "List";
      return { key: `list:${route.list}`, title, query: { view: "list", list: route.list, withCompleted: false }, list, empty: "Type to add the first task.", ordered: true, defaults: into(route.list) };
    }
    case "tag":
      return { key: `tag:${route.tag}`, title: route.tag, query: { view: "tag", tag: route.tag }, list: null, empty: `No open task has the tag ‘${route.tag}’.`, ordered: false, defaults: into(null) };
  }
}
