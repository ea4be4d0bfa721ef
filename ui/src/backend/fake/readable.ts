// What a reader sees of Markdown, as the backend's excerpts and snippets have it.
import type { World } from "./world";

const ITEM = "holdfast:([0-9a-f]{8}-[0-9a-f-]{27})";
const LINK = new RegExp(`!?\\[([^\\]]*)\\]\\((?:${ITEM}|[^)\\s]*)\\)`, "gi");
const ADDRESS = new RegExp(`<?${ITEM}>?`, "gi");

/** The words of a text on one line: without marks, and with the title of its target where a link has none of its own. */
export function readable(world: World, text: string): string {
  const title = (id: string) => [...world.notes, ...world.tasks].find((one) => one.id === id.toLowerCase())?.title ?? "Private note";
  return text
    .replace(LINK, (_all, label: string, id?: string) => label || (id ? title(id) : ""))
    .replace(ADDRESS, (_all, id: string) => title(id))
    .replace(/^[ \t]*(?:(?:#{1,6}|>|[-*+]|\d+[.)])[ \t]+(?:\[[ x]\][ \t]+)?)+/gim, "")
    .replace(/\*\*|__|~~|`/g, "")
    .replace(/\s+/g, " ")
    .trim();
}
