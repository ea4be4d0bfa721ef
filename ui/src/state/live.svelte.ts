// Reading from the backend: a live query re-runs when what it depends on changes and when the
// backend says that something changed. The last answer stays on screen until the next one is here,
// so that selection, focus and scroll survive; rows are keyed by id.
import type { Changed, CommandError } from "$backend/contract";
import { asCommandError, backend } from "$backend";
import { session } from "./session.svelte";

export interface Live<T> {
  /** The newest answer; undefined until the first. */
  readonly data: T | undefined;
  /** Why the last run failed; null after a good one. */
  readonly error: CommandError | null;
  /** True until the answer to the present question is here. */
  readonly loading: boolean;
  /** Runs again now; resolves when the answer is in `data`. */
  refresh(): Promise<void>;
}

/**
 * Call it while a component is being set up. `ask` reads reactive state and calls the backend, or
 * returns null when there is nothing to ask. `concerns` can leave out changes that do not matter.
 */
export function live<T>(ask: () => Promise<T> | null, concerns: (event: Changed) => boolean = () => true): Live<T> {
  let data = $state.raw<T | undefined>(undefined);
  let error = $state.raw<CommandError | null>(null);
  let loading = $state(true);
  let run = 0;
  let flying = false;
  let again = false;

  async function answer(promise: Promise<T> | null, mine: number): Promise<void> {
    if (!promise) {
      data = undefined;
      loading = false;
      return;
    }
    try {
      const next = await promise;
      if (mine !== run) return;
      data = next;
      error = null;
    } catch (thrown) {
      if (mine !== run) return;
      error = asCommandError(thrown);
      void session.lost(thrown);
    }
    loading = false;
  }

  async function refresh(): Promise<void> {
    await answer(ask(), ++run);
  }

  // A burst of changes costs two reads: the running one, and one after it.
  async function onChanged(event: Changed): Promise<void> {
    if (!concerns(event)) return;
    if (flying) {
      again = true;
      return;
    }
    flying = true;
    do {
      again = false;
      await refresh();
    } while (again);
    flying = false;
  }

  $effect.pre(() => {
    loading = true;
    void answer(ask(), ++run);
  });
  $effect(() => backend().onChanged((event) => void onChanged(event)));

  return {
    get data() {
      return data;
    },
    get error() {
      return error;
    },
    get loading() {
      return loading;
    },
    refresh,
  };
}
