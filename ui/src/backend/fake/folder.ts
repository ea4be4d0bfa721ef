// The exchange folder of the in-memory backend: folders on a pretended disk, what other devices put
// into them, and the exchanges with them.
import { formatMoment, nextMidnight } from "../clock";
import type { Arriving, BundlePreview, CommandError, Destination, DeviceRef, FolderPreview, FolderView, HeldView, Id, ImportResult, Millis, PauseLength, SyncState, SyncStatus, Triggers } from "../contract";
import { apply, beforeOf, bundlePreview, countsOf, deletesMuch, importResult, previewOf, takeBack, type Batch, type Before } from "./batch";
import { error, itemOf, plural, type Desk } from "./desk";
import { approvalsOf, sendable } from "./spaces";
import type { World } from "./world";

/** A folder on the pretended disk. */
export type Disk = {
  path: string;
  /** It can be found and written to. */
  present: boolean;
  writable: boolean;
  /** The database of this device lies inside. */
  holdsDatabase: boolean;
  otherVault: boolean;
  /** Whether what this device published is there. */
  mine: boolean;
  /** What other devices put there. */
  batches: Batch[];
};
export const disk = (path: string, more: Partial<Disk> = {}): Disk => ({ path, present: true, writable: true, holdsDatabase: false, otherVault: false, mine: false, batches: [], ...more });

type InUse = { disk: Disk; arriving: Arriving; triggers: Triggers; lastLook: Millis | null; state: FolderView["state"]; error: CommandError | null; published: boolean };

const clock = (time: Millis) => formatMoment(time, { hour: "2-digit", minute: "2-digit" });
const sum = (numbers: number[]) => numbers.reduce((total, n) => total + n, 0);

export class Folders {
  /** What the folder dialog answers, one after the other; the last stays. null: cancelled. */
  picks: (Disk | null)[] = [disk("/home/ann/Sync/Holdfast")];
  /** How long an exchange takes. */
  takes = 0;
  #picked = new Map<string, Disk>();
  #use: InUse | null = null;
  #busy: { done: number; of: number } | null = null;
  #paused: { until: Millis | null } | null = null;
  #seen = new Set<string>();
  #held: { batch: Batch; reason: HeldView["reason"]; since: Millis }[] = [];
  #exchanges = new Map<string, Before>();

  constructor(private readonly desk: Desk) {}

  get inUse(): boolean {
    return this.#use !== null;
  }
  /** A change is sent by itself. */
  get sendsChanges(): boolean {
    return this.#use !== null && this.#use.triggers.onChange && this.#paused === null;
  }
  /** The folder as a row among the destinations. */
  destination(): Destination | null {
    if (!this.#use) return null;
    const { unsent, held } = this.status();
    const { lastLook, error: failure } = this.#use;
    const words: Record<FolderView["state"], string> = {
      watching: lastLook === null ? "Watching" : `Watching · last looked ${clock(lastLook)}`, missing: "Folder is missing: choose it again",
      emptied: "The folder was emptied or replaced. Nothing was deleted here.", failing: failure?.message ?? "",
    };
    return { id: "folder", name: "Exchange folder", kind: "folder", state: words[this.#use.state], missingThere: unsent, missingHere: sum(held.map((one) => one.changes)), lastSeen: lastLook };
  }
  /** The folder in use, to unplug, empty or fill it. */
  get disk(): Disk {
    if (!this.#use) throw new Error("No folder is in use.");
    return this.#use.disk;
  }

  // ---- choosing ----

  pick(): FolderPreview | null {
    const found = this.picks.length > 1 ? this.picks.shift() : this.picks[0];
    if (!found) return null;
    if (found.holdsDatabase) throw error("folder_holds_database", "Holdfast keeps its own database in this folder.", "A file syncer would copy the database while it is being written and damage it. Choose an empty folder beside it, such as Sync/Holdfast.");
    if (!found.writable) throw error("folder_read_only", "Holdfast may not write into this folder.", "Choose another folder, or allow writing in its properties.");
    if (found.otherVault) throw error("folder_other_vault", "This folder is used by another person’s Holdfast.", "Choose an empty folder, or one that your own devices use.");
    const token = `folder-${this.desk.next()}`;
    this.#picked.set(token, found);
    const { world } = this.desk;
    const goes = (one: { list: Id | null; deleted: number | null }) => !one.deleted && (world.lists.find((entry) => entry.id === one.list)?.space ?? "everywhere") === "everywhere";
    const [tasks, notes] = [world.tasks.filter(goes), world.notes.filter(goes)];
    return {
      token, path: found.path, tasks: tasks.length, notes: notes.length, changes: sum([...tasks, ...notes].map((one) => Math.max(1, one.history.length))),
      incoming: sum(this.#unread(found).map((one) => one.ops.length)), devices: [...new Set(found.batches.map((one) => one.device.name))],
      left: world.lists.filter((one) => !one.deleted && one.space !== "everywhere").map((one) => one.title),
    };
  }
  async use(token: string, arriving: Arriving, triggers: Triggers): Promise<FolderView> {
    const found = this.#picked.get(token);
    if (!found) throw error("not_found", "The folder was chosen too long ago.", "Choose it again.");
    this.#use = { disk: found, arriving, triggers: { ...triggers }, lastLook: null, state: "watching", error: null, published: false };
    await this.syncNow();
    return this.#view(this.#use);
  }
  set(arriving: Arriving, triggers: Triggers): FolderView {
    const use = this.#using();
    Object.assign(use, { arriving, triggers: { ...triggers } });
    this.desk.happen(() => {});
    return this.#view(use);
  }
  async republish(): Promise<FolderView> {
    const use = this.#using();
    use.published = false;
    use.disk.mine = false;
    await this.syncNow();
    return this.#view(use);
  }
  stop(): void {
    this.#use = null;
    this.#held = [];
    this.desk.happen(() => {});
  }
  view(): FolderView | null {
    return this.#use && this.#view(this.#use);
  }
  #view({ disk: { path }, arriving, triggers, lastLook, state, error: failure }: InUse): FolderView {
    return { path, state, lastLook, arriving, triggers: { ...triggers }, error: failure };
  }
  #using(): InUse {
    if (!this.#use) throw error("no_folder", "No exchange folder is set.", "Choose one in Settings, under Sync.");
    return this.#use;
  }

  // ---- exchanging ----

  pause(length: PauseLength): void {
    const now = this.desk.now();
    this.#paused = { until: length === "hour" ? now + 3_600_000 : length === "tomorrow" ? nextMidnight(now) : null };
    this.desk.happen(() => {});
  }
  async resume(): Promise<void> {
    this.#paused = null;
    if (this.#use) await this.syncNow();
    else this.desk.happen(() => {});
  }
  #unread(from: Disk): Batch[] {
    return from.batches.filter((one) => !this.#seen.has(one.id));
  }
  #look(use: InUse): boolean {
    const { disk: at } = use;
    use.error = at.present && !at.writable ? error("folder_read_only", "Holdfast may not write into the exchange folder.", "Allow writing in its properties, or choose another folder.") : null;
    use.state = !at.present ? "missing" : use.published && !at.mine ? "emptied" : use.error ? "failing" : "watching";
    if (at.present) use.lastLook = this.desk.now();
    return use.state === "watching";
  }
  async syncNow(): Promise<void> {
    const use = this.#using();
    if (!this.#look(use)) {
      this.desk.happen(() => {});
      return;
    }
    const { world } = this.desk;
    const sending = Object.fromEntries(Object.keys(world.pending).map((id) => [id, sendable(world, id)]));
    const arriving = this.#unread(use.disk);
    const all = sum(Object.values(sending)) + sum(arriving.map((one) => one.ops.length));
    this.#busy = { done: 0, of: all };
    this.desk.happen(() => {});
    await new Promise((resolve) => setTimeout(resolve, this.takes));
    this.#busy = null;
    use.disk.mine = use.published = true;
    for (const batch of arriving) this.#arrive(use, batch);
    const sent = sum(Object.values(sending));
    this.desk.happen((now) => {
      for (const [id, n] of Object.entries(sending)) {
        const rest = (now.pending[id] ?? 0) - n;
        delete now.approved[id];
        if (n > 0 && now.sync.destinations.length > 0) now.sent[id] = (now.sent[id] ?? 0) + n;
        if (rest > 0) now.pending[id] = rest;
        else delete now.pending[id];
      }
      if (sent > 0) now.sync.lastExport = this.desk.now();
      // In the folder is not yet on the other devices: they have it when they say so.
      for (const one of now.sync.destinations) if (one.kind === "device") one.missingThere = Math.max(one.missingThere, sent);
      if (sent > 0) now.activity.unshift({ id: `a${this.desk.next()}`, kind: "exchange", time: this.desk.now(), title: "Put changes into the exchange folder", details: [], counts: { sent, adds: 0, updates: 0, deletes: 0, conflicts: 0, merged: 0 }, items: [], device: null, canUndo: false });
    });
  }
  #arrive(use: InUse, batch: Batch): void {
    this.#seen.add(batch.id);
    const from = this.desk.world.devices.find((one) => one.id === batch.device.id);
    if (from?.removed) {
      this.desk.happen((world) => {
        for (const one of world.devices) if (one.id === batch.device.id) one.quarantined += batch.ops.length;
        world.activity.unshift({ id: `a${this.desk.next()}`, kind: "quarantine", time: this.desk.now(), title: `Changes of ${batch.device.name} were set aside`, details: [`${batch.device.name} was removed before it made them. They are not applied, and no device of yours shows them.`], counts: null, items: [], device: batch.device, canUndo: false });
      });
      return;
    }
    const reason = deletesMuch(this.desk.world, batch) ? "deletions" : use.arriving === "askFirst" ? "ask" : null;
    if (reason) this.#held.push({ batch, reason, since: this.desk.now() });
    else this.take(batch);
  }
  /** Applies a batch as an exchange that can be taken back. */
  take(batch: Batch, { connected = false, at = this.desk.now() } = {}): ImportResult {
    const { world } = this.desk;
    const items = previewOf(world, batch);
    const before = beforeOf(world, batch);
    const id = this.record(before);
    this.desk.happen((now) => {
      apply(now, batch, at);
      for (const one of now.devices) if (one.id === batch.device.id) one.lastSeen = at;
      if (connected) now.connected.push(id);
      now.activity.unshift({ id, kind: "exchange", time: at, title: `Received changes from ${batch.device.name}`, details: connected ? [] : ["Through the exchange folder."], counts: { sent: 0, ...countsOf(items) }, items, device: batch.device, canUndo: true });
    }, items.map((one) => one.id));
    return importResult(id, items);
  }
  /** Remembers how things were before an exchange; its id. */
  record(before: Before): string {
    const id = `a${this.desk.next()}`;
    this.#exchanges.set(id, before);
    return id;
  }
  undo(world: World, exchange: string): void {
    takeBack(world, this.#exchanges.get(exchange) ?? []);
  }

  // ---- held ----

  #findHeld(id: string) {
    const found = this.#held.find((one) => one.batch.id === id);
    if (!found) throw error("not_found", "These changes do not wait any more.", "They were taken on this device already.");
    return found;
  }
  inspect(id: string): BundlePreview {
    return bundlePreview(this.desk.world, this.#findHeld(id).batch, "Exchange folder");
  }
  /** What waited does not any more, without an answer here: it was answered elsewhere, or what was deleted came back. */
  settledElsewhere(): void {
    this.#held = [];
    this.desk.happen(() => {});
  }
  accept(id: string, keep: boolean): ImportResult {
    const { batch } = this.#findHeld(id);
    this.#held = this.#held.filter((one) => one.batch.id !== id);
    const result = this.take(batch);
    const gone = batch.ops.flatMap((op) => (op.op === "delete" ? [op.id] : []));
    if (!keep || gone.length === 0) return result;
    this.desk.act(`Kept ${plural(gone.length, "item")} that ${batch.device.name} deleted`, gone, () => {
      for (const one of gone) {
        const item = itemOf(this.desk.world, one);
        if (item) item.deleted = null;
      }
    });
    return { ...result, deletes: 0 };
  }

  // ---- status ----

  status(): Pick<SyncStatus, "canSyncNow" | "paused" | "held" | "approvals"> & { said: { state: SyncState; text: string; error: CommandError | null } | null; unsent: number } {
    const { world } = this.desk;
    const held = this.#held.map(({ batch, reason, since }): HeldView => ({ id: batch.id, device: batch.device, changes: batch.ops.length, reason, since }));
    const approvals = approvalsOf(world);
    const unsent = sum(Object.keys(world.pending).map((id) => sendable(world, id)));
    return { canSyncNow: this.inUse, paused: this.#paused, held, approvals, unsent, said: this.#said(held, approvals, unsent) };
  }
  #said(held: HeldView[], approvals: number, unsent: number): { state: SyncState; text: string; error: CommandError | null } | null {
    const use = this.#use;
    const say = (state: SyncState, text: string, failure: CommandError | null = null) => ({ state, text, error: failure });
    const failure = !use ? null
      : use.state === "missing" ? error("folder_missing", "The exchange folder cannot be found.", "Connect the drive that it is on, or choose the folder again.")
      : use.state === "emptied" ? error("folder_emptied", "The exchange folder was emptied or replaced. Nothing was deleted here.", "Publish again, choose another folder, or wait until its files are back.")
      : use.error;
    if (failure) return say("error", `Can't sync: ${{ folder_missing: "folder missing", folder_emptied: "folder emptied" }[failure.code] ?? "the folder may not be written"}`, failure);
    if (this.#paused) return say("paused", `${this.#paused.until === null ? "Paused" : `Paused until ${this.#paused.until - this.desk.now() > 3_600_000 ? "tomorrow" : clock(this.#paused.until)}`} · ${unsent} not sent`);
    if (this.#busy) return say("syncing", this.#busy.of > 0 ? `Syncing ${this.#busy.done} of ${this.#busy.of}` : "Syncing");
    const [first] = held;
    if (first) return say("look", held.length === 1 ? `${plural(first.changes, "change")} from ${first.device.name} ${first.changes === 1 ? "waits" : "wait"} for you to look` : `${plural(sum(held.map((one) => one.changes)), "change")} from ${held.length} devices wait for you to look`);
    if (approvals > 0 && (use || unsent === 0)) return say("approve", `${plural(approvals, "change")} ${approvals === 1 ? "waits" : "wait"} for your approval`);
    if (!use) return null;
    if (unsent > 0) return say("waiting", `${plural(unsent, "change")} not sent yet`);
    const behind = this.desk.world.sync.destinations.filter((one) => one.kind === "device" && one.missingThere > 0);
    const most = Math.max(0, ...behind.map((one) => one.missingThere));
    if (most > 0) return say("waiting", `${plural(most, "change")} waiting for ${behind.map((one) => one.name).join(" and ")}`);
    return say("idle", `Up to date · ${clock(use.lastLook ?? this.desk.now())}`);
  }
}

/** A device of a batch. */
export const from = (device: DeviceRef, id: string, made: Millis, ops: Batch["ops"]): Batch => ({ id, device, made, ops });
