// The four spaces in words.
import type { Space } from "$backend/contract";

export const SPACES: Record<Space, { name: string; short: string; text: string; happens: string }> = {
  everywhere: { name: "Everywhere", short: "Everywhere", text: "Every way of travelling that you turn on.", happens: "It travels with every export, exchange folder and connection that you turn on, sealed." },
  nearby: { name: "Nearby only", short: "Nearby", text: "Sent directly to your paired devices on your network. Never to the cloud or a folder.", happens: "New changes go directly to your paired devices on your network. Never to the cloud or an exchange folder." },
  ask: { name: "Ask first", short: "Ask first", text: "Held until you approve each batch.", happens: "New changes are held here until you approve them." },
  device: { name: "Never leaves this device", short: "Never", text: "Not on any network, not in exports.", happens: "From now on nothing of it is on any network or in any export." },
};
export const ORDER: Space[] = ["everywhere", "nearby", "ask", "device"];
