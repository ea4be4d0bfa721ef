// Of an item that was deleted on one device and edited on another: what was edited, as its history tells.
import type { HistoryEntry, VersionView } from "$backend/contract";

/** "Edit task (title: Oak; text edited)": what is in the brackets, one entry each. A value may hold a semicolon. */
function partsOf({ summary }: HistoryEntry): string[] {
  const inner = /\((.*)\)$/s.exec(summary)?.[1];
  if (inner === undefined) return [];
  return inner.split("; ").reduce<string[]>((parts, piece) => {
    const last = parts.at(-1);
    if (last === undefined || /^[a-z][a-z ]*: |^[a-z ]+ (edited|changed)$/.test(piece)) return [...parts, piece];
    return [...parts.slice(0, -1), `${last}; ${piece}`];
  }, []);
}
const fieldOf = (part: string): string | null => /^([^:]+): /.exec(part)?.[1] ?? null;
const headed = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** "Title: Oak → Ash", "Text edited". `history` is newest first. */
export function editsOf(version: VersionView, history: readonly HistoryEntry[]): string[] {
  const at = history.findIndex((entry) => entry.time === version.time && entry.device.id === version.device.id);
  const edit = history[at];
  if (!edit) return [];
  return partsOf(edit).map((part) => {
    const name = fieldOf(part);
    if (name === null) return headed(part);
    const before = history.slice(at + 1).flatMap(partsOf).find((one) => fieldOf(one) === name);
    return headed(before && before !== part ? `${name}: ${before.slice(name.length + 2)} → ${part.slice(name.length + 2)}` : part);
  });
}
