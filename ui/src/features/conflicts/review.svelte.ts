// The state of one open review: what was loaded, what is chosen, which difference has the attention.
import { SvelteSet } from "svelte/reactivity";
import type { Id } from "$backend/contract";
import { live } from "$state/live.svelte";
import { session } from "$state/session.svelte";
import { asDifference, carriedChoices, chosen, decisionsOf, differencesOf, earlierEdits, inSuccession, isDecided, leftOf, originOf, textOf, type Choice, type Difference } from "./choices";
import { draftOf } from "./drafts.svelte";
import { load } from "./load";
import { newsOf, readingOf, type News, type Reading } from "./news";
import { announcement, bothOf, type Wording } from "./outcome";
import { sidesOf } from "./sides";

export class Reviewing {
  readonly entity: Id;
  readonly choices;
  readonly query;
  /** Read aloud when it changes. */
  said = $state("");
  news = $state.raw<News | null>(null);
  originalShown = $state(false);
  /** An automatic merge is being changed. */
  changing = $state(false);
  /** The difference that keys act on. */
  current = $state<string | null>(null);
  editing = $state<string | null>(null);
  /** Merged passages whose choices are shown. */
  readonly adjusted = new SvelteSet<string>();
  #rightKey = $state<string | null>(null);
  #seen: Reading | null = null;

  constructor(entity: Id) {
    this.entity = entity;
    this.choices = draftOf(entity);
    this.query = live(() => load(entity));
  }

  readonly material = $derived.by(() => this.query.data?.material ?? null);
  readonly stands = $derived.by(() => this.query.data?.stands ?? null);
  readonly automatic = $derived(this.material?.review.automatic ?? false);
  readonly differences = $derived(this.material ? differencesOf(this.material) : []);
  /** What is read as a list: what is asked; in an automatic merge everything that was merged. */
  readonly listed = $derived.by(() => {
    const { material } = this;
    if (!material?.review.automatic) return this.differences;
    const merged = material.review.texts.flatMap((text, i) => (material.passages[i] ?? []).filter((one) => one.kind !== "same").map((one) => asDifference(text, one)));
    return [...this.differences.filter((one) => one.kind === "field"), ...merged].map((one, i) => ({ ...one, number: i + 1 }));
  });
  /** What tells news apart: what is asked, and what one version alone changed and is taken as it is. */
  readonly noted = $derived.by(() => {
    const { material } = this;
    if (!material || material.review.automatic) return this.differences;
    const taken = material.review.texts.flatMap((text, i) => (material.passages[i] ?? []).filter((one) => one.kind === "one" || one.kind === "agreed").map((one) => asDifference(text, one)));
    return [...this.differences, ...taken];
  });
  readonly sides = $derived(this.material ? sidesOf(this.material.review) : []);
  readonly leftSide = $derived(this.sides[0] ?? null);
  readonly others = $derived(this.sides.slice(1));
  readonly rightSide = $derived(this.others.find((one) => one.key === this.#rightKey) ?? this.others[0] ?? null);
  readonly left = $derived.by(() => (this.automatic ? 0 : leftOf(this.differences, this.choices)));
  readonly editable = $derived(this.stands === "open" || (this.stands === "merged" && this.changing));
  readonly approximate = $derived(this.material?.review.fields.some((one) => one.approximate) ?? false);
  readonly wording: Wording = $derived({ today: session.today, listTitle: (id: string) => session.sidebar?.lists.find((one) => one.id === id)?.title ?? "a list that is gone" });

  showRight(key: string): void {
    this.#rightKey = key;
  }

  /** Every passage and field that can be chosen, disputed or merged. */
  find(key: string | null): Difference | null {
    if (key === null) return null;
    const asked = this.differences.find((one) => one.key === key);
    if (asked || !this.material) return asked ?? null;
    const { review, passages } = this.material;
    for (const [i, text] of review.texts.entries()) for (const passage of passages[i] ?? []) {
      const one = asDifference(text, passage);
      if (one.key === key) return one;
    }
    return null;
  }

  /** Which side the left and right keys mean for a difference. */
  sideAt(difference: Difference, slot: "left" | "right"): string | undefined {
    const left = this.leftSide && difference.sides.includes(this.leftSide.key) ? this.leftSide.key : undefined;
    const right = this.rightSide && difference.sides.includes(this.rightSide.key) ? this.rightSide.key : undefined;
    if (slot === "left") return left ?? difference.sides.find((key) => key !== right);
    return right ?? difference.sides.find((key) => key !== (left ?? difference.sides[0]));
  }

  canKeepBoth(difference: Difference): boolean {
    return difference.kind === "text" || difference.field.canKeepBoth;
  }
  canEdit(difference: Difference): boolean {
    return difference.kind === "text" || difference.field.editor !== "none";
  }

  choose(difference: Difference, choice: Choice): void {
    this.choices.set(difference.key, choice);
    this.current = difference.key;
    if (choice.kind !== "edited") {
      this.editing = null;
      this.say(difference);
    }
  }
  keep(difference: Difference, slot: "left" | "right"): void {
    const side = this.sideAt(difference, slot);
    if (side !== undefined) this.choose(difference, { kind: "side", side });
  }
  keepBoth(difference: Difference): void {
    if (this.canKeepBoth(difference)) this.choose(difference, { kind: "both" });
  }
  clear(difference: Difference): void {
    this.choose(difference, { kind: "cleared" });
  }
  /** Starts editing with what is chosen; with everything when nothing is. */
  edit(difference: Difference): void {
    if (!this.canEdit(difference)) return;
    const choice = chosen(difference, this.choices);
    let value: string | null;
    if (choice?.kind === "edited") value = choice.value;
    else if (difference.kind === "text") value = textOf(difference, this.choices) ?? inSuccession(difference.passage.sides.map((side) => side.text));
    else {
      const side = choice?.kind === "side" ? choice.side : this.sideAt(difference, "left");
      value = choice?.kind === "both" ? bothOf(difference.field) : (difference.field.versions[difference.sides.indexOf(side ?? "")]?.value ?? null);
    }
    this.write(difference, value);
    this.editing = difference.key;
  }
  write(difference: Difference, value: string | null): void {
    const original = difference.kind === "text" ? difference.passage.original : difference.field.field;
    this.choose(difference, { kind: "edited", value, original });
  }
  earlier(difference: Difference): string[] {
    return earlierEdits(difference, readingOf(this.noted, this.sides).keys, this.choices);
  }
  /** After reopening: choices count again although what was decided meanwhile stands beside the versions now. */
  carryChoices(): void {
    for (const [key, choice] of carriedChoices(this.differences, this.choices)) this.choices.set(key, choice);
  }

  origin(difference: Difference) {
    return originOf(difference, this.choices, this.sides);
  }
  decided(difference: Difference): boolean {
    return isDecided(difference, this.choices);
  }
  decisions() {
    return this.material ? decisionsOf(this.material, this.choices) : [];
  }
  say(difference: Difference): void {
    const origin = this.origin(difference);
    const label = origin.tone === "none" ? "no choice" : origin.label.replace(/^From /, "");
    this.said = difference.number > 0 ? announcement(difference, label, this.differences.length, this.left) : `Merged passage: ${label}.`;
  }

  /** The next difference of those that are asked, round the end. */
  step(by: 1 | -1): Difference | null {
    const all = this.differences;
    if (all.length === 0) return null;
    const at = all.findIndex((one) => one.key === this.current);
    return all[at < 0 ? (by > 0 ? 0 : all.length - 1) : (at + by + all.length) % all.length] ?? null;
  }
  firstUndecided(): Difference | null {
    return this.differences.find((one) => !this.decided(one)) ?? null;
  }

  /** Compares a new answer with the one before, and tells what is new. */
  noticeNews(): void {
    if (!this.material || this.stands !== "open") return;
    const before = this.#seen;
    this.#seen = readingOf(this.noted, this.sides);
    const news = before && newsOf(before, this.noted, this.sides);
    if (news) this.news = news;
  }
}
