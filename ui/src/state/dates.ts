// Dates that a person types. Only the interface's own fields use it; quick add is read by the backend.
import type { Day, When } from "$backend/contract";

const pad = (n: number) => String(n).padStart(2, "0");

/** "tomorrow 9am", "fri", "3 dec" as a When; null when it is no date. Reads the whole text or nothing. */
export async function readWhen(text: string, today: Day): Promise<When | null> {
  const phrase = text.trim();
  if (phrase === "") return null;
  if (/^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2})?$/.test(phrase)) return phrase;
  const { GB } = await import("chrono-node/en");
  const [found] = GB.parse(phrase, { instant: new Date(`${today}T08:00:00`) }, { forwardDate: true });
  if (!found || found.text.length < phrase.length) return null;
  const at = (part: "year" | "month" | "day" | "hour" | "minute") => pad(found.start.get(part) ?? 0);
  const day = `${at("year")}-${at("month")}-${at("day")}`;
  return found.start.isCertain("hour") ? `${day}T${at("hour")}:${at("minute")}` : day;
}
