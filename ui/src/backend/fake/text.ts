// Text arithmetic of the in-memory backend: splices, and aligned blocks for the review.
import type { BlockSide, Mark, Splice, TextBlock } from "../contract";

/** Applies splices in order; each position counts in the text after the ones before it. */
export function applySplices(text: string, splices: Splice[]): string {
  return splices.reduce((now, one) => now.slice(0, one.pos) + one.insert + now.slice(one.pos + one.delete), text);
}

/** The one splice that turns `from` into `to`. */
export function difference(from: string, to: string): Splice[] {
  if (from === to) return [];
  let start = 0;
  while (start < from.length && start < to.length && from[start] === to[start]) start++;
  let end = 0;
  while (end < from.length - start && end < to.length - start && from[from.length - 1 - end] === to[to.length - 1 - end]) end++;
  return [{ pos: start, delete: from.length - start - end, insert: to.slice(start, to.length - end) }];
}

/** Index pairs of a longest common subsequence. */
function common(a: string[], b: string[]): [number, number][] {
  const table = Array.from({ length: a.length + 1 }, () => new Array<number>(b.length + 1).fill(0));
  for (let i = a.length - 1; i >= 0; i--)
    for (let j = b.length - 1; j >= 0; j--) table[i]![j] = a[i] === b[j] ? table[i + 1]![j + 1]! + 1 : Math.max(table[i + 1]![j]!, table[i]![j + 1]!);
  const pairs: [number, number][] = [];
  for (let i = 0, j = 0; i < a.length && j < b.length; ) {
    if (a[i] === b[j]) pairs.push([i++, j++]);
    else if (table[i + 1]![j]! >= table[i]![j + 1]!) i++;
    else j++;
  }
  return pairs;
}

const words = (text: string) => text.match(/\s+|[\p{L}\p{N}]+|[^\s\p{L}\p{N}]/gu) ?? [];

/** Word marks of a side against the original. */
function marks(original: string, side: string): Mark[] {
  const [from, to] = [words(original), words(side)];
  const kept = common(from, to);
  const ranges = (tokens: string[], same: Set<number>, kind: Mark["kind"]): Mark[] => {
    const found: Mark[] = [];
    let at = 0;
    tokens.forEach((token, i) => {
      const last = found.at(-1);
      if (!same.has(i)) {
        if (last && last.start + last.len === at) last.len += token.length;
        else found.push({ start: at, len: token.length, kind });
      }
      at += token.length;
    });
    return found;
  };
  return [...ranges(from, new Set(kept.map(([i]) => i)), "removed"), ...ranges(to, new Set(kept.map(([, j]) => j)), "added")];
}

/** Lines of three texts, aligned on the lines that all three share. */
export function blocks(original: string, left: string, right: string): TextBlock[] {
  const lines = (text: string) => text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
  const [o, l, r] = [lines(original), lines(left), lines(right)];
  const inLeft = new Map(common(o, l));
  const inRight = new Map(common(o, r));
  const result: TextBlock[] = [];
  let [io, il, ir] = [0, 0, 0];
  const push = (eo: number, el: number, er: number) => {
    const [po, pl, pr] = [o.slice(io, eo).join(""), l.slice(il, el).join(""), r.slice(ir, er).join("")];
    [io, il, ir] = [eo, el, er];
    if (po === "" && pl === "" && pr === "") return;
    const side = (text: string): BlockSide => ({ text, marks: text === po ? [] : marks(po, text) });
    const kind = pl === po && pr === po ? "same" : pl === pr ? "both" : pr === po ? "left" : pl === po ? "right" : "conflict";
    result.push({ kind, original: po, left: side(pl), right: side(pr) });
  };
  for (let i = 0; i < o.length; i++) {
    const [a, b] = [inLeft.get(i), inRight.get(i)];
    if (a === undefined || b === undefined) continue;
    push(i, a, b);
    push(i + 1, a + 1, b + 1);
  }
  push(o.length, l.length, r.length);
  return result.reduce<TextBlock[]>((merged, one) => {
    const last = merged.at(-1);
    if (last?.kind === "same" && one.kind === "same") {
      last.original += one.original;
      last.left.text += one.left.text;
      last.right.text += one.right.text;
    } else merged.push(one);
    return merged;
  }, []);
}
