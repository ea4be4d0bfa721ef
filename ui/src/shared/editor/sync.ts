// Which part of an open text the backend has. Pure: no clock, no backend, no view.
//
// Invariant: `base` is the text of `version` as the backend stored it, and
//     doc = base, then `flying`, then `unsent`     and     text in the editor, then `withheld` = doc.
// Typing grows `unsent`; sending moves it to `flying`; an answer moves it into `base` or back. What
// others wrote is mapped over what is unsent, so no keystroke is lost or doubled; it is withheld
// until the editor takes it with `release`, because nothing may be put into a running composition.
import { ChangeSet, Text } from "@codemirror/state";
import type { Splice, TextState } from "$backend/contract";

/** Texts have one kind of line break here; a stray carriage return is an ordinary character. */
export const LINE = "\n";

/** The stored text as the editor's document, position for position. */
export function docOf(text: string): Text {
  return Text.of(text.split(LINE));
}

const isHigh = (unit: number) => unit >= 0xd800 && unit < 0xdc00;
const isLow = (unit: number) => unit >= 0xdc00 && unit < 0xe000;

/** The character before `pos` if `pos` lies inside a surrogate pair, together with the one after. */
function pairAt(doc: Text, pos: number): string | null {
  if (pos <= 0 || pos >= doc.length) return null;
  const around = doc.sliceString(pos - 1, pos + 1);
  return isHigh(around.charCodeAt(0)) && isLow(around.charCodeAt(1)) ? around : null;
}

/**
 * Changes of `base` as splices. They come last position first, so that they mean the same whether
 * each is counted in `base` or in the text that the ones before it left. None cuts a character in
 * two: an emoji replaced by its neighbour is replaced whole.
 */
export function splicesOf(changes: ChangeSet, base: Text): Splice[] {
  const splices: Splice[] = [];
  changes.iterChanges((fromA, toA, _fromB, _toB, inserted) => {
    let [from, to, insert] = [fromA, toA, inserted.sliceString(0, inserted.length, LINE)];
    const first = pairAt(base, from);
    if (first) {
      from -= 1;
      insert = first.charAt(0) + insert;
    }
    const last = pairAt(base, to);
    if (last) {
      insert += last.charAt(1);
      to += 1;
    }
    // Half a character cannot be stored; its place is kept.
    splices.push({ pos: from, delete: to - from, insert: insert.replace(/\p{Surrogate}/gu, "\ufffd") });
  });
  return splices.reverse();
}

/** Splices, each counted in the text that the ones before it left, as one change of a text. Throws for a position outside. */
export function changesOf(splices: readonly Splice[], length: number): ChangeSet {
  return splices.reduce((all, one) => {
    const next = ChangeSet.of({ from: one.pos, to: one.pos + one.delete, insert: one.insert }, all.newLength, LINE);
    return all.compose(next);
  }, ChangeSet.empty(length));
}

export class TextSync {
  #version: string;
  #base: Text;
  #flying: ChangeSet | null = null;
  #unsent: ChangeSet;
  #withheld: ChangeSet | null = null;

  constructor(state: TextState) {
    this.#version = state.version;
    this.#base = docOf(state.text);
    this.#unsent = ChangeSet.empty(this.#base.length);
  }

  /** The version that the backend last told of. */
  get version(): string {
    return this.#version;
  }
  /** Something typed is not known to be stored. */
  get dirty(): boolean {
    return this.#flying !== null || !this.#unsent.empty;
  }
  /** The text with everything that was typed and everything that is known of others. */
  get doc(): Text {
    const sent = this.#flying ? this.#flying.apply(this.#base) : this.#base;
    return this.#unsent.apply(sent);
  }

  /** A change made here, of the text as the editor shows it. */
  typed(changes: ChangeSet): void {
    const held = this.#withheld;
    if (held) this.#withheld = held.map(changes, true);
    this.#unsent = this.#unsent.compose(held ? changes.map(held) : changes);
  }

  /** What is to be sent against `version`; it is under way until `stored` or `returned`. */
  take(): Splice[] {
    if (this.#flying) throw new Error("A change of this text is already under way.");
    this.#flying = this.#unsent;
    this.#unsent = ChangeSet.empty(this.#flying.newLength);
    return splicesOf(this.#flying, this.#base);
  }

  /** What was under way is stored. */
  stored(version: string): void {
    if (this.#flying) this.#base = this.#flying.apply(this.#base);
    this.#flying = null;
    this.#version = version;
  }

  /** What was under way is not stored: it waits again, before what was typed since. */
  returned(): void {
    if (this.#flying) this.#unsent = this.#flying.compose(this.#unsent);
    this.#flying = null;
  }

  /** What others changed since `version`; `release` hands it to the editor. Nothing may be under way. */
  others(version: string, splices: readonly Splice[]): void {
    if (this.#flying) throw new Error("A change of this text is under way.");
    const others = changesOf(splices, this.#base.length);
    const mapped = others.map(this.#unsent, true);
    this.#unsent = this.#unsent.map(others);
    this.#base = others.apply(this.#base);
    this.#version = version;
    if (!mapped.empty) this.#withheld = this.#withheld ? this.#withheld.compose(mapped) : mapped;
  }

  /** What the editor must apply to show `doc`; null when it does. */
  release(): ChangeSet | null {
    const held = this.#withheld;
    this.#withheld = null;
    return held;
  }
}
