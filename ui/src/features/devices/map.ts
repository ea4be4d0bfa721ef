// What the sync map shows: the places where changes are, and the ways between them as they truly are.
import type { ActivityEntry, DeviceView, FolderView, Millis, NearbyView, SyncStatus } from "$backend/contract";
import { clockWords, seenWords, shortPrint } from "$shared/pairing/standing";

/** transferring: something goes at this moment. idle: it could. unreachable: it cannot now. */
export type WayState = "transferring" | "idle" | "unreachable";
export type Place = {
  id: string;
  name: string;
  kind: "here" | "device" | "folder";
  /** How it is, in words. */
  state: string;
  lastExchange: Millis | null;
  fingerprint: string | null;
  clock: string | null;
  /** The way between this device and it: condition · frequency. Null for this device itself. */
  way: string | null;
  wayState: WayState | null;
};

export const WAY_STATES: Record<WayState, string> = { transferring: "Transferring", idle: "Idle", unreachable: "Not reachable now" };

/** "on launch, on change, every 15 min"; "only when you say so" */
export function often(triggers: FolderView["triggers"]): string {
  const parts = [triggers.onLaunch && "on launch", triggers.onChange && "on change", triggers.everyMinutes !== null && `every ${triggers.everyMinutes} min`];
  return parts.filter(Boolean).join(", ") || "only when you say so";
}

/** When this device and another place last exchanged something. */
function last(id: string, activity: ActivityEntry[]): Millis | null {
  const times = activity.filter((one) => (one.kind === "exchange" || one.kind === "import") && one.device?.id === id).map((one) => one.time);
  return times.length > 0 ? Math.max(...times) : null;
}

export function placesOf(devices: DeviceView[], status: SyncStatus, nearby: NearbyView, folder: FolderView | null, activity: ActivityEntry[]): Place[] {
  const paused = status.paused !== null;
  const syncing = status.state === "syncing";
  const places: Place[] = [];
  for (const device of devices.filter((one) => !one.removed)) {
    const near = nearby.devices.find((one) => one.id === device.id);
    const connected = near?.connected ?? false;
    const way = device.here ? null : nearby.on ? `Same network · ${paused ? "paused" : nearby.metered ? "waiting, because it is metered" : often(nearby.triggers)}` : "When you export";
    places.push({
      id: device.id, name: device.name, kind: device.here ? "here" : "device",
      state: device.here ? status.text : near?.error && nearby.on && !connected ? near.error.message : seenWords(device, near),
      lastExchange: device.here ? null : last(device.id, activity) ?? device.lastSeen,
      fingerprint: shortPrint(device.fingerprint), clock: clockWords(near?.clockAheadMs ?? null),
      way, wayState: device.here ? null : !nearby.on ? "idle" : !connected ? "unreachable" : syncing ? "transferring" : "idle",
    });
  }
  if (folder && status.mode === "manual") {
    const to = status.destinations.find((one) => one.kind === "folder");
    places.push({
      id: "folder", name: "Exchange folder", kind: "folder", state: to?.state ?? folder.path, lastExchange: folder.lastLook, fingerprint: null, clock: null,
      way: `Folder · ${paused ? "paused" : often(folder.triggers)}`, wayState: folder.state === "watching" ? (syncing ? "transferring" : "idle") : "unreachable",
    });
  }
  return places.sort((a, b) => Number(b.kind === "here") - Number(a.kind === "here"));
}
