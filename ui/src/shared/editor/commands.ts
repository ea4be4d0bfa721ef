// What keys do to the text beyond typing: boxes, bold, lists.
import { EditorSelection, Transaction, type ChangeSpec, type EditorState, type StateCommand } from "@codemirror/state";
import type { EditorView } from "@codemirror/view";

const BOX = /^(\s*(?:>\s*)*(?:[-*+]|\d+[.)])\s+)\[([ xX])\](?=\s|$)/;
const ITEM = /^(\s*(?:>\s*)*)((?:[-*+]|\d+[.)])\s+)?/;

/** Sets or takes the tick of a checklist line; null when the line has no box. */
function toggled(state: EditorState, at: number): ChangeSpec | null {
  const line = state.doc.lineAt(at);
  const box = BOX.exec(line.text);
  if (!box) return null;
  const from = line.from + (box[1]?.length ?? 0) + 1;
  return { from, to: from + 1, insert: box[2] === " " ? "x" : " " };
}

/** The box of the line at a place, as a click does it: the cursor stays where it is. */
export function toggleBoxAt(view: EditorView, at: number): void {
  const changes = toggled(view.state, at);
  if (changes) view.dispatch({ changes, annotations: Transaction.userEvent.of("input.toggle") });
}

function selectedLines(state: EditorState) {
  const lines = new Map<number, { from: number; text: string }>();
  for (const range of state.selection.ranges) {
    for (let at = range.from; at <= range.to; ) {
      const line = state.doc.lineAt(at);
      lines.set(line.number, line);
      at = line.to + 1;
    }
  }
  return [...lines.values()];
}

/** Ticks and unticks the selected lines; lines without a box get one. */
export const toggleBoxes: StateCommand = ({ state, dispatch }) => {
  const lines = selectedLines(state);
  const withBox = lines.filter((line) => BOX.test(line.text));
  const changes =
    withBox.length > 0
      ? withBox.flatMap((line) => toggled(state, line.from) ?? [])
      : lines
          .filter((line) => lines.length === 1 || line.text.trim() !== "")
          .map((line): ChangeSpec => {
            const [, indent = "", mark = ""] = ITEM.exec(line.text) ?? [];
            const at = line.from + indent.length + mark.length;
            return { from: at, insert: mark === "" ? "- [ ] " : "[ ] " };
          });
  const set = state.changes(changes);
  dispatch(state.update({ changes: set, selection: state.selection.map(set, 1), userEvent: "input.toggle", scrollIntoView: true }));
  return true;
};

/** Puts a mark on both sides of what is selected, or takes it away. */
function wrap(mark: string): StateCommand {
  return ({ state, dispatch }) => {
    const size = mark.length;
    dispatch(
      state.update(
        state.changeByRange((range) => {
          const word = range.empty ? (state.wordAt(range.head) ?? range) : range;
          const { from, to } = word;
          const around = state.sliceDoc(from - size, from) === mark && state.sliceDoc(to, to + size) === mark;
          // "*" inside "**bold**" is not the mark of emphasis.
          const longer = around && size === 1 && (state.sliceDoc(from - 2, from) === "**") && state.sliceDoc(from - 3, from) !== "***";
          if (around && !longer)
            return { changes: [{ from: from - size, to: from }, { from: to, to: to + size }], range: EditorSelection.range(range.anchor - size, range.head - size) };
          return { changes: [{ from, insert: mark }, { from: to, insert: mark }], range: EditorSelection.range(range.anchor + size, range.head + size) };
        }),
        { userEvent: "input.format", scrollIntoView: true },
      ),
    );
    return true;
  };
}
export const bold = wrap("**");
export const italic = wrap("*");

const LIST_LINE = /^([ \t]*)([-*+]|(\d{1,9})([.)]))([ \t]+|$)/;
type Item = { indent: number; /** Where its text begins: what lies in it is indented so far. */ content: number; number: number | null };

/** A list line's shape; null for any other line. */
function itemOf(text: string): Item | null {
  const found = LIST_LINE.exec(text);
  if (!found) return null;
  const [, space = "", mark = "", digits] = found;
  return { indent: space.length, content: space.length + mark.length + 1, number: digits === undefined ? null : Number(digits) };
}

/** The nearest item above a line that `fits`; an empty line or plain words at the margin end the list. */
function above(state: EditorState, line: number, fits: (item: Item) => boolean): Item | null {
  for (let n = line - 1; n >= 1; n--) {
    const { text } = state.doc.line(n);
    const item = itemOf(text);
    if (item && fits(item)) return item;
    if (!item && /^\S/.test(text)) return null;
  }
  return null;
}

/** Moves the selected list lines in or out by one step of the list that they stand in. */
function shift(deeper: boolean): StateCommand {
  return ({ state, dispatch }) => {
    const lines = selectedLines(state).filter((line) => itemOf(line.text));
    const first = lines[0];
    const item = first && itemOf(first.text);
    if (!first || !item) return false;
    const at = state.doc.lineAt(first.from).number;
    // In: under the item above. Out: beside the item that it lies in.
    const to = deeper ? (above(state, at, (one) => one.indent <= item.indent)?.content ?? item.indent) : (above(state, at, (one) => one.indent < item.indent)?.indent ?? 0);
    const by = to - item.indent;
    if (by === 0) return true;
    const changes = lines.flatMap((line): ChangeSpec[] => {
      const own = itemOf(line.text);
      if (!own) return [];
      const moved: ChangeSpec[] = by > 0 ? [{ from: line.from, insert: " ".repeat(by) }] : [{ from: line.from, to: line.from + Math.min(own.indent, -by) }];
      if (lines.length === 1 && own.number !== null) {
        const beside = above(state, at, (one) => one.indent <= to);
        const next = beside?.indent === to && beside.number !== null ? beside.number + 1 : 1;
        moved.push({ from: line.from + own.indent, to: line.from + own.indent + (LIST_LINE.exec(line.text)?.[3]?.length ?? 0), insert: String(next) });
      }
      return moved;
    });
    dispatch(state.update({ changes, userEvent: deeper ? "input.indent" : "delete.dedent", scrollIntoView: true }));
    return true;
  };
}

/** Tab belongs to lists only, so that it still leaves the text everywhere else. */
export const indentList = shift(true);
export const outdentList = shift(false);

/** Enter on an empty line of a quote ends the quote. */
export const leaveQuote: StateCommand = ({ state, dispatch }) => {
  const { main } = state.selection;
  const line = state.doc.lineAt(main.head);
  if (!main.empty || main.head !== line.to || !/^\s*(?:>\s*)+$/.test(line.text)) return false;
  dispatch(state.update({ changes: { from: line.from, to: line.to, insert: "\n" }, selection: { anchor: line.from + 1 }, userEvent: "input", scrollIntoView: true }));
  return true;
};
