// Which devices left the vault, this one perhaps among them: what needs a vault is not offered there.
import { backend } from "$backend";
import type { DeviceView, Id } from "$backend/contract";
import { live } from "./live.svelte";

class Membership {
  /** This device, where it was removed from its vault. */
  out = $state.raw<DeviceView | null>(null);
  #removed = $state.raw<ReadonlySet<Id>>(new Set());

  /** Whether changes can still reach a device. */
  reaches(id: Id): boolean {
    return this.out === null && !this.#removed.has(id);
  }
  take(devices: DeviceView[]): void {
    const gone = devices.filter((one) => one.removed);
    this.out = gone.find((one) => one.here) ?? null;
    this.#removed = new Set(gone.map((one) => one.id));
  }
}
export const membership = new Membership();

/** Keeps it as it is, for the life of the component that is being set up. */
export function followMembership(): void {
  const devices = live(() => backend().devices());
  $effect.pre(() => membership.take(devices.data ?? []));
}
