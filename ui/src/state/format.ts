// Days, times and counts as people read them.
import { dayOf, formatIn, formatMoment, now as clockNow } from "$backend/clock";
import type { Day, Millis, When } from "$backend/contract";

const noon = (day: Day) => new Date(`${day.slice(0, 10)}T12:00:00Z`);

/** Day arithmetic that no time zone disturbs. */
export function addDays(day: Day, days: number): Day {
  const date = noon(day);
  date.setUTCDate(date.getUTCDate() + days);
  return date.toISOString().slice(0, 10);
}

/** Whole days from one day to another. */
export function daysBetween(from: Day, to: Day): number {
  return Math.round((noon(to).getTime() - noon(from).getTime()) / 86_400_000);
}

/** "Today", "Tomorrow", "Fri", "Fri 14 Nov", "14 Nov 2027", each with its time. */
export function sayWhen(when: When, today: Day): string {
  const time = when.length > 10 ? ` ${when.slice(11, 16)}` : "";
  return sayDay(when.slice(0, 10), today) + time;
}

export function sayDay(day: Day, today: Day): string {
  if (!today || Number.isNaN(noon(day).getTime())) return day;
  const away = daysBetween(today, day);
  if (away === 0) return "Today";
  if (away === 1) return "Tomorrow";
  if (away === -1) return "Yesterday";
  const options: Intl.DateTimeFormatOptions =
    away > 1 && away < 7 ? { weekday: "short" } : day.slice(0, 4) === today.slice(0, 4) ? { weekday: "short", day: "numeric", month: "short" } : { day: "numeric", month: "short", year: "numeric" };
  return formatIn("UTC", noon(day).getTime(), options);
}

/** A moment in the past: "14:32" today, "Yesterday 14:32", "Tue 18:04", "3 Nov 18:04", "3 Nov 2025". */
export function sayTime(time: Millis, now: Millis = clockNow()): string {
  const clock = formatMoment(time, { hour: "2-digit", minute: "2-digit" });
  const [then, today] = [dayOf(time), dayOf(now)];
  const away = daysBetween(then, today);
  if (away === 0) return clock;
  if (away === 1) return `Yesterday ${clock}`;
  if (away > 1 && away < 7) return `${formatMoment(time, { weekday: "short" })} ${clock}`;
  const sameYear = then.slice(0, 4) === today.slice(0, 4);
  const day = formatMoment(time, sameYear ? { day: "numeric", month: "short" } : { day: "numeric", month: "short", year: "numeric" });
  return sameYear ? `${day} ${clock}` : day;
}

/** The same in the middle of a sentence: "yesterday 14:32". */
export function sayTimeWithin(time: Millis, now?: Millis): string {
  return sayTime(time, now).replace("Yesterday", "yesterday");
}

/** "3 h ago", "2 days ago", "just now". */
export function sayAgo(time: Millis, now: Millis = clockNow()): string {
  const minutes = Math.max(0, Math.round((now - time) / 60_000));
  if (minutes < 1) return "just now";
  if (minutes < 60) return `${minutes} min ago`;
  if (minutes < 48 * 60) return `${Math.round(minutes / 60)} h ago`;
  return `${Math.round(minutes / 1440)} days ago`;
}

/** "1 task", "3 tasks". */
export function count(n: number, one: string, many = `${one}s`): string {
  return `${n} ${n === 1 ? one : many}`;
}
