// Choosing a link keeps its line in sight. The link's title is looked up after it was inserted; where it makes
// the line wrap, the cursor would go below the fold.
import { StateEffect, type Extension } from "@codemirror/state";
import { EditorView, ViewPlugin, type ViewUpdate } from "@codemirror/view";

/** For so many milliseconds what was inserted may still grow. */
const SETTLES = 2000;
const MARGIN = 40;

/** Something was inserted at the cursor that is not drawn whole yet. */
export const settling = StateEffect.define<null>();

class Settling {
  #until: ReturnType<typeof setTimeout> | undefined;
  #showing = false;

  constructor(private readonly view: EditorView) {}

  update(update: ViewUpdate): void {
    if (this.#showing) return;
    const effects = update.transactions.flatMap((one) => one.effects);
    if (effects.some((effect) => effect.is(settling))) {
      clearTimeout(this.#until);
      this.#until = setTimeout(() => (this.#until = undefined), SETTLES);
    } else if (update.selectionSet || update.transactions.some((one) => one.isUserEvent("input"))) {
      // The person went on: nothing moves under the cursor any more.
      this.destroy();
    } else if (this.#until !== undefined && (update.geometryChanged || effects.length > 0)) {
      this.view.requestMeasure({ key: this, read: () => null, write: () => void Promise.resolve().then(() => this.#show()) });
    }
  }
  #show(): void {
    if (this.#until === undefined) return;
    this.#showing = true;
    this.view.dispatch({ effects: EditorView.scrollIntoView(this.view.state.selection.main.head, { y: "nearest", yMargin: MARGIN }) });
    this.#showing = false;
  }
  destroy(): void {
    clearTimeout(this.#until);
    this.#until = undefined;
  }
}

export const settle: Extension = ViewPlugin.fromClass(Settling);
