// A repeat begins with a star; words such as "every monday" without one stay in the title. Whoever types
// them is told, where the same words with the star would be read.
import type { QuickAddSpan, Range } from "$backend/contract";

const REPEATS = /(?<=^|\s)(?:every|daily|weekly|monthly|yearly)(?![\p{L}\p{N}])/giu;

/** The line with a star where it may be missing, with its dismissed parts; null where none is. */
export function starred(text: string, spans: readonly QuickAddSpan[], ignore: readonly Range[]): { at: number; text: string; ignore: Range[] } | null {
  if (spans.some((span) => span.kind === "repeat")) return null;
  const taken = [...spans, ...ignore];
  for (const match of text.matchAll(REPEATS)) {
    const at = match.index;
    if (taken.some((range) => range.start <= at && at < range.end)) continue;
    return { at, text: `${text.slice(0, at)}*${text.slice(at)}`, ignore: ignore.map(({ start, end }) => (start >= at ? { start: start + 1, end: end + 1 } : { start, end })) };
  }
  return null;
}
