// Whose versions are compared: one side per device that has a say in a conflict, this device first.
import type { DeviceRef, Millis, Review } from "$backend/contract";
import { sayAgo, sayTime } from "$state/format";

export type Side = { key: string; device: DeviceRef; time: Millis };
type Owned = { device: DeviceRef; time: Millis };

/** A key per version that stays when the version is replaced by a newer one of the same device. */
export function sideKeys(versions: readonly Owned[]): string[] {
  const seen = new Map<string, number>();
  return versions.map(({ device }) => {
    const n = (seen.get(device.id) ?? 0) + 1;
    seen.set(device.id, n);
    return n === 1 ? device.id : `${device.id}#${n}`;
  });
}

/** Every side of a review: this device first, then the newest. Its time is that of its last edit. */
export function sidesOf(review: Pick<Review, "fields" | "texts">): Side[] {
  const sides = new Map<string, Side>();
  for (const { versions } of [...review.fields, ...review.texts]) {
    const keys = sideKeys(versions);
    versions.forEach((version, i) => {
      const key = keys[i] ?? version.device.id;
      const known = sides.get(key);
      sides.set(key, { key, device: version.device, time: Math.max(known?.time ?? 0, version.time) });
    });
  }
  return [...sides.values()].sort((a, b) => Number(b.device.here) - Number(a.device.here) || b.time - a.time);
}

/** "From this laptop", "From Desktop". */
export function fromWhom(device: DeviceRef): string {
  if (!device.here) return `From ${device.name}`;
  const plain = /^(laptop|desktop|phone|tablet|computer|pc|mac|macbook|notebook)$/i.test(device.name);
  return `From this ${plain ? device.name.toLowerCase() : "device"}`;
}

/** "here 14:02 · Desktop 13:40" */
export function saySides(sides: readonly Owned[]): string {
  return sides.map(({ device, time }) => `${device.here ? "here" : device.name} ${sayTime(time)}`).join(" · ");
}

/** "Today 14:02 (3 h ago)" */
export function sayMoment(time: Millis): string {
  const at = sayTime(time);
  return `${/^\d\d:\d\d$/.test(at) ? `Today ${at}` : at} (${sayAgo(time)})`;
}
