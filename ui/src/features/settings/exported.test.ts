import { beforeEach, describe, expect, it } from "vitest";
import { useClock } from "../../backend/clock";
import type { ActivityEntry } from "../../backend/contract";
import { exportWords } from "./exported";

const NOW = Date.parse("2026-11-18T14:32:00Z");
const entry = (kind: ActivityEntry["kind"], time: number): ActivityEntry => ({ id: `${kind}${time}`, kind, time, title: "", details: [], counts: null, items: [], device: null, canUndo: false });
beforeEach(() => useClock({ now: () => NOW, zone: "UTC" }));

describe("when something was exported", () => {
  it("tells a file from the folder", () => {
    const day = 86_400_000;
    expect(exportWords(null, [])).toBe("Nothing was exported yet.");
    expect(exportWords(NOW - day, [entry("export", NOW - day)])).toBe("Last export: Yesterday 14:32 (24 h ago).");
    expect(exportWords(NOW, [entry("exchange", NOW), entry("export", NOW - day)])).toMatch(/^Last export: Yesterday 14:32 .*\. Last written into the exchange folder: 14:32\.$/);
    expect(exportWords(NOW, [entry("exchange", NOW)])).toBe("No file was exported lately. Last written into the exchange folder: 14:32.");
  });
});
