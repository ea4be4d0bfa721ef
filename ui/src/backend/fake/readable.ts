// What a reader sees of Markdown, as the backend's excerpts and snippets have it.
import type { World } from "./world";

const ITEM = "holdfast:([0-9a-f]{8}-[0-9a-f-]{27})";
const LINK = new RegExp(`!?\\[([^\\]]*)\\]\\((?:${ITEM}|[^)\\s]*)\\)`, "gi");
const ADDRESS = new RegExp(`<?${ITEM}>?`, "gi");

/** A text as it is stored: links without words that only say what their target is called. */
export function settled(world: World, text: string): string {
  const title = (id: string) => [...world.notes, ...world.tasks].find((one) => one.id === id.toLowerCase())?.title;
  return text.replace(new RegExp(`\\[([^\\]]+)\\]\\(${ITEM}\\)`, "gi"), (all, label: string, id: string) => (title(id)?.toLowerCase() === label.trim().toLowerCase() ? `[](holdfast:${id})` : all));
}

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
