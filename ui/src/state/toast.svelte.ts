// One toast at a time, for things that happened. Ongoing states belong to the status row or a banner.
import { asCommandError, backend } from "$backend";
import type { Done } from "$backend/contract";
import { session } from "./session.svelte";

export type Toast = {
  key: number;
  message: string;
  /** What can be done about it. */
  remedy: string | null;
  tone: "done" | "error";
  /** Offers Undo of the last action. */
  undo: boolean;
  /** How long it stays, in milliseconds, while nobody points at it or focuses it. */
  stays: number;
};

class Toasts {
  #now = $state.raw<Toast | null>(null);
  #key = 0;
  /** What Undo would take back when the toast appeared; undefined until that is known. */
  #step = $state.raw<string | null | undefined>(undefined);

  get now(): Toast | null {
    return this.#now;
  }
  /** True while Undo would take back what the toast speaks of, and nothing that was done since. */
  get canUndo(): boolean {
    return this.#now?.undo === true && (this.#step === undefined || this.#step === (session.sidebar?.undo ?? null));
  }

  show(message: string, options: Partial<Omit<Toast, "key" | "message">> = {}): void {
    const key = ++this.#key;
    this.#now = { remedy: null, tone: "done", undo: false, stays: 8000, ...options, key, message };
    this.#step = undefined;
    if (!this.#now.undo) return;
    void session.refresh().then(() => {
      if (this.#key === key) this.#step = session.sidebar?.undo ?? null;
    });
  }

  dismiss(): void {
    this.#now = null;
  }

  /** Shows an error with what to do about it. */
  failed(error: unknown): void {
    const { message, remedy } = asCommandError(error);
    this.show(message, { remedy, tone: "error", stays: 12000 });
    void session.lost(error);
  }

  /** Takes back the last action and says so. */
  async undo(): Promise<void> {
    const done = await attempt(backend().undo(), { quiet: true });
    if (done) this.show(done.label);
  }

  async redo(): Promise<void> {
    const done = await attempt(backend().redo(), { quiet: true });
    if (done) this.show(done.label, { undo: true });
  }
}

export const toasts = new Toasts();

/**
 * Runs an action: shows what it did with Undo, or why it failed. Returns null when it failed.
 * `quiet` leaves out the toast of success (for edits whose result is in plain sight).
 */
export async function attempt(action: Promise<Done>, options: { quiet?: boolean; stays?: number } = {}): Promise<Done | null> {
  try {
    const done = await action;
    if (done.skipped.length > 0) toasts.show(`${done.label} · ${done.skipped.join(" · ")}`, { undo: done.ids.length > 0 });
    else if (!options.quiet) toasts.show(done.label, { undo: true, stays: options.stays ?? 8000 });
    return done;
  } catch (error) {
    toasts.failed(error);
    return null;
  }
}

/** Runs anything else of the backend; shows why it failed and returns undefined then. */
export async function trying<T>(action: Promise<T>): Promise<T | undefined> {
  try {
    return await action;
  } catch (error) {
    toasts.failed(error);
    return undefined;
  }
}
