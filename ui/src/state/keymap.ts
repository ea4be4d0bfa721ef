// Every action and its keys, in one table: the palette, menus, the Shortcuts screen and the key
// dispatcher read it. "Mod" is Command on macOS and Control elsewhere.

/**
 * global: always. list: while a list of items has focus (an element inside [data-keys="list"]).
 * review: while the conflict review has focus ([data-keys="review"]).
 * text: handled by the text editor itself; listed so that people can find it.
 */
export type Scope = "global" | "list" | "review" | "text";
export type Action = {
  id: string;
  label: string;
  group: "Go" | "Create" | "Edit" | "Task" | "Select" | "Review" | "Sync" | "Window";
  scope: Scope;
  /** Keys on Windows and Linux; macOS where it differs. Alternatives are listed in order of preference. */
  keys: string[];
  mac?: string[];
  /** Only spoken of where something offers it: not every build can do it. */
  optional?: boolean;
  /** Not offered in the palette (it needs a place, such as the row that has focus). */
  hidden?: boolean;
};

const action = (
  group: Action["group"],
  scope: Scope,
  id: string,
  label: string,
  keys: string[] = [],
  more: { mac?: string[]; hidden?: boolean; optional?: boolean } = {},
): Action => ({ id, label, group, scope, keys, ...more });

export const ACTIONS: readonly Action[] = [
  action("Go", "global", "palette.open", "Command palette", ["Mod+K"], { hidden: true }),
  action("Go", "global", "palette.switch", "Quick switch", ["Mod+O"], { hidden: true }),
  action("Go", "global", "go.today", "Go to Today", ["Mod+1"]),
  action("Go", "global", "go.upcoming", "Go to Upcoming", ["Mod+2"]),
  action("Go", "global", "go.inbox", "Go to Inbox", ["Mod+3"]),
  action("Go", "global", "go.notes", "Go to Notes", ["Mod+4"]),
  action("Go", "global", "go.conflicts", "Go to Conflicts", ["Mod+5"]),
  action("Go", "global", "go.someday", "Go to Someday"),
  action("Go", "global", "go.completed", "Go to Completed"),
  action("Go", "global", "go.activity", "Go to Activity"),
  action("Go", "global", "go.trash", "Go to Trash"),
  action("Go", "global", "go.settings", "Open Settings", ["Mod+,"]),
  action("Go", "global", "go.travel", "What travels where"),
  action("Go", "global", "go.backup", "Backups"),
  action("Go", "global", "search.open", "Search everywhere", ["Mod+Shift+F"]),
  action("Go", "global", "find.open", "Find here", ["Mod+F"]),
  action("Go", "global", "go.back", "Back", ["Alt+Left"], { mac: ["Mod+["] }),

  action("Create", "global", "task.new", "New task", ["Mod+N"]),
  action("Create", "global", "note.new", "New note", ["Mod+Shift+N"]),
  action("Create", "global", "list.new", "New list"),
  action("Edit", "global", "list.rename", "Rename the list…", ["Shift+F2"]),
  action("Edit", "global", "list.color", "Colour and place of the list…", ["Mod+Shift+L"]),
  action("Edit", "global", "list.edit", "Change a list", [], { hidden: true }),

  action("Edit", "global", "edit.undo", "Undo", ["Mod+Z"]),
  action("Edit", "global", "edit.redo", "Redo", ["Mod+Y", "Mod+Shift+Z"], { mac: ["Mod+Shift+Z"] }),

  action("Task", "list", "task.complete", "Complete", ["Space"]),
  action("Task", "list", "task.open", "Open", ["Enter"], { hidden: true }),
  action("Task", "list", "task.rename", "Edit title", ["F2"]),
  action("Task", "list", "task.today", "Plan for today", ["T"]),
  action("Task", "list", "task.schedule", "Schedule…", ["S"]),
  action("Task", "list", "task.deadline", "Set deadline…", ["D"]),
  action("Task", "list", "task.move", "Move to list…", ["M"]),
  action("Task", "list", "task.tag", "Tags…", ["L"]),
  action("Task", "list", "task.priority.1", "High priority"),
  action("Task", "list", "task.priority.2", "Medium priority"),
  action("Task", "list", "task.priority.3", "Low priority"),
  action("Task", "list", "task.priority.0", "No priority"),
  action("Task", "list", "task.cancel", "Cancel the task", ["Shift+Delete", "Shift+Backspace"]),
  action("Task", "list", "task.delete", "Delete", ["Delete", "Backspace"]),
  action("Task", "list", "task.up", "Move up", ["Alt+Up"]),
  action("Task", "list", "task.down", "Move down", ["Alt+Down"]),

  action("Select", "list", "select.toggle", "Select or unselect", ["X"], { hidden: true }),
  action("Select", "list", "select.up", "Extend the selection up", ["Shift+Up"], { hidden: true }),
  action("Select", "list", "select.down", "Extend the selection down", ["Shift+Down"], { hidden: true }),
  action("Select", "list", "select.all", "Select all", ["Mod+A"], { hidden: true }),

  action("Edit", "text", "text.checkbox", "Toggle a checkbox in text", ["Mod+Enter"], { hidden: true }),
  action("Edit", "text", "text.task", "Turn the line into a task", ["Mod+Shift+T"], { hidden: true }),

  action("Review", "review", "review.left", "Keep the left version", ["1", "Alt+1"], { mac: ["1", "Alt+Mod+1"], hidden: true }),
  action("Review", "review", "review.right", "Keep the right version", ["2", "Alt+2"], { mac: ["2", "Alt+Mod+2"], hidden: true }),
  action("Review", "review", "review.both", "Keep both", ["3", "Alt+3"], { mac: ["3", "Alt+Mod+3"], hidden: true }),
  action("Review", "review", "review.edit", "Edit the result", ["E"], { hidden: true }),
  action("Review", "review", "review.clear", "Clear the choice", ["0"], { hidden: true }),
  action("Review", "review", "review.original", "Show the original", ["O"], { hidden: true }),
  action("Review", "review", "review.next", "Next difference", ["F7"], { hidden: true }),
  action("Review", "review", "review.previous", "Previous difference", ["Shift+F7"], { hidden: true }),
  action("Review", "review", "review.resolve", "Resolve and next", ["Mod+Enter"], { hidden: true }),

  action("Sync", "global", "sync.now", "Sync now", ["Mod+S"], { optional: true }),
  action("Sync", "global", "sync.status", "Sync status", ["Mod+Shift+Y"]),
  action("Sync", "global", "sync.export", "Export changes…"),
  action("Sync", "global", "sync.import", "Import changes…"),
  action("Sync", "global", "device.add", "Add a device…"),
  action("Sync", "global", "device.join", "Join another device’s vault…"),
  action("Sync", "global", "sync.invite", "Invite another device…"),
  action("Sync", "global", "sync.folder", "Choose an exchange folder…"),
  action("Sync", "global", "sync.review", "Look at changes that wait for you…"),
  action("Sync", "global", "sync.approve", "Approve what waits to travel…"),
  action("Sync", "global", "sync.pause", "Pause syncing for 1 hour"),
  action("Sync", "global", "sync.resume", "Resume syncing"),
  action("Sync", "global", "backup.now", "Back up now"),
  action("Sync", "global", "data.check", "Check data"),
  action("Sync", "global", "data.export", "Export everything as files…"),
  action("Sync", "global", "data.markdown", "Import a folder of Markdown…"),
  action("Sync", "global", "sync.mode", "Change how changes travel…"),
  action("Sync", "global", "go.devices", "Devices and sync"),
  action("Sync", "global", "go.map", "Sync map"),

  action("Window", "global", "window.pane", "Next pane", ["F6"]),
  action("Window", "global", "window.pane.back", "Previous pane", ["Shift+F6"], { hidden: true }),
  action("Window", "global", "window.sidebar", "Show or hide the sidebar", ["Mod+B"]),
  action("Window", "list", "help.shortcuts", "Keyboard shortcuts", ["?"], { hidden: true }),
  action("Window", "global", "help.open", "Keyboard shortcuts", ["F1"]),
];

const BY_ID = new Map(ACTIONS.map((entry) => [entry.id, entry]));

/** The table's row of an action. */
export function actionOf(id: string): Action | undefined {
  return BY_ID.get(id);
}

/** True for a key that types a character when no modifier is held: those can be switched off. */
export function isSingle(key: string): boolean {
  return [...key].length === 1;
}

/** The keys of an action on this platform, after what the person remapped. "" as a remap means none. */
export function keysOf(id: string, mac: boolean, layout: Record<string, string> = {}): string[] {
  const entry = BY_ID.get(id);
  if (!entry) return [];
  const own = layout[`key:${id}`];
  if (own !== undefined) return own === "" ? [] : [own];
  return (mac && entry.mac) || entry.keys;
}

const NAMED: Record<string, string> = { " ": "Space", ArrowUp: "Up", ArrowDown: "Down", ArrowLeft: "Left", ArrowRight: "Right", Escape: "Esc" };

/** A key press as the table writes it: "Mod+Shift+F", "S", "?". */
export function chordOf(event: KeyboardEvent, mac: boolean): string {
  const name = NAMED[event.key] ?? (event.key.length === 1 ? event.key.toUpperCase() : event.key);
  const mod = mac ? event.metaKey : event.ctrlKey;
  // On macOS Alt changes the character; the physical digit is meant.
  const key = event.altKey && /^Digit\d$/.test(event.code) ? event.code.slice(5) : name;
  const symbol = key.length === 1 && !/[A-Z0-9]/.test(key);
  const parts = [
    event.altKey ? "Alt" : "",
    mod ? "Mod" : "",
    // A symbol such as "?" already contains its Shift.
    event.shiftKey && !symbol ? "Shift" : "",
    key,
  ];
  return parts.filter(Boolean).join("+");
}

const MAC: Record<string, string> = { Mod: "⌘", Shift: "⇧", Alt: "⌥", Enter: "↩", Up: "↑", Down: "↓", Left: "←", Right: "→", Delete: "⌦", Backspace: "⌫" };
const OTHER: Record<string, string> = { Mod: "Ctrl", Up: "↑", Down: "↓", Left: "←", Right: "→" };

/** The parts of a chord as people read them on this platform. */
export function readable(chord: string, mac: boolean): string[] {
  return chord.split(/\+(?=.)/).map((part) => (mac ? MAC : OTHER)[part] ?? part);
}
