// A stateful backend in memory: for tests, for `vite dev` and for looking at screens in a browser.
// Never part of the production build.
import type {
  ActivityEntry, Backend, Boot, Changed, CommandError, ConflictRow, Copies, Decision, Done, Id, NotePatch, Prefs, QuickAddDefaults, Range, Review, Space, Splice, SyncStatus, TaskPatch,
} from "../contract";
import { Backups } from "./backups";
import { apply, beforeOf, bundlePreview, countsOf, importResult, previewOf, type Batch } from "./batch";
import { decide } from "./decide";
import { error, itemOf, plural, type Desk } from "./desk";
import { Folders, from } from "./folder";
import { searchHits } from "./search";
import { sendable, Spaces, waitingItems } from "./spaces";
import { DESKTOP, emptyWorld, fakeId, HERE, listView, list, note, sampleWorld, task, type FakeTask, type World } from "./world";
import { backlinks, noteView, taskGroups, taskView } from "./views";
import { applySplices, blocks, difference } from "./text";
import { parseQuickAdd, sayDate } from "./quickadd";

export type FakeOptions = {
  now?: () => number;
  world?: World;
  state?: Boot["state"];
  platform?: Boot["platform"];
  prefs?: Partial<Prefs>;
  /** After how much quiet a change is sent to the folder; never by itself without it. */
  quiet?: number;
};

const escapeHtml = (text: string) => text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");

export class FakeBackend implements Backend {
  world: World;
  /** Every command that was called, with its arguments. */
  readonly calls: { method: string; args: unknown[] }[] = [];
  /** Attachments that are on this device. */
  readonly attachments = new Map<Id, { name: string; mime: string; bytes: Uint8Array }>();
  /** What a check finds damaged. */
  damage = { changes: 0, device: "" };
  readonly folders: Folders;
  readonly spaces: Spaces;
  readonly saved: Backups;
  #quiet: number | null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #now: () => number;
  #prefs: Prefs;
  #state: Boot["state"];
  #platform: Boot["platform"];
  #asOf = 1;
  #next = 1000;
  #past: { label: string; world: World }[] = [];
  #future: { label: string; world: World }[] = [];
  #texts = new Map<string, string[]>();
  #listeners = new Set<(event: Changed) => void>();
  #menu = new Set<(action: string) => void>();
  #failures = new Map<string, CommandError[]>();

  constructor(options: FakeOptions = {}) {
    this.#now = options.now ?? Date.now;
    this.world = options.world ?? sampleWorld(this.#now(), this.today);
    this.#state = options.state ?? "ready";
    this.#platform = options.platform ?? "linux";
    this.#prefs = { theme: "system", density: "comfortable", singleKeys: true, weekStart: "monday", layout: {}, ...options.prefs };
    this.#quiet = options.quiet ?? null;
    const world = () => this.world;
    const desk: Desk = {
      get world() {
        return world();
      },
      now: () => this.#now(), next: () => this.#next++, act: (label, ids, change) => this.#act(label, ids, change), happen: (change, ids) => this.#happen(change, ids),
      replace: (next) => {
        this.world = next;
        this.#past = this.#future = [];
        this.#tell([]);
      },
    };
    this.folders = new Folders(desk);
    this.spaces = new Spaces(desk);
    this.saved = new Backups(desk);
    for (const days of [1, 2, 8]) this.saved.keep("automatic", this.#now() - days * 86_400_000);
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

  // ---- for tests ----

  get today(): string {
    return new Date(this.#now()).toISOString().slice(0, 10);
  }
  /** The next call of a command rejects with this. */
  failNext(method: keyof Backend, failure: CommandError): void {
    this.#failures.set(method, [...(this.#failures.get(method) ?? []), failure]);
  }
  /** A change of another device: not an action that can be undone here. */
  elsewhere(change: (world: World) => void, ids: Id[] = []): void {
    change(this.world);
    this.#tell(ids);
  }
  /** Another device says that it has everything. */
  acknowledge(device: Id): void {
    this.#happen((world) => {
      for (const one of world.sync.destinations) if (one.id === device) Object.assign(one, { missingThere: 0, state: "", lastSeen: this.#now() });
      if (world.sync.destinations.every((one) => one.missingThere === 0)) world.sent = {};
    });
  }
  /** What the shell's menu would send. */
  menu(action: string): void {
    for (const listener of this.#menu) listener(action);
  }

  // ---- inside ----

  #tell(ids: Id[]): void {
    this.#asOf++;
    for (const listener of [...this.#listeners]) listener({ asOf: this.#asOf, ids });
  }
  /** Something that no undo takes back: every state that undoing could lead to has it too. */
  #happen(change: (world: World) => void, ids: Id[] = []): void {
    for (const world of [this.world, ...[...this.#past, ...this.#future].map((step) => step.world)]) change(world);
    this.#tell(ids);
  }
  #record(world: World, entry: Partial<ActivityEntry> & Pick<ActivityEntry, "kind" | "title">): void {
    world.activity.unshift({ id: `a${this.#next++}`, time: this.#now(), details: [], counts: null, items: [], device: null, canUndo: false, ...entry });
  }
  #act(label: string, ids: Id[], change: () => void, skipped: string[] = []): Done {
    this.#past.push({ label, world: structuredClone(this.world) });
    this.#future = [];
    change();
    for (const id of ids) this.world.pending[id] = (this.world.pending[id] ?? 0) + 1;
    this.#tell(ids);
    if (this.#quiet !== null && this.folders.sendsChanges) {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => void this.folders.syncNow(), this.#quiet);
    }
    return { ids, label, skipped };
  }
  #task(id: Id): FakeTask {
    const found = this.world.tasks.find((one) => one.id === id);
    if (!found) throw error("not-found", "This task no longer exists.", "It may have been removed on another device.");
    return found;
  }
  #note(id: Id) {
    const found = this.world.notes.find((one) => one.id === id);
    if (!found) throw error("not-found", "This note no longer exists.", "It may have been removed on another device.");
    return found;
  }
  #any(id: Id): { title: string; deleted: number | null } | undefined {
    return itemOf(this.world, id);
  }
  #name(ids: Id[], noun = "item"): string {
    return ids.length === 1 ? `‘${this.#any(ids[0]!)?.title ?? ""}’` : plural(ids.length, noun);
  }

  // ---- start ----

  async boot(): Promise<Boot> {
    return {
      state: this.#state, version: "0.1.0", platform: this.#platform, today: this.today, suggestedDeviceName: "Laptop",
      keyStores: ["keychain", "passphrase", "file"], prefs: structuredClone(this.#prefs), device: this.#state === "new" ? null : HERE,
    };
  }
  async createVault(): Promise<Boot> {
    this.world = emptyWorld(this.#now());
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

  // ---- views ----

  async sidebar() {
    const alive = this.world.tasks.filter((one) => !one.deleted);
    const tags = [...new Set([...alive.flatMap((one) => one.tags), ...this.world.notes.filter((one) => !one.deleted).flatMap((one) => one.tags)])].sort();
    const today = taskGroups(this.world, this.today, { view: "today" });
    const count = (group: string) => today.find((entry) => entry.group === group)?.tasks.length ?? 0;
    return {
      asOf: this.#asOf,
      lists: this.world.lists.filter((one) => !one.deleted || one.recovered).map((one) => listView(this.world, one)),
      tags: tags.map((title) => ({ id: `tag-${title}`, title, count: alive.filter((one) => one.status === "open" && one.tags.includes(title)).length })),
      counts: {
        inbox: taskGroups(this.world, this.today, { view: "inbox" })[0]?.tasks.length ?? 0,
        today: count("overdue") + count("today") + count("evening"), overdue: count("overdue"),
        conflicts: this.world.conflicts.filter((one) => one.tab === "open").length, merged: this.world.conflicts.filter((one) => one.tab === "merged").length,
        trash: (await this.trash()).length,
      },
      undo: this.#past.at(-1)?.label ?? null,
      redo: this.#future.at(-1)?.label ?? null,
      status: this.#status(),
    };
  }
  async tasks(query: Parameters<Backend["tasks"]>[0]) {
    const groups = taskGroups(this.world, this.today, query);
    return { asOf: this.#asOf, groups, total: groups.reduce((sum, entry) => sum + entry.tasks.length, 0), truncated: false };
  }
  async task(id: Id) {
    const one = this.#task(id);
    const conflict = this.world.conflicts.find((entry) => entry.entity === id && entry.tab === "open");
    return {
      asOf: this.#asOf, task: taskView(this.world, one), notes: this.#text(id, "notes"), repeatRule: one.repeat,
      children: this.world.tasks.filter((child) => child.parent === id && !child.deleted).sort((a, b) => a.order - b.order).map((child) => taskView(this.world, child)),
      links: one.links.flatMap((link) => { const found = this.world.notes.find((entry) => entry.id === link); return found ? [{ id: link, kind: "note" as const, title: found.title }] : []; }),
      backlinks: backlinks(this.world, id),
      disputed: (conflict?.fields ?? []).map((entry) => ({ field: entry.field, label: entry.label, versions: entry.versions.map(({ version, display, device, time }) => ({ version, display, device, time })) })),
      history: [...one.history].reverse(),
    };
  }
  async notes(query: Parameters<Backend["notes"]>[0]) {
    const found = this.world.notes
      .filter((one) => !one.deleted && (query.list === undefined || one.list === query.list) && (!query.tag || one.tags.includes(query.tag)))
      .sort((a, b) => Number(b.pinned) - Number(a.pinned) || b.edited - a.edited);
    return { asOf: this.#asOf, notes: found.slice(0, query.limit).map((one) => noteView(this.world, one)), total: found.length };
  }
  async note(id: Id) {
    const one = this.#note(id);
    const conflict = this.world.conflicts.find((entry) => entry.entity === id && entry.tab === "open");
    return {
      asOf: this.#asOf, note: noteView(this.world, one), text: this.#text(id, "text"), words: one.text.match(/[\p{L}\p{N}]+/gu)?.length ?? 0,
      backlinks: backlinks(this.world, id), history: [...one.history].reverse(),
      disputed: (conflict?.texts ?? []).map((entry) => ({ field: entry.field, label: entry.label, versions: entry.versions.map(({ version, device, time, text }) => ({ version, display: text.slice(0, 80), device, time })) })),
    };
  }
  async trash() {
    const item = (kind: "task" | "note" | "list") => (one: { id: Id; title: string; deleted: number | null }) =>
      one.deleted === null ? [] : [{ id: one.id, kind, title: one.title, deleted: one.deleted, device: HERE }];
    return [...this.world.tasks.flatMap(item("task")), ...this.world.notes.flatMap(item("note")), ...this.world.lists.flatMap(item("list"))].sort((a, b) => b.deleted - a.deleted);
  }
  async search(query: string, limit: number) {
    const hits = searchHits(this.world, query);
    return { hits: hits.slice(0, limit), total: hits.length };
  }

  // ---- edits ----

  async parseQuickAdd(text: string, ignore: Range[]) {
    const { title, spans } = parseQuickAdd(this.world, this.today, text, ignore);
    return { title, spans };
  }
  async quickAdd(text: string, ignore: Range[], defaults: QuickAddDefaults): Promise<Done> {
    const parsed = parseQuickAdd(this.world, this.today, text, ignore);
    if (parsed.title === "") throw error("empty-title", "The task has no title.", "Type what is to be done.");
    const id = fakeId(this.#next++);
    return this.#act(`Added ‘${parsed.title}’`, [id], () => {
      let listId = parsed.list ?? defaults.list;
      if (parsed.newList) {
        const made = list(this.#next++, parsed.newList);
        this.world.lists.push(made);
        listId = made.id;
      }
      const when = parsed.when ?? defaults.when;
      this.world.tasks.push({ ...task(this.#next, parsed.title, { list: listId, when, deadline: parsed.deadline, priority: parsed.priority, tags: parsed.tags, repeat: parsed.repeat, notes: parsed.note, parent: defaults.parent, created: this.#now() }, this.#now()), id, order: this.#next++ });
    });
  }
  async editTasks(ids: Id[], patch: TaskPatch): Promise<Done> {
    const live = ids.filter((id) => !this.#task(id).deleted);
    if (patch.title !== undefined && patch.title.trim() === "") throw error("empty-title", "A task needs a title.", "Type one, or press Esc to keep the old one.");
    const who = this.#name(live, "task");
    const target = patch.list === null ? "the Inbox" : `‘${this.world.lists.find((one) => one.id === patch.list)?.title ?? ""}’`;
    const label =
      patch.status === "done" ? `${who} done` : patch.status === "open" ? `${who} opened again` : patch.status === "cancelled" ? `${who} cancelled`
      : patch.list !== undefined ? `Moved ${who} to ${target}`
      : patch.when !== undefined ? (patch.when === null ? `${who} has no date now` : `${who} planned for ${sayDate(patch.when, this.today)}`)
      : patch.deadline !== undefined ? (patch.deadline === null ? `${who} has no deadline now` : `${who} due ${sayDate(patch.deadline, this.today)}`)
      : `Changed ${who}`;
    return this.#act(label, live, () => {
      for (const id of live) {
        const one = this.#task(id);
        const { addTags = [], removeTags = [], ...fields } = patch;
        Object.assign(one, fields);
        if (patch.title !== undefined) one.title = patch.title.trim();
        if (patch.status !== undefined) one.completed = patch.status === "open" ? null : this.#now();
        if (patch.when === null) one.evening = false;
        one.tags = [...new Set([...one.tags, ...addTags])].filter((tag) => !removeTags.includes(tag));
        one.history.push({ change: `c${this.#asOf}`, device: HERE, time: this.#now(), summary: label });
      }
    });
  }
  async moveTask(id: Id, after: Id | null, before: Id | null): Promise<Done> {
    const one = this.#task(id);
    return this.#act(`Moved ‘${one.title}’`, [id], () => {
      const [low, high] = [after ? this.#task(after).order : null, before ? this.#task(before).order : null];
      one.order = low !== null && high !== null ? (low + high) / 2 : low !== null ? low + 1 : high !== null ? high - 1 : one.order;
    });
  }
  async addNote(title: string, listId: Id | null, text: string): Promise<Done> {
    const id = fakeId(this.#next++);
    return this.#act(title ? `Added ‘${title}’` : "Added a note", [id], () => {
      this.world.notes.push({ ...note(0, title, text, { list: listId, edited: this.#now(), created: this.#now() }, this.#now()), id });
    });
  }
  async editNotes(ids: Id[], patch: NotePatch): Promise<Done> {
    const who = this.#name(ids, "note");
    const label = patch.pinned !== undefined ? `${patch.pinned ? "Pinned" : "Unpinned"} ${who}` : patch.list !== undefined ? `Moved ${who}` : `Changed ${who}`;
    return this.#act(label, ids, () => {
      for (const id of ids) {
        const one = this.#note(id);
        const { addTags = [], removeTags = [], ...fields } = patch;
        Object.assign(one, fields, { edited: this.#now() });
        one.tags = [...new Set([...one.tags, ...addTags])].filter((tag) => !removeTags.includes(tag));
        one.history.push({ change: `c${this.#asOf}`, device: HERE, time: this.#now(), summary: label });
      }
    });
  }
  async addList(title: string, parent: Id | null, space: World["lists"][number]["space"]): Promise<Done> {
    const made = { ...list(this.#next++, title), parent, space };
    return this.#act(`Added the list ‘${title}’`, [made.id], () => void this.world.lists.push(made));
  }
  async editList(id: Id, patch: Parameters<Backend["editList"]>[1]): Promise<Done> {
    const one = this.world.lists.find((entry) => entry.id === id);
    if (!one) throw error("not-found", "This list no longer exists.", null);
    const label = patch.title !== undefined ? `Renamed ‘${one.title}’ to ‘${patch.title}’` : patch.archived !== undefined ? `${patch.archived ? "Archived" : "Brought back"} ‘${one.title}’` : `Changed ‘${one.title}’`;
    return this.#act(label, [id], () => void Object.assign(one, patch));
  }
  async deleteItems(ids: Id[]): Promise<Done> {
    return this.#act(`${this.#name(ids)} deleted`, ids, () => {
      for (const id of ids) {
        const one = this.#any(id);
        if (one) one.deleted = this.#now();
      }
    });
  }
  async restoreItems(ids: Id[]): Promise<Done> {
    return this.#act(`${this.#name(ids)} restored`, ids, () => {
      for (const id of ids) {
        const one = this.#any(id);
        if (one) one.deleted = null;
      }
    });
  }
  async purgeItems(ids: Id[]): Promise<Done> {
    const label = `${this.#name(ids)} removed for good`;
    return this.#act(label, ids, () => {
      const stays = (one: { id: Id }) => !ids.includes(one.id);
      this.world.tasks = this.world.tasks.filter(stays);
      this.world.notes = this.world.notes.filter(stays);
      this.world.lists = this.world.lists.filter(stays);
    });
  }

  // ---- text ----

  #textOf(id: Id, field: "text" | "notes"): string {
    return field === "text" ? this.#note(id).text : this.#task(id).notes;
  }
  /** Versions of a text; what others wrote since becomes a version when it is looked at. */
  #versions(id: Id, field: "text" | "notes"): string[] {
    const now = this.#textOf(id, field);
    const known = this.#texts.get(`${id}/${field}`) ?? [now];
    this.#texts.set(`${id}/${field}`, known);
    if (known.at(-1) !== now) known.push(now);
    return known;
  }
  #text(id: Id, field: "text" | "notes") {
    const versions = this.#versions(id, field);
    return { text: versions.at(-1) ?? "", version: `v${versions.length - 1}` };
  }
  async spliceText(id: Id, field: "text" | "notes", version: string, splices: Splice[]) {
    const versions = this.#versions(id, field);
    const held = versions[Number(version.slice(1))] ?? "";
    const latest = versions.at(-1) ?? "";
    if (version !== `v${versions.length - 1}`) return { status: "behind" as const, version: `v${versions.length - 1}`, splices: difference(held, latest) };
    const next = applySplices(latest, splices);
    const title = (field === "text" ? this.#note(id) : this.#task(id)).title;
    this.#act(`Edited ‘${title}’`, [id], () => {
      if (field === "text") Object.assign(this.#note(id), { text: next, edited: this.#now() });
      else this.#task(id).notes = next;
      versions.push(next);
    });
    return { status: "stored" as const, version: `v${versions.length - 1}` };
  }
  async textSince(id: Id, field: "text" | "notes", version: string) {
    const versions = this.#versions(id, field);
    return { version: `v${versions.length - 1}`, splices: difference(versions[Number(version.slice(1))] ?? "", versions.at(-1) ?? "") };
  }
  async renderMarkdown(text: string): Promise<string> {
    return escapeHtml(text).split(/\n{2,}/).map((part) => {
      const head = /^(#{1,3}) (.*)$/.exec(part);
      return head ? `<h${head[1]!.length}>${head[2]!}</h${head[1]!.length}>` : `<p>${part.replace(/\*\*(.+?)\*\*/g, "<strong>$1</strong>").replace(/\n/g, "<br>")}</p>`;
    }).join("\n");
  }
  async attachment(id: Id): Promise<{ name: string; mime: string; bytes: Uint8Array }> {
    const held = this.attachments.get(id);
    if (held) return held;
    throw error("not-found", "This attachment is not on this device.", "Import the changes of the device that has it.");
  }
  async turnIntoTask(noteId: Id, _version: string, lineStart: number, lineEnd: number): Promise<Done> {
    const one = this.#note(noteId);
    const line = one.text.slice(lineStart, lineEnd);
    const title = line.replace(/^\s*(?:[-*]\s*)?(?:\[[ x]\]\s*)?/i, "").trim();
    if (!title) throw error("empty-title", "This line has no words.", "Write what is to be done, then try again.");
    const id = fakeId(this.#next++);
    return this.#act(`Made the task ‘${title}’`, [id, noteId], () => {
      this.world.tasks.push({ ...task(this.#next, title, { list: one.list, links: [noteId] }, this.#now()), id, order: this.#next++ });
      one.text = one.text.slice(0, lineStart) + `- [${title}](holdfast:${id})` + one.text.slice(lineEnd);
    });
  }

  // ---- undo ----

  async undo(): Promise<Done> {
    const step = this.#past.pop();
    if (!step) throw error("nothing-to-undo", "There is nothing to undo.", null);
    this.#future.push({ label: step.label, world: this.world });
    this.world = step.world;
    this.#tell([]);
    return { ids: [], label: `Undone: ${step.label}`, skipped: [] };
  }
  async redo(): Promise<Done> {
    const step = this.#future.pop();
    if (!step) throw error("nothing-to-redo", "There is nothing to do again.", null);
    this.#past.push({ label: step.label, world: this.world });
    this.world = step.world;
    this.#tell([]);
    return { ids: [], label: `Done again: ${step.label}`, skipped: [] };
  }

  // ---- conflicts ----

  async conflicts(tab: "open" | "merged" | "resolved"): Promise<ConflictRow[]> {
    return this.world.conflicts.filter((one) => one.tab === tab).map((one) => ({
      entity: one.entity, entityKind: one.entityKind, title: this.#any(one.entity)?.title ?? "", labels: one.labels, kinds: one.kinds, sides: one.sides,
      outcome: one.outcome, resolvedTime: one.resolvedTime, canReopen: one.tab === "resolved",
    }));
  }
  async review(entity: Id): Promise<Review> {
    const one = this.world.conflicts.find((entry) => entry.entity === entity);
    if (!one) throw error("not-found", "There is nothing to decide here any more.", "It was decided on another device.");
    return { asOf: this.#asOf, entity, entityKind: one.entityKind, title: this.#any(entity)?.title ?? "", summary: one.summary, fields: structuredClone(one.fields), texts: structuredClone(one.texts), automatic: one.tab === "merged" };
  }
  async textBlocks(entity: Id, field: string, left: string, right: string) {
    const text = this.world.conflicts.find((one) => one.entity === entity)?.texts.find((one) => one.field === field);
    const side = (version: string) => text?.versions.find((one) => one.version === version)?.text ?? "";
    return blocks(text?.original.text ?? "", side(left), side(right));
  }
  async resolve(entity: Id, decisions: Decision[]): Promise<Done> {
    const one = this.world.conflicts.find((entry) => entry.entity === entity);
    if (!one) throw error("decided-elsewhere", "This was decided on another device.", "Look at the result, or reopen it.");
    const title = this.#any(entity)?.title ?? "";
    return this.#act(`Resolved ‘${title}’`, [entity], () => {
      decide(this.world, one, decisions, this.#now());
    });
  }
  async reopen(entity: Id): Promise<Done> {
    return this.#act("Reopened", [entity], () => {
      const one = this.world.conflicts.find((entry) => entry.entity === entity);
      if (one) Object.assign(one, { tab: "open", outcome: null, resolvedTime: null });
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
    const weekday = since === null ? null : new Intl.DateTimeFormat("en-GB", { weekday: "short" }).format(since);
    const text: Record<string, string> = {
      error: `Can't sync: ${sync.error?.message ?? ""}`, idle: "Up to date · 14:32", syncing: "Syncing 12 of 40", waiting: `${plural(pending, "change")} waiting for Desktop`,
      manual: pending === 0 ? "Manual · everything exported" : `Manual · ${pending} not exported${weekday ? ` since ${weekday}` : ""}`,
      offline: `Offline · ${plural(pending, "change")} saved here`, paused: `Paused until 15:00 · ${pending} not sent`,
    };
    return {
      ...structuredClone(sync), text: text[sync.state] ?? "", pending, ...more, ...said, destinations: [...(folder ? [folder] : []), ...structuredClone(sync.destinations)],
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
    this.#tell([]);
    return this.#status();
  }
  async waiting() {
    return waitingItems(this.world, (id) => sendable(this.world, id) + (this.world.sent[id] ?? 0));
  }
  async syncNow() {
    await this.folders.syncNow();
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
  async approve(lists: Id[]) {
    return this.spaces.approve(lists);
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
  async setHistory(period: Parameters<Backend["setHistory"]>[0]) {
    return this.saved.setHistory(period);
  }
  async devices() {
    return structuredClone(this.world.devices);
  }
  async renameDevice(id: Id, name: string): Promise<Done> {
    return this.#act(`Renamed the device to ‘${name}’`, [], () => {
      const one = this.world.devices.find((entry) => entry.id === id);
      if (one) one.name = name;
    });
  }
  async removeDevice(id: Id): Promise<Done> {
    const one = this.world.devices.find((entry) => entry.id === id);
    if (!one || one.here || one.removed) throw error("not-found", "This device is not a member any more.", "It may have been removed on another device.");
    this.#happen((world) => {
      for (const device of world.devices) if (device.id === id) Object.assign(device, { removed: true, removedTime: this.#now() });
      world.sync.destinations = world.sync.destinations.filter((entry) => entry.id !== id);
      this.#record(world, { kind: "device", title: `Removed ${one.name}`, details: ["What is written from now on has new keys, which it does not get."], device: HERE });
    });
    return { ids: [], label: `Removed ${one.name}`, skipped: [] };
  }
  async exportBundle(request: Parameters<Backend["exportBundle"]>[0]) {
    const changes = Object.keys(this.world.pending).reduce((sum, id) => sum + sendable(this.world, id), 0);
    const name = `holdfast-${this.today}.holdfast`;
    const target = request.kind === "update" ? this.world.devices.find((one) => one.id === request.device)?.name ?? "any of your devices" : "any of your devices";
    this.#happen((world) => {
      if (request.kind === "update") for (const id of Object.keys(world.pending)) if (sendable(world, id) > 0) delete world.pending[id];
      world.sync.lastExport = this.#now();
      this.#record(world, { kind: "export", title: `Exported for ${target}`, details: [name], counts: { sent: changes, adds: 0, updates: 0, deletes: 0, conflicts: 0, merged: 0 }, device: HERE });
    });
    return { file: name, changes, bytes: 4096 + changes * 220, for: target };
  }
  #bundle(): Batch {
    return from(DESKTOP, "b1", this.#now() - 3_600_000, [{ op: "task", task: task(900, "Paint the fence", {}, this.#now()) }, { op: "set", id: fakeId(28), fields: { priority: 2 } }]);
  }
  async inspectBundle() {
    return bundlePreview(this.world, this.#bundle(), "from-desktop.holdfast", ["Desktop was renamed"], 4);
  }
  async importBundle() {
    const batch = this.#bundle();
    const items = previewOf(this.world, batch);
    const exchange = this.folders.record(beforeOf(this.world, batch));
    this.#act("Imported changes from Desktop", [], () => {
      apply(this.world, batch, this.#now());
      this.#record(this.world, { id: exchange, kind: "import", title: "Imported changes from Desktop", counts: { sent: 0, ...countsOf(items) }, items, device: DESKTOP, canUndo: true });
    });
    return importResult(exchange, items);
  }
  async pickMarkdown() {
    return { token: "m1", folder: "Old notes", notes: 12, lists: ["Recipes", "Travel"], attachments: 3, skipped: [{ path: "Travel/.hidden.md", reason: "Hidden file" }] };
  }
  async importMarkdown(): Promise<Done> {
    const id = fakeId(this.#next++);
    return this.#act("Imported 12 notes", [id], () => {
      const made = list(this.#next++, "Recipes");
      this.world.lists.push(made);
      this.world.notes.push({ ...note(1, "Pancakes", "Flour, milk, eggs.\n", { list: made.id }, this.#now()), id });
    });
  }
  async exportAll(): Promise<{ folder: string; files: number } | null> {
    return { folder: "Holdfast export", files: this.world.notes.length + this.world.tasks.length };
  }
  async activity(limit: number) {
    return structuredClone(this.world.activity.slice(0, limit));
  }
  async undoExchange(id: string): Promise<Done> {
    return this.#act("Took back the imported changes", [], () => {
      const one = this.world.activity.find((entry) => entry.id === id);
      if (one) one.canUndo = false;
      this.folders.undo(this.world, id);
    });
  }
  async policies() {
    return structuredClone(this.world.policies);
  }
  async setPolicy(kind: string, policy: "newest" | "merge" | "ask"): Promise<Done> {
    return this.#act("Changed a setting", [], () => {
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

  onChanged(listener: (event: Changed) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
  onMenu(listener: (action: string) => void): () => void {
    this.#menu.add(listener);
    return () => this.#menu.delete(listener);
  }
}
