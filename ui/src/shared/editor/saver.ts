// Carries an open text to the backend and what others wrote back into the editor.
//
// One thing at a time: a send or a fetch, never both, so each answer meets the text it speaks of.
// A saver outlives its editor until everything is stored; opening the text again finds it.
import { asCommandError, backend } from "$backend";
import type { Backend, CommandError, Id, Splice, TextState } from "$backend/contract";
import type { ChangeSet, Text } from "@codemirror/state";
import { TextSync } from "./sync";

/** Milliseconds without a key until what was typed is sent, and at most. */
const QUIET = 150;
const LATEST = 1000;
const RETRY_FIRST = 1000;
const RETRY_MOST = 30_000;
/** Answers "behind" in a row after which it waits like after a failure. */
const BEHIND_MOST = 20;
/** How often it looks whether a composition is over. */
const COMPOSING = 50;

export type Field = "text" | "notes";
/** The editor, as far as the saver knows it. */
export type Surface = {
  /** Puts in what others wrote. */
  apply: (changes: ChangeSet) => void;
  /** True while an input method composes: then nothing may be put in. */
  composing: () => boolean;
  /** Saving failed, or works again (null). */
  failed: (error: CommandError | null) => void;
};
type Door = Pick<Backend, "spliceText" | "textSince" | "onChanged" | "onMenu">;
/** What the shell says before it closes the window; it waits a moment for what is sent then. */
export const CLOSING = "app.closing";

const savers = new Set<Saver>();

export class Saver {
  readonly id: Id;
  readonly field: Field;
  #sync: TextSync;
  #door: Door;
  #surface: Surface | null = null;
  #stop: () => void;
  #quiet: ReturnType<typeof setTimeout> | undefined;
  #latest: ReturnType<typeof setTimeout> | undefined;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #retryIn = RETRY_FIRST;
  #send = false;
  #fetch = false;
  #busy = false;
  #running: Promise<void> = Promise.resolve();
  #composing: ReturnType<typeof setTimeout> | undefined;
  #error: CommandError | null = null;
  #orphaned: ((error: CommandError) => void) | null = null;

  constructor(id: Id, field: Field, state: TextState, door: Door) {
    this.id = id;
    this.field = field;
    this.#sync = new TextSync(state);
    this.#door = door;
    const stops = [
      door.onChanged((event) => {
        if (event.ids.length === 0 || event.ids.includes(id)) void this.#start({ fetch: true });
      }),
      door.onMenu((action) => {
        if (action === CLOSING) void this.flush();
      }),
    ];
    this.#stop = () => stops.forEach((stop) => stop());
    savers.add(this);
  }

  /** The text that an editor starts with. */
  get doc(): Text {
    return this.#sync.doc;
  }
  get version(): string {
    return this.#sync.version;
  }
  /** Something typed is not known to be stored. */
  get dirty(): boolean {
    return this.#sync.dirty;
  }
  get attached(): boolean {
    return this.#surface !== null;
  }

  /** Shows the text in an editor from now on. */
  attach(surface: Surface): void {
    this.#surface = surface;
    this.#orphaned = null;
    if (this.#error) surface.failed(this.#error);
    void this.#start({ fetch: true });
  }

  /** The editor goes away: what is unsent is sent now, and again until it is stored. `orphaned` hears why it is not. */
  detach(orphaned: (error: CommandError) => void): void {
    this.#surface = null;
    this.#orphaned = orphaned;
    // The next editor starts with the whole text.
    this.#release();
    void this.flush().then(() => this.#closeIfDone());
  }

  /** A change made here. */
  typed(changes: ChangeSet): void {
    this.#sync.typed(changes);
    clearTimeout(this.#quiet);
    this.#quiet = setTimeout(() => void this.flush(), QUIET);
    this.#latest ??= setTimeout(() => void this.flush(), LATEST);
  }

  /** Sends what is unsent at once. Resolves when it is stored or when that failed. */
  flush(): Promise<void> {
    clearTimeout(this.#quiet);
    clearTimeout(this.#latest);
    this.#latest = undefined;
    return this.#start({ send: true });
  }

  #start(work: { send?: boolean; fetch?: boolean }): Promise<void> {
    if (work.send) this.#send = true;
    if (work.fetch) this.#fetch = true;
    if (!this.#busy) {
      this.#busy = true;
      this.#running = this.#run();
    }
    return this.#running;
  }

  async #run(): Promise<void> {
    clearTimeout(this.#retry);
    // After a failure, whatever comes next tries all of it again.
    if (this.#error) this.#send = this.#fetch = true;
    try {
      let behind = 0;
      for (;;) {
        if (this.#send && this.#sync.dirty) {
          this.#send = false;
          const late = await this.#store();
          behind = late ? behind + 1 : 0;
          if (behind > BEHIND_MOST) throw { code: "busy", message: "Another device is changing this text at the same time.", remedy: "What you typed is kept here and is saved as soon as it settles." };
        } else if (this.#fetch) {
          this.#fetch = false;
          const { version, splices } = await this.#door.textSince(this.id, this.field, this.#sync.version);
          this.#others(version, splices);
        } else break;
      }
      this.#send = false;
      this.#retryIn = RETRY_FIRST;
      this.#tell(null);
    } catch (error) {
      this.#tell(asCommandError(error));
      this.#retry = setTimeout(() => void this.#start({ send: true, fetch: true }).then(() => this.#closeIfDone()), this.#retryIn);
      this.#retryIn = Math.min(RETRY_MOST, this.#retryIn * 2);
    }
    // In the same step as the end of the work: whoever comes later starts anew.
    this.#busy = false;
  }

  /** Sends once. True when others were faster: their changes are in the text now, and it is to be sent again. */
  async #store(): Promise<boolean> {
    const splices = this.#sync.take();
    if (splices.length === 0) {
      this.#sync.stored(this.#sync.version);
      return false;
    }
    try {
      const answer = await this.#door.spliceText(this.id, this.field, this.#sync.version, splices);
      if (answer.status === "stored") {
        this.#sync.stored(answer.version);
        if (answer.splices.length > 0) this.#others(answer.version, answer.splices);
        return false;
      }
      this.#sync.returned();
      this.#others(answer.version, answer.splices);
      this.#send = true;
      return true;
    } catch (error) {
      this.#sync.returned();
      throw error;
    }
  }

  #others(version: string, splices: readonly Splice[]): void {
    this.#sync.others(version, splices);
    this.#release();
  }

  /** Gives the editor what others wrote, as soon as no composition is running. */
  #release(): void {
    clearTimeout(this.#composing);
    if (this.#surface?.composing()) {
      this.#composing = setTimeout(() => this.#release(), COMPOSING);
      return;
    }
    const changes = this.#sync.release();
    if (changes) this.#surface?.apply(changes);
  }

  #tell(error: CommandError | null): void {
    const changed = error !== this.#error;
    this.#error = error;
    if (!changed) return;
    this.#surface?.failed(error);
    if (error && this.#orphaned) {
      this.#orphaned(error);
      // Once is enough; it goes on trying in silence.
      this.#orphaned = () => {};
    }
  }

  #closeIfDone(): void {
    if (this.#surface || this.#sync.dirty) return;
    clearTimeout(this.#retry);
    this.#stop();
    savers.delete(this);
  }
}

/** The saver of a text: the one that still holds something unsaved, or a new one over what was read. */
export function saverOf(id: Id, field: Field, state: TextState): Saver {
  const waiting = [...savers].find((one) => one.id === id && one.field === field && !one.attached && one.dirty);
  return waiting ?? new Saver(id, field, state, backend());
}
