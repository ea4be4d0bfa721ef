// Items in the in-memory backend: looking at them, editing them, their texts.
import type { Backend, Done, Id, NotePatch, QuickAddDefaults, Range, Splice, TaskPatch } from "../contract";
import { FakeCore } from "./core";
import { error } from "./desk";
import { parseQuickAdd, readDate, sayDate } from "./quickadd";
import { settled } from "./readable";
import { searchHits } from "./search";
import { applySplices, difference } from "./text";
import { backlinks, noteView, taskGroups, taskView } from "./views";
import { fakeId, HERE, list, note, task, type World } from "./world";

const escapeHtml = (text: string) => text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");

export class FakeItems extends FakeCore {
  /** Attachments that are on this device. */
  readonly attachments = new Map<Id, { name: string; mime: string; bytes: Uint8Array }>();
  #texts = new Map<string, string[]>();

  // ---- views ----

  async tasks(query: Parameters<Backend["tasks"]>[0]) {
    const groups = taskGroups(this.world, this.today, query);
    return { asOf: this.position, groups, total: groups.reduce((sum, entry) => sum + entry.tasks.length, 0), truncated: false };
  }
  async task(id: Id) {
    const one = this.findTask(id);
    const conflict = this.world.conflicts.find((entry) => entry.entity === id && entry.tab === "open");
    return {
      asOf: this.position, task: taskView(this.world, one), notes: this.#text(id, "notes"), repeatRule: one.repeat,
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
    return { asOf: this.position, notes: found.slice(0, query.limit).map((one) => noteView(this.world, one)), total: found.length };
  }
  async note(id: Id) {
    const one = this.findNote(id);
    const conflict = this.world.conflicts.find((entry) => entry.entity === id && entry.tab === "open");
    return {
      asOf: this.position, note: noteView(this.world, one), text: this.#text(id, "text"), words: one.text.match(/[\p{L}\p{N}]+/gu)?.length ?? 0,
      backlinks: backlinks(this.world, id), history: [...one.history].reverse(),
      disputed: (conflict?.texts ?? []).map((entry) => ({ field: entry.field, label: entry.label, versions: entry.versions.map(({ version, device, time, text }) => ({ version, display: text.slice(0, 80), device, time })) })),
    };
  }
  async trash() {
    const item = (kind: "task" | "note" | "list") => (one: { id: Id; title: string; deleted: number | null }) => {
      if (one.deleted === null) return [];
      const left = Math.max(0, 30 - Math.floor((this.clock() - one.deleted) / 86_400_000));
      return [{ id: one.id, kind, title: one.title, deleted: one.deleted, device: HERE, daysLeft: left, goesNext: left === 0 }];
    };
    return [...this.world.tasks.flatMap(item("task")), ...this.world.notes.flatMap(item("note")), ...this.world.lists.flatMap(item("list"))].sort((a, b) => b.deleted - a.deleted);
  }
  async search(query: string, limit: number) {
    const hits = searchHits(this.world, query);
    return { hits: hits.slice(0, limit), total: hits.length, waiting: 0 };
  }

  // ---- edits ----

  async parseQuickAdd(text: string, ignore: Range[]) {
    const { title, spans } = parseQuickAdd(this.world, this.today, text, ignore);
    return { title, spans };
  }
  async readWhen(text: string) {
    return readDate(text, this.today);
  }
  async quickAdd(text: string, ignore: Range[], defaults: QuickAddDefaults): Promise<Done> {
    const parsed = parseQuickAdd(this.world, this.today, text, ignore);
    if (parsed.title === "") throw error("empty-title", "The task has no title.", "Type what is to be done.");
    const id = fakeId(this.counter++);
    return this.act(`Added ‘${parsed.title}’`, [id], () => {
      let listId = parsed.list ?? defaults.list;
      if (parsed.newList) {
        const made = list(this.counter++, parsed.newList);
        this.world.lists.push(made);
        listId = made.id;
      }
      const when = parsed.when ?? defaults.when;
      this.world.tasks.push({ ...task(this.counter, parsed.title, { list: listId, when, deadline: parsed.deadline, priority: parsed.priority, tags: parsed.tags, repeat: parsed.repeat, notes: parsed.note, parent: defaults.parent, created: this.clock() }, this.clock()), id, order: this.counter++ });
    });
  }
  async editTasks(ids: Id[], patch: TaskPatch): Promise<Done> {
    const live = ids.filter((id) => !this.findTask(id).deleted);
    if (patch.title !== undefined && patch.title.trim() === "") throw error("empty-title", "A task needs a title.", "Type one, or press Esc to keep the old one.");
    const repeating = live.find((id) => this.findTask(id).repeat !== null && this.findTask(id).status === "open");
    if (patch.status === "cancelled" && repeating && !patch.occurrences) throw error("which_occurrences", `‘${this.findTask(repeating).title}’ repeats`, "Say whether this one alone is cancelled or all that follow too.");
    const who = this.nameOf(live, "task");
    const target = patch.list === null ? "the Inbox" : `‘${this.world.lists.find((one) => one.id === patch.list)?.title ?? ""}’`;
    const label =
      patch.status === "done" ? `${who} done` : patch.status === "open" ? `${who} opened again` : patch.status === "cancelled" ? `${who} cancelled`
      : patch.list !== undefined ? `Moved ${who} to ${target}`
      : patch.when !== undefined ? (patch.when === null ? `${who} has no date now` : `${who} planned for ${sayDate(patch.when, this.today)}`)
      : patch.deadline !== undefined ? (patch.deadline === null ? `${who} has no deadline now` : `${who} due ${sayDate(patch.deadline, this.today)}`)
      : `Changed ${who}`;
    return this.act(label, live, () => {
      for (const id of live) {
        const one = this.findTask(id);
        const { addTags = [], removeTags = [], occurrences: _, when, evening, ...fields } = patch;
        Object.assign(one, fields, this.#planned(when, evening));
        if (patch.title !== undefined) one.title = patch.title.trim();
        if (patch.status !== undefined) one.completed = patch.status === "open" ? null : this.clock();
        one.tags = [...new Set([...one.tags, ...addTags])].filter((tag) => !removeTags.includes(tag));
        one.history.push({ change: `c${this.position}`, device: HERE, time: this.clock(), summary: label });
      }
    });
  }
  /** A date and an evening are one answer: the evening of the day that is named, else of today; `false` says nothing beside a date. */
  #planned(when: TaskPatch["when"], evening: boolean | undefined): { when?: string | null; evening?: boolean } {
    if (evening) return { when: `${(when ?? this.today).slice(0, 10)}`, evening: true };
    if (when !== undefined) return { when, evening: false };
    return evening === false ? { when: this.today, evening: false } : {};
  }
  async moveTask(id: Id, after: Id | null, before: Id | null): Promise<Done> {
    const one = this.findTask(id);
    return this.act(`Moved ‘${one.title}’`, [id], () => {
      const [low, high] = [after ? this.findTask(after).order : null, before ? this.findTask(before).order : null];
      one.order = low !== null && high !== null ? (low + high) / 2 : low !== null ? low + 1 : high !== null ? high - 1 : one.order;
    });
  }
  async addNote(title: string, listId: Id | null, text: string): Promise<Done> {
    const id = fakeId(this.counter++);
    return this.act(title ? `Added ‘${title}’` : "Added a note", [id], () => {
      this.world.notes.push({ ...note(0, title, text, { list: listId, edited: this.clock(), created: this.clock() }, this.clock()), id });
    });
  }
  async editNotes(ids: Id[], patch: NotePatch): Promise<Done> {
    const who = this.nameOf(ids, "note");
    const label = patch.pinned !== undefined ? `${patch.pinned ? "Pinned" : "Unpinned"} ${who}` : patch.list !== undefined ? `Moved ${who}` : `Changed ${who}`;
    return this.act(label, ids, () => {
      for (const id of ids) {
        const one = this.findNote(id);
        const { addTags = [], removeTags = [], ...fields } = patch;
        Object.assign(one, fields, { edited: this.clock() });
        one.tags = [...new Set([...one.tags, ...addTags])].filter((tag) => !removeTags.includes(tag));
        one.history.push({ change: `c${this.position}`, device: HERE, time: this.clock(), summary: label });
      }
    });
  }
  async addList(title: string, parent: Id | null, space: World["lists"][number]["space"]): Promise<Done> {
    const made = { ...list(this.counter++, title), parent, space };
    return this.act(`Added the list ‘${title}’`, [made.id], () => void this.world.lists.push(made));
  }
  async editList(id: Id, patch: Parameters<Backend["editList"]>[1]): Promise<Done> {
    const one = this.world.lists.find((entry) => entry.id === id);
    if (!one) throw error("not-found", "This list no longer exists.", null);
    const label = patch.title !== undefined ? `Renamed ‘${one.title}’ to ‘${patch.title}’` : patch.archived !== undefined ? `${patch.archived ? "Archived" : "Brought back"} ‘${one.title}’` : `Changed ‘${one.title}’`;
    return this.act(label, [id], () => void Object.assign(one, patch));
  }
  async deleteItems(ids: Id[]): Promise<Done> {
    return this.act(`${this.nameOf(ids)} deleted`, ids, () => {
      for (const id of ids) {
        const one = this.find(id);
        if (one) one.deleted = this.clock();
      }
    });
  }
  #someInTrash(ids: Id[]): void {
    if (!ids.some((id) => this.find(id)?.deleted)) throw error("invalid", "It is not in the trash.", null);
  }
  async restoreItems(ids: Id[]): Promise<Done> {
    this.#someInTrash(ids);
    return this.act(`${this.nameOf(ids)} restored`, ids, () => {
      for (const id of ids) {
        const one = this.find(id);
        if (one) one.deleted = null;
      }
    });
  }
  async purgeItems(ids: Id[]): Promise<Done> {
    this.#someInTrash(ids);
    const label = `${this.nameOf(ids)} deleted for good`;
    return this.act(label, ids, () => {
      const stays = (one: { id: Id }) => !ids.includes(one.id);
      this.world.tasks = this.world.tasks.filter(stays);
      this.world.notes = this.world.notes.filter(stays);
      this.world.lists = this.world.lists.filter(stays);
    });
  }

  // ---- text ----

  #textOf(id: Id, field: "text" | "notes"): string {
    return field === "text" ? this.findNote(id).text : this.findTask(id).notes;
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
    const sent = applySplices(latest, splices);
    const next = settled(this.world, sent);
    const title = (field === "text" ? this.findNote(id) : this.findTask(id)).title;
    this.act(`Edited ‘${title}’`, [id], () => {
      if (field === "text") Object.assign(this.findNote(id), { text: next, edited: this.clock() });
      else this.findTask(id).notes = next;
      versions.push(next);
    });
    return { status: "stored" as const, version: `v${versions.length - 1}`, splices: next === sent ? [] : difference(sent, next) };
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
    const one = this.findNote(noteId);
    const line = one.text.slice(lineStart, lineEnd);
    const title = line.replace(/^\s*(?:[-*]\s*)?(?:\[[ x]\]\s*)?/i, "").trim();
    if (!title) throw error("empty-title", "This line has no words.", "Write what is to be done, then try again.");
    const id = fakeId(this.counter++);
    return this.act(`Made the task ‘${title}’`, [id, noteId], () => {
      this.world.tasks.push({ ...task(this.counter, title, { list: one.list, links: [noteId] }, this.clock()), id, order: this.counter++ });
      one.text = one.text.slice(0, lineStart) + `- [](holdfast:${id})` + one.text.slice(lineEnd);
    });
  }
}
