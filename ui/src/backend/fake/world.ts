// The data of the in-memory backend and a sample of it. Development and tests only.
import type { ActivityEntry, Day, DeviceView, FieldReview, HistoryEntry, Id, ListView, Millis, PolicyView, Space, SyncStatus, TextReview, When, ConflictRow, SetAsideRow } from "../contract";

export type FakeList = { id: Id; title: string; parent: Id | null; color: string | null; space: Space; archived: boolean; recovered: boolean; deleted: Millis | null; order: number };
export type FakeTask = {
  id: Id;
  title: string;
  status: string;
  when: When | null;
  evening: boolean;
  deadline: Day | null;
  priority: number;
  tags: string[];
  list: Id | null;
  parent: Id | null;
  repeat: string | null;
  notes: string;
  order: number;
  created: Millis;
  completed: Millis | null;
  deleted: Millis | null;
  merged: boolean;
  links: Id[];
  history: HistoryEntry[];
};
export type FakeNote = {
  id: Id;
  title: string;
  text: string;
  list: Id | null;
  pinned: boolean;
  tags: string[];
  edited: Millis;
  created: Millis;
  deleted: Millis | null;
  merged: boolean;
  history: HistoryEntry[];
};
export type FakeConflict = {
  entity: Id;
  entityKind: ConflictRow["entityKind"];
  tab: "open" | "merged" | "resolved";
  labels: string[];
  kinds: ConflictRow["kinds"];
  sides: ConflictRow["sides"];
  summary: string;
  fields: FieldReview[];
  texts: TextReview[];
  outcome: string | null;
  resolvedTime: Millis | null;
  /** What the copies of an item in two spaces say, by version. */
  copies?: Record<string, Partial<FakeTask>>;
};
export type World = {
  lists: FakeList[];
  tasks: FakeTask[];
  notes: FakeNote[];
  conflicts: FakeConflict[];
  aside: SetAsideRow[];
  devices: DeviceView[];
  activity: ActivityEntry[];
  /** Exchanges that came over a connection, by the ids of their entries. */
  connected: string[];
  policies: PolicyView[];
  sync: Pick<SyncStatus, "mode" | "state" | "lastExport" | "destinations" | "error" | "modes" | "parked">;
  /** Items with changes that were not exported yet. */
  pending: Record<Id, number>;
  /** How many of them the person let travel, of lists that ask first. */
  approved: Record<Id, number>;
  /** Changes that left and that some device has not confirmed. */
  sent: Record<Id, number>;
};

export const HERE = { id: "00000000-0000-7000-8000-0000000000d1", name: "Laptop", here: true };
export const PHONE = { id: "00000000-0000-7000-8000-0000000000d3", name: "Phone", here: false };
export const DESKTOP = { id: "00000000-0000-7000-8000-0000000000d2", name: "Desktop", here: false };

/** A deterministic id. */
export function fakeId(n: number): Id {
  return `00000000-0000-7000-8000-${n.toString(16).padStart(12, "0")}`;
}

/** Midnight-safe day arithmetic on YYYY-MM-DD. */
export function addDays(day: Day, days: number): Day {
  const date = new Date(`${day}T12:00:00Z`);
  date.setUTCDate(date.getUTCDate() + days);
  return date.toISOString().slice(0, 10);
}

const HOUR = 3_600_000;

export function emptyWorld(now: Millis): World {
  const device = { added: now - 30 * 24 * HOUR, lastSeen: null, removed: false, removedTime: null, removedBy: null, quarantined: 0 };
  return {
    lists: [],
    tasks: [],
    notes: [],
    conflicts: [],
    aside: [],
    devices: [{ ...HERE, ...device, platform: "linux", fingerprint: "3f9a 11c0 77de 0b42 9c1e 5a60 d8f3 24b7", lastSeen: now }],
    activity: [],
    connected: [],
    policies: [
      { kind: "task.title", label: "Titles", policy: "ask", choices: ["newest", "ask"], set: false },
      { kind: "task.when", label: "Dates and deadlines", policy: "ask", choices: ["newest", "ask"], set: false },
      { kind: "text", label: "Text of notes", policy: "merge", choices: ["merge", "ask"], set: false },
      { kind: "order", label: "Order in lists", policy: "newest", choices: ["newest"], set: false },
    ],
    sync: { mode: "manual", state: "manual", lastExport: null, destinations: [], error: null, modes: ["manual", "nearby"], parked: [] },
    pending: {},
    approved: {},
    sent: {},
  };
}

export function task(n: number, title: string, more: Partial<FakeTask>, now: Millis): FakeTask {
  return {
    id: fakeId(n), title, status: "open", when: null, evening: false, deadline: null, priority: 0, tags: [], list: null,
    parent: null, repeat: null, notes: "", order: n, created: now - n * HOUR, completed: null, deleted: null, merged: false,
    links: [], history: [{ change: `c${n}`, device: HERE, time: now - n * HOUR, summary: "Created" }], ...more,
  };
}

export function note(n: number, title: string, text: string, more: Partial<FakeNote>, now: Millis): FakeNote {
  return {
    id: fakeId(n), title, text, list: null, pinned: false, tags: [], edited: now - n * HOUR, created: now - 9 * n * HOUR,
    deleted: null, merged: false, history: [{ change: `c${n}`, device: HERE, time: now - n * HOUR, summary: "Edited the text" }], ...more,
  };
}

export function list(n: number, title: string, more: Partial<FakeList> = {}): FakeList {
  return { id: fakeId(n), title, parent: null, color: null, space: "everywhere", archived: false, recovered: false, deleted: null, order: n, ...more };
}

/** A lived-in vault: lists, tasks in every state, notes, two open conflicts, one automatic merge. */
export function sampleWorld(now: Millis, today: Day): World {
  const world = emptyWorld(now);
  const day = (n: number) => addDays(today, n);
  world.devices.push({ ...DESKTOP, platform: "windows", added: now - 20 * 24 * HOUR, fingerprint: "a1b2 c3d4 e5f6 0718 293a 4b5c 6d7e 8f90", lastSeen: now - 26 * HOUR, removed: false, removedTime: null, removedBy: null, quarantined: 0 });
  const house = list(1, "House");
  const workshop = list(2, "Workshop", { color: "#A85200" });
  const garden = list(3, "Garden", { parent: house.id, color: "#1A7340" });
  const kitchen = list(4, "Kitchen", { parent: house.id });
  const work = list(5, "Work", { color: "#0B5FD7" });
  const private_ = list(6, "Private", { space: "device" });
  world.lists = [house, workshop, garden, kitchen, work, private_];
  const t = (n: number, title: string, more: Partial<FakeTask> = {}) => task(n, title, more, now);
  world.tasks = [
    t(20, "Renew the passport", { when: day(-2), priority: 1, list: house.id }),
    t(21, "Buy oak boards", { when: today, list: workshop.id, tags: ["shop"], deadline: day(3), notes: "Four boards, 2 m each.\n\n- [ ] measure the shelf\n- [x] ask for a quote" }),
    t(22, "Call the electrician", { when: `${today}T15:30`, list: kitchen.id, priority: 2 }),
    t(23, "Water the plants", { when: today, evening: true, list: garden.id, repeat: "every 2 weeks" }),
    t(24, "Send the invoice to Maren", { when: today, list: work.id, status: "done", completed: now - HOUR }),
    t(25, "Plan the shelf", { list: workshop.id, merged: true }),
    t(26, "Measure the wall", { list: workshop.id, parent: fakeId(25), status: "done", completed: now - 2 * HOUR }),
    t(27, "Draw the plan", { list: workshop.id, parent: fakeId(25) }),
    t(28, "Order screws", { list: workshop.id, tags: ["shop"] }),
    t(29, "Sharpen the chisels", { list: workshop.id, when: day(1) }),
    t(30, "Prune the apple tree", { list: garden.id, when: day(4) }),
    t(31, "Dentist", { when: `${day(6)}T09:00` }),
    t(32, "Book the train to Lyon", { when: day(40), deadline: day(60) }),
    t(33, "Look at the new phone contract" ),
    t(34, "Idea: a map of all trees in the street", { tags: ["idea"] }),
    t(35, "Quarterly report", { list: work.id, deadline: day(5), priority: 1 }),
    t(36, "Salary talk", { list: private_.id }),
  ];
  const n = (k: number, title: string, text: string, more: Parameters<typeof note>[3] = {}) => note(k, title, text, more, now);
  world.notes = [
    n(50, "Shelf plan", "The shelf is 180 cm wide and 90 cm high.\n\nFour oak boards, 24 mm thick.\n\nGlue and dowels, no screws in sight.\n", { list: workshop.id, pinned: true, tags: ["shop"] }),
    n(51, "Soup for ten", "# Soup\n\n- [ ] 2 kg pumpkin\n- [x] ginger\n- [ ] coconut milk\n\nSimmer for **40 minutes**.\n", { list: kitchen.id }),
    n(52, "Reading list", "- The Overstory\n- Braiding Sweetgrass\n", { tags: ["idea"] }),
    n(53, "Garden diary", "Sowed the broad beans. First frost on Tuesday.\n", { list: garden.id, merged: true }),
  ];
  world.tasks.push(t(37, "Old draft", { deleted: now - 3 * 24 * HOUR }));
  const oakNow = fakeId(21);
  world.conflicts = [
    {
      entity: oakNow, entityKind: "task", tab: "open", labels: ["Both changed the title", "Both changed the date"], kinds: ["field"],
      sides: [{ device: HERE, time: now - 3 * HOUR }, { device: DESKTOP, time: now - 4 * HOUR }],
      summary: "You and Desktop both changed the title and the date.",
      fields: [
        {
          conflict: "f1", field: "title", label: "Title", kind: "field", original: { display: "Buy oak", value: "Buy oak", time: now - 40 * HOUR },
          versions: [
            { version: "f1a", display: "Buy oak boards", value: "Buy oak boards", device: HERE, time: now - 3 * HOUR, details: [] },
            { version: "f1b", display: "Buy oak planks", value: "Buy oak planks", device: DESKTOP, time: now - 4 * HOUR, details: [] },
          ],
          canKeepBoth: true, editor: "text", preselected: null, approximate: false,
        },
        {
          conflict: "f2", field: "when", label: "Date", kind: "field", original: { display: "No date", value: null, time: now - 40 * HOUR },
          versions: [
            { version: "f2a", display: "Today", value: today, device: HERE, time: now - 3 * HOUR, details: [] },
            { version: "f2b", display: "In 3 days", value: day(3), device: DESKTOP, time: now - 4 * HOUR, details: [] },
          ],
          canKeepBoth: false, editor: "when", preselected: null, approximate: true,
        },
      ],
      texts: [], outcome: null, resolvedTime: null,
    },
    {
      entity: fakeId(50), entityKind: "note", tab: "open", labels: ["Both edited 2 paragraphs"], kinds: ["text"],
      sides: [{ device: HERE, time: now - 2 * HOUR }, { device: DESKTOP, time: now - 5 * HOUR }],
      summary: "You and Desktop both edited 2 paragraphs.",
      fields: [],
      texts: [
        {
          conflict: "x1", field: "text", label: "Text",
          original: { text: "The shelf is 160 cm wide and 90 cm high.\n\nFour oak boards, 20 mm thick.\n\nGlue and dowels.\n", time: now - 50 * HOUR },
          versions: [
            { version: "x1a", device: HERE, time: now - 2 * HOUR, text: "The shelf is 180 cm wide and 90 cm high.\n\nFour oak boards, 24 mm thick.\n\nGlue and dowels, no screws in sight.\n" },
            { version: "x1b", device: DESKTOP, time: now - 5 * HOUR, text: "The shelf is 170 cm wide and 90 cm high.\n\nFour ash boards, 20 mm thick.\n\nGlue and dowels.\n" },
          ],
          merged: "The shelf is 180 cm wide and 90 cm high.\n\nFour ash boards, 24 mm thick.\n\nGlue and dowels, no screws in sight.\n",
        },
      ],
      outcome: null, resolvedTime: null,
    },
    {
      entity: fakeId(53), entityKind: "note", tab: "merged", labels: ["Edits of 2 devices were put together"], kinds: ["text"],
      sides: [{ device: HERE, time: now - 6 * HOUR }, { device: DESKTOP, time: now - 7 * HOUR }],
      summary: "You and Desktop edited different paragraphs.",
      fields: [],
      texts: [
        {
          conflict: "x2", field: "text", label: "Text", original: { text: "Sowed the beans.\n", time: now - 60 * HOUR },
          versions: [
            { version: "x2a", device: HERE, time: now - 6 * HOUR, text: "Sowed the broad beans.\n" },
            { version: "x2b", device: DESKTOP, time: now - 7 * HOUR, text: "Sowed the beans. First frost on Tuesday.\n" },
          ],
          merged: "Sowed the broad beans. First frost on Tuesday.\n",
        },
      ],
      outcome: null, resolvedTime: null,
    },
  ];
  world.activity = [
    { id: "a1", kind: "import", time: now - 26 * HOUR, title: "Imported changes from Desktop", details: [], counts: { sent: 0, adds: 4, updates: 7, deletes: 0, conflicts: 2, merged: 1 }, items: [], device: DESKTOP, canUndo: true },
    { id: "a2", kind: "merge", time: now - 26 * HOUR, title: "Edits of ‘Garden diary’ were put together", details: [], counts: null, items: [], device: null, canUndo: false },
    { id: "a3", kind: "export", time: now - 50 * HOUR, title: "Exported for Desktop", details: ["holdfast-2026-11-16.holdfast"], counts: { sent: 12, adds: 0, updates: 0, deletes: 0, conflicts: 0, merged: 0 }, items: [], device: DESKTOP, canUndo: false },
  ];
  world.sync.lastExport = now - 50 * HOUR;
  world.sync.destinations = [
    { id: DESKTOP.id, name: "Desktop", kind: "device", state: "Last seen yesterday (as of then)", missingThere: 7, missingHere: 0, lastSeen: now - 26 * HOUR },
  ];
  world.pending = { [fakeId(21)]: 3, [fakeId(50)]: 2, [fakeId(28)]: 1, [fakeId(35)]: 1 };
  return world;
}

export function listView(world: World, entry: FakeList): ListView {
  return {
    id: entry.id, title: entry.title, parent: entry.parent, color: entry.color, space: entry.space, archived: entry.archived, recovered: entry.recovered,
    openTasks: world.tasks.filter((one) => one.list === entry.id && !one.deleted && one.status === "open").length,
    notes: world.notes.filter((one) => one.list === entry.id && !one.deleted).length,
    conflict: world.conflicts.some((one) => one.entity === entry.id && one.tab === "open"),
  };
}
