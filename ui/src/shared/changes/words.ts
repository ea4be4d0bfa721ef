// Sizes and counts of what is exchanged, imported or restored, as people read them.
import type { BundlePreview, DeviceRef, ExchangeCounts, ImportResult, PreviewItem } from "$backend/contract";
import { count } from "$state/format";

/** "640 bytes", "12 KB", "3.4 MB", "1.2 GB" */
export function sayBytes(bytes: number): string {
  if (bytes < 1024) return count(bytes, "byte");
  if (bytes < 1024 * 1024) return `${Math.round(bytes / 1024)} KB`;
  if (bytes < 1024 ** 3) return `${(bytes / 1024 / 1024).toFixed(1)} MB`;
  return `${(bytes / 1024 ** 3).toFixed(1)} GB`;
}

function sentence(parts: (string | false)[]): string | null {
  const said = parts.filter((part) => part !== false).join(", ");
  return said === "" ? null : `${said.charAt(0).toUpperCase()}${said.slice(1)}.`;
}
type Counts = Pick<BundlePreview | ImportResult, "adds" | "updates" | "deletes" | "conflicts">;
function say({ adds, updates, deletes, conflicts }: Counts, [added, updated, deleted]: [string, string, string]): string {
  const parts = [adds > 0 && `${added} ${adds}`, updates > 0 && `${updated} ${updates}`, deletes > 0 && `${deleted} ${deletes}`, conflicts > 0 && count(conflicts, "conflict")];
  return sentence(parts) ?? "Nothing new: this device has all of it already.";
}

/** "Adds 12, updates 30, 2 conflicts." */
export const sayPreview = (counts: Counts) => say(counts, ["adds", "updates", "deletes"]);
/** "Added 12, updated 30, 2 conflicts." */
export const sayResult = (counts: Counts) => say(counts, ["added", "updated", "deleted"]);

/** "Sent 12 changes, added 3, 2 conflicts, 1 merged automatically."; null where all is zero. */
export function sayCounts({ sent, adds, updates, deletes, conflicts, merged }: ExchangeCounts): string | null {
  return sentence([sent > 0 && `sent ${count(sent, "change")}`, adds > 0 && `added ${adds}`, updates > 0 && `updated ${updates}`, deletes > 0 && `deleted ${deletes}`, conflicts > 0 && count(conflicts, "conflict"), merged > 0 && `${merged} merged automatically`]);
}

/** "Brings back 2, changes 3 back, moves 1 to the trash."; null where nothing differs. */
export function sayRestore({ adds, updates, deletes }: { adds: number; updates: number; deletes: number }): string | null {
  return sentence([adds > 0 && `brings back ${adds}`, updates > 0 && `changes ${updates} back`, deletes > 0 && `moves ${deletes} to the trash`]);
}

/** "3 tasks, 2 notes and 1 list"; null for nothing. */
export function sayItems(parts: [number, string][]): string | null {
  return listing(parts.filter(([n]) => n > 0).map(([n, noun]) => count(n, noun)));
}
/** "Desktop", "Desktop and Phone", "Desktop, Phone and Tablet"; null for none. */
export function listing(names: readonly string[]): string | null {
  const last = names.at(-1);
  return last === undefined ? null : names.length === 1 ? last : `${names.slice(0, -1).join(", ")} and ${last}`;
}
export const sayDevices = (devices: readonly DeviceRef[]) => listing(devices.map((one) => one.name)) ?? "";

export const WHAT: Record<PreviewItem["what"], string> = { conflict: "Needs you", added: "New", changed: "Changed", deleted: "Deleted" };

/** Items in the order in which they matter. */
export function byWhat(items: readonly PreviewItem[]): { what: PreviewItem["what"]; items: PreviewItem[] }[] {
  return (["conflict", "added", "changed", "deleted"] as const).map((what) => ({ what, items: items.filter((one) => one.what === what) })).filter((group) => group.items.length > 0);
}
