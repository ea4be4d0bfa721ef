// The one door between the interface and the platform.
// `Backend` is implemented twice: by the shell (tauri.ts, over the generated bindings) and by the
// fake used in tests and in a plain browser (fake/). Nothing else talks to the platform.
//
// Conventions: ids are UUID strings. `Day` is YYYY-MM-DD. `When` is YYYY-MM-DD or YYYY-MM-DDTHH:MM.
// `Millis` is milliseconds since 1970. `asOf` is the position of the device's log at which a view was
// read; an edit hands back the one of the view it was made on, so that the backend knows what the
// person had seen. Text positions are UTF-16 units, as in CodeMirror.

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

export type ListView = {
  id: Id;
  title: string;
  parent: Id | null;
  color: string | null;
  space: Space;
  archived: boolean;
  /** A deleted list that still holds live items: shown as "Recovered from …". */
  recovered: boolean;
  openTasks: number;
  notes: number;
  conflict: boolean;
};
export type TagView = { id: Id; title: string; count: number };
export type Sidebar = {
  asOf: number;
  lists: ListView[];
  tags: TagView[];
  counts: { inbox: number; today: number; overdue: number; conflicts: number; merged: number; trash: number };
  undo: string | null;
  redo: string | null;
  status: SyncStatus;
};

export type TaskView = {
  id: Id;
  title: string;
  status: string; // "open" | "done" | "cancelled"; a value of a newer app is shown as it is
  when: When | null;
  evening: boolean;
  deadline: Day | null;
  priority: number; // 0 none, 1 high … 3 low
  tags: string[];
  list: Id | null;
  listTitle: string | null;
  parent: Id | null;
  /** 0 for a task without parent. */
  depth: number;
  repeat: string | null; // in words
  hasNotes: boolean;
  subtasks: { done: number; total: number };
  completed: Millis | null;
  created: Millis;
  conflict: boolean;
  merged: boolean;
};
export type TaskQuery =
  | { view: "inbox" }
  | { view: "today" }
  | { view: "upcoming" }
  | { view: "someday" }
  | { view: "completed" }
  | { view: "list"; list: Id; withCompleted: boolean }
  | { view: "tag"; tag: string };
/** `group` is a stable key (overdue, today, evening, done, a Day, or ""), `label` what people read. */
export type TaskGroup = { group: string; label: string; tasks: TaskView[] };
export type TaskPage = { asOf: number; groups: TaskGroup[]; total: number; truncated: boolean };

export type FieldVersion = { version: string; display: string; device: DeviceRef; time: Millis };
export type TaskDetail = {
  asOf: number;
  task: TaskView;
  notes: TextState;
  repeatRule: string | null;
  children: TaskView[];
  links: LinkView[];
  backlinks: LinkView[];
  /** Fields with more than one version, for the "2 versions" marker. */
  disputed: { field: string; label: string; versions: FieldVersion[] }[];
  history: HistoryEntry[];
};
export type HistoryEntry = { change: string; device: DeviceRef; time: Millis; summary: string };
export type LinkView = { id: Id; kind: "task" | "note"; title: string };
/** What a person changes on one or several tasks at once. Absent = unchanged, null = cleared. */
export type TaskPatch = {
  title?: string;
  status?: "open" | "done" | "cancelled";
  when?: When | null;
  evening?: boolean;
  deadline?: Day | null;
  priority?: number;
  list?: Id | null;
  parent?: Id | null;
  repeat?: string | null; // "every 2 weeks", as quick add reads it
  addTags?: string[];
  removeTags?: string[];
};

export type NoteView = {
  id: Id;
  title: string;
  excerpt: string;
  list: Id | null;
  listTitle: string | null;
  pinned: boolean;
  tags: string[];
  edited: Millis;
  created: Millis;
  conflict: boolean;
  merged: boolean;
};
export type NoteQuery = { list?: Id | null; tag?: string | null; limit: number };
export type NotePage = { asOf: number; notes: NoteView[]; total: number };
export type NoteDetail = {
  asOf: number;
  note: NoteView;
  text: TextState;
  words: number;
  backlinks: LinkView[];
  history: HistoryEntry[];
  disputed: TaskDetail["disputed"];
};
export type NotePatch = {
  title?: string;
  list?: Id | null;
  pinned?: boolean;
  addTags?: string[];
  removeTags?: string[];
};

/** The text of a note (field "text") or of a task's notes (field "notes"), and which version it is. */
export type TextState = { text: string; version: string };
export type Splice = { pos: number; delete: number; insert: string };
/** behind: nothing was stored; apply `splices` (what others changed since), carry your own over them, send again. */
export type SpliceResult =
  | { status: "stored"; version: string }
  | { status: "behind"; version: string; splices: Splice[] };

/** What an action did: what the undo toast says, and what was left alone and why. */
export type Done = { ids: Id[]; label: string; skipped: string[] };

export type QuickAddSpan = {
  start: number;
  end: number;
  kind: "when" | "deadline" | "list" | "tag" | "priority" | "repeat" | "note" | "link";
  /** What the chip says: "Tomorrow 9:00", "Create 'Workshop'?". */
  label: string;
};
export type QuickAddView = { title: string; spans: QuickAddSpan[] };
/** Parts of the typed text that must stay plain text (dismissed chips). UTF-16 ranges. */
export type Range = { start: number; end: number };
export type QuickAddDefaults = { list: Id | null; when: When | null; parent: Id | null };

export type SearchHit = {
  id: Id;
  kind: "task" | "note" | "list";
  title: string;
  snippet: string; // plain text; the hit is between \u0001 and \u0002
  listTitle: string | null;
  trashed: boolean;
  status: string | null;
};
export type SearchPage = { hits: SearchHit[]; total: number };

export type TrashItem = { id: Id; kind: "task" | "note" | "list"; title: string; deleted: Millis; device: DeviceRef };

// ---- sync ----
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

// ---- conflicts ----
export type ConflictKind = "field" | "text" | "delete" | "move" | "duplicate";
export type ConflictTab = "open" | "merged" | "resolved";
/** One row per item. */
export type ConflictRow = {
  entity: Id;
  entityKind: "task" | "note" | "list" | "tag" | "setting";
  title: string;
  /** "Both changed the due date", "Both edited 2 paragraphs" */
  labels: string[];
  kinds: ConflictKind[];
  sides: { device: DeviceRef; time: Millis }[];
  /** Resolved rows: what came of it. */
  outcome: string | null;
  resolvedTime: Millis | null;
  canReopen: boolean;
};
export type VersionView = {
  /** Opaque; handed back in a decision. */
  version: string;
  /** How people read the value. */
  display: string;
  /** The value as an edit control takes it (title text, Day, When, list id …); null = empty. */
  value: string | null;
  device: DeviceRef;
  time: Millis;
  /**
   * What is in this version where one value cannot say it: the copy of an item that lives in two
   * spaces ("Title: Salary talk", "Edited after it was moved"). Empty otherwise.
   */
  details: string[];
};
/**
 * kind move, field "space": the item lives in two spaces, because it was edited where it had been
 * after it was moved. Each version is a copy (`value`: its list); taking one withdraws the other,
 * keeping both makes the other an item of its own.
 */
export type FieldReview = {
  conflict: string;
  field: string;
  label: string;
  kind: "field" | "move" | "delete";
  original: { display: string; value: string | null; time: Millis | null } | null;
  versions: VersionView[];
  /** Can both be kept (for a title: "A / B"; for delete/edit: no). */
  canKeepBoth: boolean;
  /** Can the person type another value, and in which control. */
  editor: "text" | "day" | "when" | "priority" | "list" | "status" | "repeat" | "none";
  /** Index in versions, only where ux.md preselects (keep in delete/edit). */
  preselected: number | null;
  /** Clocks of the two devices differ by over 2 minutes: times are approximate. */
  approximate: boolean;
};
export type Mark = { start: number; len: number; kind: "added" | "removed" };
export type BlockSide = { text: string; marks: Mark[] };
/** marks of a side are against the original: added marks are ranges of the side's text,
    removed marks are ranges of the original's text. */
export type TextBlock = {
  kind: "same" | "left" | "right" | "both" | "conflict";
  original: string;
  left: BlockSide;
  right: BlockSide;
};
export type TextReview = {
  conflict: string;
  field: string;
  label: string;
  original: { text: string; time: Millis | null };
  versions: { version: string; device: DeviceRef; time: Millis; text: string }[];
  merged: string;
};
export type Review = {
  asOf: number;
  entity: Id;
  entityKind: ConflictRow["entityKind"];
  title: string;
  /** "You and Desktop both changed the title and 2 paragraphs since Tue 09:10." */
  summary: string;
  fields: FieldReview[];
  texts: TextReview[];
  /** For the merged tab: nothing must be decided. */
  automatic: boolean;
};
export type Decision =
  | { conflict: string; take: string } // a version
  | { conflict: string; value: string | null } // an edited value
  | { conflict: string; text: string } // the edited result of a text
  | { conflict: string; keepBoth: true }
  | { conflict: string; looksRight: true }; // accepts an automatic merge

export type PolicyView = { kind: string; label: string; policy: "newest" | "merge" | "ask"; choices: ("newest" | "merge" | "ask")[]; set: boolean };
/** `refetch`: how many damaged changes will be fetched again from other devices or bundles. */
export type CheckReport = { ok: boolean; lines: string[]; refetch: number };

// ---- what travels where ----
/** What giving a list another space would do. Everything in it goes with it. */
export type SpacePreview = {
  list: Id;
  title: string;
  from: Space;
  to: Space;
  /** Lists that move, itself among them. */
  lists: number;
  tasks: number;
  notes: number;
  /** True when fewer ways of travelling may carry it than before. */
  narrower: boolean;
  /** Tags and attachments that only they use and that move along. */
  along: number;
  /** Other devices that hold copies now. */
  holders: DeviceRef[];
  /** Copies went out in a file or folder, to nobody in particular. */
  wentOut: boolean;
  /** The person has to say what becomes of those copies. */
  asksAboutCopies: boolean;
};
/** What becomes of copies that other devices hold. remove: they are asked to remove theirs. */
export type Copies = "leave" | "remove";
/** What waits for approval, by list. It is approved as one batch. */
export type ApprovalView = { list: Id; title: string; changes: number; items: WaitingItem[] };

// ---- backups, storage ----
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

// ---- devices on the same network ----
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
  /** Aligned, word-marked blocks of a text review's two chosen sides (word marks against the original). */
  textBlocks(entity: Id, field: string, left: string, right: string): Promise<TextBlock[]>;
  /** All decisions on one item as one change and one undo step. */
  resolve(entity: Id, decisions: Decision[], asOf: number): Promise<Done>;
  reopen(entity: Id): Promise<Done>;

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
  /** Opens a save dialog; null when cancelled. */
  exportBundle(request: ExportRequest): Promise<ExportResult | null>;
  /** Opens a file dialog; null when cancelled. Changes nothing. */
  inspectBundle(): Promise<BundlePreview | null>;
  importBundle(token: string): Promise<ImportResult>;
  pickMarkdown(): Promise<MarkdownPreview | null>;
  importMarkdown(token: string): Promise<Done>;
  /** Opens a folder dialog; everything as files that open without the app. */
  exportAll(format: "markdown" | "json"): Promise<{ folder: string; files: number } | null>;
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
