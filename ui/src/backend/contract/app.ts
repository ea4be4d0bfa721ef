// The app itself: its words for ids and times, how it starts, preferences, devices by name.

export type Id = string;
export type Day = string;
export type When = string;
export type Millis = number;
export type Space = "everywhere" | "nearby" | "ask" | "device";
export type Mode = "manual" | "nearby" | "cloud";

/** Every command rejects with this. `code` is for the interface, `message` and `remedy` for people. */
export type CommandError = { code: string; message: string; remedy: string | null };

export type Boot = {
  /**
   * new: no vault yet (first run). locked: a passphrase is needed. ready: go. dataMissing: the database is gone,
   * what belongs to it is there. keyMissing: the database is there, its keys are gone.
   */
  state: "new" | "locked" | "ready" | "dataMissing" | "keyMissing";
  version: string;
  platform: "linux" | "macos" | "windows";
  today: Day;
  suggestedDeviceName: string;
  /** Which key stores work here, best first. */
  keyStores: KeyStore[];
  prefs: Prefs;
  device: DeviceRef | null;
  /** What is wrong, where something is missing. */
  trouble: CommandError | null;
  /** What is left, where the data are missing. */
  remains: Remains | null;
};
export type Remains = {
  /** In words: "its key, its settings and 3 backups". */
  text: string;
  folder: string;
  backups: number;
  /** Without them a backup can only be written as plain files. */
  hasKeys: boolean;
  asksForPassphrase: boolean;
};
/** What was left, set aside; and how this device stands now. */
export type SetAside = { folder: string; boot: Boot };
export type KeyStore = "keychain" | "passphrase" | "file";
export type Theme = "system" | "light" | "dark" | "contrast";
export type Prefs = {
  theme: Theme;
  density: "comfortable" | "compact";
  singleKeys: boolean;
  weekStart: "monday" | "sunday";
  /** Free-form small interface state (pane widths, folded groups). Never synced. */
  layout: Record<string, string>;
};

export type DeviceRef = { id: Id; name: string; here: boolean };
export type DeviceView = DeviceRef & {
  platform: string;
  added: Millis;
  fingerprint: string;
  lastSeen: Millis | null;
  removed: boolean;
  /** When it was removed; null while it is a member. */
  removedTime: Millis | null;
  /** By which devices, by name; null while it is a member. */
  removedBy: string | null;
  /** Changes of a removed device that came after its removal: kept apart, never applied. */
  quarantined: number;
};
