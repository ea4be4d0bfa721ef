// A page of tasks as the flat rows of a grid.
import type { TaskGroup, TaskView } from "$backend/contract";

export type Row =
  | { kind: "head"; key: string; group: string; label: string; count: number; folded: boolean }
  | { kind: "task"; key: string; group: string; task: TaskView };

/** A completed task that stays where it was for a moment. */
export type Lingering = { task: TaskView; group: string; after: string | null };

/**
 * Rows of the groups. A group without label has no head; a folded one only its head. Tasks that
 * linger stand where they stood, and nowhere else.
 */
export function rowsOf(groups: TaskGroup[], lingering: Lingering[], folded: (group: string) => boolean): Row[] {
  const rows: Row[] = [];
  const heads = groups.length > 1 || groups.some((one) => one.group !== "");
  const all = withLingering(groups, lingering);
  for (const one of all) {
    const closed = heads && folded(one.group);
    if (heads) rows.push({ kind: "head", key: `head:${one.group}`, group: one.group, label: one.label, count: one.tasks.length, folded: closed });
    if (!closed) for (const task of one.tasks) rows.push({ kind: "task", key: task.id, group: one.group, task });
  }
  return rows;
}

function withLingering(groups: TaskGroup[], lingering: Lingering[]): TaskGroup[] {
  const gone = lingering.filter((one) => !groups.some((entry) => entry.group === one.group && entry.tasks.some((task) => task.id === one.task.id)));
  if (gone.length === 0) return groups;
  const ids = new Set(gone.map((one) => one.task.id));
  const result = groups.map((entry) => ({ ...entry, tasks: entry.tasks.filter((task) => !ids.has(task.id)) })).filter((entry) => entry.tasks.length > 0 || gone.some((one) => one.group === entry.group));
  for (const one of gone) {
    const place = result.find((entry) => entry.group === one.group);
    const shown: TaskView = { ...one.task, status: "done" };
    if (!place) {
      result.unshift({ group: one.group, label: GROUP_WORDS[one.group] ?? "", tasks: [shown] });
      continue;
    }
    const at = place.tasks.findIndex((task) => task.id === one.after);
    place.tasks.splice(at + 1, 0, shown);
  }
  return result;
}

const GROUP_WORDS: Record<string, string> = { overdue: "Overdue", today: "Today", evening: "This evening" };

/** The neighbours between which a task would stand after one step up or down among its siblings; null when it cannot move. */
export function step(rows: Row[], id: string, by: -1 | 1): { after: string | null; before: string | null } | null {
  const row = rows.find((one) => one.key === id);
  if (row?.kind !== "task") return null;
  const siblings = rows.flatMap((one) => (one.kind === "task" && one.group === row.group && one.task.parent === row.task.parent ? [one.key] : []));
  const at = siblings.indexOf(id);
  if (by === -1) return at < 1 ? null : { after: siblings[at - 2] ?? null, before: siblings[at - 1] ?? null };
  return at < 0 || at >= siblings.length - 1 ? null : { after: siblings[at + 1] ?? null, before: siblings[at + 2] ?? null };
}

/** The neighbours for a drop before or after another task; null when they are not siblings. */
export function between(rows: Row[], id: string, target: string, edge: "before" | "after"): { after: string | null; before: string | null } | null {
  const [row, place] = [rows.find((one) => one.key === id), rows.find((one) => one.key === target)];
  if (row?.kind !== "task" || place?.kind !== "task" || id === target || row.task.parent !== place.task.parent || row.group !== place.group) return null;
  const siblings = rows.flatMap((one) => (one.kind === "task" && one.group === place.group && one.task.parent === place.task.parent && one.key !== id ? [one.key] : []));
  const at = siblings.indexOf(target) + (edge === "after" ? 1 : 0);
  return { after: siblings[at - 1] ?? null, before: siblings[at] ?? null };
}
