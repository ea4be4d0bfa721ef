// What the parts of the in-memory backend share: the data, the clock, and how something is done.
import type { CommandError, Done, Id } from "../contract";
import type { FakeList, FakeNote, FakeTask, World } from "./world";

export type Desk = {
  readonly world: World;
  now(): number;
  /** The person paused syncing. */
  paused(): boolean;
  /** A number that no other item has. */
  next(): number;
  /** An action of the person: one undo step. */
  act(label: string, ids: Id[], change: () => void): Done;
  /** Something that came or happened and that undoing an action must not take back. */
  happen(change: (world: World) => void, ids?: Id[]): void;
  /** Puts another state in place of the present one; no undo step leads back over it. */
  replace(world: World): void;
};
export type FakeItem = FakeTask | FakeNote | FakeList;

export const error = (code: string, message: string, remedy: string | null = null): CommandError => ({ code, message, remedy });
export const plural = (n: number, one: string) => `${n} ${one}${n === 1 ? "" : "s"}`;

export function itemOf(world: World, id: Id): FakeItem | undefined {
  return [...world.tasks, ...world.notes, ...world.lists].find((one) => one.id === id);
}
export function kindOf(world: World, id: Id): "task" | "note" | "list" {
  return world.tasks.some((one) => one.id === id) ? "task" : world.notes.some((one) => one.id === id) ? "note" : "list";
}
/** Adds an item to where things of its kind are, in place of one with its id. */
export function put(world: World, kind: "task" | "note" | "list", item: FakeItem): void {
  const shelf = (kind === "task" ? world.tasks : kind === "note" ? world.notes : world.lists) as FakeItem[];
  const at = shelf.findIndex((one) => one.id === item.id);
  if (at < 0) shelf.push(structuredClone(item));
  else shelf[at] = structuredClone(item);
}
export function remove(world: World, id: Id): void {
  world.tasks = world.tasks.filter((one) => one.id !== id);
  world.notes = world.notes.filter((one) => one.id !== id);
  world.lists = world.lists.filter((one) => one.id !== id);
}
