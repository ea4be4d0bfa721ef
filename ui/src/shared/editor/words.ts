// Counting words as people do: "don't" is one, "2.5" is one, a row of dashes is none.
const WORD = /[\p{L}\p{N}]+(?:['’.,-][\p{L}\p{N}]+)*/gu;

/** How many words a text has; addresses of links do not count. */
export function countWords(text: string): number {
  const plain = text.replace(/\]\([^)\s]*\)/g, "]");
  let words = 0;
  for (const _ of plain.matchAll(WORD)) words++;
  return words;
}
