// What pairing would do, in words.
import type { CommandError, JoinPreview } from "$backend/contract";
import { count } from "$state/format";

/** "120 tasks, 38 notes, 2 lists"; "nothing yet" */
export function amount(tasks: number, notes: number, lists = 0): string {
  const parts = [tasks > 0 && count(tasks, "task"), notes > 0 && count(notes, "note"), lists > 0 && count(lists, "list")];
  return parts.filter(Boolean).join(", ") || "nothing yet";
}
/** "‘Groceries’", "‘Groceries’ and ‘Work’" */
export function titles(list: string[]): string {
  const quoted = list.map((title) => `‘${title}’`);
  return quoted.length < 2 ? quoted.join("") : `${quoted.slice(0, -1).join(", ")} and ${quoted.at(-1)}`;
}
/** "Phone stays", "Phone and Tablet stay" */
export function staying(names: string[]): string {
  const all = names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
  return `${all} ${names.length === 1 ? "stays" : "stay"} in this device’s present vault. To bring ${names.length === 1 ? "it" : "them"} along, pair ${names.length === 1 ? "it" : "each"} with this device or with the other one afterwards.`;
}
/** What the person sees who found that the words differ. */
export function differ(preview: JoinPreview): CommandError {
  return { code: "pairing_words_differ", message: "The words differ, so nothing was paired.", remedy: `Something else answered in place of ${preview.name}. Check the address, show a new code there, and try again.` };
}
