// How the in-memory backend reads a quick-add line.
import * as chrono from "chrono-node";
import type { QuickAddSpan, QuickAddView, Range } from "../contract";
import { addDays, type World } from "./world";

export type Parsed = QuickAddView & {
  when: string | null;
  deadline: string | null;
  list: string | null;
  newList: string | null;
  tags: string[];
  priority: number;
  repeat: string | null;
  note: string;
};

const pad = (n: number) => String(n).padStart(2, "0");

/** A phrase such as "tomorrow 9am" as a When. */
export function readDate(phrase: string, today: string): { value: string; index: number; text: string } | null {
  const [found] = chrono.en.GB.parse(phrase, { instant: new Date(`${today}T08:00:00`) }, { forwardDate: true });
  if (!found) return null;
  const at = (part: "year" | "month" | "day" | "hour" | "minute") => pad(found.start.get(part) ?? 0);
  const day = `${at("year")}-${at("month")}-${at("day")}`;
  const value = found.start.isCertain("hour") ? `${day}T${at("hour")}:${at("minute")}` : day;
  return { value, index: found.index, text: found.text };
}

export function sayDate(value: string, today: string): string {
  const day = value.slice(0, 10);
  const time = value.length > 10 ? ` ${value.slice(11)}` : "";
  if (day === today) return `Today${time}`;
  if (day === addDays(today, 1)) return `Tomorrow${time}`;
  return new Intl.DateTimeFormat("en-GB", { weekday: "short", day: "numeric", month: "short", timeZone: "UTC" }).format(new Date(`${day}T12:00:00Z`)) + time;
}

export function parseQuickAdd(world: World, today: string, text: string, ignore: Range[]): Parsed {
  const spans: QuickAddSpan[] = [];
  const result: Parsed = { title: "", spans, when: null, deadline: null, list: null, newList: null, tags: [], priority: 0, repeat: null, note: "" };
  // Recognised, dismissed and quoted parts are blanked out for the rules that follow.
  let rest = text.replace(/"[^"]*"/g, (quoted) => "\u0000".repeat(quoted.length));
  for (const { start, end } of ignore) rest = rest.slice(0, start) + "\u0000".repeat(end - start) + rest.slice(end);
  const take = (start: number, end: number, kind: QuickAddSpan["kind"], label: string) => {
    spans.push({ start, end, kind, label });
    rest = rest.slice(0, start) + "\u0000".repeat(end - start) + rest.slice(end);
  };
  const each = (pattern: RegExp, use: (match: RegExpMatchArray, start: number, end: number) => void) => {
    for (const match of [...rest.matchAll(pattern)]) {
      const start = (match.index ?? 0) + (match[1]?.length ?? 0);
      use(match, start, (match.index ?? 0) + match[0].length);
    }
  };
  each(/(^|\s)\/\/(.*)$/g, (m, s, e) => { result.note = m[2]!.trim(); take(s, e, "note", "Note"); });
  each(/(^|\s)\*((?:every|after)\s[^#@!\u0000]+?)(?=\s[#@!]|\s*$|\s\u0000|\sp[1-3]\b)/g, (m, s, e) => { result.repeat = m[2]!.trim(); take(s, e, "repeat", `Repeats ${result.repeat}`); });
  each(/(^|\s)#([\p{L}\p{N}_-]+)/gu, (m, s, e) => {
    const known = world.lists.find((one) => !one.deleted && one.title.toLowerCase() === m[2]!.toLowerCase());
    result.list = known?.id ?? null;
    result.newList = known ? null : m[2]!;
    take(s, e, "list", known?.title ?? `Create '${m[2]!}'?`);
  });
  each(/(^|\s)@([\p{L}\p{N}_-]+)/gu, (m, s, e) => { result.tags.push(m[2]!); take(s, e, "tag", m[2]!); });
  each(/(^|\s)p([1-3])(?=\s|$)/g, (m, s, e) => { result.priority = Number(m[2]); take(s, e, "priority", ["", "High priority", "Medium priority", "Low priority"][result.priority]!); });
  each(/(^|\s)!([\p{L}\p{N}-]+(?: [\p{N}]+)?)/gu, (m, s) => {
    const date = readDate(m[2]!, today);
    if (!date || date.index !== 0) return;
    result.deadline = date.value.slice(0, 10);
    take(s, s + 1 + date.text.length, "deadline", `Due ${sayDate(result.deadline, today)}`);
  });
  const date = readDate(rest.replaceAll("\u0000", "|"), today);
  if (date) {
    result.when = date.value;
    take(date.index, date.index + date.text.length, "when", sayDate(date.value, today));
  }
  spans.sort((a, b) => a.start - b.start);
  result.title = spans.reduceRight((title, span) => title.slice(0, span.start) + title.slice(span.end), text).replace(/"/g, "").replace(/\s+/g, " ").trim();
  return result;
}
