// The passages of a text under review. The backend aligns two versions at a time; here the alignments
// of one version with each of the others become passages with one text per version.
// Invariant: the passages' texts of a version, put together, are exactly that version; the same holds
// for the original.
import type { BlockSide, Mark, TextBlock } from "$backend/contract";

export type Passage = {
  /** Stays the same while the passage says the same, wherever in the text it is. */
  key: string;
  /** same: nobody changed it. one: one version did. agreed: several, in the same way. open: they disagree. */
  kind: "same" | "one" | "agreed" | "open";
  original: string;
  /** One per version, marks against the original. */
  sides: BlockSide[];
  /** Which versions changed it. */
  by: number[];
  /** What an automatic merge made of it; only in reviews where nothing must be decided. */
  merged?: string;
};

type Placed = TextBlock & { from: number; to: number };

function place(blocks: readonly TextBlock[]): Placed[] {
  let at = 0;
  return blocks.map((block) => ({ ...block, from: at, to: (at += block.original.length) }));
}

/** Neighbouring blocks as one side. */
function join(blocks: readonly TextBlock[], side: "left" | "right"): BlockSide {
  let text = "";
  let original = 0;
  const marks: Mark[] = [];
  for (const block of blocks) {
    for (const mark of block[side].marks) marks.push({ ...mark, start: mark.start + (mark.kind === "added" ? text.length : original) });
    text += block[side].text;
    original += block.original.length;
  }
  return { text, marks };
}

function passage(original: string, sides: BlockSide[], disputed: boolean): Passage {
  const by = sides.flatMap((side, i) => (side.text === original ? [] : [i]));
  const texts = new Set(by.map((i) => sides[i]?.text));
  const kind = by.length === 0 ? "same" : texts.size > 1 || (disputed && by.length > 1) ? "open" : by.length === 1 ? "one" : "agreed";
  return { key: "", kind, original, sides, by };
}

/** `pairs[k]` are the blocks of version 0 against version k + 1. */
export function passagesOf(pairs: readonly TextBlock[][]): Passage[] {
  const placed = pairs.map(place);
  const first = placed[0] ?? [];
  const originals = pairs.map((blocks) => blocks.map((block) => block.original).join(""));
  const original = originals[0] ?? "";
  const cuts = placed.map((blocks) => new Set([0, original.length, ...blocks.flatMap((block) => [block.from, block.to])]));
  const points = [...(cuts[0] ?? [])].filter((point) => cuts.every((one) => one.has(point))).sort((a, b) => a - b);

  const found: Passage[] = [];
  const push = (within: (block: Placed) => boolean) => {
    const parts = placed.map((blocks) => blocks.filter(within));
    if (parts.every((blocks) => blocks.length === 0)) return;
    const own = first.filter(within);
    const text = own.map((block) => block.original).join("");
    const sides = [join(own, "left"), ...parts.map((blocks) => join(blocks, "right"))];
    if (text === "" && sides.every((side) => side.text === "")) return;
    found.push(passage(text, sides, parts.length === 1 && own.some((block) => block.kind === "conflict")));
  };
  // Alignments with different originals have no common points.
  if (originals.some((one) => one !== original)) push(() => true);
  else points.forEach((from, i) => {
    push((block) => block.from === from && block.to === from);
    const to = points[i + 1];
    if (to === undefined) return;
    // What was inserted exactly at a common point belongs to that point.
    push((block) => block.from >= from && block.to <= to && !(block.from === block.to && (block.from === from || block.from === to)));
  });
  return named(together(found));
}

/** Unchanged neighbours as one. */
function together(passages: readonly Passage[]): Passage[] {
  const found: Passage[] = [];
  for (const one of passages) {
    const last = found.at(-1);
    if (last?.kind === "same" && one.kind === "same") {
      const original = last.original + one.original;
      found[found.length - 1] = { ...last, original, sides: last.sides.map(() => ({ text: original, marks: [] })) };
    } else found.push(one);
  }
  return found;
}

function named(passages: Passage[]): Passage[] {
  const seen = new Map<string, number>();
  return passages.map((one) => {
    const says = [one.original, ...one.sides.map((side) => side.text)].join("\u001f");
    const n = (seen.get(says) ?? 0) + 1;
    seen.set(says, n);
    return { ...one, key: n === 1 ? says : `${says}\u001f#${n}` };
  });
}

/**
 * Tells each disputed passage what an automatic merge made of it. The undisputed passages are the
 * landmarks; without them the merge as a whole becomes one passage.
 */
export function withMerged(passages: readonly Passage[], merged: string): Passage[] {
  const found: Passage[] = [];
  let at = 0;
  let waiting: Passage[] = [];
  // The first of a run of disputed passages takes the text up to the next landmark.
  const settle = (text: string) => {
    waiting.forEach((one, i) => found.push({ ...one, merged: i === 0 ? text : "" }));
    waiting = [];
  };
  for (const one of passages) {
    if (one.kind === "open") {
      waiting.push(one);
      continue;
    }
    const text = settledText(one);
    const next = waiting.length > 0 ? landmark(merged, text, at, waiting) : merged.startsWith(text, at) ? at : -1;
    if (next < 0) return wholeMerge(passages, merged);
    settle(merged.slice(at, next));
    found.push(one);
    at = next + text.length;
  }
  if (waiting.length === 0 && at < merged.length) return wholeMerge(passages, merged);
  settle(merged.slice(at));
  return found;
}

/** Where a landmark stands after disputed passages: what lies between must end like they do. */
function landmark(merged: string, text: string, from: number, between: readonly Passage[]): number {
  const lines = between.every((one) => one.sides.every((side) => side.text === "" || side.text.endsWith("\n")));
  for (let at = merged.indexOf(text, from); at >= 0; at = merged.indexOf(text, at + 1)) {
    if (!lines || at === from || merged[at - 1] === "\n") return at;
  }
  return -1;
}

function wholeMerge(passages: readonly Passage[], merged: string): Passage[] {
  const original = passages.map((one) => one.original).join("");
  const sides = (passages[0]?.sides ?? []).map((_, i) => ({ text: passages.map((one) => one.sides[i]?.text ?? "").join(""), marks: [] as Mark[] }));
  return named([{ ...passage(original, sides, true), kind: "open", merged }]);
}

/** What an undisputed passage says after merging. */
export function settledText(one: Passage): string {
  const changed = one.by[0];
  return changed === undefined ? one.original : (one.sides[changed]?.text ?? one.original);
}

export type Run = { text: string; kind: "plain" | "added" | "removed" };

/** A side as it is drawn: its own words, those it added, and between them those it removed from the original. */
export function runsOf(original: string, side: BlockSide): Run[] {
  if (side.marks.length === 0) return side.text === "" ? [] : [{ text: side.text, kind: "plain" }];
  const of = (kind: Mark["kind"], length: number) =>
    side.marks
      .filter((mark) => mark.kind === kind && mark.start >= 0 && mark.len > 0 && mark.start + mark.len <= length)
      .sort((a, b) => a.start - b.start);
  const [removed, added] = [of("removed", original.length), of("added", side.text.length)];
  const runs: Run[] = [];
  let [o, s] = [0, 0];
  while (s < side.text.length || o < original.length) {
    const [gone, here] = [removed[0], added[0]];
    if (gone && gone.start <= o) {
      runs.push({ text: original.slice(gone.start, gone.start + gone.len), kind: "removed" });
      o = Math.max(o, gone.start + gone.len);
      removed.shift();
    } else if (here && here.start <= s) {
      runs.push({ text: side.text.slice(here.start, here.start + here.len), kind: "added" });
      s = Math.max(s, here.start + here.len);
      added.shift();
    } else {
      const step = Math.min(gone ? gone.start - o : Infinity, here ? here.start - s : Infinity, Math.max(side.text.length - s, original.length - o));
      const text = side.text.slice(s, s + step);
      if (text !== "") runs.push({ text, kind: "plain" });
      o += step;
      s += step;
    }
  }
  return runs;
}

export type Fold = { before: string; hidden: string; lines: number; after: string };

/** An unchanged run with two lines of margin at each edge that meets a difference. Null: short enough to show. */
export function foldOf(text: string, edges: { start: boolean; end: boolean }, margin = 2): Fold | null {
  const lines = text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
  const head = edges.start ? margin : 0;
  const tail = edges.end ? margin : 0;
  const hidden = lines.length - head - tail;
  if (hidden < 3) return null;
  return { before: lines.slice(0, head).join(""), hidden: lines.slice(head, head + hidden).join(""), lines: hidden, after: tail === 0 ? "" : lines.slice(-tail).join("") };
}
