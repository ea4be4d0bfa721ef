// Backups, restoring and room in the in-memory backend: a backup is a copy of the data.
import type { BackupView, BackupsView, CommandError, Done, PreviewItem, RestorePreview, RestoreResult, RestoreScope, StorageView } from "../contract";
import { error, itemOf, kindOf, plural, put, type Desk, type FakeItem } from "./desk";
import { HERE, type World } from "./world";

const sizeOf = (value: unknown) => JSON.stringify(value).length;

function differences(from: World, to: World): PreviewItem[] {
  const all = (world: World): FakeItem[] => [...world.lists, ...world.tasks, ...world.notes];
  const alive = (item: FakeItem | undefined) => item !== undefined && item.deleted === null;
  const found: PreviewItem[] = [];
  for (const id of new Set([...all(from), ...all(to)].map((one) => one.id))) {
    const [now, then] = [itemOf(from, id), itemOf(to, id)];
    const world = then ? to : from;
    const row = (what: PreviewItem["what"]): PreviewItem => ({ id, kind: kindOf(world, id), title: (then ?? now)?.title ?? "", what });
    if (!alive(now) && alive(then)) found.push(row("added"));
    else if (alive(now) && !alive(then)) found.push(row("deleted"));
    else if (alive(now) && alive(then) && JSON.stringify({ ...now, history: [] }) !== JSON.stringify({ ...then, history: [] })) found.push(row("changed"));
  }
  return found;
}

export class Backups {
  #kept: { view: BackupView; world: World }[] = [];
  /** Why the last automatic backup failed. */
  failure: CommandError | null = null;
  #days: number | null = 365;

  constructor(private readonly desk: Desk) {}

  /** Keeps a copy of the data as it is now, as if made at `time`. */
  keep(kind: BackupView["kind"], time = this.desk.now(), world: World = this.desk.world): BackupView {
    const view: BackupView = { id: `backup-${this.desk.next()}`, time, bytes: 64 * 1024 + sizeOf(world), kind, verified: true };
    this.#kept.push({ view, world: structuredClone(world) });
    this.#kept.sort((a, b) => b.view.time - a.view.time);
    return view;
  }
  list(): BackupsView {
    return {
      backups: this.#kept.map((one) => ({ ...one.view })), folder: "/home/ann/.local/share/holdfast/backups",
      rule: "One a day for a week, then one a week for a month.", error: this.failure,
    };
  }
  now(): BackupView {
    const made = this.keep("manual");
    this.failure = null;
    this.desk.happen((world) => void world.activity.unshift({ id: `a${this.desk.next()}`, kind: "backup", time: this.desk.now(), title: "Made a backup", details: ["It was opened and compared."], counts: null, items: [], device: HERE, canUndo: false }));
    return made;
  }
  #find(id: string): { view: BackupView; world: World } {
    const found = this.#kept.find((one) => one.view.id === id);
    if (!found) throw error("not_found", "This backup is not there any more.", "Choose another one.");
    return found;
  }
  preview(id: string): RestorePreview {
    const { view, world } = this.#find(id);
    const items = differences(this.desk.world, world);
    const n = (what: PreviewItem["what"]) => items.filter((one) => one.what === what).length;
    const newer = Object.values(this.desk.world.pending).reduce((sum, n) => sum + n, 0);
    return { lastChange: view.time, newerHere: Math.max(items.length, newer), onlyHere: newer, adds: n("added"), updates: n("changed"), deletes: n("deleted"), items, devices: this.desk.world.devices.filter((one) => !one.here && !one.removed).map(({ id: device, name, here }) => ({ id: device, name, here })) };
  }
  restore(id: string, scope: RestoreScope): RestoreResult {
    const { world: then } = this.#find(id);
    const { items, devices } = this.preview(id);
    const point = this.keep("point");
    // What has left is with the others and comes back; what had not left is only in the restore point.
    const stays = (item: PreviewItem) => scope === "here" && devices.length > 0 && (this.desk.world.pending[item.id] ?? 0) === 0;
    const done = items.filter((one) => !stays(one));
    const change = (world: World) => {
      for (const { id: item, what } of done) {
        const old = itemOf(then, item);
        if (old && what !== "deleted") put(world, kindOf(then, item), old);
        else {
          const now = itemOf(world, item);
          if (now) now.deleted = this.desk.now();
        }
      }
    };
    if (scope === "everywhere") this.desk.act("Restored a backup", done.map((one) => one.id), () => change(this.desk.world));
    else {
      const next = structuredClone(this.desk.world);
      change(next);
      for (const { id: item } of done) delete next.pending[item];
      this.desk.replace(next);
    }
    const entry = (kind: "restore" | "identity", title: string, details: string[], of: PreviewItem[]) => ({ id: `a${this.desk.next()}`, kind, time: this.desk.now(), title, details, counts: null, items: of, device: HERE, canUndo: false });
    this.desk.happen((world) => {
      world.activity.unshift(entry("restore", scope === "here" ? "Restored a backup on this device" : "Restored a backup for all devices", ["A restore point was made first."], done));
      if (scope === "here") world.activity.unshift(entry("identity", "This device writes under a new identity", ["Its data went back to a backup. What it writes from now on cannot be mistaken for what it wrote before."], []));
    });
    const n = (what: PreviewItem["what"]) => done.filter((one) => one.what === what).length;
    return { point, aside: null, skipped: [], scope, adds: n("added"), updates: n("changed"), deletes: n("deleted") };
  }

  storage(): StorageView {
    const { world } = this.desk;
    const live = sizeOf([world.lists, world.tasks, world.notes].map((all) => all.filter((one) => one.deleted === null).map((one) => ({ ...one, history: [] }))));
    const history = [...world.tasks, ...world.notes].reduce((sum, one) => sum + one.history.length * 380 + (one.deleted ? sizeOf(one) : 0), 0);
    return {
      database: 96 * 1024 + live + history, free: 0, live, log: history, changes: Math.round(history / 380), base: 0, texts: 0, attachments: 0, historyDays: this.#days, lastPruned: null,
      holders: this.#days === null ? [] : world.sync.destinations.filter((one) => one.kind === "device" && one.missingThere > 0).map((one) => ({ device: one.id, name: one.name, text: `${one.name} has not confirmed for long`, lastSeen: one.lastSeen, changes: one.missingThere })),
    };
  }
  setHistoryDays(days: number | null): Done {
    this.#days = days;
    return { ids: [], label: days === null ? "History is kept for ever" : `History is kept for ${days} days`, skipped: [] };
  }
  /** For the activity: what pruning removed. */
  prune(changes: number): void {
    this.desk.happen((world) => void world.activity.unshift({ id: `a${this.desk.next()}`, kind: "prune", time: this.desk.now(), title: `Removed old history: ${plural(changes, "change")} that every device has`, details: ["Your items are untouched."], counts: null, items: [], device: HERE, canUndo: false }));
  }
}
