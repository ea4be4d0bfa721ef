import { describe, expect, it } from "vitest";
import { filtersOf, pieces, withFilter, withoutFilter, wordsOf } from "./query";

describe("a search", () => {
  it("is words and filters", () => {
    const query = 'oak in:"Old house" tag:shop boards is:conflict';
    expect(wordsOf(query)).toBe("oak boards");
    expect(filtersOf(query).map(({ key, value }) => `${key}=${value}`)).toEqual(["in=Old house", "tag=shop", "is=conflict"]);
    expect(filtersOf("login:me")).toEqual([]);
  });

  it("gains and loses filters without touching the words", () => {
    const query = withFilter("oak", "in", "Old house");
    expect(query).toBe('oak in:"Old house"');
    expect(withFilter(query, "in", "old HOUSE")).toBe(query);
    expect(withFilter("", "is", "conflict")).toBe("is:conflict");
    expect(withoutFilter(query, filtersOf(query)[0]!)).toBe("oak");
  });

  it("shows a snippet in pieces, whatever its marks", () => {
    expect(pieces("four \u0001oak\u0002 boards")).toEqual([{ text: "four ", hit: false }, { text: "oak", hit: true }, { text: " boards", hit: false }]);
    expect(pieces("cut \u0001oa")).toEqual([{ text: "cut ", hit: false }, { text: "oa", hit: true }]);
    expect(pieces("stray \u0002 end")).toEqual([{ text: "stray  end", hit: false }]);
    expect(pieces("")).toEqual([]);
  });
});
