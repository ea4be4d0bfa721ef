// Contrast of every pair of colours that text and edges use, computed from tokens.css.
import { describe, expect, it } from "vitest";
import css from "../src/shared/tokens.css?raw";

function tokens(theme: string): Record<string, string> {
  const block = new RegExp(`data-theme="${theme}"\\] \\{([^}]*)\\}`).exec(css)?.[1] ?? "";
  return Object.fromEntries([...block.matchAll(/--([\w-]+):\s*(#[0-9a-f]{6})/gi)].map(([, name, value]) => [name, value]));
}
function luminance(hex: string): number {
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => {
    const c = parseInt(hex.slice(at, at + 2), 16) / 255;
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}
function contrast(a: string, b: string): number {
  const [light = 0, dark = 0] = [luminance(a), luminance(b)].sort((x, y) => y - x);
  return (light + 0.05) / (dark + 0.05);
}

const TEXT: [string, string][] = [
  ...["canvas", "sidebar", "hover", "selected", "selected-inactive"].flatMap((ground): [string, string][] => [["text", ground], ["text-2", ground]]),
  ["text-3", "canvas"], ["text-3", "sidebar"], ["text-3", "hover"], ["text-3", "selected"], ["text-3", "selected-inactive"],
  ["accent", "canvas"], ["accent", "sidebar"], ["on-accent", "accent"],
  ["ok", "canvas"], ["ok", "sidebar"], ["warn", "canvas"], ["warn", "sidebar"], ["error", "canvas"], ["error", "sidebar"],
  ["text", "here-bg"], ["text", "other-bg"], ["text", "merged-bg"], ["text", "mark-here"], ["text", "mark-other"],
];
const EDGES: [string, string][] = [["edge", "canvas"], ["edge", "sidebar"], ["accent", "canvas"], ["accent", "sidebar"], ["accent", "selected"], ["here-edge", "here-bg"], ["other-edge", "other-bg"], ["merged-edge", "merged-bg"], ["warn", "selected"], ["error", "hover"]];

describe.each(["light", "dark", "contrast"])("the %s theme", (theme) => {
  const colours = tokens(theme);
  const ratio = ([a, b]: [string, string]) => contrast(colours[a] ?? "", colours[b] ?? "");
  it.each(TEXT)("shows %s on %s with at least 4.5:1", (...pair) => expect(ratio(pair)).toBeGreaterThanOrEqual(4.5));
  it.each(EDGES)("shows the edge %s on %s with at least 3:1", (...pair) => expect(ratio(pair)).toBeGreaterThanOrEqual(3));
});

it("computes what the design says", () => {
  expect(contrast("#1d1c1a", "#ffffff")).toBeCloseTo(17.0, 1);
  expect(contrast("#7db0ff", "#1b1b1d")).toBeCloseTo(7.8, 1);
});
