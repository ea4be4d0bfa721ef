// Dismissed parts of a line keep pointing at the same words while the line is edited around them.
import type { Range } from "$backend/contract";

/** Moves ranges from an old text to a new one. A range whose own words changed is dropped. */
export function carry(ranges: Range[], from: string, to: string): Range[] {
  if (from === to) return ranges;
  const most = Math.min(from.length, to.length);
  let start = 0;
  while (start < most && from[start] === to[start]) start++;
  let tail = 0;
  while (tail < most - start && from[from.length - 1 - tail] === to[to.length - 1 - tail]) tail++;
  const [oldEnd, shift] = [from.length - tail, to.length - from.length];
  return ranges.flatMap((range) => {
    if (range.end <= start) return [range];
    if (range.start >= oldEnd) return [{ start: range.start + shift, end: range.end + shift }];
    return [];
  });
}

/** A line as runs, each with the kind of what was recognised there. Bad spans are ignored. */
export function runs<K>(text: string, spans: { start: number; end: number; kind: K }[]): { text: string; kind: K | null }[] {
  const out: { text: string; kind: K | null }[] = [];
  let at = 0;
  for (const span of [...spans].sort((a, b) => a.start - b.start)) {
    if (span.start < at || span.end <= span.start || span.end > text.length) continue;
    if (span.start > at) out.push({ text: text.slice(at, span.start), kind: null });
    out.push({ text: text.slice(span.start, span.end), kind: span.kind });
    at = span.end;
  }
  if (at < text.length) out.push({ text: text.slice(at), kind: null });
  return out;
}
