// Everything that makes CodeMirror this editor.
import { autocompletion, completionKeymap } from "@codemirror/autocomplete";
import { history, historyKeymap, moveLineDown, moveLineUp, standardKeymap } from "@codemirror/commands";
import { deleteMarkupBackward, insertNewlineContinueMarkupCommand, markdown, commonmarkLanguage } from "@codemirror/lang-markdown";
import { closeSearchPanel, findNext, findPrevious, highlightSelectionMatches, openSearchPanel, search } from "@codemirror/search";
import { EditorState, type Extension } from "@codemirror/state";
import { drawSelection, dropCursor, EditorView, keymap, placeholder as hint } from "@codemirror/view";
import { GFM } from "@lezer/markdown";
import { linking, linkSource } from "./complete";
import { bold, indentList, italic, leaveQuote, outdentList, toggleBoxes } from "./commands";
import { preview } from "./preview";
import { LINE } from "./sync";
import { targetAt, type Target } from "./target";
import { theme } from "./theme";

export type EditorOptions = {
  label: string;
  placeholder: string;
  mac: boolean;
  /** A link was followed. */
  open: (target: Target) => void;
  /** Mod+Shift+T; null where lines do not turn into tasks. */
  turnIntoTask: (() => void) | null;
};

/** Follows the link under a place. False when there is none. */
function follow(view: EditorView, pos: number | null, open: EditorOptions["open"]): boolean {
  const target = pos === null ? null : targetAt(view.state, pos);
  if (target) open(target);
  return target !== null;
}

export function extensions({ label, placeholder, mac, open, turnIntoTask }: EditorOptions): Extension {
  const modHeld = (event: MouseEvent | KeyboardEvent) => (mac ? event.metaKey : event.ctrlKey);
  const showMod = (event: KeyboardEvent, view: EditorView) => {
    view.dom.classList.toggle("cm-mod", modHeld(event));
    return false;
  };
  const isBox = (view: EditorView) => /^\s*(?:>\s*)*(?:[-*+]|\d+[.)])\s+\[[ xX]\](?:\s|$)/.test(view.state.doc.lineAt(view.state.selection.main.head).text);
  return [
    EditorState.lineSeparator.of(LINE),
    EditorView.clipboardInputFilter.of((text) => text.replace(/\r\n?/g, LINE)),
    history(),
    drawSelection(),
    dropCursor(),
    EditorView.lineWrapping,
    markdown({ base: commonmarkLanguage, extensions: GFM, addKeymap: false, completeHTMLTags: false, pasteURLAsLink: true }),
    preview,
    linking,
    autocompletion({ override: [linkSource], icons: true, defaultKeymap: false, activateOnTyping: true, interactionDelay: 0 }),
    search({ top: true }),
    EditorState.phrases.of({ next: "Next", previous: "Previous", all: "Select all", "match case": "Match case", regexp: "Pattern", "by word": "Whole words", replace: "Replace", "replace all": "Replace all", close: "Close" }),
    highlightSelectionMatches({ minSelectionLength: 3 }),
    placeholder ? hint(placeholder) : [],
    theme,
    EditorView.contentAttributes.of({ "aria-label": label, spellcheck: "true", autocorrect: "on", autocapitalize: "sentences" }),
    EditorView.domEventHandlers({
      keydown: showMod,
      keyup: showMod,
      mousedown: (event, view) => event.button === 0 && modHeld(event) && follow(view, view.posAtCoords({ x: event.clientX, y: event.clientY }), open),
    }),
    keymap.of([
      ...completionKeymap,
      // A line with a box is ticked; elsewhere the same key follows the link under the cursor.
      { key: "Mod-Enter", run: (view) => isBox(view) || !follow(view, view.state.selection.main.head, open) ? toggleBoxes(view) : true },
      { key: "Mod-b", run: bold, preventDefault: true },
      { key: "Mod-i", run: italic, preventDefault: true },
      { key: "Tab", run: indentList, shift: outdentList },
      { key: "Enter", run: leaveQuote },
      { key: "Enter", run: insertNewlineContinueMarkupCommand({ nonTightLists: false }) },
      { key: "Backspace", run: deleteMarkupBackward },
      { key: "Alt-ArrowUp", run: moveLineUp },
      { key: "Alt-ArrowDown", run: moveLineDown },
      { key: "Mod-f", run: openSearchPanel, scope: "editor search-panel" },
      { key: "F3", run: findNext, shift: findPrevious, scope: "editor search-panel", preventDefault: true },
      { key: "Mod-g", run: findNext, shift: findPrevious, scope: "editor search-panel", preventDefault: true },
      { key: "Escape", run: closeSearchPanel, scope: "editor search-panel" },
      ...(turnIntoTask ? [{ key: "Mod-Shift-t", preventDefault: true, run: () => (turnIntoTask(), true) }] : []),
      ...historyKeymap,
      ...standardKeymap,
    ]),
  ];
}
