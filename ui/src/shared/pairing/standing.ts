// How a device stands, in words. An absent device is described as last known.
import type { Destination, DeviceView, Millis, NearbyDevice } from "$backend/contract";
import { count, sayTimeWithin } from "$state/format";

const MINUTE = 60_000;
/** Clocks that differ by less are as good as the same. */
const NOTABLE = 2 * MINUTE;

/** "Clock 3 min ahead"; null within two minutes, or where it is not known. */
export function clockWords(aheadMs: Millis | null): string | null {
  if (aheadMs === null || Math.abs(aheadMs) <= NOTABLE) return null;
  const minutes = Math.round(Math.abs(aheadMs) / MINUTE);
  const amount = minutes < 120 ? `${minutes} min` : minutes < 2880 ? `${Math.round(minutes / 60)} h` : `${Math.round(minutes / 1440)} days`;
  return `Clock ${amount} ${aheadMs > 0 ? "ahead" : "behind"}`;
}
/** "Connected at 192.168.1.7:4829", "Last seen Tue 18:04" */
export function seenWords(device: DeviceView, near: NearbyDevice | undefined): string {
  if (device.here) return "This device";
  if (near?.connected) return near.address === null ? "Connected now" : `Connected now at ${near.address}`;
  return device.lastSeen === null ? "Not seen yet" : `Last seen ${sayTimeWithin(device.lastSeen)}`;
}
/** "has everything", "missing 3 changes of yours"; with "as of then" for one that is not connected. */
export function hasWords(to: Destination | undefined, connected: boolean): string | null {
  if (!to) return null;
  const has = to.missingThere === 0 ? "has everything" : `missing ${count(to.missingThere, "change")} of yours`;
  return connected ? has : `${has}, as of then`;
}
/** "Verified by code, 12 Nov", "Let in by Laptop, 12 Nov", "Made this vault, 12 Nov" */
export function proofWords(near: NearbyDevice): string {
  const when = sayTimeWithin(near.proofTime);
  if (near.proof === "code") return `Verified by code, ${when}`;
  if (near.proof === "letIn") return `Let in by ${near.proofBy ?? "another device"}, ${when}`;
  return `Made this vault, ${when}`;
}
/** The first two groups: enough to tell devices of one name apart. */
export function shortPrint(fingerprint: string): string {
  return `${fingerprint.split(" ").slice(0, 2).join(" ")} …`;
}
