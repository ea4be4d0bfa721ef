// The one clock and time zone of the interface: what says or computes a moment asks here, the in-memory
// backend too. Nothing else reads the system's clock or zone (the lint holds that), so a test that gives
// a moment and a zone gets the same words on any day and anywhere.
import { fromAbsolute, getLocalTimeZone, toCalendarDate, toZoned } from "@internationalized/date";
import type { Day, Millis } from "./contract";

/** Where the time comes from. `zone` is an IANA name; the system's where it is not given. */
export type Clock = { now: () => Millis; zone?: string };

const SYSTEM: Clock = { now: () => Date.now() };
let current: Clock = SYSTEM;

/** Takes another clock: tests, before anything is shown. */
export function useClock(clock: Clock): void {
  current = clock;
}

/** Milliseconds since 1970, now. */
export function now(): Millis {
  return current.now();
}

/** The zone in which people read times. */
export function zone(): string {
  return current.zone ?? getLocalTimeZone();
}

/** The day on which a moment falls, in the clock's zone. */
export function dayOf(time: Millis): Day {
  return toCalendarDate(fromAbsolute(time, zone())).toString();
}

/** The moment at which the day after that of `time` begins, also where midnight does not exist. */
export function nextMidnight(time: Millis): Millis {
  const tomorrow = toCalendarDate(fromAbsolute(time, zone())).add({ days: 1 });
  return toZoned(tomorrow, zone()).toDate().getTime();
}

// Making one takes far longer than formatting with it. There are a dozen kinds of moments.
const formats = new Map<string, Intl.DateTimeFormat>();

/** A moment formatted in the clock's zone. */
export function formatMoment(time: Millis, options: Intl.DateTimeFormatOptions): string {
  return formatIn(zone(), time, options);
}

/** A moment formatted in the given zone. */
export function formatIn(timeZone: string, time: Millis, options: Intl.DateTimeFormatOptions): string {
  const key = timeZone + JSON.stringify(options);
  let format = formats.get(key);
  if (!format) formats.set(key, (format = new Intl.DateTimeFormat("en-GB", { ...options, timeZone })));
  return format.format(time);
}
