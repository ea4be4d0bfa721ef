// "Apply to all like this": the same field, the same kind, the same device, in other items.
import type { Decision, Id } from "$backend/contract";
import { asDifference, chosen, differencesOf, leftOf, resultText, type Choice, type Choices, type Difference, type Material } from "./choices";

export type Pattern = { kind: "field" | "move" | "delete" | "text"; field: string; label: string; side: string };
export type Alike = {
  entity: Id;
  title: string;
  asOf: number;
  decision: Decision;
  /** What it will be, and what it would have been. */
  outcome: string;
  instead: string[];
  /** Other differences of the item that stay open. */
  open: number;
  ticked: boolean;
};

/** What a choice says about other items; null when it is a choice about this one alone. */
export function patternOf(difference: Difference, choices: Choices): Pattern | null {
  const choice = chosen(difference, choices);
  if (choice?.kind !== "side") return null;
  if (difference.kind === "text") return { kind: "text", field: difference.text.field, label: difference.text.label, side: choice.side };
  return { kind: difference.field.kind, field: difference.field.field, label: difference.field.label, side: choice.side };
}

const oneLine = (text: string) => {
  const line = text.trim().replace(/\s+/g, " ");
  return line.length > 90 ? `${line.slice(0, 89)}…` : line || "Nothing";
};

/** What a pattern would do to an item; null when it has no such difference, or it is decided already. */
export function alike(material: Material, pattern: Pattern, choices: Choices): Alike | null {
  const { review } = material;
  const differences = differencesOf(material);
  const base = { entity: review.entity, title: review.title, asOf: review.asOf };
  if (pattern.kind === "text") {
    const at = review.texts.findIndex((text) => text.field === pattern.field);
    const text = review.texts[at];
    const passages = material.passages[at] ?? [];
    const open = passages.filter((one) => one.kind === "open");
    if (!text || open.length === 0) return null;
    const taken = new Map<string, Choice>(open.map((one) => [asDifference(text, one).key, { kind: "side", side: pattern.side }]));
    const result = resultText(text, passages, taken);
    if (result === null) return null;
    return {
      ...base, decision: { conflict: text.conflict, text: result }, outcome: oneLine(result), instead: [],
      open: leftOf(differences.filter((one) => one.kind !== "text" || one.text !== text), choices), ticked: false,
    };
  }
  const found = differences.find((one) => one.kind === "field" && one.field.field === pattern.field && one.field.kind === pattern.kind);
  if (found?.kind !== "field") return null;
  const at = found.sides.indexOf(pattern.side);
  const version = found.field.versions[at];
  if (!version) return null;
  return {
    ...base,
    decision: { conflict: found.field.conflict, take: version.version },
    outcome: oneLine(version.display),
    instead: found.field.versions.filter((_, i) => i !== at).map((one) => oneLine(one.display)),
    open: leftOf(differences.filter((one) => one !== found), choices),
    ticked: pattern.kind !== "delete",
  };
}
