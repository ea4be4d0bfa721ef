import { describe, expect, it } from "vitest";
import type { TextBlock } from "$backend/contract";
import { blocks } from "$backend/fake/text";
import { foldOf, passagesOf, runsOf, withMerged } from "./passages";

const together = (parts: readonly string[]) => parts.join("");

describe("passages", () => {
  const original = "One.\nTwo.\nThree.\nFour.\nFive.\n";
  const versions = ["One!\nTwo.\nThree.\nFour, mine.\nFive.\n", "One.\nTwo.\nThree.\nFour, yours.\nFive.\nSix.\n", "One.\nThree.\nFour.\nFive.\n"];

  it("puts every version and the original together again, however many versions there are", () => {
    for (const n of [2, 3]) {
      const found = passagesOf(versions.slice(1, n).map((right) => blocks(original, versions[0]!, right)));
      expect(together(found.map((one) => one.original))).toBe(original);
      versions.slice(0, n).forEach((text, i) => expect(together(found.map((one) => one.sides[i]!.text))).toBe(text));
    }
  });

  it("keeps that invariant for random edits of three versions", () => {
    let seed = 7;
    const random = (n: number) => (seed = (seed * 1103515245 + 12345) % 2147483648) % n;
    const edit = (text: string) => text.split("\n").flatMap((line) => (random(4) === 0 ? [] : random(4) === 0 ? [`${line} ${random(9)}`, `new ${random(3)}`] : [line])).join("\n");
    for (let round = 0; round < 200; round++) {
      const before = Array.from({ length: random(8) }, (_, i) => `line ${i}`).join("\n");
      const [a, b, c] = [edit(before), edit(before), edit(before)];
      const found = passagesOf([blocks(before, a, b), blocks(before, a, c)]);
      expect(together(found.map((one) => one.original))).toBe(before);
      [a, b, c].forEach((text, i) => expect(together(found.map((one) => one.sides[i]!.text))).toBe(text));
      expect(new Set(found.map((one) => one.key)).size).toBe(found.length);
    }
  });

  it("asks only where versions disagree", () => {
    const found = passagesOf([blocks(original, versions[0]!, versions[1]!)]);
    expect(found.filter((one) => one.kind === "open").map((one) => one.sides.map((side) => side.text))).toEqual([["Four, mine.\n", "Four, yours.\n"]]);
    expect(found.filter((one) => one.kind === "one").map((one) => one.by)).toEqual([[0], [1]]);
  });

  it("survives blocks of different originals", () => {
    const found = passagesOf([blocks("a\n", "b\n", "c\n"), blocks("other\n", "b\n", "d\n")]);
    expect(found.map((one) => one.sides.map((side) => side.text))).toEqual([["b\n", "c\n", "d\n"]]);
  });

  it("gives a merge back to the passages it came from", () => {
    const found = withMerged(passagesOf([blocks("Sowed the beans.\nEnd.\n", "Sowed the broad beans.\nEnd.\n", "Sowed the beans. Frost.\nEnd.\n")]), "Sowed the broad beans. Frost.\nEnd.\n");
    expect(found[0]).toMatchObject({ kind: "open", merged: "Sowed the broad beans. Frost.\n" });
    expect(together(found.map((one) => one.merged ?? one.original))).toBe("Sowed the broad beans. Frost.\nEnd.\n");
  });

  it("shows a merge that it cannot place as one passage", () => {
    const found = withMerged(passagesOf([blocks("a\nb\n", "a\nc\n", "a\nb\n")]), "quite different");
    expect(found).toHaveLength(1);
    expect(found[0]).toMatchObject({ original: "a\nb\n", merged: "quite different" });
  });
});

describe("marks", () => {
  const only = (original: string, text: string): TextBlock["left"] => blocks(original, text, "zzz")[0]!.left;

  it("shows one changed word as one word", () => {
    const original = "The shelf is 160 cm wide.";
    expect(runsOf(original, only(original, "The shelf is 180 cm wide.")).filter((run) => run.kind !== "plain")).toEqual([{ text: "160", kind: "removed" }, { text: "180", kind: "added" }]);
  });

  it("draws the side's own words in order, whatever was removed", () => {
    const original = "a b c d e";
    for (const text of ["", "a c e", "x a b c d e y", "e d c b a", "a b c d e"]) {
      const runs = runsOf(original, only(original, text));
      expect(together(runs.filter((run) => run.kind !== "removed").map((run) => run.text))).toBe(text);
    }
  });

  it("ignores marks outside the text", () => {
    expect(runsOf("a", { text: "b", marks: [{ start: 5, len: 9, kind: "added" }, { start: -1, len: 1, kind: "removed" }] })).toEqual([{ text: "b", kind: "plain" }]);
  });
});

describe("folding", () => {
  const lines = (n: number) => Array.from({ length: n }, (_, i) => `${i}\n`).join("");
  it("keeps two lines at each edge that meets a difference", () => {
    expect(foldOf(lines(18), { start: true, end: true })).toMatchObject({ before: "0\n1\n", lines: 14, after: "16\n17\n" });
    expect(foldOf(lines(10), { start: false, end: true })).toMatchObject({ before: "", lines: 8, after: "8\n9\n" });
  });
  it("leaves short runs alone", () => {
    expect(foldOf(lines(6), { start: true, end: true })).toBeNull();
  });
});
