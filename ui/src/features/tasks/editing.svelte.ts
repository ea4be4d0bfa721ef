// Edits of tasks that the rows, the floating bar, menus and the detail pane share. One instance per
// pane: it knows which popover is open, for which tasks, and beside what.
import { backend } from "$backend";
import type { Done, Id, TaskPatch, TaskView } from "$backend/contract";
import { session } from "$state/session.svelte";
import { attempt } from "$state/toast.svelte";

export type PopoverKind = "schedule" | "deadline" | "move" | "tag" | "repeat";

export class Editing {
  kind = $state.raw<PopoverKind | null>(null);
  ids = $state.raw<Id[]>([]);
  anchor = $state.raw<HTMLElement | null>(null);
  /** After the date comes the list: the row's title was left with Tab. */
  chain = $state(false);
  /** Tasks that are to be cancelled and of which one repeats: how much of it is asked first. */
  cancelling = $state.raw<Id[]>([]);

  /** `asOf`: the position at which the tasks of this pane were read. `task`: what the pane knows of one. */
  constructor(
    readonly asOf: () => number,
    readonly task: (id: Id) => TaskView | undefined,
  ) {}

  get tasks(): TaskView[] {
    return this.ids.flatMap((id) => this.task(id) ?? []);
  }

  open(kind: PopoverKind, ids: Id[], anchor: HTMLElement | null, chain = false): void {
    if (ids.length === 0) return;
    Object.assign(this, { ids, anchor, chain, kind });
  }
  close(): void {
    this.kind = null;
    this.chain = false;
  }

  edit(ids: Id[], patch: TaskPatch, quiet = false): Promise<Done | null> {
    return attempt(backend().editTasks(ids, patch, this.asOf()), { quiet });
  }
  remove(ids: Id[]): Promise<Done | null> {
    return attempt(backend().deleteItems(ids, this.asOf()));
  }
  /** Cancels tasks; where one repeats, the person says first whether this one alone is meant. */
  cancel(ids: Id[]): void {
    const repeats = ids.some((id) => this.task(id)?.repeat !== null && this.task(id)?.status === "open");
    if (repeats) this.cancelling = ids;
    else void this.edit(ids, { status: "cancelled" });
  }
  cancelRepeating(occurrences: "this" | "following"): void {
    const ids = this.cancelling;
    this.cancelling = [];
    void this.edit(ids, { status: "cancelled", occurrences });
  }
  planToday(ids: Id[]): Promise<Done | null> {
    return this.edit(ids, { when: session.today, evening: false });
  }
}
