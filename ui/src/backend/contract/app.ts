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
  /** new: no vault yet (first run). locked: a passphrase is needed. ready: go. */
  state: "new" | "locked" | "ready";
  version: string;
  platform: "linux" | "macos" | "windows";
  today: Day;
  suggestedDeviceName: string;
  /** Which key stores work here, best first. */
  keyStores: KeyStore[];
  prefs: Prefs;
  device: DeviceRef | null;
};
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
  /** Changes of a removed device that came after its removal: kept apart, never applied. */
  quarantined: number;
};
