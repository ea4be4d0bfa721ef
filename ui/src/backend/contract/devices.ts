// Devices on the same network, and how they are paired.

import type { CommandError, Id, Millis } from "./app";
import type { Triggers } from "./sync";

/** A code that is shown, or what came of it. */
export type ShownCode = {
  /** Tells one code from another. */
  number: number;
  /** To be typed on the other device: "4829 1760". Empty once it is spent. */
  code: string;
  /** Where the other device reaches this one, the likeliest first. */
  addresses: string[];
  /** This device's name. */
  name: string;
  /** For how many milliseconds the code is still good. */
  leftMs: number;
  /** The device that proved that it knows the code; its person is asked now. */
  joining: { name: string; platform: string } | null;
  /** Four words that are the same on both screens, once the code is proved. */
  words: string[];
  /** The device that was paired, by name. */
  paired: string | null;
  /** Why it came to nothing. */
  error: CommandError | null;
};
export type FoundDevice = { name: string; address: string };
/** Devices in this network that show a code. `error`: why it cannot be looked. */
export type FoundDevices = { looking: boolean; devices: FoundDevice[]; error: CommandError | null };
/** What joining the vault of another device would do. Nothing has moved yet. */
export type JoinPreview = {
  name: string;
  platform: string;
  /** What it sends. */
  tasks: number;
  notes: number;
  lists: string[];
  words: string[];
  /** The person has to say that the words are the same on both screens. */
  checkWords: boolean;
  /** What this device brings along. */
  bringsTasks: number;
  bringsNotes: number;
  /** Titles of lists that both have. */
  sameLists: string[];
  /** Devices of this device's present vault, by name: they stay in it. */
  leftBehind: string[];
};
export type SameLists = "merge" | "keepBoth";
/** code: a typed code proved it. letIn: `proofBy` let it in and signed that. founded: it made the vault. */
export type Proof = "code" | "letIn" | "founded";
export type NearbyDevice = {
  id: Id;
  connected: boolean;
  /** Where it is or was last. */
  address: string | null;
  /** By how many milliseconds its clock is ahead of this one's; null where that is not known. */
  clockAheadMs: number | null;
  /** Why it is not connected. */
  error: CommandError | null;
  proof: Proof;
  proofBy: string | null;
  proofTime: Millis;
  /** Hands the device to unblockKey. */
  key: string;
  blocked: boolean;
};
export type TypedAddress = { address: string; connected: boolean; error: CommandError | null };
export type NearbyView = {
  /** The mode is on. */
  on: boolean;
  running: boolean;
  /** Where other devices reach this one. */
  addresses: string[];
  typed: TypedAddress[];
  /** Every other device that is or was in the vault. */
  devices: NearbyDevice[];
  /** Keys that may not connect and belong to no device of the vault. */
  blockedKeys: string[];
  /** This device's key is kept under a passphrase, which joining another vault then needs. */
  asksForPassphrase: boolean;
  error: CommandError | null;
  /** When this device tells the others by itself. */
  triggers: Triggers;
  /** Whether Nearby goes on where the system counts what goes over the network. */
  onMetered: boolean;
  /** Whether it waits for another network, because this one is metered. */
  metered: boolean;
};
