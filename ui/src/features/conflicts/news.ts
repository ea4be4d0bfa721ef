// What is new between two readings of the same review.
import { count, sayTime } from "$state/format";
import type { Difference } from "./choices";
import type { Side } from "./sides";

export type Reading = { keys: ReadonlySet<string>; times: ReadonlyMap<string, number> };
/** What changed on another device while the review was open; `first`: the first new difference. */
export type News = { text: string; first: string | null };

export function readingOf(differences: readonly Difference[], sides: readonly Side[]): Reading {
  return { keys: new Set(differences.map((one) => one.key)), times: new Map(sides.map((side) => [side.key, side.time])) };
}

/** "Desktop changed this again at 14:31. Your choices are kept; 1 new difference." Null: nothing that concerns the review. */
export function newsOf(before: Reading, differences: readonly Difference[], sides: readonly Side[]): News | null {
  const fresh = differences.filter((one) => !before.keys.has(one.key));
  const moved = sides.filter((side) => before.times.get(side.key) !== side.time).sort((a, b) => Number(a.device.here) - Number(b.device.here))[0];
  if (fresh.length === 0 && !moved) return null;
  const who = moved ? (moved.device.here ? "You" : moved.device.name) : "Another device";
  const when = moved ? ` at ${sayTime(moved.time)}` : "";
  const what = fresh.length === 0 ? "nothing new to decide." : `${count(fresh.length, "new difference")}.`;
  return { text: `${who} changed this again${when}. Your choices are kept; ${what}`, first: fresh[0]?.key ?? null };
}
