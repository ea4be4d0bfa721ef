// How the in-memory backend answers questions about tasks and notes.
import type { LinkView, NoteView, TaskGroup, TaskQuery, TaskView } from "../contract";
import { readable } from "./readable";
import { addDays, type FakeNote, type FakeTask, type World } from "./world";

export function taskView(world: World, one: FakeTask): TaskView {
  const children = world.tasks.filter((child) => child.parent === one.id && !child.deleted);
  return {
    id: one.id, title: one.title, status: one.status, when: one.when, evening: one.evening, deadline: one.deadline, priority: one.priority, tags: [...one.tags],
    list: one.list, listTitle: world.lists.find((entry) => entry.id === one.list)?.title ?? null, parent: one.parent, depth: depth(world, one), repeat: one.repeat,
    hasNotes: one.notes.trim() !== "", subtasks: { done: children.filter((child) => child.status !== "open").length, total: children.length },
    completed: one.completed, created: one.created, conflict: world.conflicts.some((c) => c.entity === one.id && c.tab === "open"), merged: one.merged,
  };
}

function depth(world: World, one: FakeTask): number {
  let at = one;
  for (let n = 0; n < 20; n++) {
    const parent = world.tasks.find((other) => other.id === at.parent && !other.deleted);
    if (!parent) return n;
    at = parent;
  }
  return 0;
}

const dayOf = (one: FakeTask) => one.when?.slice(0, 10) ?? null;

/** Children directly under their parent, both in their own order. */
function nested(tasks: FakeTask[]): FakeTask[] {
  const ids = new Set(tasks.map((one) => one.id));
  const sorted = [...tasks].sort((a, b) => a.order - b.order);
  const under = (parent: string | null): FakeTask[] =>
    sorted.filter((one) => (parent === null ? !one.parent || !ids.has(one.parent) : one.parent === parent)).flatMap((one) => [one, ...under(one.id)]);
  return under(null);
}

function groups(world: World, today: string, query: TaskQuery): { group: string; label: string; tasks: FakeTask[] }[] {
  const alive = world.tasks.filter((one) => !one.deleted && !world.lists.some((entry) => entry.id === one.list && entry.deleted));
  const open = alive.filter((one) => one.status === "open");
  const byWhen = (a: FakeTask, b: FakeTask) => (a.when ?? "").localeCompare(b.when ?? "") || a.order - b.order;
  switch (query.view) {
    case "inbox":
      return [{ group: "", label: "Inbox", tasks: nested(open.filter((one) => one.list === null)) }];
    case "today": {
      const due = open.filter((one) => dayOf(one) !== null);
      const doneToday = alive.filter((one) => one.status !== "open" && one.completed !== null && new Date(one.completed).toISOString().slice(0, 10) === today);
      return [
        { group: "overdue", label: "Overdue", tasks: due.filter((one) => (dayOf(one) ?? "") < today).sort(byWhen) },
        { group: "today", label: "Today", tasks: due.filter((one) => dayOf(one) === today && !one.evening).sort(byWhen) },
        { group: "evening", label: "This evening", tasks: due.filter((one) => dayOf(one) === today && one.evening).sort(byWhen) },
        { group: "done", label: "Done today", tasks: doneToday },
      ].filter((entry) => entry.tasks.length > 0);
    }
    case "upcoming": {
      const due = open.filter((one) => (dayOf(one) ?? "") > today).sort(byWhen);
      const far = addDays(today, 14);
      const keys = [...new Set(due.map((one) => ((dayOf(one) ?? "") <= far ? dayOf(one) ?? "" : (dayOf(one) ?? "").slice(0, 7))))];
      return keys.map((key) => ({ group: key, label: key === addDays(today, 1) ? "Tomorrow" : heading(key), tasks: due.filter((one) => (key.length === 7 ? (dayOf(one) ?? "") > far && one.when?.startsWith(key) : dayOf(one) === key)) }));
    }
    case "someday":
      return [{ group: "", label: "Someday", tasks: nested(open.filter((one) => one.when === null && one.list !== null)) }];
    case "completed":
      return [{ group: "", label: "Completed", tasks: alive.filter((one) => one.status !== "open").sort((a, b) => (b.completed ?? 0) - (a.completed ?? 0)) }];
    case "list":
      return [{ group: "", label: "", tasks: nested(alive.filter((one) => one.list === query.list && (query.withCompleted || one.status === "open"))) }];
    case "tag":
      return [{ group: "", label: "", tasks: nested(open.filter((one) => one.tags.includes(query.tag))) }];
  }
}

function heading(key: string): string {
  const options: Intl.DateTimeFormatOptions = key.length === 7 ? { month: "long", year: "numeric" } : { weekday: "long", day: "numeric", month: "long" };
  return new Intl.DateTimeFormat("en-GB", { ...options, timeZone: "UTC" }).format(new Date(`${key.length === 7 ? `${key}-01` : key}T12:00:00Z`));
}

export function taskGroups(world: World, today: string, query: TaskQuery): TaskGroup[] {
  return groups(world, today, query).map((entry) => ({ ...entry, tasks: entry.tasks.map((one) => taskView(world, one)) }));
}

export function noteView(world: World, one: FakeNote): NoteView {
  return {
    id: one.id, title: one.title, excerpt: readable(world, one.text).slice(0, 160), list: one.list,
    listTitle: world.lists.find((entry) => entry.id === one.list)?.title ?? null, pinned: one.pinned, tags: [...one.tags], edited: one.edited, created: one.created,
    conflict: world.conflicts.some((c) => c.entity === one.id && c.tab === "open"), merged: one.merged,
  };
}

/** Who links to an item: texts with its id, and tasks made from a note. */
export function backlinks(world: World, id: string): LinkView[] {
  const notes = world.notes.filter((one) => !one.deleted && one.id !== id && one.text.includes(id)).map((one): LinkView => ({ id: one.id, kind: "note", title: one.title }));
  const tasks = world.tasks.filter((one) => !one.deleted && one.id !== id && (one.notes.includes(id) || one.links.includes(id))).map((one): LinkView => ({ id: one.id, kind: "task", title: one.title }));
  return [...notes, ...tasks];
}
