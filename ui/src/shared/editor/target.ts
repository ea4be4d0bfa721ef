// Where a link of a text leads.
import { syntaxTree } from "@codemirror/language";
import type { EditorState } from "@codemirror/state";
import type { SyntaxNode } from "@lezer/common";
import type { Id } from "$backend/contract";

export type Target =
  /** A note or a task of this vault. */
  | { kind: "item"; id: Id }
  | { kind: "attachment"; id: Id }
  /** A page or a mail address: opened by the system, after asking. */
  | { kind: "web"; url: string }
  /** Anything else: never opened. */
  | { kind: "other"; url: string };

const ID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** Reads an address. */
export function readTarget(address: string): Target {
  const url = address.replace(/^<|>$/g, "");
  const [, scheme, rest] = /^(holdfast|holdfast-attachment):(.*)$/i.exec(url) ?? [];
  if (scheme && rest !== undefined && ID.test(rest)) return { kind: scheme.toLowerCase() === "holdfast" ? "item" : "attachment", id: rest.toLowerCase() };
  const full = /^www\./i.test(url) ? `https://${url}` : /^[^\s:/@]+@[^\s:/@]+$/.test(url) ? `mailto:${url}` : url;
  try {
    const { protocol } = new URL(full);
    if (protocol === "https:" || protocol === "mailto:") return { kind: "web", url: full };
  } catch {
    // Not an address at all.
  }
  return { kind: "other", url };
}

/** Where a Link, Image or URL node leads; null for a link without an address. */
export function targetOf(state: EditorState, node: SyntaxNode): Target | null {
  const url = node.name === "URL" ? node : node.getChild("URL");
  return url ? readTarget(state.doc.sliceString(url.from, url.to)) : null;
}

/** The link at a place of the text. */
export function targetAt(state: EditorState, pos: number): Target | null {
  for (const side of [-1, 1] as const) {
    for (let node: SyntaxNode | null = syntaxTree(state).resolveInner(pos, side); node; node = node.parent) {
      if (node.name !== "Link" && node.name !== "Image" && node.name !== "URL") continue;
      const outer = node.name === "URL" && (node.parent?.name === "Link" || node.parent?.name === "Image") ? node.parent : node;
      return targetOf(state, outer);
    }
  }
  return null;
}

/** A Markdown link to an item of this vault. It has no words: they are drawn from the item. */
export function linkTo(id: Id): string {
  return `[](holdfast:${id})`;
}
