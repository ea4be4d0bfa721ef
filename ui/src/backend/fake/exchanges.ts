// The last exchanges of one way in the in-memory backend, from its activity.
import type { ActivityEntry, ExchangeView, Way } from "../contract";
import type { World } from "./world";

const SHOWN = 5;

const carrierOf = (world: World, entry: ActivityEntry): ExchangeView["carrier"] => (entry.kind !== "exchange" ? "bundle" : world.connected.includes(entry.id) ? "nearby" : "folder");

/** What went out for all devices went to each. */
function isOf(way: Way, carrier: ExchangeView["carrier"], entry: ActivityEntry): boolean {
  if (way.kind === "folder") return carrier === "folder";
  return entry.device?.id === way.id || (entry.kind === "export" && entry.device === null);
}

export function exchangesOf(world: World, way: Way): ExchangeView[] {
  return world.activity
    .filter((entry) => entry.kind === "import" || entry.kind === "export" || entry.kind === "exchange")
    .map((entry): ExchangeView => ({ direction: (entry.counts?.sent ?? 0) > 0 || entry.kind === "export" ? "sent" : "received", carrier: carrierOf(world, entry), entry }))
    .filter(({ carrier, entry }) => isOf(way, carrier, entry))
    .slice(0, SHOWN)
    .map((one) => structuredClone(one));
}
