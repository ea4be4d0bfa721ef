// A stateful backend in memory: for tests, for `vite dev` and for looking at screens in a browser.
// Never part of the production build.
import type {
  Backend, Boot, Changed, CommandError, ConflictRow, Decision, Done, Id, NotePatch, Prefs, QuickAddDefaults, Range, Review, SearchHit, Splice, SyncStatus, TaskPatch,
} from "../contract";
import { addDays, DESKTOP, emptyWorld, fakeId, HERE, listView, list, note, sampleWorld, task, type FakeTask, type World } from "./world";
import { backlinks, noteView, taskGroups, taskView } from "./views";
import { applySplices, blocks, difference } from "./text";
import { parseQuickAdd, sayDate } from "./quickadd";
import { addConflicts } from "./conflicts";

export type FakeOptions = {
  now?: () => number;
  world?: World;
  state?: Boot["state"];
  platform?: Boot["platform"];
  prefs?: Partial<Prefs>;
};

const error = (code: string, message: string, remedy: string | null = null): CommandError => ({ code, message, remedy });
const escapeHtml = (text: string) => text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
const plural = (n: number, one: string) => `${n} ${one}${n === 1 ? "" : "s"}`;

export class FakeBackend implements Backend {
  world: World;
  /** Every command that was called, with its arguments. */
  readonly calls: { method: string; args: unknown[] }[] = [];
  /** Attachments that are on this device. */
  readonly attachments = new Map<Id, { name: string; mime: string; bytes: Uint8Array }>();
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
  /** What the shell's menu would send. */
  menu(action: string): void {
    for (const listener of this.#menu) listener(action);
  }

  // ---- inside ----

  #tell(ids: Id[]): void {
    this.#asOf++;
    for (const listener of [...this.#listeners]) listener({ asOf: this.#asOf, ids });
  }
  #act(label: string, ids: Id[], change: () => void, skipped: string[] = []): Done {
    this.#past.push({ label, world: structuredClone(this.world) });
    this.#future = [];
    change();
    for (const id of ids) this.world.pending[id] = (this.world.pending[id] ?? 0) + 1;
    this.#tell(ids);
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
    return [...this.world.tasks, ...this.world.notes, ...this.world.lists].find((one) => one.id === id);
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
    const filters = [...query.matchAll(/(\w+):(\S+)/g)];
    const needles = query.replace(/(\w+):(\S+)/g, "").toLowerCase().split(/\s+/).filter(Boolean);
    const hit = (kind: SearchHit["kind"], one: { id: Id; title: string; deleted: number | null }, text: string, listId: Id | null, status: string | null, tags: string[]): SearchHit[] => {
      const all = `${one.title}\n${text}`.toLowerCase();
      if (!needles.every((needle) => all.includes(needle))) return [];
      const listTitle = this.world.lists.find((entry) => entry.id === listId)?.title ?? null;
      for (const [, key, value] of filters) {
        if (key === "in" && listTitle?.toLowerCase() !== value!.toLowerCase()) return [];
        if (key === "tag" && !tags.includes(value!)) return [];
        if (key === "is" && value === "conflict" && !this.world.conflicts.some((c) => c.entity === one.id && c.tab === "open")) return [];
        if (key === "is" && value === "done" && status !== "done") return [];
      }
      const at = needles.length ? text.toLowerCase().indexOf(needles[0]!) : -1;
      const snippet = at < 0 ? "" : `${text.slice(Math.max(0, at - 40), at)}\u0001${text.slice(at, at + needles[0]!.length)}\u0002${text.slice(at + needles[0]!.length, at + 60)}`;
      return [{ id: one.id, kind, title: one.title, snippet: snippet.replace(/\n/g, " "), listTitle, trashed: one.deleted !== null, status }];
    };
    const hits = query.trim() === "" ? [] : [
      ...this.world.lists.flatMap((one) => (filters.length ? [] : hit("list", one, "", null, null, []))),
      ...this.world.tasks.flatMap((one) => hit("task", one, one.notes, one.list, one.status, one.tags)),
      ...this.world.notes.flatMap((one) => hit("note", one, one.text, one.list, null, one.tags)),
    ];
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
      const decided = new Set(decisions.map((decision) => decision.conflict));
      for (const decision of decisions) {
        const field = one.fields.find((entry) => entry.conflict === decision.conflict);
        const item = this.#any(entity) as Record<string, unknown> | undefined;
        if (!item) continue;
        if (field?.kind === "delete") item.deleted = "take" in decision && field.versions.find((v) => v.version === decision.take)?.value === "deleted" ? this.#now() : null;
        else if (field) {
          const value = "take" in decision ? field.versions.find((v) => v.version === decision.take)?.value : "value" in decision ? decision.value : "keepBoth" in decision ? field.versions.map((v) => v.display).join(" / ") : undefined;
          if (value !== undefined && field.field in item) item[field.field] = value;
        } else if ("text" in decision) item.text = decision.text;
      }
      // What was not decided stays open.
      const rest = [...one.fields, ...one.texts].filter((entry) => !decided.has(entry.conflict));
      if (rest.length > 0) {
        one.fields = one.fields.filter((entry) => !decided.has(entry.conflict));
        one.texts = one.texts.filter((entry) => !decided.has(entry.conflict));
        return;
      }
      const item = this.#any(entity) as { title?: string; merged?: boolean } | undefined;
      if (item) item.merged = false;
      one.tab = "resolved";
      one.outcome = `‘${item?.title ?? ""}’`;
      one.resolvedTime = this.#now();
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
    const pending = Object.values(this.world.pending).reduce((sum, n) => sum + n, 0);
    const since = this.world.sync.lastExport;
    const weekday = since === null ? null : new Intl.DateTimeFormat("en-GB", { weekday: "short" }).format(since);
    const text =
      this.world.sync.state === "error" ? `Can't sync: ${this.world.sync.error?.message ?? ""}`
      : this.world.sync.state === "manual" ? (pending === 0 ? "Manual · everything exported" : `Manual · ${pending} not exported${weekday ? ` since ${weekday}` : ""}`)
      : this.world.sync.state === "idle" ? "Up to date"
      : this.world.sync.state === "syncing" ? "Syncing 12 of 40"
      : this.world.sync.state === "waiting" ? `${plural(pending, "change")} waiting for Desktop`
      : this.world.sync.state === "offline" ? `Offline · ${plural(pending, "change")} saved here`
      : `Paused until 15:00 · ${pending} not sent`;
    return { ...structuredClone(this.world.sync), text, pending, conflicts: this.world.conflicts.filter((one) => one.tab === "open").length };
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
    return Object.entries(this.world.pending).flatMap(([id, changes]) => {
      const kind = this.world.tasks.some((one) => one.id === id) ? "task" as const : this.world.notes.some((one) => one.id === id) ? "note" as const : "list" as const;
      const found = this.#any(id);
      return found ? [{ id, kind, title: found.title, changes }] : [];
    });
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
  async exportBundle(request: Parameters<Backend["exportBundle"]>[0]) {
    const changes = Object.values(this.world.pending).reduce((sum, n) => sum + n, 0);
    if (request.kind === "update") this.world.pending = {};
    this.world.sync.lastExport = this.#now();
    const target = request.kind === "update" ? this.world.devices.find((one) => one.id === request.device)?.name ?? "any of your devices" : "any of your devices";
    this.world.activity.unshift({ id: `a${this.#next++}`, kind: "export", time: this.#now(), title: `Exported ${plural(changes, "change")}`, details: [`holdfast-${this.today}.holdfast`], device: HERE, canUndo: false });
    this.#tell([]);
    return { file: `holdfast-${this.today}.holdfast`, changes, bytes: 4096 + changes * 220, for: target };
  }
  async inspectBundle() {
    return {
      token: "b1", file: "from-desktop.holdfast", from: DESKTOP.name, made: this.#now() - 3_600_000, adds: 1, updates: 1, deletes: 0, conflicts: 0, already: 4,
      items: [
        { id: fakeId(900), kind: "task", title: "Paint the fence", what: "added" as const },
        { id: fakeId(28), kind: "task", title: "Order screws", what: "changed" as const },
      ],
      notices: ["Desktop was renamed"],
    };
  }
  async importBundle() {
    const exchange = `a${this.#next++}`;
    this.#act("Imported changes from Desktop", [], () => {
      this.world.tasks.push(task(900, "Paint the fence", {}, this.#now()));
      this.world.activity.unshift({ id: exchange, kind: "import", time: this.#now(), title: "Imported changes from Desktop", details: ["Added 1, updated 1"], device: DESKTOP, canUndo: true });
    });
    return { exchange, adds: 1, updates: 1, deletes: 0, conflicts: 0, merged: 0 };
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
      this.world.tasks = this.world.tasks.filter((entry) => entry.title !== "Paint the fence");
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
    return { ok: true, lines: ["Database: sound", "Log: every change verified", repair ? "Nothing had to be repaired" : "Nothing to repair"] };
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

/** The moment at which tests take place: a Wednesday afternoon. */
export const TEST_NOW = Date.parse("2026-11-18T14:32:00Z");

/** A backend for tests: sample data at a fixed moment. `world: "empty"` starts with nothing. */
export function testBackend(options: Omit<FakeOptions, "world"> & { world?: World | "empty" } = {}): FakeBackend {
  return new FakeBackend({ now: () => TEST_NOW, ...options, world: options.world === "empty" ? emptyWorld(TEST_NOW) : options.world ?? sampleWorld(TEST_NOW, "2026-11-18") });
}

/** For the browser. Query: state=new|locked|empty, many=N (tasks in the Inbox), theme, platform, conflicts=rich. */
export function sampleBackend(query: URLSearchParams): FakeBackend {
  const state = query.get("state");
  const theme = query.get("theme");
  const fake = new FakeBackend({
    ...(state === "new" || state === "locked" ? { state } : {}),
    ...(state === "empty" ? { world: emptyWorld(Date.now()) } : {}),
    ...(query.get("platform") === "macos" ? { platform: "macos" as const } : {}),
    prefs: theme === "dark" || theme === "light" || theme === "contrast" ? { theme } : {},
  });
  if (query.get("conflicts") === "rich") addConflicts(fake.world, Date.now(), fake.today);
  const diary = fake.world.notes.find((one) => one.id === fakeId(53));
  if (diary) {
    const picture = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 640 240"><rect width="640" height="240" fill="#cfe8ff"/><rect y="150" width="640" height="90" fill="#7fb069"/><circle cx="540" cy="60" r="34" fill="#ffc94d"/><path d="M120 150c0-60 20-90 50-90s50 30 50 90z" fill="#3f7d4e"/></svg>';
    fake.attachments.set(fakeId(90), { name: "garden.svg", mime: "image/svg+xml", bytes: new TextEncoder().encode(picture) });
    diary.text += `\n![Our garden](holdfast-attachment:${fakeId(90)})\n\nNext: [Prune the apple tree](holdfast:${fakeId(30)}), see [Shelf plan](holdfast:${fakeId(50)}).\n`;
  }
  const many = Math.min(Number(query.get("many") ?? 0), 50_000);
  for (let i = 0; i < many; i++) fake.world.tasks.push(task(5000 + i, `Task number ${i}`, i % 3 === 0 ? { when: addDays(fake.today, i % 40) } : {}, Date.now()));
  return fake;
}
