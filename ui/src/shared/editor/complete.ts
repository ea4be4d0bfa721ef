// `[[` finds notes and tasks, and makes one that is not there yet.
import type { Completion, CompletionContext, CompletionResult } from "@codemirror/autocomplete";
import { StateEffect, StateField, type Extension } from "@codemirror/state";
import type { EditorView } from "@codemirror/view";
import { backend } from "$backend";
import type { Done, Id } from "$backend/contract";
import { attempt } from "$state/toast.svelte";
import { settle, settling } from "./settle";
import { linkTo } from "./target";

const MOST = 12;

/** Ranges that wait for the id of a new item; they move with the text around them. */
const wait = StateEffect.define<{ key: number; from: number; to: number }>();
const waiting = StateField.define<{ key: number; from: number; to: number }[]>({
  create: () => [],
  update(ranges, transaction) {
    let next = transaction.docChanged ? ranges.map(({ key, from, to }) => ({ key, from: transaction.changes.mapPos(from, 1), to: transaction.changes.mapPos(to, -1) })) : ranges;
    for (const effect of transaction.effects) {
      if (!effect.is(wait)) continue;
      next = [...next.filter((one) => one.key !== effect.value.key), ...(effect.value.to >= 0 ? [effect.value] : [])];
    }
    return next;
  },
});
let key = 0;

function insert(view: EditorView, from: number, to: number, id: Id): void {
  const link = linkTo(id);
  view.dispatch({ changes: { from, to, insert: link }, selection: { anchor: from + link.length }, userEvent: "input.complete", scrollIntoView: true, effects: settling.of(null) });
}

/** `]]` that is already there belongs to what is replaced. */
const closing = (view: EditorView, to: number) => (view.state.sliceDoc(to, to + 2) === "]]" ? to + 2 : to);

/** The id of what was made: the backend names the new item first. */
async function create(view: EditorView, from: number, to: number, make: () => Promise<Done>): Promise<void> {
  const mine = ++key;
  view.dispatch({ effects: wait.of({ key: mine, from, to: closing(view, to) }) });
  const id = (await attempt(make(), { quiet: true }))?.ids[0];
  const range = view.state.field(waiting, false)?.find((one) => one.key === mine);
  view.dispatch({ effects: wait.of({ key: mine, from: -1, to: -1 }) });
  if (id && range && range.to >= range.from) insert(view, range.from, range.to, id);
}

const existing = (title: string, kind: "task" | "note", detail: string | null, id: Id): Completion => ({
  label: title || "Untitled",
  type: kind,
  detail: detail ?? undefined,
  apply: (view, _completion, from, to) => insert(view, from, closing(view, to), id),
});

/** Completes what stands after `[[`. */
export async function linkSource(context: CompletionContext): Promise<CompletionResult | null> {
  const typed = context.matchBefore(/\[\[[^[\]\n]*/);
  if (!typed) return null;
  const words = typed.text.slice(2);
  const title = words.trim();
  let options: Completion[];
  try {
    if (title === "") {
      options = (await backend().notes({ limit: MOST })).notes.map((note) => existing(note.title, "note", note.listTitle, note.id));
    } else {
      const { hits } = await backend().search(title, 40);
      options = hits.flatMap((hit) => (hit.kind === "list" || hit.trashed ? [] : [existing(hit.title, hit.kind, hit.listTitle, hit.id)])).slice(0, MOST);
      const same = options.some((one) => one.label.toLowerCase() === title.toLowerCase());
      if (!same) {
        options.push(
          { label: title, displayLabel: `New note ‘${title}’`, type: "new", apply: (view, _c, from, to) => void create(view, from, to, () => backend().addNote(title, null, "")) },
          {
            label: title,
            displayLabel: `New task ‘${title}’`,
            type: "new",
            // The words are a title, whatever quick add would read in them.
            apply: (view, _c, from, to) => void create(view, from, to, () => backend().quickAdd(title, [{ start: 0, end: title.length }], { list: null, when: null, parent: null })),
          },
        );
      }
    }
  } catch {
    return null;
  }
  return context.aborted ? null : { from: typed.from, options, filter: false };
}

/** What the completion needs in the editor's state. */
export const linking: Extension = [waiting, settle];
