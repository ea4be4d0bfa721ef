// When something left this device as a file, and when through the exchange folder: said apart.
import type { ActivityEntry, Millis } from "$backend/contract";
import { sayAgo, sayTime } from "$state/format";

const SAME = 60_000;

/** `written`: when changes were last written anywhere, into the folder too. `entries`: what is known of the last exchanges. */
export function exportWords(written: Millis | null, entries: readonly ActivityEntry[]): string {
  if (written === null) return "Nothing was exported yet.";
  const file = Math.max(0, ...entries.filter((one) => one.kind === "export").map((one) => one.time));
  const said = file > 0 ? [`Last export: ${sayTime(file)} (${sayAgo(file)}).`] : ["No file was exported lately."];
  if (written - file > SAME) said.push(`Last written into the exchange folder: ${sayTime(written)}.`);
  return said.join(" ");
}
