// How the in-memory backend reads a quick-add line and a date in words. It has no reader of dates of its
// own: it knows the phrases of the table that the real one is tested with, and nothing else.
import table from "../../../../crates/model/src/quickadd/phrases.tsv?raw";
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

/** The day on which the table is read. */
export const TABLE_DAY = "2026-11-18";

export type Row = { kind: "line" | "field"; typed: string; result: string; chips: { text: string; label: string }[] };
export const rows: Row[] = table
  .split("\n")
  .filter((line) => line !== "" && !line.startsWith("#"))
  .map((line) => {
    const [kind, typed = "", result = "", chips = ""] = line.split("\t").map((column) => column.replaceAll("\\n", "\n"));
    return {
      kind: kind === "field" ? "field" : "line", typed, result,
      chips: chips === "" ? [] : chips.split("; ").map((chip) => ({ text: chip.slice(0, chip.lastIndexOf("=")), label: chip.slice(chip.lastIndexOf("=") + 1) })),
    };
  });

export const kindOf = (text: string): QuickAddSpan["kind"] =>
  text.startsWith("#") ? "list" : text.startsWith("@") ? "tag" : text.startsWith("!") ? "deadline" : text.startsWith("*") ? "repeat"
  : text.startsWith("//") ? "note" : text.startsWith("[[") ? "link" : /^p[1-3]$/i.test(text) ? "priority" : "when";

/** What the table says of a field in its result: "when", "deadline", … */
export const said = (row: Row, field: string): string | null => row.result.split(" | ").find((part) => part.startsWith(`${field}=`))?.slice(field.length + 1) ?? null;

/** Phrases by their words, with the date that they mean on the table's day. */
const phrases = new Map<string, string>();
for (const row of rows) {
  const when = row.chips.filter((chip) => kindOf(chip.text) === "when");
  const due = row.chips.filter((chip) => kindOf(chip.text) === "deadline");
  if (row.kind === "field" && row.result !== "") phrases.set(row.typed.toLowerCase(), row.result);
  else if (when.length === 1 && said(row, "repeat") === null) phrases.set(when[0]!.text.toLowerCase(), said(row, "when") ?? "");
  else if (due.length === 1 && when.length === 0) phrases.set(due[0]!.text.slice(1).toLowerCase(), said(row, "deadline") ?? "");
}
const byLength = [...phrases.keys()].sort((a, b) => b.length - a.length);

/** A date of the table on another day: as far from it. */
function on(value: string, today: string): string {
  const days = Math.round((Date.parse(`${today}T00:00:00Z`) - Date.parse(`${TABLE_DAY}T00:00:00Z`)) / 86_400_000);
  return addDays(value.slice(0, 10), days) + value.slice(10);
}

/** A whole phrase such as "tomorrow 9am" as a When. */
export function readDate(phrase: string, today: string): string | null {
  const text = phrase.trim();
  if (/^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2})?$/.test(text)) return text;
  const value = phrases.get(text.toLowerCase());
  return value ? on(value, today) : null;
}

/** The longest phrase in a text, as whole words. */
function findDate(text: string, today: string): { value: string; index: number; text: string } | null {
  const lower = ` ${text.toLowerCase()} `;
  for (const phrase of byLength) {
    const index = lower.search(new RegExp(`(?<=[\\s])${phrase.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")}(?=[\\s,!?|])`));
    const value = readDate(phrase, today);
    if (index > 0 && value && !/^\d+$/.test(phrase)) return { value, index: index - 1, text: text.slice(index - 1, index - 1 + phrase.length) };
  }
  return null;
}

export function sayDate(value: string, today: string): string {
  const day = value.slice(0, 10);
  const time = value.length > 10 ? ` ${value.slice(11)}` : "";
  if (day === today) return `Today${time}`;
  if (day === addDays(today, 1)) return `Tomorrow${time}`;
  return new Intl.DateTimeFormat("en-GB", { weekday: "short", day: "numeric", month: "short", timeZone: "UTC" }).format(new Date(`${day}T12:00:00Z`)) + time;
}

/** A line that is in the table, on the table's day. */
function fromTable(world: World, today: string, text: string, ignore: Range[]): Parsed | null {
  const row = today === TABLE_DAY && ignore.length === 0 ? rows.find((one) => one.kind === "line" && one.typed === text) : undefined;
  if (!row) return null;
  let from = 0;
  const spans = row.chips.map((chip): QuickAddSpan => {
    const start = text.indexOf(chip.text, from);
    from = start + chip.text.length;
    return { start, end: from, kind: kindOf(chip.text), label: chip.label };
  });
  const list = said(row, "list");
  const known = world.lists.find((one) => !one.deleted && one.title.toLowerCase() === list?.toLowerCase());
  for (const span of spans) if (span.kind === "list" && !known) span.label = `Create '${span.label}'?`;
  return {
    title: row.result === "" ? text : (row.result.split(" | ")[0] ?? ""), spans,
    when: said(row, "when"), deadline: said(row, "deadline"), list: known?.id ?? null, newList: known ? null : list,
    tags: row.result.split(" | ").flatMap((part) => (part.startsWith("tag=") ? [part.slice(4)] : [])),
    priority: Number(said(row, "p") ?? 0), repeat: said(row, "repeat"), note: said(row, "note") ?? "",
  };
}

export function parseQuickAdd(world: World, today: string, text: string, ignore: Range[]): Parsed {
  const known = fromTable(world, today, text, ignore);
  if (known) return known;
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
    const found = world.lists.find((one) => !one.deleted && one.title.toLowerCase() === m[2]!.toLowerCase());
    result.list = found?.id ?? null;
    result.newList = found ? null : m[2]!;
    take(s, e, "list", found?.title ?? `Create '${m[2]!}'?`);
  });
  each(/(^|\s)@([\p{L}\p{N}_-]+)/gu, (m, s, e) => { result.tags.push(m[2]!); take(s, e, "tag", m[2]!); });
  each(/(^|\s)p([1-3])(?=\s|$)/g, (m, s, e) => { result.priority = Number(m[2]); take(s, e, "priority", `${["High", "Medium", "Low"][result.priority - 1]} priority`); });
  each(/(^|\s)!([\p{L}\p{N}-]+(?: [\p{N}]+)?)/gu, (m, s) => {
    const date = readDate(m[2]!, today);
    if (!date) return;
    result.deadline = date.slice(0, 10);
    take(s, s + 1 + m[2]!.length, "deadline", sayDate(result.deadline, today));
  });
  const date = findDate(rest.replaceAll("\u0000", "|"), today);
  if (date) {
    result.when = date.value;
    take(date.index, date.index + date.text.length, "when", sayDate(date.value, today));
  }
  spans.sort((a, b) => a.start - b.start);
  result.title = spans.reduceRight((title, span) => title.slice(0, span.start) + title.slice(span.end), text).replace(/"/g, "").replace(/\s+/g, " ").trim();
  return result;
}
