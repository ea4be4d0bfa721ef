// A pause in words.
import type { Millis } from "$backend/contract";
import { sayTime } from "$state/format";

/** "Paused until 15:00", "Paused until tomorrow", "Paused until you resume" */
export function pauseWords(paused: { until: Millis | null }, now: Millis = Date.now()): string {
  if (paused.until === null) return "Paused until you resume";
  return new Date(paused.until).toDateString() === new Date(now).toDateString() ? `Paused until ${sayTime(paused.until, now)}` : "Paused until tomorrow";
}
