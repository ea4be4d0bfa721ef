// What an export leaves out, in words.
import type { ListView } from "$backend/contract";

/** Which lists an export leaves out, by name; null when none. */
export function staysHere(lists: readonly ListView[]): string | null {
  const names = lists.filter((one) => one.space === "device").map((one) => `‘${one.title}’`);
  if (names.length === 0) return null;
  return `${names.length > 3 ? `${names.slice(0, 3).join(", ")} and ${names.length - 3} more` : names.join(", ")} ${names.length === 1 ? "stays" : "stay"} on this device and ${names.length === 1 ? "is" : "are"} not in it.`;
}
