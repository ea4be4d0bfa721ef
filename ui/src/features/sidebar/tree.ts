// The sidebar as the flat rows of a tree.
import type { Component } from "svelte";
import Activity from "@lucide/svelte/icons/activity";
import Archive from "@lucide/svelte/icons/archive";
import CalendarDays from "@lucide/svelte/icons/calendar-days";
import CircleCheck from "@lucide/svelte/icons/circle-check";
import Clock from "@lucide/svelte/icons/clock";
import FileText from "@lucide/svelte/icons/file-text";
import Inbox from "@lucide/svelte/icons/inbox";
import ListIcon from "@lucide/svelte/icons/list";
import MonitorSmartphone from "@lucide/svelte/icons/monitor-smartphone";
import Search from "@lucide/svelte/icons/search";
import Settings from "@lucide/svelte/icons/settings";
import Split from "@lucide/svelte/icons/split";
import Sun from "@lucide/svelte/icons/sun";
import Tag from "@lucide/svelte/icons/tag";
import Trash from "@lucide/svelte/icons/trash";
import type { ListView, Sidebar } from "$backend/contract";
import { listTree } from "$state/lists";
import type { Route } from "$state/router.svelte";

export type Node = {
  key: string;
  label: string;
  level: number;
  icon?: Component;
  route?: Route;
  count?: number;
  /** What the count means, read aloud. */
  counts?: string;
  urgent?: boolean;
  expanded?: boolean;
  list?: ListView;
  /** Where dragged tasks can be dropped. */
  drop?: string;
  /** A line before it. */
  apart?: boolean;
};

/** All visible rows. `open` tells of a foldable row whether it is unfolded. */
export function sidebarNodes(sidebar: Sidebar, open: (key: string, initially: boolean) => boolean): Node[] {
  const { counts } = sidebar;
  const nodes: Node[] = [
    { key: "search", label: "Search", level: 1, icon: Search, route: { screen: "search", query: "" } },
    { key: "inbox", label: "Inbox", level: 1, icon: Inbox, route: { screen: "inbox" }, count: counts.inbox, counts: "tasks", drop: "list:" },
    { key: "today", label: "Today", level: 1, icon: Sun, route: { screen: "today" }, count: counts.today, counts: counts.overdue > 0 ? `tasks, ${counts.overdue} overdue` : "tasks", urgent: counts.overdue > 0, drop: "view:today" },
    { key: "upcoming", label: "Upcoming", level: 1, icon: CalendarDays, route: { screen: "upcoming" } },
    { key: "someday", label: "Someday", level: 1, icon: Clock, route: { screen: "someday" } },
    { key: "notes", label: "Notes", level: 1, icon: FileText, route: { screen: "notes" } },
  ];
  const listsOpen = open("lists", true);
  nodes.push({ key: "lists", label: "Lists", level: 1, expanded: listsOpen, apart: true });
  if (listsOpen) {
    for (const { list, depth, children } of listTree(sidebar.lists, (id) => !open(`list:${id}`, true))) {
      nodes.push({
        key: `list:${list.id}`, label: list.recovered ? `Recovered from ${list.title}` : list.title, level: 2 + depth, icon: ListIcon, route: { screen: "list", list: list.id },
        count: list.openTasks, counts: "open tasks", list, drop: `list:${list.id}`, expanded: children > 0 ? open(`list:${list.id}`, true) : undefined,
      });
    }
    const archived = sidebar.lists.filter((list) => list.archived);
    if (archived.length > 0) {
      const shown = open("archived", false);
      nodes.push({ key: "archived", label: "Archived", level: 2, icon: Archive, expanded: shown, count: archived.length, counts: "lists" });
      if (shown) for (const list of archived) nodes.push({ key: `list:${list.id}`, label: list.title, level: 3, icon: ListIcon, route: { screen: "list", list: list.id }, list });
    }
  }
  if (sidebar.tags.length > 0) {
    const tagsOpen = open("tags", true);
    nodes.push({ key: "tags", label: "Tags", level: 1, expanded: tagsOpen, apart: true });
    if (tagsOpen) for (const tag of sidebar.tags) nodes.push({ key: `tag:${tag.id}`, label: tag.title, level: 2, icon: Tag, route: { screen: "tag", tag: tag.title }, count: tag.count, counts: "open tasks", drop: `tag:${tag.title}` });
  }
  // Always: what was merged, resolved or set aside is looked up there when nothing is left to decide.
  nodes.push(
    { key: "conflicts", label: "Conflicts", level: 1, icon: Split, route: { screen: "conflicts" }, count: counts.conflicts, counts: "to decide", urgent: counts.conflicts > 0, apart: true },
    { key: "completed", label: "Completed", level: 1, icon: CircleCheck, route: { screen: "completed" } },
    { key: "activity", label: "Activity", level: 1, icon: Activity, route: { screen: "activity" } },
    { key: "trash", label: "Trash", level: 1, icon: Trash, route: { screen: "trash" } },
    { key: "devices", label: "Devices and sync", level: 1, icon: MonitorSmartphone, route: { screen: "devices" } },
    { key: "settings", label: "Settings", level: 1, icon: Settings, route: { screen: "settings" } },
  );
  return nodes;
}

/** The key of the row that stands for a route. */
export function keyOfRoute(route: Route, sidebar: Sidebar): string {
  if (route.screen === "list") return `list:${route.list}`;
  if (route.screen === "tag") return `tag:${sidebar.tags.find((tag) => tag.title === route.tag)?.id ?? ""}`;
  return route.screen;
}
