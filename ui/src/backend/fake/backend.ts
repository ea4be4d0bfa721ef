// A stateful backend in memory: for tests, for `vite dev` and for looking at screens in a browser.
// Never part of the production build.
import { formatMoment, now as clockNow } from "../clock";
import type { Backend, Boot, CommandError, ConflictRow, Copies, Decision, Done, ExportAllResult, Id, Prefs, Remains, Review, SameLists, SetAside, SetAsideRow, Space, SyncStatus, Triggers, Way } from "../contract";
import { Backups } from "./backups";
import { apply, beforeOf, bundlePreview, countsOf, importResult, previewOf, type Batch } from "./batch";
import { decide } from "./decide";
import { error, plural, type Desk } from "./desk";
import { Folders, from } from "./folder";
import { exchangesOf } from "./exchanges";
import { FakeItems } from "./items";
import { Nearby } from "./nearby";
import { sendable, Spaces, waitingItems } from "./spaces";
import { blocks } from "./text";
import { taskGroups } from "./views";
import { DESKTOP, emptyWorld, fakeId, HERE, list, listView, note, task, type World } from "./world";

export type FakeOptions = {
  now?: () => number;
  world?: World;
  state?: Boot["state"];
  platform?: Boot["platform"];
  /** What is left where the data are missing. */
  remains?: Partial<Remains>;
  prefs?: Partial<Prefs>;
  /** After how much quiet a change is sent to the folder; never by itself without it. */
  quiet?: number;
};

export class FakeBackend extends FakeItems implements Backend {
  /** What an export of everything, or a rescue, says beyond its files. */
  exported: Partial<ExportAllResult> = {};
  /** Every command that was called, with its arguments. */
  readonly calls: { method: string; args: unknown[] }[] = [];
  /** What a check finds damaged. */
  damage = { changes: 0, device: "" };
  readonly folders: Folders;
  readonly spaces: Spaces;
  readonly saved: Backups;
  readonly around: Nearby;
  #quiet: number | null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #prefs: Prefs;
  #state: Boot["state"];
  #platform: Boot["platform"];
  #remains: Remains;
  #menu = new Set<(action: string) => void>();
  #failures = new Map<string, CommandError[]>();

  constructor(options: FakeOptions = {}) {
    super(options.now ?? clockNow, options.world);
    this.#state = options.state ?? "ready";
    this.#platform = options.platform ?? "linux";
    this.#prefs = { theme: "system", density: "comfortable", singleKeys: true, weekStart: "monday", layout: {}, ...options.prefs };
    this.#quiet = options.quiet ?? null;
    this.#remains = { text: "its key, its settings and 1 backup", folder: "/home/ann/.local/share/holdfast", backups: 1, hasKeys: true, asksForPassphrase: false, ...options.remains };
    const world = () => this.world;
    const desk: Desk = {
      get world() {
        return world();
      },
      now: () => this.clock(), paused: () => this.folders.status().paused !== null, next: () => this.counter++, act: (label, ids, change) => this.act(label, ids, change), happen: (change, ids) => this.happen(change, ids),
      replace: (next) => {
        this.world = next;
        this.past = this.future = [];
        this.tell([]);
      },
    };
    this.folders = new Folders(desk);
    this.spaces = new Spaces(desk);
    this.saved = new Backups(desk);
    this.around = new Nearby(desk, () => this.#state !== "new");
    for (const days of [1, 2, 8]) this.saved.keep("automatic", this.clock() - days * 86_400_000);
    return new Proxy(this, {
      get: (self, key) => {
        const value: unknown = Reflect.get(self, key, self);
        if (typeof value !== "function" || typeof key !== "string") return value;
        return (...args: unknown[]) => {
          self.calls.push({ method: key, args });
          const failure = self.#failures.get(key)?.shift();
          if (failure) return Promise.reject(failure);
          return (value as (...args: unknown[]) => unknown).apply(self, args);
        };
      },
    });
  }

  /** The next call of a command rejects with this. */
  failNext(method: keyof Backend, failure: CommandError): void {
    this.#failures.set(method, [...(this.#failures.get(method) ?? []), failure]);
  }
  /** The database or the key goes while the window is open. */
  goes(state: "dataMissing" | "keyMissing"): void {
    this.#state = state;
  }
  /** A connected device tells what it changed; `at`: when, where that is not now. */
  arrive(batch: Batch, at?: number): void {
    this.folders.take(batch, { connected: true, ...(at === undefined ? {} : { at }) });
  }
  /** Another device says that it has everything. */
  acknowledge(device: Id): void {
    this.happen((world) => {
      for (const one of world.sync.destinations) if (one.id === device) Object.assign(one, { missingThere: 0, state: "", lastSeen: this.clock() });
      if (world.sync.destinations.every((one) => one.missingThere === 0)) world.sent = {};
    });
  }
  /** What the shell's menu would send. */
  menu(action: string): void {
    for (const listener of this.#menu) listener(action);
  }
  protected override afterAct(): void {
    if (this.#quiet === null || !this.folders.sendsChanges) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.folders.syncNow(), this.#quiet);
  }

  // ---- start ----

  async boot(): Promise<Boot> {
    return {
      state: this.#state, version: "0.1.0", platform: this.#platform, today: this.today, suggestedDeviceName: "Laptop",
      keyStores: ["keychain", "passphrase", "file"], prefs: structuredClone(this.#prefs), device: this.#state === "new" ? null : HERE,
      trouble: this.#state === "keyMissing" ? error("key_missing", "the key of this data is missing from the system keychain", "Unlock it.") : null,
      remains: this.#state === "dataMissing" ? this.#remains : null,
    };
  }
  async restoreMissing(id: string, passphrase: string | null): Promise<Boot> {
    if (this.#remains.asksForPassphrase && passphrase !== "right") throw error("wrong_passphrase", "That passphrase is not right.", "Type it again.");
    this.saved.restore(id, "here");
    this.#state = "ready";
    return this.boot();
  }
  async beginAnew(): Promise<SetAside> {
    this.#state = "new";
    return { folder: `${this.#remains.folder}/earlier/1763802000000`, boot: await this.boot() };
  }
  async rescueExport(_format: "markdown" | "json", _backup: string | null): Promise<ExportAllResult | null> {
    return { folder: "/home/ann/Rescued", files: 48, leftOut: 0, failed: [], earlier: null, ...this.exported };
  }
  async createVault(): Promise<Boot> {
    this.world = emptyWorld(this.clock());
    this.#state = "ready";
    return this.boot();
  }
  async pickInvitation() {
    return { token: "t1", file: "invitation.holdfast", from: DESKTOP.name };
  }
  async join(_token: string, invitePassphrase: string): Promise<Boot> {
    if (invitePassphrase === "wrong") throw error("wrong-passphrase", "That passphrase does not open this invitation.", "Check it on the other device and type it again.");
    this.#state = "ready";
    return this.boot();
  }
  async unlock(passphrase: string): Promise<Boot> {
    if (passphrase === "wrong") throw error("wrong-passphrase", "That passphrase is not right.", "Type it again. Capital letters count.");
    this.#state = "ready";
    return this.boot();
  }
  async setPrefs(prefs: Prefs): Promise<void> {
    this.#prefs = structuredClone(prefs);
  }

  async sidebar() {
    const alive = this.world.tasks.filter((one) => !one.deleted);
    const tags = [...new Set([...alive.flatMap((one) => one.tags), ...this.world.notes.filter((one) => !one.deleted).flatMap((one) => one.tags)])].sort();
    const today = taskGroups(this.world, this.today, { view: "today" });
    const count = (group: string) => today.find((entry) => entry.group === group)?.tasks.length ?? 0;
    return {
      asOf: this.position,
      lists: this.world.lists.filter((one) => !one.deleted || one.recovered).map((one) => listView(this.world, one)),
      tags: tags.map((title) => ({ id: `tag-${title}`, title, count: alive.filter((one) => one.status === "open" && one.tags.includes(title)).length })),
      counts: {
        inbox: taskGroups(this.world, this.today, { view: "inbox" })[0]?.tasks.length ?? 0,
        today: count("overdue") + count("today") + count("evening"), overdue: count("overdue"),
        conflicts: this.world.conflicts.filter((one) => one.tab === "open").length, merged: this.world.conflicts.filter((one) => one.tab === "merged").length,
        trash: (await this.trash()).length,
      },
      undo: this.past.at(-1)?.label ?? null,
      redo: this.future.at(-1)?.label ?? null,
      status: this.#status(),
    };
  }

  // ---- conflicts ----

  async conflicts(tab: "open" | "merged" | "resolved"): Promise<ConflictRow[]> {
    return this.world.conflicts.filter((one) => one.tab === tab).map((one) => ({
      entity: one.entity, entityKind: one.entityKind, title: this.find(one.entity)?.title ?? "", labels: one.labels, kinds: one.kinds, sides: one.sides,
      outcome: one.outcome, resolvedTime: one.resolvedTime, canReopen: one.tab === "resolved",
    }));
  }
  async review(entity: Id): Promise<Review> {
    const one = this.world.conflicts.find((entry) => entry.entity === entity);
    if (!one) throw error("not-found", "There is nothing to decide here any more.", "It was decided on another device.");
    return { asOf: this.position, entity, entityKind: one.entityKind, title: this.find(entity)?.title ?? "", summary: one.summary, fields: structuredClone(one.fields), texts: structuredClone(one.texts), automatic: one.tab === "merged" };
  }
  async textBlocks(entity: Id, field: string, left: string, right: string, _asOf?: number) {
    const text = this.world.conflicts.find((one) => one.entity === entity)?.texts.find((one) => one.field === field);
    const side = (version: string) => text?.versions.find((one) => one.version === version)?.text ?? "";
    return blocks(text?.original.text ?? "", side(left), side(right));
  }
  async resolve(entity: Id, decisions: Decision[]): Promise<Done> {
    const one = this.world.conflicts.find((entry) => entry.entity === entity);
    if (!one) throw error("decided-elsewhere", "This was decided on another device.", "Look at the result, or reopen it.");
    const title = this.find(entity)?.title ?? "";
    return this.act(`Resolved ‘${title}’`, [entity], () => {
      decide(this.world, one, decisions, this.clock());
    });
  }
  async reopen(entity: Id): Promise<Done> {
    return this.act("Reopened", [entity], () => {
      const one = this.world.conflicts.find((entry) => entry.entity === entity);
      if (one) Object.assign(one, { tab: "open", outcome: null, resolvedTime: null });
    });
  }

  async setAside(): Promise<SetAsideRow[]> {
    return structuredClone(this.world.aside);
  }
  async bringBack(id: string): Promise<Done> {
    const row = this.world.aside.find((one) => one.id === id);
    if (!row) throw error("not_found", "This is not set aside any more.", "Look at the list again.");
    if (row.way === "reopen") return this.reopen(row.entity);
    return this.act(`‘${row.title}’: ${row.label} brought back`, [row.entity], () => {
      const task = this.world.tasks.find((one) => one.id === row.entity);
      if (task && row.field === "priority") task.priority = { High: 1, Medium: 2, Low: 3 }[row.display] ?? 0;
      const before = row.stands;
      // Put aside by this edit now, which was made here.
      Object.assign(row, { stands: row.display, display: before, how: "edit", by: HERE, device: row.by, asideTime: this.clock() });
    });
  }

  // ---- sync ----

  #status(): SyncStatus {
    const { unsent, said, ...more } = this.folders.status();
    const { sync } = this.world;
    const folder = this.folders.destination();
    const behind = Math.max(0, ...sync.destinations.map((one) => one.missingThere));
    const pending = folder && unsent === 0 ? behind : unsent;
    const since = sync.lastExport;
    const weekday = since === null ? null : formatMoment(since, { weekday: "short" });
    const text: Record<string, string> = {
      error: `Can't sync: ${sync.error?.message ?? ""}`, idle: "Up to date · 14:32", syncing: "Syncing 12 of 40", waiting: `${plural(pending, "change")} waiting for Desktop`,
      manual: pending === 0 ? "Manual · everything exported" : `Manual · ${pending} not exported${weekday ? ` since ${weekday}` : ""}`,
      offline: `Offline · ${plural(pending, "change")} saved here`, paused: `Paused until 15:00 · ${pending} not sent`,
    };
    return {
      ...structuredClone(sync), text: text[sync.state] ?? "", pending, ...more, ...said, canSyncNow: more.canSyncNow || sync.mode === "nearby", destinations: [...(folder ? [folder] : []), ...structuredClone(sync.destinations)],
      conflicts: this.world.conflicts.filter((one) => one.tab === "open").length,
    };
  }
  async status(): Promise<SyncStatus> {
    return this.#status();
  }
  async setMode(mode: SyncStatus["mode"]): Promise<SyncStatus> {
    if (!this.world.sync.modes.includes(mode)) throw error("mode-unavailable", "This build cannot sync that way.", "Choose another mode.");
    this.world.sync.mode = mode;
    this.world.sync.state = mode === "manual" ? "manual" : "idle";
    this.tell([]);
    return this.#status();
  }
  async waiting() {
    return waitingItems(this.world, (id) => sendable(this.world, id) + (this.world.sent[id] ?? 0));
  }
  async syncNow() {
    if (this.world.sync.mode === "manual") await this.folders.syncNow();
    else this.happen(() => {});
    return this.#status();
  }
  async pauseSync(length: Parameters<Backend["pauseSync"]>[0]) {
    this.folders.pause(length);
    return this.#status();
  }
  async resumeSync() {
    await this.folders.resume();
    return this.#status();
  }
  async inspectHeld(id: string) {
    return this.folders.inspect(id);
  }
  async acceptHeld(id: string, keep: boolean) {
    return this.folders.accept(id, keep);
  }
  async folder() {
    return this.folders.view();
  }
  async pickFolder() {
    return this.folders.pick();
  }
  async useFolder(...args: Parameters<Backend["useFolder"]>) {
    return this.folders.use(...args);
  }
  async setFolder(...args: Parameters<Backend["setFolder"]>) {
    return this.folders.set(...args);
  }
  async republishFolder() {
    return this.folders.republish();
  }
  async stopFolder() {
    this.folders.stop();
    return this.#status();
  }
  async previewSpace(list: Id, space: Space) {
    return this.spaces.preview(list, space);
  }
  async setSpace(list: Id, space: Space, copies: Copies) {
    return this.spaces.set(list, space, copies);
  }
  async approvals() {
    return this.spaces.approvals();
  }
  async approve() {
    return this.spaces.approve();
  }
  async backups() {
    return this.saved.list();
  }
  async backUpNow() {
    return this.saved.now();
  }
  async previewRestore(id: string) {
    return this.saved.preview(id);
  }
  async restoreBackup(...args: Parameters<Backend["restoreBackup"]>) {
    return this.saved.restore(...args);
  }
  async storage() {
    return this.saved.storage();
  }
  async setHistoryDays(days: Parameters<Backend["setHistoryDays"]>[0]) {
    return this.saved.setHistoryDays(days);
  }
  async nearby() {
    return this.around.view();
  }
  async showCode() {
    return this.around.show();
  }
  async shownCode() {
    return this.around.shown();
  }
  async stopShowing(): Promise<void> {
    this.around.stop();
  }
  async startLooking(): Promise<void> {
    this.around.look();
  }
  async foundDevices() {
    return this.around.found();
  }
  async stopLooking(): Promise<void> {
    this.around.stopLooking();
  }
  async beginJoining(place: string, code: string, _deviceName: string, _keyStore: Boot["keyStores"][number] | null, passphrase: string | null) {
    return this.around.begin(place, code, passphrase);
  }
  async finishJoining(same: SameLists): Promise<Boot> {
    const before = this.#state;
    this.#state = "ready";
    try {
      await this.around.finish(same, before === "new");
    } catch (thrown) {
      this.#state = before;
      throw thrown;
    }
    return this.boot();
  }
  async cancelJoining(): Promise<void> {
    this.around.cancel();
  }
  async setNearby(triggers: Triggers, onMetered: boolean) {
    return this.around.set(triggers, onMetered);
  }
  async addAddress(address: string): Promise<void> {
    this.around.addAddress(address);
  }
  async removeAddress(address: string): Promise<void> {
    this.around.removeAddress(address);
  }
  async blockDevice(id: Id): Promise<void> {
    this.around.block(id);
  }
  async unblockKey(key: string): Promise<void> {
    this.around.unblock(key);
  }
  async devices() {
    return structuredClone(this.world.devices);
  }
  async renameDevice(id: Id, name: string): Promise<Done> {
    return this.act(`Renamed the device to ‘${name}’`, [], () => {
      const one = this.world.devices.find((entry) => entry.id === id);
      if (one) one.name = name;
    });
  }
  async foundAnew(_name: string, passphrase: string | null): Promise<Boot> {
    // The new key is kept under the passphrase that opens the old one, and no other.
    if (this.around.passphrase !== null && passphrase !== this.around.passphrase) throw error("wrong_passphrase", "That passphrase is not right.", "Type it again.");
    this.happen((world) => {
      this.record(world, { kind: "device", title: "This device founded the vault anew", details: [], device: HERE });
      world.devices = world.devices.filter((device) => device.here).map((device) => ({ ...device, removed: false, removedTime: null, removedBy: null }));
      world.sync.destinations = [];
    });
    return this.boot();
  }
  async removeDevice(id: Id): Promise<Done> {
    const one = this.world.devices.find((entry) => entry.id === id);
    if (!one || one.here || one.removed) throw error("not-found", "This device is not a member any more.", "It may have been removed on another device.");
    this.happen((world) => {
      for (const device of world.devices) if (device.id === id) Object.assign(device, { removed: true, removedTime: this.clock(), removedBy: world.devices.find((other) => other.here)?.name ?? null });
      world.sync.destinations = world.sync.destinations.filter((entry) => entry.id !== id);
      this.record(world, { kind: "device", title: `Removed ${one.name}`, details: ["What is written from now on has new keys, which it does not get."], device: HERE });
    });
    return { ids: [], label: `Removed ${one.name}`, skipped: [] };
  }
  async exportBundle(request: Parameters<Backend["exportBundle"]>[0]) {
    const changes = Object.keys(this.world.pending).reduce((sum, id) => sum + sendable(this.world, id), 0);
    const name = `holdfast-${this.today}.holdfast`;
    const known = request.kind === "update" ? this.world.devices.find((one) => one.id === request.device) : undefined;
    const target = known?.name ?? "any of your devices";
    this.happen((world) => {
      if (request.kind === "update") for (const id of Object.keys(world.pending)) if (sendable(world, id) > 0) delete world.pending[id];
      world.sync.lastExport = this.clock();
      this.record(world, { kind: "export", title: `Exported for ${target}`, details: [name], counts: { sent: changes, adds: 0, updates: 0, deletes: 0, conflicts: 0, merged: 0 }, device: known ? { id: known.id, name: known.name, here: false } : null });
    });
    return { file: name, changes, bytes: 4096 + changes * 220, for: target };
  }
  #bundle(): Batch {
    return from(DESKTOP, "b1", this.clock() - 3_600_000, [{ op: "task", task: task(900, "Paint the fence", {}, this.clock()) }, { op: "set", id: fakeId(28), fields: { priority: 2 } }]);
  }
  async inspectBundle() {
    return bundlePreview(this.world, this.#bundle(), "from-desktop.holdfast", ["Desktop was renamed"], 4);
  }
  async importBundle() {
    const batch = this.#bundle();
    const items = previewOf(this.world, batch);
    const exchange = this.folders.record(beforeOf(this.world, batch));
    this.act("Imported changes from Desktop", [], () => {
      apply(this.world, batch, this.clock());
      this.record(this.world, { id: exchange, kind: "import", title: "Imported changes from Desktop", counts: { sent: 0, ...countsOf(items) }, items, device: DESKTOP, canUndo: true });
    });
    return importResult(exchange, items);
  }
  async pickMarkdown() {
    return { token: "m1", folder: "Old notes", notes: 12, lists: ["Recipes", "Travel"], attachments: 3, skipped: [{ path: "Travel/.hidden.md", reason: "Hidden file" }] };
  }
  async importMarkdown(): Promise<Done> {
    const id = fakeId(this.counter++);
    return this.act("Imported 12 notes", [id], () => {
      const made = list(this.counter++, "Recipes");
      this.world.lists.push(made);
      this.world.notes.push({ ...note(1, "Pancakes", "Flour, milk, eggs.\n", { list: made.id }, this.clock()), id });
    });
  }
  async exportAll(): Promise<ExportAllResult | null> {
    const whole = { folder: "Holdfast export", files: this.world.notes.length + this.world.tasks.length, leftOut: 0, failed: [], earlier: null };
    return { ...whole, ...this.exported };
  }
  async activity(limit: number) {
    return structuredClone(this.world.activity.slice(0, limit));
  }
  async exchanges(way: Way) {
    return exchangesOf(this.world, way);
  }
  async undoExchange(id: string): Promise<Done> {
    return this.act("Took back the imported changes", [], () => {
      const one = this.world.activity.find((entry) => entry.id === id);
      if (one) one.canUndo = false;
      this.folders.undo(this.world, id);
    });
  }
  async policies() {
    return structuredClone(this.world.policies);
  }
  async setPolicy(kind: string, policy: "newest" | "merge" | "ask"): Promise<Done> {
    return this.act("Changed a setting", [], () => {
      const one = this.world.policies.find((entry) => entry.kind === kind);
      if (one) Object.assign(one, { policy, set: true });
    });
  }
  async check(repair: boolean) {
    const { changes, device } = this.damage;
    if (changes === 0) return { ok: true, lines: ["Database: sound", "Log: every change verified", repair ? "Nothing had to be repaired" : "Views: agree with the log"], refetch: 0 };
    const bad = `Log: ${plural(changes, "change")} of ${device} ${changes === 1 ? "does" : "do"} not match ${changes === 1 ? "its" : "their"} hash`;
    if (!repair) return { ok: false, lines: ["Database: sound", bad, "Views: agree with the log"], refetch: 0 };
    this.damage = { changes: 0, device: "" };
    return { ok: true, lines: ["Database: sound", `${bad}; set aside`, "Views: made anew from the log"], refetch: changes };
  }
  async openLink(): Promise<void> {}

  onMenu(listener: (action: string) => void): () => void {
    this.#menu.add(listener);
    return () => this.#menu.delete(listener);
  }
}
