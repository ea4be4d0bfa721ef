import { afterEach, describe, expect, it } from "vitest";
import { dayOf, nextMidnight, now, useClock, zone } from "../src/backend/clock";
import { TEST_NOW } from "../src/backend/fake/moment";
import { pretend } from "./pretend";

const before = Date;
afterEach(() => {
  globalThis.Date = before;
});

describe("a pretended date", () => {
  it("is what a script that asks the system sees, and what this run sees where it is pretended", () => {
    const wanted = process.env.HOLDFAST_PRETEND;
    if (wanted) expect(Math.abs(Date.now() - Date.parse(wanted))).toBeLessThan(3_600_000);
    pretend("2028-02-29T23:40:00-03:30");
    expect(new Date().toISOString().slice(0, 10)).toBe("2028-03-01");
    expect(new Date("2026-11-18T14:32:00Z").getTime()).toBe(TEST_NOW);
    expect(new Date() instanceof Date).toBe(true);
  });

  it("does not reach the interface's clock", () => {
    pretend("2031-12-31T23:59:59+13:00");
    expect(now()).toBe(TEST_NOW);
    expect(zone()).toBe("Etc/UTC");
  });
});

describe("the interface's clock", () => {
  it.each([
    ["America/St_Johns", "2028-03-01T03:10:00Z", "2028-02-29", "2028-03-01T03:30:00Z"],
    ["Pacific/Auckland", "2026-12-31T10:59:00Z", "2026-12-31", "2026-12-31T11:00:00Z"],
    ["Europe/Berlin", "2027-03-27T23:30:00Z", "2027-03-28", "2027-03-28T22:00:00Z"],
    // Midnight of 15 October 2017 did not exist there: the day began at one.
    ["America/Sao_Paulo", "2017-10-14T15:00:00Z", "2017-10-14", "2017-10-15T03:00:00Z"],
  ])("knows the day and the next midnight in %s", (name, at, day, midnight) => {
    useClock({ now: () => Date.parse(at), zone: name });
    expect(dayOf(now())).toBe(day);
    expect(new Date(nextMidnight(now())).toISOString()).toBe(midnight.replace("Z", ".000Z"));
  });
});
