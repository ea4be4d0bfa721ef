// The state of the in-memory backend: what changes it, what tells of it, and undo.
import { dayOf } from "../clock";
import type { ActivityEntry, Changed, Done, Id } from "../contract";
import { error, itemOf, plural } from "./desk";
import { sampleWorld, type FakeNote, type FakeTask, type World } from "./world";

type Step = { label: string; world: World };

export class FakeCore {
  world: World;
  protected clock: () => number;
  protected position = 1;
  protected counter = 1000;
  protected past: Step[] = [];
  protected future: Step[] = [];
  #listeners = new Set<(event: Changed) => void>();

  constructor(now: () => number, world: World | undefined) {
    this.clock = now;
    this.world = world ?? sampleWorld(now(), this.today);
  }

  get today(): string {
    return dayOf(this.clock());
  }
  /** A change of another device: not an action that can be undone here. */
  elsewhere(change: (world: World) => void, ids: Id[] = []): void {
    change(this.world);
    this.tell(ids);
  }

  protected tell(ids: Id[]): void {
    this.position++;
    for (const listener of [...this.#listeners]) listener({ asOf: this.position, ids });
  }
  /** Something that no undo takes back: every state that undoing could lead to has it too. */
  protected happen(change: (world: World) => void, ids: Id[] = []): void {
    for (const world of [this.world, ...[...this.past, ...this.future].map((step) => step.world)]) change(world);
    this.tell(ids);
  }
  protected record(world: World, entry: Partial<ActivityEntry> & Pick<ActivityEntry, "kind" | "title">): void {
    world.activity.unshift({ id: `a${this.counter++}`, time: this.clock(), details: [], counts: null, items: [], device: null, canUndo: false, ...entry });
  }
  /** For what follows an action by itself. */
  protected afterAct(): void {}
  protected act(label: string, ids: Id[], change: () => void, skipped: string[] = []): Done {
    this.past.push({ label, world: structuredClone(this.world) });
    this.future = [];
    change();
    for (const id of ids) this.world.pending[id] = (this.world.pending[id] ?? 0) + 1;
    this.tell(ids);
    this.afterAct();
    return { ids, label, skipped };
  }
  protected findTask(id: Id): FakeTask {
    const found = this.world.tasks.find((one) => one.id === id);
    if (!found) throw error("not-found", "This task no longer exists.", "It may have been removed on another device.");
    return found;
  }
  protected findNote(id: Id): FakeNote {
    const found = this.world.notes.find((one) => one.id === id);
    if (!found) throw error("not-found", "This note no longer exists.", "It may have been removed on another device.");
    return found;
  }
  protected find(id: Id): { title: string; deleted: number | null } | undefined {
    return itemOf(this.world, id);
  }
  protected nameOf(ids: Id[], noun = "item"): string {
    return ids.length === 1 ? `‘${this.find(ids[0]!)?.title ?? ""}’` : plural(ids.length, noun);
  }

  // ---- undo ----

  async undo(): Promise<Done> {
    const step = this.past.pop();
    if (!step) throw error("nothing-to-undo", "There is nothing to undo.", null);
    this.future.push({ label: step.label, world: this.world });
    this.world = step.world;
    this.tell([]);
    return { ids: [], label: `Undone: ${step.label}`, skipped: [] };
  }
  async redo(): Promise<Done> {
    const step = this.future.pop();
    if (!step) throw error("nothing-to-redo", "There is nothing to do again.", null);
    this.past.push({ label: step.label, world: this.world });
    this.world = step.world;
    this.tell([]);
    return { ids: [], label: `Done again: ${step.label}`, skipped: [] };
  }

  onChanged(listener: (event: Changed) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
