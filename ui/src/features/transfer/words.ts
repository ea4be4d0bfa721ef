// Sizes, counts and contents of exports and imports as people read them.
import type { BundlePreview, ImportResult, ListView, PreviewItem } from "$backend/contract";
import { count } from "$state/format";

/** "640 bytes", "12 KB", "3.4 MB" */
export function sayBytes(bytes: number): string {
  if (bytes < 1024) return count(bytes, "byte");
  if (bytes < 1024 * 1024) return `${Math.round(bytes / 1024)} KB`;
  return `${(bytes / 1024 / 1024).toFixed(1)} MB`;
}

type Counts = Pick<BundlePreview | ImportResult, "adds" | "updates" | "deletes" | "conflicts">;
function say({ adds, updates, deletes, conflicts }: Counts, [added, updated, deleted]: [string, string, string]): string {
  const parts = [adds > 0 && `${added} ${adds}`, updates > 0 && `${updated} ${updates}`, deletes > 0 && `${deleted} ${deletes}`, conflicts > 0 && count(conflicts, "conflict")].filter((part) => part !== false);
  if (parts.length === 0) return "Nothing new: this device has all of it already.";
  const sentence = parts.join(", ");
  return `${sentence.charAt(0).toUpperCase()}${sentence.slice(1)}.`;
}

/** "Adds 12, updates 30, 2 conflicts." */
export const sayPreview = (counts: Counts) => say(counts, ["adds", "updates", "deletes"]);
/** "Added 12, updated 30, 2 conflicts." */
export const sayResult = (counts: Counts) => say(counts, ["added", "updated", "deleted"]);

export const WHAT: Record<PreviewItem["what"], string> = { conflict: "Needs you", added: "New", changed: "Changed", deleted: "Deleted" };

/** Items in the order in which they matter. */
export function byWhat(items: readonly PreviewItem[]): { what: PreviewItem["what"]; items: PreviewItem[] }[] {
  return (["conflict", "added", "changed", "deleted"] as const).map((what) => ({ what, items: items.filter((one) => one.what === what) })).filter((group) => group.items.length > 0);
}

/** Which lists an export leaves out, by name; null when none. */
export function staysHere(lists: readonly ListView[]): string | null {
  const names = lists.filter((one) => one.space === "device").map((one) => `‘${one.title}’`);
  if (names.length === 0) return null;
  return `${names.length > 3 ? `${names.slice(0, 3).join(", ")} and ${names.length - 3} more` : names.join(", ")} ${names.length === 1 ? "stays" : "stay"} on this device and ${names.length === 1 ? "is" : "are"} not in it.`;
}
