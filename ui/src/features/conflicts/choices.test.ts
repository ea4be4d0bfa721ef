import { describe, expect, it } from "vitest";
import type { FieldReview, Review } from "$backend/contract";
import { blocks } from "$backend/fake/text";
import { asDifference, carriedChoices, decisionsOf, differencesOf, earlierEdits, inSuccession, isDecided, leftOf, originOf, resultText, textOf, type Choice, type Material } from "./choices";
import { newsOf, readingOf } from "./news";
import { passagesOf, withMerged } from "./passages";
import { sidesOf } from "./sides";

const HERE = { id: "h", name: "Laptop", here: true };
const DESK = { id: "d", name: "Desktop", here: false };
const PHONE = { id: "p", name: "Phone", here: false };
const original = "One.\n\nTwo.\n\nThree.\n\nFour.\n";
const mine = "One, mine.\n\nTwo, mine.\n\nThree.\n\nFour.\n";
const desk = "One, desk.\n\nTwo, desk.\n\nThree.\n\nFour, desk.\n";

const field = (more: Partial<FieldReview> = {}): FieldReview => ({
  conflict: "f1", field: "when", label: "Date", kind: "field", original: null, canKeepBoth: false, editor: "when", preselected: null, approximate: false,
  versions: [{ version: "f1a", display: "Fri", value: "2026-11-20", device: HERE, time: 2, details: [] }, { version: "f1b", display: "Sat", value: "2026-11-21", device: DESK, time: 3, details: [] }], ...more,
});
function material(text: string, more: Partial<Review> = {}, right = desk): Material {
  const review: Review = {
    asOf: 1, entity: "e", entityKind: "note", title: "A note", summary: "", automatic: false, fields: [field()],
    texts: [{ conflict: "x1", field: "text", label: "Text", original: { text: original, time: 1 }, merged: "", versions: [{ version: "xa", device: HERE, time: 2, text }, { version: "xb", device: DESK, time: 3, text: right }] }],
    ...more,
  };
  return { review, passages: [passagesOf([blocks(original, text, right)])] };
}
const choose = (...entries: [string, Choice][]) => new Map<string, Choice>(entries);
const side = (key: string): Choice => ({ kind: "side", side: key });

describe("choices", () => {
  const all = differencesOf(material(mine));

  it("numbers fields first, then disputed passages", () => {
    expect(all.map((one) => [one.number, one.kind])).toEqual([[1, "field"], [2, "text"], [3, "text"]]);
    expect(leftOf(all, choose())).toBe(3);
  });

  it("never shows the original in place of a choice", () => {
    for (const one of all) {
      if (one.kind !== "text") continue;
      expect(textOf(one, choose())).toBeNull();
      expect(originOf(one, choose(), sidesOf(material(mine).review)).label).toBe("Choose");
    }
    expect(resultText(material(mine).review.texts[0]!, material(mine).passages[0]!, choose())).toBeNull();
  });

  it("makes the result of what was chosen, and merges the rest", () => {
    const { review, passages } = material(mine);
    const choices = choose([all[1]!.key, side("d")], [all[2]!.key, { kind: "both" }]);
    expect(resultText(review.texts[0]!, passages[0]!, choices)).toBe("One, desk.\n\nTwo, mine.\nTwo, desk.\n\nThree.\n\nFour, desk.\n");
    expect(leftOf(all, choices)).toBe(1);
  });

  it("hands over one decision per conflict, and none for what waits", () => {
    const choices = choose([all[0]!.key, side("h")], [all[1]!.key, side("h")], [all[2]!.key, { kind: "edited", value: "Two, both.\n", original: "Two.\n" }]);
    expect(decisionsOf(material(mine), choices)).toEqual([{ conflict: "f1", take: "f1a" }, { conflict: "x1", text: "One, mine.\n\nTwo, both.\n\nThree.\n\nFour, desk.\n" }]);
    expect(decisionsOf(material(mine), choose([all[0]!.key, { kind: "edited", value: null, original: "when" }]))).toEqual([{ conflict: "f1", value: null }]);
  });

  it("keeps what is preselected until it is cleared", () => {
    const one = differencesOf({ review: { ...material(mine).review, fields: [field({ kind: "delete", preselected: 0 })] }, passages: [] })[0]!;
    expect(isDecided(one, choose())).toBe(true);
    expect(isDecided(one, choose([one.key, { kind: "cleared" }]))).toBe(false);
  });

  it("says where a result comes from", () => {
    const sides = sidesOf(material(mine).review);
    const labels = (choice: Choice) => originOf(all[1]!, choose([all[1]!.key, choice]), sides).label;
    expect([side("h"), side("d"), { kind: "both" } as Choice, { kind: "edited", value: "x", original: "" } as Choice].map(labels)).toEqual(["From this laptop", "From Desktop", "Both", "Edited by you"]);
    const four = material(mine).passages[0]!.find((one) => one.kind === "one")!;
    expect(originOf(asDifference(material(mine).review.texts[0]!, four), choose(), sides).label).toBe("From Desktop");
  });

  it("keeps choices when the other device changes something else, and asks only what is new", () => {
    const choices = choose([all[0]!.key, side("h")], [all[1]!.key, side("d")], [all[2]!.key, { kind: "edited", value: "Typed.\n", original: "Two.\n" }]);
    const later = material(mine, {}, desk.replace("Two, desk.", "Two, desk again."));
    later.review.texts[0]!.versions[1]!.time = 9;
    const now = differencesOf(later);
    expect(leftOf(now, choices)).toBe(1);
    expect(isDecided(now[2]!, choices)).toBe(false);
    const news = newsOf(readingOf(all, sidesOf(material(mine).review)), now, sidesOf(later.review));
    expect(news?.text).toMatch(/^Desktop changed this again at .*\. Your choices are kept; 1 new difference\.$/);
    expect(news?.first).toBe(now[2]!.key);
    // What was typed for the passage as it was is not lost.
    expect(earlierEdits(now[2]!, new Set(now.map((one) => one.key)), choices)).toEqual(["Typed.\n"]);
  });

  it("asks again when a chosen value is no longer what it was", () => {
    const now = differencesOf({ review: { ...material(mine).review, fields: [field({ versions: [field().versions[0]!, { ...field().versions[1]!, version: "f1c", value: "2026-11-22", display: "Sun" }] })] }, passages: [] });
    expect(isDecided(now[0]!, choose([all[0]!.key, side("d")]))).toBe(false);
  });

  it("lets one of three versions be kept", () => {
    const phone = original.replace("One.", "One, phone.");
    const review = material(mine).review;
    review.texts[0]!.versions.push({ version: "xc", device: PHONE, time: 4, text: phone });
    const passages = passagesOf([blocks(original, mine, desk), blocks(original, mine, phone)]);
    const first = differencesOf({ review, passages: [passages] })[1]!;
    expect(first.sides).toEqual(["h", "d", "p"]);
    expect(textOf(first as never, choose([first.key, side("p")]))).toBe("One, phone.\n");
    expect(sidesOf(review).map((one) => one.device.name)).toEqual(["Laptop", "Phone", "Desktop"]);
  });

  it("accepts an automatic merge as it is, or with what was changed in it", () => {
    const base = material(mine, { automatic: true });
    const merged = base.passages[0]!.map((one) => (one.kind === "open" ? one.sides[0]!.text : (one.sides[one.by[0] ?? 0]?.text ?? ""))).join("");
    const text = { ...base.review.texts[0]!, merged };
    const automatic: Material = { review: { ...base.review, texts: [text] }, passages: [withMerged(base.passages[0]!, merged)] };
    expect(decisionsOf(automatic, choose())).toEqual([{ conflict: "f1", looksRight: true }, { conflict: "x1", looksRight: true }]);
    const first = differencesOf(automatic)[1]!;
    expect(decisionsOf(automatic, choose([first.key, side("d")]))[1]).toEqual({ conflict: "x1", text: merged.replace("One, mine.", "One, desk.") });
  });

  it("keeps passages apart that are put one after the other", () => {
    expect(inSuccession(["a", "b"])).toBe("a\nb");
    expect(inSuccession(["a\n", "a\n"])).toBe("a\n");
    expect(inSuccession(["", "b\n"])).toBe("b\n");
    expect(inSuccession(["", ""])).toBe("");
    expect(inSuccession(["See it.\n\nMeasure.\nEnd\n", "See it.\n\nOrder.\nEnd\n"])).toBe("See it.\n\nMeasure.\nOrder.\nEnd\n");
    expect(inSuccession(["See it.", "See it.\n\nOrder."])).toBe("See it.\n\nOrder.");
  });
});

describe("choices after reopening", () => {
  const versions = field().versions;
  const withThird: FieldReview = { ...field(), versions: [versions[0]!, { version: "f1c", display: "Sun", value: "2026-11-22", device: DESK, time: 9, details: [] }, versions[1]!] };
  const before = differencesOf(material(mine))[0]!;
  const after = differencesOf(material(mine, { fields: [withThird] }));

  it("count again beside what was decided meanwhile, whichever of a device's versions it is now", () => {
    for (const [chosen, now] of [["h", "h"], ["d", "d#2"]] as const) {
      const choices = choose([before.key, side(chosen)]);
      expect(carriedChoices(after, choices)).toEqual([[after[0]!.key, side(now)]]);
    }
  });

  it("leaves alone what was chosen since, and what is no version any more", () => {
    expect(carriedChoices(after, choose([before.key, side("h")], [after[0]!.key, { kind: "cleared" }]))).toEqual([]);
    const gone = differencesOf(material(mine, { fields: [{ ...field(), versions: [withThird.versions[1]!, versions[1]!] }] }));
    expect(carriedChoices(gone, choose([before.key, side("h")]))).toEqual([]);
  });
});

describe("what comes while a review is open", () => {
  const end = "Five, desk, later.\n";

  it("is in its writer's column, taken as it is, and no choice is lost", () => {
    const before = differencesOf(material(mine));
    const after = material(mine, {}, `${desk}${end}`);
    const choices = choose(...before.map((one): [string, Choice] => [one.key, side("h")]));
    expect(leftOf(differencesOf(after), choices)).toBe(0);
    expect(resultText(after.review.texts[0]!, after.passages[0]!, choices)).toBe(`${mine.replace("Four.", "Four, desk.")}${end}`);
  });
});
