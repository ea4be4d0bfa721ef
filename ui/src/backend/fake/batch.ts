// Changes of another device as they arrive in the in-memory backend: what they would do, doing it,
// and taking it back.
import type { BundlePreview, DeviceRef, ExchangeCounts, Id, ImportResult, Millis, PreviewItem } from "../contract";
import { itemOf, kindOf, put, remove, type FakeItem } from "./desk";
import { HERE, type FakeNote, type FakeTask, type World } from "./world";

export type Op =
  | { op: "task"; task: FakeTask }
  | { op: "note"; note: FakeNote }
  | { op: "set"; id: Id; fields: Partial<Omit<FakeTask, "id">> }
  | { op: "delete"; id: Id };
export type Batch = { id: string; device: DeviceRef; made: Millis; ops: Op[] };
/** How items were before a batch; null: not there. */
export type Before = { id: Id; kind: "task" | "note" | "list"; item: FakeItem | null }[];

const idOf = (op: Op): Id => (op.op === "task" ? op.task.id : op.op === "note" ? op.note.id : op.id);

/** A title that both changed while neither had seen the other's. */
function disputes(world: World, op: Op): boolean {
  return op.op === "set" && op.fields.title !== undefined && (world.pending[op.id] ?? 0) > 0 && itemOf(world, op.id)?.title !== op.fields.title;
}

export function previewOf(world: World, batch: Batch): PreviewItem[] {
  return batch.ops.flatMap((op): PreviewItem[] => {
    const id = idOf(op);
    const there = itemOf(world, id);
    if (op.op === "task" || op.op === "note") return [{ id, kind: op.op, title: op.op === "task" ? op.task.title : op.note.title, what: there ? "changed" : "added" }];
    if (!there) return [];
    return [{ id, kind: kindOf(world, id), title: there.title, what: op.op === "delete" ? "deleted" : disputes(world, op) ? "conflict" : "changed" }];
  });
}

export function countsOf(items: readonly PreviewItem[]): Omit<ExchangeCounts, "sent"> {
  const n = (what: PreviewItem["what"]) => items.filter((one) => one.what === what).length;
  return { adds: n("added"), updates: n("changed"), deletes: n("deleted"), conflicts: n("conflict"), merged: 0 };
}

export function bundlePreview(world: World, batch: Batch, file: string, notices: string[] = [], already = 0): BundlePreview {
  const items = previewOf(world, batch);
  const { adds, updates, deletes, conflicts } = countsOf(items);
  return { token: batch.id, file, from: batch.device.name, made: batch.made, adds, updates, deletes, conflicts, already, items, notices };
}
export function importResult(exchange: string, items: readonly PreviewItem[]): ImportResult {
  return { exchange, ...countsOf(items) };
}

/** More than half of a list or of everything goes: that waits for the person. */
export function deletesMuch(world: World, batch: Batch): boolean {
  const gone = new Set(batch.ops.flatMap((op) => (op.op === "delete" ? [op.id] : [])));
  const groups = new Map<Id | null, FakeTask[]>();
  for (const one of world.tasks) if (!one.deleted) groups.set(one.list, [...(groups.get(one.list) ?? []), one]);
  const all = [...groups.values(), [...groups.values()].flat()];
  return all.some((tasks) => tasks.length >= 4 && tasks.filter((one) => gone.has(one.id)).length * 2 > tasks.length);
}

export function beforeOf(world: World, batch: Batch): Before {
  return batch.ops.map((op) => {
    const id = idOf(op);
    const item = itemOf(world, id);
    return { id, kind: op.op === "task" || op.op === "note" ? op.op : kindOf(world, id), item: item ? structuredClone(item) : null };
  });
}

export function apply(world: World, batch: Batch, now: Millis): void {
  for (const op of batch.ops) {
    if (op.op === "task" || op.op === "note") put(world, op.op, op.op === "task" ? op.task : op.note);
    else if (op.op === "delete") {
      const one = itemOf(world, op.id);
      if (one) one.deleted = now;
    } else {
      const one = itemOf(world, op.id);
      if (!one) continue;
      const { title, ...rest } = op.fields;
      if (title !== undefined && disputes(world, op)) dispute(world, batch, op.id, one.title, title, now);
      else if (title !== undefined) one.title = title;
      Object.assign(one, rest);
    }
  }
}

function dispute(world: World, batch: Batch, id: Id, mine: string, its: string, now: Millis): void {
  const version = (side: string, device: DeviceRef, time: Millis, title: string) => ({ version: `${batch.id}${side}${id}`, display: title, value: title, device, time, details: [] });
  world.conflicts = world.conflicts.filter((one) => one.entity !== id || one.tab !== "open");
  world.conflicts.push({
    entity: id, entityKind: kindOf(world, id), tab: "open", labels: ["Both changed the title"], kinds: ["field"],
    sides: [{ device: HERE, time: now }, { device: batch.device, time: batch.made }], summary: `You and ${batch.device.name} both changed the title.`,
    fields: [{
      conflict: `${batch.id}-${id}`, field: "title", label: "Title", kind: "field", original: null, canKeepBoth: true, editor: "text", preselected: null, approximate: false,
      versions: [version("a", HERE, now, mine), version("b", batch.device, batch.made, its)],
    }],
    texts: [], outcome: null, resolvedTime: null,
  });
}

/** Puts items back as they were. */
export function takeBack(world: World, before: Before): void {
  for (const { id, kind, item } of before) {
    if (item) put(world, kind, item);
    else remove(world, id);
  }
}
