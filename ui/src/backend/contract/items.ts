// Lists, tags, tasks and notes, search, and the trash.

import type { Day, DeviceRef, Id, Millis, Space, When } from "./app";
import type { SyncStatus } from "./sync";

export type ListView = {
  id: Id;
  title: string;
  parent: Id | null;
  color: string | null;
  space: Space;
  archived: boolean;
  /** A deleted list that still holds live items: shown as "Recovered from …". */
  recovered: boolean;
  openTasks: number;
  notes: number;
  conflict: boolean;
};
export type TagView = { id: Id; title: string; count: number };
export type Sidebar = {
  asOf: number;
  lists: ListView[];
  tags: TagView[];
  counts: { inbox: number; today: number; overdue: number; conflicts: number; merged: number; trash: number };
  undo: string | null;
  redo: string | null;
  status: SyncStatus;
};

export type TaskView = {
  id: Id;
  title: string;
  status: string; // "open" | "done" | "cancelled"; a value of a newer app is shown as it is
  when: When | null;
  evening: boolean;
  deadline: Day | null;
  priority: number; // 0 none, 1 high … 3 low
  tags: string[];
  list: Id | null;
  listTitle: string | null;
  parent: Id | null;
  /** 0 for a task without parent. */
  depth: number;
  repeat: string | null; // in words
  hasNotes: boolean;
  subtasks: { done: number; total: number };
  completed: Millis | null;
  created: Millis;
  conflict: boolean;
  merged: boolean;
};
export type TaskQuery =
  | { view: "inbox" }
  | { view: "today" }
  | { view: "upcoming" }
  | { view: "someday" }
  | { view: "completed" }
  | { view: "list"; list: Id; withCompleted: boolean }
  | { view: "tag"; tag: string };
/** `group` is a stable key (overdue, today, evening, done, a Day, or ""), `label` what people read. */
export type TaskGroup = { group: string; label: string; tasks: TaskView[] };
export type TaskPage = { asOf: number; groups: TaskGroup[]; total: number; truncated: boolean };

export type FieldVersion = { version: string; display: string; device: DeviceRef; time: Millis };
export type TaskDetail = {
  asOf: number;
  task: TaskView;
  notes: TextState;
  repeatRule: string | null;
  children: TaskView[];
  links: LinkView[];
  backlinks: LinkView[];
  /** Fields with more than one version, for the "2 versions" marker. */
  disputed: { field: string; label: string; versions: FieldVersion[] }[];
  history: HistoryEntry[];
};
export type HistoryEntry = { change: string; device: DeviceRef; time: Millis; summary: string };
export type LinkView = { id: Id; kind: "task" | "note"; title: string };
/** What a person changes on one or several tasks at once. Absent = unchanged, null = cleared. */
export type TaskPatch = {
  title?: string;
  status?: "open" | "done" | "cancelled";
  /** With "cancelled", of a task that repeats: this one alone, or all that follow too. */
  occurrences?: "this" | "following";
  when?: When | null;
  evening?: boolean;
  deadline?: Day | null;
  priority?: number;
  list?: Id | null;
  parent?: Id | null;
  repeat?: string | null; // "every 2 weeks", as quick add reads it
  addTags?: string[];
  removeTags?: string[];
};

export type NoteView = {
  id: Id;
  title: string;
  excerpt: string;
  list: Id | null;
  listTitle: string | null;
  pinned: boolean;
  tags: string[];
  edited: Millis;
  created: Millis;
  conflict: boolean;
  merged: boolean;
};
export type NoteQuery = { list?: Id | null; tag?: string | null; limit: number };
export type NotePage = { asOf: number; notes: NoteView[]; total: number };
export type NoteDetail = {
  asOf: number;
  note: NoteView;
  text: TextState;
  words: number;
  backlinks: LinkView[];
  history: HistoryEntry[];
  disputed: TaskDetail["disputed"];
};
export type NotePatch = {
  title?: string;
  list?: Id | null;
  pinned?: boolean;
  addTags?: string[];
  removeTags?: string[];
};

/** The text of a note (field "text") or of a task's notes (field "notes"), and which version it is. */
export type TextState = { text: string; version: string };
export type Splice = { pos: number; delete: number; insert: string };
/** stored: `splices` is what is stored otherwise than it was sent, such as a link without its target's title. behind: nothing was stored; apply `splices` (what others changed since), carry your own over them, send again. */
export type SpliceResult =
  | { status: "stored"; version: string; splices: Splice[] }
  | { status: "behind"; version: string; splices: Splice[] };

/** What an action did: what the undo toast says, and what was left alone and why. */
export type Done = { ids: Id[]; label: string; skipped: string[] };

export type QuickAddSpan = {
  start: number;
  end: number;
  kind: "when" | "deadline" | "list" | "tag" | "priority" | "repeat" | "note" | "link";
  /** What the chip says: "Tomorrow 9:00", "Create 'Workshop'?". */
  label: string;
};
export type QuickAddView = { title: string; spans: QuickAddSpan[] };
/** Parts of the typed text that must stay plain text (dismissed chips). UTF-16 ranges. */
export type Range = { start: number; end: number };
export type QuickAddDefaults = { list: Id | null; when: When | null; parent: Id | null };

export type SearchHit = {
  id: Id;
  kind: "task" | "note" | "list";
  title: string;
  snippet: string; // plain text; the hit is between \u0001 and \u0002
  listTitle: string | null;
  trashed: boolean;
  status: string | null;
};
/** `waiting`: items that are not in the index yet, so that some may be missing here. */
export type SearchPage = { hits: SearchHit[]; total: number; waiting: number };

export type TrashItem = { id: Id; kind: "task" | "note" | "list"; title: string; deleted: Millis; device: DeviceRef; daysLeft: number; goesNext: boolean };
