// The icon and tone of each state of syncing. The words come from the backend.
import type { Component } from "svelte";
import Check from "@lucide/svelte/icons/check";
import CloudOff from "@lucide/svelte/icons/cloud-off";
import Eye from "@lucide/svelte/icons/eye";
import Hand from "@lucide/svelte/icons/hand";
import Hourglass from "@lucide/svelte/icons/hourglass";
import PackageOpen from "@lucide/svelte/icons/package-open";
import Pause from "@lucide/svelte/icons/pause";
import RefreshCw from "@lucide/svelte/icons/refresh-cw";
import TriangleAlert from "@lucide/svelte/icons/triangle-alert";
import type { Destination, HeldView, Mode, SyncState } from "$backend/contract";
import { count, sayTime } from "$state/format";

export const STATES: Record<SyncState, { icon: Component; tone: "ok" | "plain" | "warn" | "error" }> = {
  idle: { icon: Check, tone: "ok" },
  syncing: { icon: RefreshCw, tone: "plain" },
  waiting: { icon: Hourglass, tone: "plain" },
  offline: { icon: CloudOff, tone: "plain" },
  manual: { icon: PackageOpen, tone: "plain" },
  paused: { icon: Pause, tone: "warn" },
  error: { icon: TriangleAlert, tone: "error" },
  look: { icon: Eye, tone: "warn" },
  approve: { icon: Hand, tone: "warn" },
};

export const MODES: Record<Mode, { label: string; text: string }> = {
  manual: { label: "Manual", text: "By files that you export and import, or through a folder." },
  nearby: { label: "Nearby devices", text: "Straight to your other devices on the same network." },
  cloud: { label: "Cloud", text: "Through a relay that can read nothing of it." },
};

/** "3 changes from Phone wait for you to look" */
export function heldWords(held: HeldView): string {
  return `${count(held.changes, "change")} from ${held.device.name} ${held.changes === 1 ? "waits" : "wait"} for you to look`;
}

/** What can be done about an error of the exchange folder. Everything else is done in Settings. */
export function fixOf(code: string): { label: string; action: "sync.folder" | null } {
  return code === "folder_emptied" ? { label: "Decide…", action: null } : { label: "Choose folder…", action: "sync.folder" };
}

/** What a destination has and lacks, in words. An absent device is described as last known. */
export function destinationWords(one: Destination): string[] {
  const words: string[] = [];
  if (one.kind === "folder") {
    words.push(one.state);
    if (one.missingThere > 0) words.push(`${count(one.missingThere, "change")} of yours not in it yet`);
    if (one.missingHere > 0) words.push(`${count(one.missingHere, "change")} in it ${one.missingHere === 1 ? "waits" : "wait"} for you`);
    return words;
  }
  if (one.missingThere > 0) words.push(`Missing ${one.missingThere} of your changes`);
  if (one.missingHere > 0) words.push(`You're missing ${count(one.missingHere, "change")} of it`);
  if (one.state) words.push(one.state);
  if (words.length === 0) words.push(one.lastSeen === null ? "Has everything you changed" : `Has everything you changed up to ${sayTime(one.lastSeen)}`);
  else if (one.lastSeen !== null && !one.state) words.push(`Last seen ${sayTime(one.lastSeen)} (as of then)`);
  return words;
}
