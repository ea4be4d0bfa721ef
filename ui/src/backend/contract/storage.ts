// Backups, and how much is kept.

import type { CommandError, DeviceRef, Id, Millis } from "./app";
import type { PreviewItem } from "./sync";

export type BackupView = {
  id: string;
  time: Millis;
  bytes: number;
  /** point: made before a restore. update: before the app changed the database's format. repair: before a repair. */
  kind: "automatic" | "manual" | "point" | "update" | "repair";
  /** It was opened and compared after it was written. */
  verified: boolean;
};
export type BackupsView = {
  backups: BackupView[]; // newest first
  /** Where they are, for people to read. */
  folder: string;
  /** The rule of rotation in words: "One a day for a week, one a week for a month." */
  rule: string;
  /** Why the last automatic backup failed; null when it did not. */
  error: CommandError | null;
};
/** What restoring would change, compared with now. */
export type RestorePreview = {
  /** When the last change in the backup was made; null where it holds none. */
  lastChange: Millis | null;
  adds: number;
  updates: number;
  deletes: number;
  items: PreviewItem[];
  /** The other devices of the vault. */
  devices: DeviceRef[];
  /** Changes here that are not in the backup, and how many of these no other device is known to have. */
  newerHere: number;
  onlyHere: number;
};
/**
 * here: this device goes back and then catches up again with the others. everywhere: the differences
 * are written as one change that travels and can be undone.
 */
export type RestoreScope = "here" | "everywhere";
/**
 * `point`: the restore point that was made first. Where the database could not be opened it was set
 * aside instead (`aside`, for people to read). `skipped`: what was left alone and why.
 */
export type RestoreResult = { point: BackupView | null; aside: string | null; scope: RestoreScope; adds: number; updates: number; deletes: number; skipped: string[] };
/** A device that does not have old changes yet, so that they are kept. `text`: "Tablet has not confirmed since Tue". */
export type HoldsBack = { device: Id; name: string; changes: number; lastSeen: Millis | null; text: string };
/** Sizes in bytes. */
export type StorageView = {
  /** The database file. */
  database: number;
  /** Of it, what is free and will be used again. */
  free: number;
  /** What is alive: fields and texts of everything that was not deleted for good. */
  live: number;
  /** Every change that is still kept one by one, and how many these are. */
  log: number;
  changes: number;
  /** The state from which the history begins. */
  base: number;
  /** Texts with their versions. */
  texts: number;
  attachments: number;
  /** For how many days history is kept; null means for ever. */
  historyDays: number | null;
  lastPruned: Millis | null;
  holders: HoldsBack[];
};
