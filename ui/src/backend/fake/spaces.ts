// How far lists travel in the in-memory backend, and what waits for approval.
import type { ApprovalView, Copies, Done, Id, Space, SpacePreview, WaitingItem } from "../contract";
import { error, itemOf, kindOf, type Desk } from "./desk";
import type { World } from "./world";

const REACH: Record<Space, number> = { device: 0, nearby: 1, ask: 2, everywhere: 3 };
const NAMES: Record<Space, string> = { everywhere: "travels everywhere now", nearby: "travels to nearby devices only now", ask: "asks before it travels now", device: "stays on this device now" };

export function spaceOf(world: World, id: Id): Space {
  const item = itemOf(world, id);
  const list = item && "list" in item ? item.list : id;
  return world.lists.find((one) => one.id === list)?.space ?? "everywhere";
}

/** How many changes of an item may leave by a file or a folder. */
export function sendable(world: World, id: Id): number {
  const changes = world.pending[id] ?? 0;
  const space = spaceOf(world, id);
  return space === "everywhere" ? changes : space === "ask" ? Math.min(changes, world.approved[id] ?? 0) : 0;
}
export function waitingItems(world: World, changes: (id: Id) => number): WaitingItem[] {
  return [...new Set([...Object.keys(world.pending), ...Object.keys(world.sent)])].flatMap((id) => {
    const item = itemOf(world, id);
    return item && changes(id) > 0 ? [{ id, kind: kindOf(world, id), title: item.title, changes: changes(id) }] : [];
  });
}
const unapproved = (world: World, id: Id) => (spaceOf(world, id) === "ask" ? (world.pending[id] ?? 0) - sendable(world, id) : 0);
export const approvalsOf = (world: World) => Object.keys(world.pending).reduce((sum, id) => sum + unapproved(world, id), 0);

export class Spaces {
  constructor(private readonly desk: Desk) {}

  #inside(id: Id): Id[] {
    const { lists } = this.desk.world;
    return [id, ...lists.filter((one) => one.parent === id && !one.deleted).flatMap((one) => this.#inside(one.id))];
  }
  preview(list: Id, to: Space): SpacePreview {
    const { world } = this.desk;
    const one = world.lists.find((entry) => entry.id === list);
    if (!one) throw error("not_found", "This list no longer exists.", "It may have been removed on another device.");
    const inside = new Set(this.#inside(list));
    const held = (entry: { list: Id | null; deleted: number | null }) => !entry.deleted && entry.list !== null && inside.has(entry.list);
    const holders = one.space === "device" ? [] : world.devices.filter((device) => !device.here && !device.removed).map(({ id, name, here }) => ({ id, name, here }));
    const narrower = REACH[to] < REACH[one.space];
    return {
      list, title: one.title, from: one.space, to, lists: inside.size, along: 0, wentOut: false, holders, narrower, asksAboutCopies: narrower && holders.length > 0, tasks: world.tasks.filter(held).length, notes: world.notes.filter(held).length,
    };
  }
  set(list: Id, to: Space, copies: Copies): Done {
    const { title, from, holders, asksAboutCopies } = this.preview(list, to);
    const inside = this.#inside(list);
    const { world } = this.desk;
    const items = [...world.tasks, ...world.notes].filter((one) => one.list !== null && inside.includes(one.list) && !one.deleted).map((one) => one.id);
    const asked = copies === "remove" && asksAboutCopies;
    return this.desk.act(`‘${title}’ ${NAMES[to]}${asked ? ` · ${holders.map((one) => one.name).join(", ")} asked to remove theirs` : ""}`, [...inside, ...(REACH[to] > REACH[from] ? items : [])], () => {
      for (const one of this.desk.world.lists) if (inside.includes(one.id)) one.space = to;
    });
  }
  approvals(): ApprovalView[] {
    const { world } = this.desk;
    return world.lists.filter((one) => one.space === "ask" && !one.deleted).flatMap((one) => {
      const items = waitingItems(world, (id) => {
        const item = itemOf(world, id);
        return id === one.id || (item && "list" in item && item.list === one.id) ? unapproved(world, id) : 0;
      });
      return items.length === 0 ? [] : [{ list: one.id, title: one.title, items, changes: items.reduce((sum, item) => sum + item.changes, 0) }];
    });
  }
  approve(): { changes: number; items: WaitingItem[] } {
    const items = this.approvals().flatMap((one) => one.items);
    const ids = items.map((item) => item.id);
    this.desk.happen((world) => {
      for (const id of ids) world.approved[id] = world.pending[id] ?? 0;
    }, ids);
    return { changes: items.reduce((sum, item) => sum + item.changes, 0), items };
  }
}
