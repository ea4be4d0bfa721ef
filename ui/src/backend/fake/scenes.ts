// Situations of syncing, brought about by doing what leads to them.
import { now as clockNow } from "../clock";
import type { Batch } from "./batch";
import type { FakeBackend } from "./backend";
import { disk, from } from "./folder";
import { TROUBLES } from "./nearby";
import { DESKTOP, fakeId, PHONE, task } from "./world";

/**
 * off: two other devices, no folder. watching: a folder is in use. waiting: it was sent, Desktop has not
 * confirmed. ask: changes of Phone wait for a look. deletions: Phone deleted most of a list. missing,
 * emptied, failing: the folder is gone, emptied, not writable. approve: a list that asks first has
 * changes. database: the folder dialog answers the one with the database. removed: Phone was removed and
 * wrote on. out: Desktop removed this device. nearby: Desktop is connected and its clock is ahead, Phone cannot be reached, two lists do not
 * go everywhere.
 */
export type Scene = "off" | "watching" | "waiting" | "ask" | "deletions" | "missing" | "emptied" | "failing" | "approve" | "database" | "removed" | "out" | "nearby";

export const TRIGGERS = { onLaunch: true, onChange: true, everyMinutes: 15 };

/** What Phone wrote: a new task, a date, a title. */
export function fromPhone(now: number): Batch {
  return from(PHONE, "phone-1", now - 600_000, [
    { op: "task", task: task(901, "Return the library books", { when: "2026-11-20" }, now) },
    { op: "set", id: fakeId(29), fields: { priority: 1 } },
    { op: "set", id: fakeId(31), fields: { title: "Dentist, Dr Lind" } },
  ]);
}
/** Phone deleted most of Workshop. */
export function deletions(now: number): Batch {
  return from(PHONE, "phone-2", now - 300_000, [21, 25, 27, 28, 29].map((n) => ({ op: "delete", id: fakeId(n) })));
}

/** Six times Desktop told what it changed, the last some minutes ago. */
async function connect(fake: FakeBackend, now: number): Promise<void> {
  await fake.setSpace(fakeId(3), "nearby", "leave");
  await fake.setSpace(fakeId(5), "ask", "leave");
  await fake.editTasks([fakeId(35)], { priority: 2 });
  await fake.setMode("nearby");
  fake.around.standing.set(DESKTOP.id, { connected: true, address: "192.168.1.7:4829", clockAheadMs: 240_000, proof: "code" });
  fake.around.standing.set(PHONE.id, { connected: false, address: "192.168.1.9:4829", error: TROUBLES.unreachable });
  for (let n = 6; n > 0; n--) {
    const at = now - n * n * 20 * 60_000;
    fake.arrive(from(DESKTOP, `desktop-${n}`, at, [{ op: "task", task: task(910 + n, `Paint ${n} boards`, {}, at) }, ...(n % 2 ? [{ op: "set" as const, id: fakeId(28), fields: { priority: n % 3 } }] : [])]), at);
  }
}

export async function setScene(fake: FakeBackend, scene: Scene | null): Promise<void> {
  if (!scene) return;
  const now = fake.world.sync.lastExport === null ? clockNow() : fake.world.sync.lastExport + 50 * 3_600_000;
  if (!fake.world.devices.some((one) => one.id === PHONE.id)) {
    fake.world.devices.push({ ...PHONE, platform: "android", added: now - 9 * 86_400_000, fingerprint: "77aa 81bc 0d9e f123 4455 a0b1 c2d3 e4f5", lastSeen: now - 3_600_000, removed: false, removedTime: null, removedBy: null, quarantined: 0 });
    fake.world.sync.destinations.push({ id: PHONE.id, name: "Phone", kind: "device", state: "", missingThere: 0, missingHere: 0, lastSeen: now - 3_600_000 });
  }
  if (scene === "database") fake.folders.picks = [disk("/home/ann/.local/share/holdfast", { holdsDatabase: true }), ...fake.folders.picks];
  if (scene === "nearby") await connect(fake, now);
  if (scene === "off" || scene === "database" || scene === "nearby") return;
  const place = disk("/home/ann/Sync/Holdfast");
  fake.folders.picks = [place];
  const preview = await fake.pickFolder();
  await fake.useFolder(preview?.token ?? "", scene === "ask" ? "askFirst" : "atOnce", TRIGGERS);
  if (scene !== "waiting") for (const device of [DESKTOP, PHONE]) fake.acknowledge(device.id);
  if (scene === "removed") await fake.removeDevice(PHONE.id);
  if (scene === "out") fake.elsewhere((world) => world.devices.filter((one) => one.here).forEach((one) => Object.assign(one, { removed: true, removedTime: now, removedBy: DESKTOP.name })));
  if (scene === "ask" || scene === "removed") place.batches.push(fromPhone(now));
  if (scene === "deletions") place.batches.push(deletions(now));
  if (scene === "missing") place.present = false;
  if (scene === "emptied") place.mine = false;
  if (scene === "failing") place.writable = false;
  if (scene === "approve") {
    await fake.setSpace(fakeId(5), "ask", "leave");
    await fake.editTasks([fakeId(35)], { priority: 2 });
    await fake.editTasks([fakeId(24)], { title: "Send the invoice to Maren Holt" });
  }
  await fake.syncNow();
  for (const device of [DESKTOP, PHONE]) if (scene !== "waiting") fake.acknowledge(device.id);
}
