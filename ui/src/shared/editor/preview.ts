// Live preview: Markdown looks as it means. The text itself is never changed here; marks are hidden
// except on the lines that the cursor or selection touches while the editor has focus.
import { syntaxTree } from "@codemirror/language";
import { StateEffect, type EditorState, type Extension, type Range } from "@codemirror/state";
import { Decoration, ViewPlugin, type DecorationSet, type EditorView, type ViewUpdate } from "@codemirror/view";
import type { SyntaxNodeRef } from "@lezer/common";
import { targetOf } from "./target";
import { toggleBoxAt } from "./commands";
import { LinkedItems, PRIVATE } from "./linked";
import { BULLET, ItemTitle, Picture, Pictures, RULE, TickBox } from "./widgets";

/** A linked item was looked up or changed. */
const looked = StateEffect.define<null>();
const hidden = Decoration.replace({});
const line = (name: string) => Decoration.line({ class: name });
const mark = (name: string) => Decoration.mark({ class: name });
const HEADINGS = [1, 2, 3, 4, 5, 6].map((level) => line(`cm-heading cm-heading-${level}`));
const LINES = { quote: line("cm-quote"), code: line("cm-code-line"), table: line("cm-table-line"), done: line("cm-done") };
const STYLES: Record<string, Decoration> = {
  StrongEmphasis: mark("cm-strong"),
  Emphasis: mark("cm-emphasis"),
  Strikethrough: mark("cm-strike"),
  InlineCode: mark("cm-code"),
};
const LINK = mark("cm-link");
const RAW = mark("cm-raw");
/** How wide one step of a list is, in em; bullets, boxes and their marks fill it exactly. */
const STEP = 1.7;
const INDENTS = Array.from({ length: 9 }, (_, depth) =>
  Decoration.line({ attributes: { style: `padding-left:${(depth + 1) * STEP}em;text-indent:-${(depth + 1) * STEP}em` } }),
);
const SPACES = Array.from({ length: 9 }, (_, depth) => Decoration.mark({ class: "cm-list-space", attributes: { style: `width:${depth * STEP}em` } }));
const LIST_MARK = mark("cm-list-mark");

/** The numbers of the lines that show their marks. */
function openLines(state: EditorState, focused: boolean): Set<number> {
  const lines = new Set<number>();
  if (!focused) return lines;
  for (const range of state.selection.ranges) {
    const last = state.doc.lineAt(range.to).number;
    for (let n = state.doc.lineAt(range.from).number; n <= last; n++) lines.add(n);
  }
  return lines;
}

class Preview {
  decorations: DecorationSet;
  pictures = new Pictures();
  items: LinkedItems;

  constructor(view: EditorView) {
    this.items = new LinkedItems(() => view.dispatch({ effects: looked.of(null) }));
    this.decorations = this.build(view);
  }

  update(update: ViewUpdate): void {
    const parsed = syntaxTree(update.startState) !== syntaxTree(update.state);
    const told = update.transactions.some((one) => one.effects.some((effect) => effect.is(looked)));
    if (update.docChanged || update.viewportChanged || update.selectionSet || update.focusChanged || parsed || told) this.decorations = this.build(update.view);
  }

  destroy(): void {
    this.pictures.close();
    this.items.close();
  }

  build(view: EditorView): DecorationSet {
    const { state } = view;
    const { doc } = state;
    const open = openLines(state, view.hasFocus);
    const found: Range<Decoration>[] = [];
    const isOpen = (at: number) => open.has(doc.lineAt(at).number);
    const hide = (from: number, to: number) => {
      // A mark that goes on in the next line stays in sight: lines are never joined.
      if (to <= from || to > doc.lineAt(from).to) return;
      found.push((isOpen(from) ? RAW : hidden).range(from, to));
    };
    const eachLine = (node: SyntaxNodeRef, decoration: Decoration) => {
      // A block may be far longer than what is on screen.
      const from = Math.max(node.from, view.viewport.from);
      const to = Math.min(node.to, view.viewport.to);
      for (let at = from; at <= to; ) {
        const here = doc.lineAt(at);
        found.push(decoration.range(here.from));
        at = here.to + 1;
      }
    };

    for (const { from, to } of view.visibleRanges) {
      syntaxTree(state).iterate({
        from,
        to,
        enter: (node) => {
          const { name } = node;
          const heading = /^(?:ATX|Setext)Heading(\d)$/.exec(name);
          if (heading) eachLine(node, HEADINGS[Number(heading[1]) - 1] ?? HEADINGS[5]!);
          const style = STYLES[name];
          if (style) found.push(style.range(node.from, node.to));
          switch (name) {
            case "HeaderMark": {
              const here = doc.lineAt(node.from);
              const spaces = /^[ \t]*/.exec(doc.sliceString(node.to, here.to))?.[0].length ?? 0;
              // "## Title" hides the mark and its space; the underline of a Setext heading hides as a whole.
              hide(node.from, node.from > here.from && node.to === here.to ? node.to : node.to + spaces);
              break;
            }
            case "EmphasisMark":
            case "StrikethroughMark":
              hide(node.from, node.to);
              break;
            case "CodeMark":
              hide(node.from, node.to);
              break;
            case "CodeInfo":
              found.push(RAW.range(node.from, node.to));
              break;
            case "Escape":
              hide(node.from, node.from + 1);
              break;
            case "Blockquote":
              eachLine(node, LINES.quote);
              break;
            case "QuoteMark":
              hide(node.from, doc.sliceString(node.to, node.to + 1) === " " ? node.to + 1 : node.to);
              break;
            case "FencedCode":
            case "CodeBlock":
              eachLine(node, LINES.code);
              break;
            case "Table":
              eachLine(node, LINES.table);
              break;
            case "HorizontalRule":
              if (!isOpen(node.from)) found.push(Decoration.replace({ widget: RULE }).range(node.from, node.to));
              break;
            case "ListMark":
              this.listLine(view, node, found, isOpen);
              break;
            case "Link":
              this.link(view, node, found, hide);
              break;
            case "Image":
              return this.image(state, node, found, isOpen);
            case "URL":
              // A bare address; the one inside a link is hidden with the link's marks.
              if (node.node.parent?.name !== "Link" && node.node.parent?.name !== "Image") found.push(LINK.range(node.from, node.to));
              break;
            default:
          }
          return undefined;
        },
      });
    }
    return Decoration.set(found, true);
  }

  /** Indents a list line so that wrapped text hangs, and draws its bullet or box. */
  listLine(view: EditorView, node: SyntaxNodeRef, found: Range<Decoration>[], isOpen: (at: number) => boolean): void {
    const { doc, selection } = view.state;
    const here = doc.lineAt(node.from);
    let depth = -1;
    for (let up = node.node.parent; up; up = up.parent) if (up.name === "ListItem") depth++;
    depth = Math.max(0, Math.min(depth, INDENTS.length - 1));
    if (!/^\s*$/.test(doc.sliceString(here.from, node.from))) return; // "- - a": only the first mark makes the line
    found.push(INDENTS[depth]!.range(here.from));
    if (node.from > here.from) found.push(SPACES[depth]!.range(here.from, node.from));

    const task = node.node.nextSibling;
    const marker = task?.name === "Task" ? task.firstChild : null;
    if (marker?.name === "TaskMarker") {
      const end = Math.min(here.to, marker.to + 1);
      const checked = /x/i.test(doc.sliceString(marker.from, marker.to));
      if (checked) found.push(LINES.done.range(here.from));
      // The box stays while its text is written; it shows its marks only to a cursor among them.
      const among = view.hasFocus && selection.ranges.some((range) => range.from < end && range.to >= node.from && !(range.empty && range.from === end));
      if (among) found.push(LIST_MARK.range(node.from, end));
      else found.push(Decoration.replace({ widget: new TickBox(checked, doc.sliceString(end, here.to).trim() || "Empty item", toggleBoxAt) }).range(node.from, end));
      return;
    }
    const end = Math.min(here.to, node.to + 1);
    const ordered = /\d/.test(doc.sliceString(node.from, node.to));
    if (ordered || isOpen(node.from) || end === node.to) found.push(LIST_MARK.range(node.from, end));
    else found.push(Decoration.replace({ widget: BULLET }).range(node.from, end));
  }

  link(view: EditorView, node: SyntaxNodeRef, found: Range<Decoration>[], hide: (from: number, to: number) => void): void {
    const target = targetOf(view.state, node.node);
    const close = node.node.getChildren("LinkMark")[1];
    if (!target || !close) return;
    const inner = node.from + 1;
    let [style, title, drawn] = ["cm-link", target.kind === "web" ? target.url : "", "…"];
    if (target.kind === "item") {
      const item = this.items.get(target.id);
      style = `cm-link cm-item-link${item === "gone" ? " cm-gone" : ""}`;
      if (item) drawn = item === "gone" ? PRIVATE : item.title || "Untitled";
      title = item === "gone" ? "This item is not here any more" : item ? `${item.kind === "task" ? "Task" : "Note"} · ${item.title || "Untitled"}` : "";
      if (item && item !== "gone" && item.kind === "task") {
        if (item.done) style += " cm-item-done";
        found.push(Decoration.widget({ widget: new TickBox(item.done, `Task: ${item.title}`, () => void this.items.complete(target.id), "word"), side: -1 }).range(node.from));
      }
    }
    if (close.from > inner) found.push(Decoration.mark({ class: style, attributes: { title } }).range(inner, close.from));
    // An id says nothing to people: it shows only to a cursor in the link itself.
    const within = view.hasFocus && view.state.selection.ranges.some((range) => range.from < node.to && range.to > node.from);
    const alone = target.kind === "item" && !within && node.to <= view.state.doc.lineAt(node.from).to;
    if (alone && close.from === inner) {
      // A link without words of its own says what its item is called.
      found.push(Decoration.replace({ widget: new ItemTitle(drawn, style, title) }).range(node.from, node.to));
    } else if (alone) {
      found.push(hidden.range(node.from, inner), hidden.range(close.from, node.to));
    } else {
      hide(node.from, inner);
      hide(close.from, node.to);
    }
  }

  /** An attached picture is shown; one from elsewhere is never fetched. Returns false: nothing inside is drawn. */
  image(state: EditorState, node: SyntaxNodeRef, found: Range<Decoration>[], isOpen: (at: number) => boolean): false {
    const target = targetOf(state, node.node);
    const close = node.node.getChildren("LinkMark")[1];
    if (!target || !close) return false;
    if (node.to > state.doc.lineAt(node.from).to) return false;
    const alt = state.doc.sliceString(node.from + 2, close.from);
    if (target.kind !== "attachment") {
      found.push(LINK.range(node.from, node.to));
    } else if (isOpen(node.from)) {
      found.push(RAW.range(node.from, node.to));
      found.push(Decoration.widget({ widget: new Picture(target.id, alt, this.pictures), side: 1 }).range(node.to));
    } else {
      found.push(Decoration.replace({ widget: new Picture(target.id, alt, this.pictures) }).range(node.from, node.to));
    }
    return false;
  }
}

/** The preview as an extension of the editor. */
export const preview: Extension = ViewPlugin.fromClass(Preview, { decorations: (shown) => shown.decorations });
