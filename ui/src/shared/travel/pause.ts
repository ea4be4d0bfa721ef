// A pause in words.
import { dayOf, now as clockNow } from "$backend/clock";
import type { Millis } from "$backend/contract";
import { sayTime } from "$state/format";

/** "Paused until 15:00", "Paused until tomorrow", "Paused until you resume" */
export function pauseWords(paused: { until: Millis | null }, now: Millis = clockNow()): string {
  if (paused.until === null) return "Paused until you resume";
  return dayOf(paused.until) === dayOf(now) ? `Paused until ${sayTime(paused.until, now)}` : "Paused until tomorrow";
}
