// The one door between the interface and the platform.
// `Backend` is implemented twice: by the shell (tauri.ts, over the generated bindings) and by the
// fake used in tests and in a plain browser (fake/). Nothing else talks to the platform.
//
// Conventions: ids are UUID strings. `Day` is YYYY-MM-DD. `When` is YYYY-MM-DD or YYYY-MM-DDTHH:MM.
// `Millis` is milliseconds since 1970. `asOf` is the position of the device's log at which a view was
// read; an edit hands back the one of the view it was made on, so that the backend knows what the
// person had seen. Text positions are UTF-16 units, as in CodeMirror.

import type { Boot, DeviceView, Id, KeyStore, Mode, Prefs, SetAside, Space, When } from "./contract/app";
import type { FoundDevices, JoinPreview, NearbyView, SameLists, ShownCode } from "./contract/devices";
import type {
  Done,
  NoteDetail,
  NotePage,
  NotePatch,
  NoteQuery,
  QuickAddDefaults,
  QuickAddView,
  Range,
  SearchPage,
  Sidebar,
  Splice,
  SpliceResult,
  TaskDetail,
  TaskPage,
  TaskPatch,
  TaskQuery,
  TrashItem,
} from "./contract/items";
import type { CheckReport, ConflictRow, ConflictTab, Decision, PolicyView, Review, SetAsideRow, TextBlock } from "./contract/review";
import type { ApprovalView, Copies, SpacePreview } from "./contract/spaces";
import type {
  BackupView,
  BackupsView,
  RestorePreview,
  RestoreResult,
  RestoreScope,
  StorageView,
} from "./contract/storage";
import type {
  ActivityEntry,
  Arriving,
  BundlePreview,
  ExchangeView,
  ExportRequest,
  ExportAllResult,
  ExportResult,
  FolderPreview,
  FolderView,
  ImportResult,
  MarkdownPreview,
  PauseLength,
  SyncStatus,
  Triggers,
  WaitingItem,
  Way,
} from "./contract/sync";

export type * from "./contract/app";
export type * from "./contract/devices";
export type * from "./contract/items";
export type * from "./contract/review";
export type * from "./contract/spaces";
export type * from "./contract/storage";
export type * from "./contract/sync";

/** Something changed, by this window, by another device or by holdfastctl. ids empty = anything. */
export type Changed = { asOf: number; ids: Id[] };

export interface Backend {
  boot(): Promise<Boot>;
  createVault(deviceName: string, keyStore: KeyStore, passphrase: string | null): Promise<Boot>;
  /** Opens a file dialog; null when the person cancelled. */
  pickInvitation(): Promise<{ token: string; file: string; from: string } | null>;
  join(token: string, invitePassphrase: string, deviceName: string, keyStore: KeyStore, passphrase: string | null): Promise<Boot>;
  unlock(passphrase: string): Promise<Boot>;
  setPrefs(prefs: Prefs): Promise<void>;

  sidebar(): Promise<Sidebar>;
  tasks(query: TaskQuery): Promise<TaskPage>;
  task(id: Id): Promise<TaskDetail>;
  notes(query: NoteQuery): Promise<NotePage>;
  note(id: Id): Promise<NoteDetail>;
  trash(): Promise<TrashItem[]>;
  /** words, and in:LIST tag:T is:conflict is:done; typo-tolerant for palette when fuzzy. */
  search(query: string, limit: number): Promise<SearchPage>;

  parseQuickAdd(text: string, ignore: Range[]): Promise<QuickAddView>;
  /** A date in words, such as "fri 9am"; null where the whole text is none. */
  readWhen(text: string): Promise<When | null>;
  quickAdd(text: string, ignore: Range[], defaults: QuickAddDefaults): Promise<Done>;
  editTasks(ids: Id[], patch: TaskPatch, asOf: number): Promise<Done>;
  /** Puts a task between two neighbours of one group (null = at the edge). */
  moveTask(id: Id, after: Id | null, before: Id | null, asOf: number): Promise<Done>;
  addNote(title: string, list: Id | null, text: string): Promise<Done>;
  editNotes(ids: Id[], patch: NotePatch, asOf: number): Promise<Done>;
  addList(title: string, parent: Id | null, space: Space): Promise<Done>;
  editList(id: Id, patch: { title?: string; parent?: Id | null; color?: string | null; archived?: boolean }, asOf: number): Promise<Done>;
  /** Any of tasks, notes, lists (a list with what is visible in it). To the trash. */
  deleteItems(ids: Id[], asOf: number): Promise<Done>;
  restoreItems(ids: Id[]): Promise<Done>;
  purgeItems(ids: Id[]): Promise<Done>;

  spliceText(id: Id, field: "text" | "notes", version: string, splices: Splice[]): Promise<SpliceResult>;
  /** What changed in a text since a version the editor has. */
  textSince(id: Id, field: "text" | "notes", version: string): Promise<{ version: string; splices: Splice[] }>;
  /** Sanitised HTML of a note for preview and print. */
  renderMarkdown(text: string): Promise<string>;
  attachment(id: Id): Promise<{ name: string; mime: string; bytes: Uint8Array }>;
  /** Turn a checklist line of a note into a task that links back. */
  turnIntoTask(note: Id, version: string, lineStart: number, lineEnd: number): Promise<Done>;

  undo(): Promise<Done>;
  redo(): Promise<Done>;

  conflicts(tab: ConflictTab): Promise<ConflictRow[]>;
  review(entity: Id): Promise<Review>;
  /** Aligned, word-marked blocks of a text review's two chosen sides (word marks against the original), as they were when the review was read. */
  textBlocks(entity: Id, field: string, left: string, right: string, asOf: number): Promise<TextBlock[]>;
  /** All decisions on one item as one change and one undo step. */
  resolve(entity: Id, decisions: Decision[], asOf: number): Promise<Done>;
  reopen(entity: Id): Promise<Done>;
  /** What a newer edit, a decision or a merge put aside, the latest first. */
  setAside(): Promise<SetAsideRow[]>;
  /** Brings one back, as a change that can be undone. */
  bringBack(id: string): Promise<Done>;

  status(): Promise<SyncStatus>;
  setMode(mode: Mode): Promise<SyncStatus>;
  waiting(): Promise<WaitingItem[]>;
  /** One exchange by the present mode, now. Resolves when it is over. */
  syncNow(): Promise<SyncStatus>;
  pauseSync(length: PauseLength): Promise<SyncStatus>;
  resumeSync(): Promise<SyncStatus>;
  /** What held changes would do; changes nothing. `token` is the id of the held entry. */
  inspectHeld(id: string): Promise<BundlePreview>;
  /** Applies them. `keep`: what they delete is brought back at once, as a change of this device. */
  acceptHeld(id: string, keep: boolean): Promise<ImportResult>;

  /** The exchange folder; null when none is set. */
  folder(): Promise<FolderView | null>;
  /**
   * Opens a folder dialog; null when cancelled. Changes nothing. Rejects with code
   * "folder_holds_database" where this device's database lies inside, "folder_read_only",
   * "folder_missing".
   */
  pickFolder(): Promise<FolderPreview | null>;
  /** Turns the picked folder on (in place of another), and syncs. */
  useFolder(token: string, arriving: Arriving, triggers: Triggers): Promise<FolderView>;
  setFolder(arriving: Arriving, triggers: Triggers): Promise<FolderView>;
  /** Writes everything of this device into an emptied or replaced folder again. */
  republishFolder(): Promise<FolderView>;
  /** Stops using it. Deletes nothing, here or there. */
  stopFolder(): Promise<SyncStatus>;

  previewSpace(list: Id, space: Space): Promise<SpacePreview>;
  setSpace(list: Id, space: Space, copies: Copies): Promise<Done>;
  approvals(): Promise<ApprovalView[]>;
  /** Lets everything travel that waits, and tells what that is. Cannot be undone: it may have left already. */
  approve(): Promise<{ changes: number; items: WaitingItem[] }>;

  backups(): Promise<BackupsView>;
  backUpNow(): Promise<BackupView>;
  /** Changes nothing. */
  previewRestore(id: string): Promise<RestorePreview>;
  /** Makes a restore point first. */
  restoreBackup(id: string, scope: RestoreScope): Promise<RestoreResult>;
  /** Where the data are missing: a backup takes their place. */
  restoreMissing(id: string, passphrase: string | null): Promise<Boot>;
  /** Where the data are missing: puts what is left into a folder of its own. */
  beginAnew(): Promise<SetAside>;
  /** Where keys are missing: what the database or a backup shows, as plain files; null when cancelled. */
  rescueExport(format: "markdown" | "json", backup: string | null): Promise<ExportAllResult | null>;
  storage(): Promise<StorageView>;
  /** Keeps history for some days on all devices; null means for ever. */
  setHistoryDays(days: number | null): Promise<Done>;
  nearby(): Promise<NearbyView>;
  /**
   * Shows a new code that lets another device in, in place of one before. Turns Nearby on. Rejects with
   * "nearby_paused", "pairing_too_many" (five in ten minutes), or why the network cannot begin.
   */
  showCode(): Promise<ShownCode>;
  /** The code that is shown, or what came of it; null where none was. Told of by `onChanged`. */
  shownCode(): Promise<ShownCode | null>;
  /** Takes the code back: nobody can pair by it any more. */
  stopShowing(): Promise<void>;
  /** Begins to look for devices that show a code; `onChanged` tells of news. Works before there is a vault. */
  startLooking(): Promise<void>;
  foundDevices(): Promise<FoundDevices>;
  stopLooking(): Promise<void>;
  /**
   * Proves the code to the device at `place` (its name, or an address) and tells what joining its vault
   * would do. A device that has a vault gives no key store, and its passphrase where the key is under one (rejects with
   * "wrong_passphrase"). Ends an attempt of before.
   */
  beginJoining(place: string, code: string, deviceName: string, keyStore: KeyStore | null, passphrase: string | null): Promise<JoinPreview>;
  /** Joins, as the preview said. */
  finishJoining(same: SameLists): Promise<Boot>;
  /** Ends what was begun; nothing is paired, and the other device is told. */
  cancelJoining(): Promise<void>;
  /** When this device tells the others by itself in Nearby mode, and whether over metered networks too. */
  setNearby(triggers: Triggers, onMetered: boolean): Promise<NearbyView>;
  /** Where a device may be reached that is not found by itself. Rejects with "invalid". */
  addAddress(address: string): Promise<void>;
  removeAddress(address: string): Promise<void>;
  /** The device may neither connect nor pair any more, until it is unblocked. */
  blockDevice(id: Id): Promise<void>;
  unblockKey(key: string): Promise<void>;
  devices(): Promise<DeviceView[]>;
  renameDevice(id: Id, name: string): Promise<Done>;
  /** Takes a device out of the vault: new keys from then on. Cannot be undone; it can be invited again. */
  removeDevice(id: Id): Promise<Done>;
  /** Founds the vault anew with all that this device holds, where it was removed from its own. The passphrase of its
   * key, where it has one. The vault before is kept whole beside it. */
  foundAnew(name: string, passphrase: string | null): Promise<Boot>;
  /** Opens a save dialog; null when cancelled. */
  exportBundle(request: ExportRequest): Promise<ExportResult | null>;
  /** Opens a file dialog; null when cancelled. Changes nothing. */
  inspectBundle(): Promise<BundlePreview | null>;
  importBundle(token: string): Promise<ImportResult>;
  pickMarkdown(): Promise<MarkdownPreview | null>;
  importMarkdown(token: string): Promise<Done>;
  /** Opens a folder dialog; everything as files that open without the app. */
  exportAll(format: "markdown" | "json"): Promise<ExportAllResult | null>;
  activity(limit: number): Promise<ActivityEntry[]>;
  /**
   * The last five exchanges of one way, newest first. Nearby records what came: what another device
   * fetched from here is recorded there.
   */
  exchanges(way: Way): Promise<ExchangeView[]>;
  undoExchange(id: string): Promise<Done>;
  policies(): Promise<PolicyView[]>;
  setPolicy(kind: string, policy: "newest" | "merge" | "ask"): Promise<Done>;
  check(repair: boolean): Promise<CheckReport>;
  openLink(url: string): Promise<void>;

  /** Returns the function that stops listening. */
  onChanged(listener: (event: Changed) => void): () => void;
  /** Menu items and global shortcuts of the shell: an action id of the keyboard map. */
  onMenu(listener: (action: string) => void): () => void;
}
