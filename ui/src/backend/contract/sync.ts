// How everything stands, folders, bundles, and what was exchanged.

import type { CommandError, DeviceRef, Id, Millis, Mode } from "./app";

/**
 * What the status row says. look: incoming changes wait for the person to look at them (`held`).
 * approve: changes of "Ask first" lists wait for approval (`approvals`). manual: no folder is set.
 */
export type SyncState = "idle" | "syncing" | "waiting" | "offline" | "manual" | "paused" | "error" | "look" | "approve";
export type Destination = {
  id: Id;
  name: string;
  kind: "device" | "folder" | "relay";
  /** How it is, in words. For a folder always: "Watching · last looked 14:32". Devices may have none. */
  state: string;
  missingThere: number;
  missingHere: number;
  lastSeen: Millis | null;
};
export type SyncStatus = {
  mode: Mode;
  state: SyncState;
  /** The whole sentence of the status row, without the icon: "Manual · 7 not exported since Tue". */
  text: string;
  pending: number;
  lastExport: Millis | null;
  conflicts: number;
  destinations: Destination[];
  /** Set in state error. */
  error: CommandError | null;
  /** Modes that work in this build; only these are offered. */
  modes: Mode[];
  /** Changes that wait for an update of the app or for another device's changes, in words. */
  parked: string[];
  /** True when `syncNow` has somewhere to go: an exchange folder is set. */
  canSyncNow: boolean;
  /** Set while the person paused syncing. `until` null: until they resume. */
  paused: { until: Millis | null } | null;
  /** What came in and waits for the person to look, one entry a device; empty = nothing. */
  held: HeldView[];
  /** How many changes of "Ask first" lists wait for approval. */
  approvals: number;
};
/** Incoming changes that are not applied yet. ask: the folder is set to "Ask me first". deletions: they delete very much. */
export type HeldView = { id: string; device: DeviceRef; changes: number; reason: "ask" | "deletions"; since: Millis };
export type PauseLength = "hour" | "tomorrow" | "resume";

/**
 * watching: all is well. missing: the folder cannot be found. emptied: it is there, but what this
 * device had published is not; nothing was deleted here. failing: see `error`.
 */
export type FolderState = "watching" | "missing" | "emptied" | "failing";
/** What happens with changes that arrive in the folder. */
export type Arriving = "atOnce" | "askFirst";
/** When to sync by itself. `everyMinutes`: 5, 15, 60, or null for not on a timer. */
export type Triggers = { onLaunch: boolean; onChange: boolean; everyMinutes: number | null };
export type FolderView = {
  /** For people to read; never handed back. */
  path: string;
  state: FolderState;
  lastLook: Millis | null;
  arriving: Arriving;
  triggers: Triggers;
  /** Set in state failing. */
  error: CommandError | null;
};
/** What turning a folder on would do. Nothing was written yet. */
export type FolderPreview = {
  /** Hands the chosen folder to useFolder; never a path. */
  token: string;
  path: string;
  /** What it would send. */
  tasks: number;
  notes: number;
  changes: number;
  /** Changes of other devices that are in the folder already and not here yet. */
  incoming: number;
  /** Devices that use this folder already. */
  devices: string[];
  /** Lists that do not go into it, by title ("Nearby only", "Never leaves this device", not approved). */
  left: string[];
};

export type WaitingItem = { id: Id; kind: "task" | "note" | "list"; title: string; changes: number };

export type ExportRequest =
  | { kind: "update"; device: Id | null } // null: everything since the last export to any device
  | { kind: "full" }
  | { kind: "invite"; passphrase: string };
export type ExportResult = { file: string; changes: number; bytes: number; for: string };
export type PreviewItem = { id: Id; kind: string; title: string; what: "added" | "changed" | "deleted" | "conflict" };
/** Everything as files. `failed`: what could not be written, while the rest was. `earlier`: an export beside it. */
export type ExportAllResult = { folder: string; files: number; leftOut: number; failed: { title: string; reason: string }[]; earlier: string | null };

export type BundlePreview = {
  /** Hands the chosen file back to importBundle; never a path. */
  token: string;
  file: string;
  from: string;
  made: Millis;
  adds: number;
  updates: number;
  deletes: number;
  conflicts: number;
  already: number;
  items: PreviewItem[];
  /** "Laptop joined", "Phone was renamed" */
  notices: string[];
};
export type ImportResult = { exchange: string; adds: number; updates: number; deletes: number; conflicts: number; merged: number };
export type MarkdownPreview = {
  token: string;
  folder: string;
  notes: number;
  lists: string[];
  attachments: number;
  skipped: { path: string; reason: string }[];
};

/** What an exchange did. The interface leaves out what is zero. */
export type ExchangeCounts = { sent: number; adds: number; updates: number; deletes: number; conflicts: number; merged: number };
/**
 * exchange: one run with the exchange folder. identity: this device took a new writing identity after
 * a clone or a restored copy. quarantine: changes of a removed device were set aside. prune: old
 * history was removed. restore: a backup was restored. The others as they are called.
 */
export type ActivityKind = "export" | "import" | "exchange" | "merge" | "failure" | "device" | "identity" | "quarantine" | "backup" | "restore" | "prune" | "check";
export type ActivityEntry = {
  id: string;
  kind: ActivityKind;
  time: Millis;
  /** One sentence without counts: "Exchanged changes with Desktop". */
  title: string;
  /** Further sentences, such as why something was done; none about counts. */
  details: string[];
  counts: ExchangeCounts | null;
  /** What it did by name, as far as it is kept. */
  items: PreviewItem[];
  device: DeviceRef | null;
  canUndo: boolean;
};

/** A way of the sync map: from this device to another one, or to the exchange folder. */
export type Way = { kind: "device"; id: Id } | { kind: "folder" };
/** An exchange that went over a way. `carrier`: a file that the person carried, the exchange folder, or a connection. */
export type ExchangeView = { direction: "sent" | "received"; carrier: "bundle" | "folder" | "nearby"; entry: ActivityEntry };
