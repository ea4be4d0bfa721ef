// What a person chose, and what comes of it. Pure: differences and choices in, result, what is left,
// provenance and decisions out. A choice belongs to what the versions say; when a version changes,
// only the differences that read differently now are asked again.
import type { Decision, FieldReview, Review, TextReview } from "$backend/contract";
import type { Passage } from "./passages";
import { settledText } from "./passages";
import { fromWhom, sideKeys, type Side } from "./sides";

export type Choice =
  | { kind: "side"; side: string }
  | { kind: "both" }
  | { kind: "edited"; value: string | null; original: string }
  /** Overrides what was preselected. */
  | { kind: "cleared" };
export type Choices = { get(key: string): Choice | undefined };

export type FieldDifference = { kind: "field"; key: string; number: number; field: FieldReview; sides: string[] };
export type TextDifference = { kind: "text"; key: string; number: number; text: TextReview; passage: Passage; sides: string[] };
export type Difference = FieldDifference | TextDifference;
/** A review with the passages of each of its texts, in the order of `review.texts`. */
export type Material = { review: Review; passages: Passage[][] };

const passageKey = (text: TextReview, passage: Passage) => `text:${text.field}:${passage.key}`;

export function fieldKey(field: FieldReview): string {
  const keys = sideKeys(field.versions);
  const says = field.versions.map((version, i) => `${keys[i]}=${version.value ?? "\u0000"}/${version.display}`);
  return `${FIELD}${field.field}:${says.sort().join("\u001f")}`;
}

/** What a person is asked, numbered: fields first, then the disputed passages of the texts. */
export function differencesOf({ review, passages }: Material): Difference[] {
  const fields = review.fields.map((field): FieldDifference => ({ kind: "field", key: fieldKey(field), number: 0, field, sides: sideKeys(field.versions) }));
  const texts = review.texts.flatMap((text, i) => (passages[i] ?? []).filter((one) => one.kind === "open").map((one) => asDifference(text, one)));
  return [...fields, ...texts].map((one, i) => ({ ...one, number: i + 1 }));
}

/** Any passage as something that can be chosen: merged ones can be chosen otherwise too. */
export function asDifference(text: TextReview, passage: Passage, number = 0): TextDifference {
  return { kind: "text", key: passageKey(text, passage), number, text, passage, sides: sideKeys(text.versions) };
}

/** The choice that counts: the person's, or the preselected one. */
export function chosen(difference: Difference, choices: Choices): Choice | null {
  const own = choices.get(difference.key);
  if (own) return own.kind === "cleared" ? null : own;
  if (difference.kind === "text" || difference.field.preselected === null) return null;
  const side = difference.sides[difference.field.preselected];
  return side === undefined ? null : { kind: "side", side };
}

/** Nothing must be said about it any more. */
export function isDecided(difference: Difference, choices: Choices): boolean {
  if (difference.kind === "text") return textOf(difference, choices) !== null;
  const choice = chosen(difference, choices);
  if (!choice) return false;
  return choice.kind !== "side" || difference.sides.includes(choice.side);
}

/** How many differences still wait. */
export function leftOf(differences: readonly Difference[], choices: Choices): number {
  return differences.filter((one) => !isDecided(one, choices)).length;
}

/** Several versions of a passage one after the other; no two of them run together, and lines that all begin or end with stand once. */
export function inSuccession(texts: readonly string[]): string {
  const parts = [...new Set(texts)].filter((text) => text !== "");
  const all = parts.map((text) => text.replace(/\n$/, "").split("\n"));
  const [first = [], ...others] = all;
  const shortest = Math.min(first.length, ...others.map((lines) => lines.length));
  const alike = (at: (lines: string[], n: number) => string | undefined, most: number) => {
    let n = 0;
    while (n < most && others.every((lines) => at(lines, n) === at(first, n))) n++;
    return n;
  };
  const head = alike((lines, n) => lines[n], shortest);
  const tail = alike((lines, n) => lines.at(-1 - n), shortest - head);
  const between = all.flatMap((lines) => lines.slice(head, lines.length - tail));
  const lines = [...first.slice(0, head), ...between, ...first.slice(first.length - tail)];
  return `${lines.join("\n")}${parts.some((text) => text.endsWith("\n")) ? "\n" : ""}`;
}

/** What a passage says in the result; null while it waits for a choice. Never the original in its place. */
export function textOf({ passage, sides, key }: TextDifference, choices: Choices): string | null {
  const choice = choices.get(key);
  switch (choice?.kind) {
    case "edited":
      return choice.value ?? "";
    case "both":
      return inSuccession((passage.by.length > 1 ? passage.by : sides.map((_, i) => i)).map((i) => passage.sides[i]?.text ?? ""));
    case "side": {
      const at = sides.indexOf(choice.side);
      if (at >= 0) return passage.sides[at]?.text ?? null;
    }
  }
  if (passage.kind === "open") return choice?.kind === "cleared" ? null : (passage.merged ?? null);
  return settledText(passage);
}

/** The whole text; null while a passage waits. */
export function resultText(text: TextReview, passages: readonly Passage[], choices: Choices): string | null {
  let result = "";
  for (const one of passages) {
    const part = textOf(asDifference(text, one), choices);
    if (part === null) return null;
    result += part;
  }
  return result;
}

export type Origin = { label: string; tone: "here" | "other" | "merged" | "edited" | "none" };

/** Where a result comes from, in words. */
export function originOf(difference: Difference, choices: Choices, sides: readonly Side[]): Origin {
  const of = (key: string | undefined): Origin => {
    const side = sides.find((one) => one.key === key);
    return side ? { label: fromWhom(side.device), tone: side.device.here ? "here" : "other" } : { label: "Choose", tone: "none" };
  };
  const choice = chosen(difference, choices);
  if (choice?.kind === "edited") return { label: "Edited by you", tone: "edited" };
  if (choice?.kind === "both") return { label: difference.sides.length > 2 ? "All versions" : "Both", tone: "merged" };
  if (choice?.kind === "side") return of(choice.side);
  if (difference.kind === "field" || choices.get(difference.key)?.kind === "cleared") return { label: "Choose", tone: "none" };
  const { passage } = difference;
  if (passage.kind === "same") return { label: "Unchanged", tone: "none" };
  if (passage.kind === "agreed") return { label: passage.by.length > 2 ? "All versions" : "Both", tone: "merged" };
  if (passage.kind === "one") return of(difference.sides[passage.by[0] ?? 0]);
  return passage.merged === undefined ? { label: "Choose", tone: "none" } : { label: "Both, put together", tone: "merged" };
}

/** What is handed to the backend. In an automatic merge, what was left as it is, is accepted. */
export function decisionsOf({ review, passages }: Material, choices: Choices): Decision[] {
  const decisions: Decision[] = [];
  for (const field of review.fields) {
    const difference: FieldDifference = { kind: "field", key: fieldKey(field), number: 0, field, sides: sideKeys(field.versions) };
    const choice = review.automatic ? (choices.get(difference.key) ?? null) : chosen(difference, choices);
    const version = choice?.kind === "side" ? field.versions[difference.sides.indexOf(choice.side)] : undefined;
    if (version) decisions.push({ conflict: field.conflict, take: version.version });
    else if (choice?.kind === "both") decisions.push({ conflict: field.conflict, keepBoth: true });
    else if (choice?.kind === "edited") decisions.push({ conflict: field.conflict, value: choice.value });
    else if (review.automatic) decisions.push({ conflict: field.conflict, looksRight: true });
  }
  review.texts.forEach((text, i) => {
    const result = resultText(text, passages[i] ?? [], choices);
    if (review.automatic && (result === null || result === text.merged)) decisions.push({ conflict: text.conflict, looksRight: true });
    else if (result !== null) decisions.push({ conflict: text.conflict, text: result });
  });
  return decisions;
}

const FIELD = "field:";

/** Choices on fields that read differently now, where what was chosen is still one of the versions. */
export function carriedChoices(differences: readonly Difference[], choices: Iterable<[string, Choice]> & Choices): [string, Choice][] {
  const all = [...choices];
  return differences.flatMap((one): [string, Choice][] => {
    if (one.kind !== "field" || choices.get(one.key)) return [];
    const prefix = `${FIELD}${one.field.field}:`;
    for (const [key, choice] of all.toReversed()) {
      if (!key.startsWith(prefix)) continue;
      if (choice.kind === "edited") return [[one.key, choice]];
      if (choice.kind !== "side") continue;
      const says = key.slice(prefix.length).split("\u001f").find((part) => part.startsWith(`${choice.side}=`));
      const at = one.field.versions.findIndex((version) => says === `${choice.side}=${version.value ?? "\u0000"}/${version.display}`);
      const side = one.sides[at];
      if (side !== undefined) return [[one.key, { kind: "side", side }]];
    }
    return [];
  });
}

/** Texts typed for a passage that reads differently now: nothing typed is lost. */
export function earlierEdits(difference: Difference, present: ReadonlySet<string>, all: Iterable<[string, Choice]>): string[] {
  const original = difference.kind === "text" ? difference.passage.original : difference.field.field;
  const found: string[] = [];
  for (const [key, choice] of all) {
    if (choice.kind === "edited" && choice.value !== null && !present.has(key) && choice.original === original) found.push(choice.value);
  }
  return found;
}
