// The words of a search and its filters: `in:` `tag:` `is:`, as they stand in the search field.

export type FilterKey = "in" | "tag" | "is";
export type Filter = { key: FilterKey; value: string; start: number; end: number };

const FILTER = /(^|\s)(in|tag|is):("[^"]*"|\S+)/gi;

/** The filters of a search, in order. */
export function filtersOf(query: string): Filter[] {
  return [...query.matchAll(FILTER)].map((found) => {
    const [all, space = "", key = "", value = ""] = found;
    const start = found.index + space.length;
    return { key: key.toLowerCase() as FilterKey, value: value.replace(/^"|"$/g, ""), start, end: found.index + all.length };
  });
}

/** What is searched for besides the filters. */
export function wordsOf(query: string): string {
  return query.replace(FILTER, " ").replace(/\s+/g, " ").trim();
}

/** The search with one more filter, after the words. */
export function withFilter(query: string, key: FilterKey, value: string): string {
  if (filtersOf(query).some((one) => one.key === key && one.value.toLowerCase() === value.toLowerCase())) return query;
  const written = /[\s"]/.test(value) ? `"${value.replaceAll('"', "")}"` : value;
  return `${query.trimEnd()} ${key}:${written}`.trimStart();
}

/** The search without one of its filters. */
export function withoutFilter(query: string, filter: Filter): string {
  return `${query.slice(0, filter.start)}${query.slice(filter.end)}`.replace(/\s+/g, " ").trim();
}

/** A snippet in pieces; the hit is marked by the backend with two control characters. */
export function pieces(snippet: string): { text: string; hit: boolean }[] {
  return snippet
    .split(/(\u0001[^\u0002]*\u0002?)/)
    .filter((part) => part !== "")
    .map((part) => ({ text: part.replace(/[\u0001\u0002]/g, ""), hit: part.startsWith("\u0001") }));
}
