// What keys do to the text beyond typing: boxes, bold, lists.
import { indentLess, indentMore } from "@codemirror/commands";
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

const inList = (state: EditorState) => selectedLines(state).some((line) => /^\s*(?:[-*+]|\d+[.)])(?:\s|$)/.test(line.text));

/** Tab belongs to lists only, so that it still leaves the text everywhere else. */
export const indentList: StateCommand = (target) => inList(target.state) && indentMore(target);
export const outdentList: StateCommand = (target) => inList(target.state) && indentLess(target);
