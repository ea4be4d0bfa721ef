// What the items are that a text links to: their kind, and whether a task is done. Looked up when
// they come into sight, kept up to date while the editor is open.
import { backend } from "$backend";
import type { Id } from "$backend/contract";
import { openItem } from "$state/router.svelte";
import { attempt, toasts } from "$state/toast.svelte";

/** `id` is the item's own; links speak of it by another name. */
export type Linked = { id: Id; kind: "task" | "note"; title: string; done: boolean; list: Id | null } | "gone";

/** What a link reads as whose target is not on this device. */
export const PRIVATE = "Private note";

/** Looks an item up, whichever kind it is of. */
export async function lookUp(id: Id): Promise<Linked> {
  try {
    const { task } = await backend().task(id);
    return { id: task.id, kind: "task", title: task.title, done: task.status !== "open", list: task.list };
  } catch {
    try {
      const { note } = await backend().note(id);
      return { id: note.id, kind: "note", title: note.title, done: false, list: note.list };
    } catch {
      return "gone";
    }
  }
}

/** Opens the item that a link names. */
export async function openLinked(id: Id): Promise<void> {
  const item = await lookUp(id);
  if (item === "gone") toasts.show("This item is not here any more.", { remedy: "It may be in the trash of another device, or in a list that this device may not see.", tone: "error" });
  else openItem({ id: item.id, kind: item.kind, list: item.list, done: item.done });
}

/** Opens an item of which no more than the kind is known. */
export async function openFound(item: { id: Id; kind: "task" | "note" | "list" }): Promise<void> {
  if (item.kind === "list") openItem({ id: item.id, kind: "list" });
  else await openLinked(item.id);
}

export class LinkedItems {
  #known = new Map<Id, Linked | null>();
  #told: () => void;
  #stop: () => void;
  #open = true;

  /** `told` is called when something came to be known. */
  constructor(told: () => void) {
    this.#told = told;
    this.#stop = backend().onChanged(({ ids }) => {
      for (const [id, item] of this.#known) {
        // One that was not here may have come.
        const changed = item === "gone" || ids.length === 0 || ids.includes(item?.id ?? id);
        if (changed) void this.#look(id);
      }
    });
  }

  /** What is known of an item; null while it is being looked up. */
  get(id: Id): Linked | null {
    if (!this.#known.has(id)) {
      this.#known.set(id, null);
      void this.#look(id);
    }
    return this.#known.get(id) ?? null;
  }

  async #look(id: Id): Promise<void> {
    const item = await lookUp(id);
    if (!this.#open || JSON.stringify(item) === JSON.stringify(this.#known.get(id))) return;
    this.#known.set(id, item);
    this.#told();
  }

  /** Ticks or unticks a linked task itself. */
  async complete(id: Id): Promise<void> {
    try {
      const { asOf, task } = await backend().task(id);
      await attempt(backend().editTasks([task.id], { status: task.status === "open" ? "done" : "open" }, asOf));
    } catch (error) {
      toasts.failed(error);
    }
  }

  close(): void {
    this.#open = false;
    this.#stop();
  }
}
