// What the sync map shows: the places where changes are, and the ways between them as they truly are.
import type { CommandError, DeviceView, ExchangeView, FolderView, Id, Millis, NearbyView, SyncStatus } from "$backend/contract";
import { clockWords, seenWords, shortPrint } from "$shared/pairing/standing";

/** transferring: something goes at this moment. idle: it could. unreachable: it cannot now. */
export type WayState = "transferring" | "idle" | "unreachable";
/** What carries changes over a way: it decides which lists may travel. */
export type Carrier = ExchangeView["carrier"];
export type Way = {
  carrier: Carrier;
  /** "Same network", "Folder", "When you export" */
  condition: string;
  /** "on launch, every 15 min", "paused"; null where nothing goes by itself. */
  often: string | null;
  state: WayState;
  /** Why nothing gets through. */
  error: CommandError | null;
  /** The last ones, newest first. */
  exchanges: ExchangeView[];
};
export type Place = {
  id: Id;
  name: string;
  kind: "here" | "device" | "folder";
  platform: string;
  /** How it is, in words. */
  state: string;
  lastExchange: Millis | null;
  fingerprint: string | null;
  clock: string | null;
  /** The way between this device and it. Null for this device itself. */
  way: Way | null;
};
export type Known = {
  devices: DeviceView[];
  nearby: NearbyView;
  folder: FolderView | null;
  /** The last exchanges by the id of the place. */
  exchanges: ReadonlyMap<Id, ExchangeView[]>;
};

/** The id of the exchange folder among the places. */
export const FOLDER = "folder";
export const WAY_STATES: Record<WayState, string> = { transferring: "Transferring", idle: "Idle", unreachable: "Not reachable now" };

/** "on launch, on change, every 15 min"; "only when you say so" */
export function often(triggers: FolderView["triggers"]): string {
  const parts = [triggers.onLaunch && "on launch", triggers.onChange && "on change", triggers.everyMinutes !== null && `every ${triggers.everyMinutes} min`];
  return parts.filter(Boolean).join(", ") || "only when you say so";
}
/** "Same network · on change": condition · frequency. */
export const wayWords = (way: Way): string => [way.condition, way.often].filter((part) => part !== null).join(" · ");

/** A place in the middle of a sentence: "Desktop", "the exchange folder". */
export const nameWithin = (place: Place): string => (place.kind === "folder" ? "the exchange folder" : place.name);

export function placesOf({ devices, nearby, folder, exchanges }: Known, status: SyncStatus): Place[] {
  const paused = status.paused !== null;
  const syncing = status.state === "syncing";
  const lastOf = (id: Id): ExchangeView[] => [...(exchanges.get(id) ?? [])].sort((a, b) => b.entry.time - a.entry.time);
  const places: Place[] = [];
  for (const device of devices.filter((one) => !one.removed)) {
    const near = nearby.devices.find((one) => one.id === device.id);
    const connected = near?.connected ?? false;
    // While it is paused nobody looks who is there.
    const error = nearby.on && !connected && !paused ? near?.error ?? null : null;
    const state = device.here ? status.text : near?.blocked ? "Blocked: it may not connect" : error ? `${seenWords(device, near)} · ${error.message}` : seenWords(device, near);
    const way: Way = nearby.on
      ? { carrier: "nearby", condition: "Same network", often: paused ? "paused" : nearby.metered ? "waiting, because it is metered" : often(nearby.triggers), state: paused ? "idle" : !connected ? "unreachable" : syncing ? "transferring" : "idle", error, exchanges: lastOf(device.id) }
      : { carrier: "bundle", condition: "When you export", often: null, state: "idle", error: null, exchanges: lastOf(device.id) };
    places.push({
      id: device.id, name: device.name, kind: device.here ? "here" : "device", platform: device.platform, state,
      lastExchange: device.here ? null : way.exchanges[0]?.entry.time ?? null,
      fingerprint: shortPrint(device.fingerprint), clock: clockWords(near?.clockAheadMs ?? null), way: device.here ? null : way,
    });
  }
  if (folder && status.mode === "manual") {
    const to = status.destinations.find((one) => one.kind === "folder");
    const watching = folder.state === "watching";
    places.push({
      id: FOLDER, name: "Exchange folder", kind: "folder", platform: "", state: to?.state ?? folder.path, lastExchange: lastOf(FOLDER)[0]?.entry.time ?? null, fingerprint: null, clock: null,
      way: { carrier: "folder", condition: "Folder", often: paused ? "paused" : often(folder.triggers), state: !watching ? "unreachable" : syncing ? "transferring" : "idle", error: watching ? null : folder.error ?? status.error, exchanges: lastOf(FOLDER) },
    });
  }
  return places.sort((a, b) => Number(b.kind === "here") - Number(a.kind === "here"));
}
