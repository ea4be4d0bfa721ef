// The result in words: what the item will be, and what goes to its history.
import type { ConflictRow, FieldReview } from "$backend/contract";
import { count, sayTime, sayWhen } from "$state/format";
import { chosen, isDecided, leftOf, type Choices, type Difference } from "./choices";
import type { Side } from "./sides";

/** What is needed to write values down as people read them. */
export type Wording = { today: string; listTitle: (id: string) => string };

const PRIORITY: Record<string, string> = { "0": "None", "1": "High", "2": "Medium", "3": "Low" };
const STATUS: Record<string, string> = { open: "Open", done: "Done", cancelled: "Cancelled" };

/** A typed value as people read it. */
export function sayValue(field: FieldReview, value: string | null, wording: Wording): string {
  if (value === null || value === "") return field.editor === "list" ? "Inbox" : "Nothing";
  switch (field.editor) {
    case "day":
    case "when":
      return sayWhen(value, wording.today);
    case "priority":
      return PRIORITY[value] ?? value;
    case "status":
      return STATUS[value] ?? value;
    case "list":
      return wording.listTitle(value);
    default:
      return value;
  }
}

/** A label at the head of something. */
export function headed(label: string): string {
  return label.charAt(0).toUpperCase() + label.slice(1);
}

/** The versions are copies of the item in two spaces, not values of one field. */
function isCopies(field: FieldReview): boolean {
  return field.kind === "move" && field.field === "space";
}

/** Both values as they are kept: the older one first, whichever device looks at them. */
export function bothOf(field: FieldReview): string {
  return [...field.versions].sort((a, b) => a.time - b.time).map((version) => version.display).join(" / ");
}

/** What a field will say; null while it waits. */
export function fieldResult(difference: Difference & { kind: "field" }, choices: Choices, wording: Wording): string | null {
  const choice = chosen(difference, choices);
  const { field } = difference;
  if (choice?.kind === "edited") return sayValue(field, choice.value, wording);
  if (choice?.kind === "both" && isCopies(field)) return "Two items";
  if (choice?.kind === "both") return bothOf(field);
  if (choice?.kind === "side") return field.versions[difference.sides.indexOf(choice.side)]?.display ?? null;
  return null;
}

/** "Result: Title ‘Buy oak boards’ · Date Fri. Desktop's date (Sat) goes to history." */
export function outcomeOf(differences: readonly Difference[], choices: Choices, sides: readonly Side[], wording: Wording): string {
  const results: string[] = [];
  const lost: string[] = [];
  let passages = 0;
  const who = (key: string) => {
    const side = sides.find((one) => one.key === key);
    return !side ? "The other" : side.device.here ? "This device’s" : `${side.device.name}’s`;
  };
  for (const one of differences) {
    if (!isDecided(one, choices)) continue;
    if (one.kind === "text") {
      passages++;
      continue;
    }
    const result = fieldResult(one, choices, wording);
    if (result === null) continue;
    results.push(one.field.kind === "delete" || isCopies(one.field) ? result : `${headed(one.field.label)} ‘${result}’`);
    const choice = chosen(one, choices);
    if (choice?.kind === "both" || one.field.kind === "delete") continue;
    one.field.versions.forEach((version, i) => {
      if (version.display !== result) lost.push(`${who(one.sides[i] ?? "")} ${isCopies(one.field) ? "copy" : one.field.label.toLowerCase()} (${version.display})`);
    });
  }
  if (passages > 0) results.push(count(passages, "passage of the text", "passages of the text"));
  if (results.length === 0) return differences.length > 0 && leftOf(differences, choices) === differences.length ? "Nothing is chosen yet." : "";
  const history = lost.length === 0 ? "" : lost.length > 2 ? ` ${lost.length} other values go to history.` : ` ${lost.join(" and ")} ${lost.length === 1 ? "goes" : "go"} to history.`;
  return `Result: ${results.join(" · ")}.${history}`;
}

/** "Difference 2 of 4: Desktop. 2 left." */
export function announcement(difference: Difference, label: string, total: number, left: number): string {
  return `Difference ${difference.number} of ${total}: ${label}. ${left} left.`;
}

/** "Resolved on Desktop at 14:31." and what came of it, as far as the row tells. */
export function sayResolved(row: Pick<ConflictRow, "outcome" | "resolvedTime" | "sides">): { who: string; what: string | null } {
  // The side of a resolved item is the device that decided.
  const decider = row.sides.length === 1 ? row.sides[0]?.device : undefined;
  const where = !decider ? "" : decider.here ? " here" : ` on ${decider.name}`;
  const at = row.resolvedTime === null ? "" : sayTime(row.resolvedTime);
  const when = at === "" ? "" : /^\d\d:\d\d$/.test(at) ? ` at ${at}` : `, ${at.replace("Yesterday", "yesterday")}`;
  const what = row.outcome?.replace(/^Resolved[^:]*:\s*/, "") ?? null;
  return { who: `Resolved${where}${when}.`, what: what ? headed(what) : null };
}
