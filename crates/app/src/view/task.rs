//! Tasks.

use serde::{Deserialize, Serialize};
use specta::Type;

use super::{Day, DeviceRef, Id, Millis, Position, TextState, When, present};

/// A task in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct TaskView {
    /// Its id.
    pub id: Id,
    /// Its title.
    pub title: String,
    /// `open`, `done` or `cancelled`; a value of a newer app is shown as it is.
    pub status: String,
    /// When it is to be done.
    pub when: Option<When>,
    /// Whether it is for the evening of that day.
    pub evening: bool,
    /// The day by which it must be done.
    pub deadline: Option<Day>,
    /// 0 none, 1 high, 2 medium, 3 low.
    pub priority: u8,
    /// Titles of its tags.
    pub tags: Vec<String>,
    /// The list it is in; none is the inbox.
    pub list: Option<Id>,
    /// That list's title.
    pub list_title: Option<String>,
    /// The task it is a part of.
    pub parent: Option<Id>,
    /// How many tasks are above it; 0 for a task without parent.
    pub depth: u32,
    /// How it repeats, in words.
    pub repeat: Option<String>,
    /// Whether its notes hold any text.
    pub has_notes: bool,
    /// Its parts.
    pub subtasks: SubtaskCount,
    /// When it was done.
    pub completed: Option<Millis>,
    /// When it was made.
    pub created: Millis,
    /// Whether a conflict on it waits for a decision.
    pub conflict: bool,
    /// Whether it was merged automatically and not reviewed.
    pub merged: bool,
}

/// How many parts of a task are done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct SubtaskCount {
    /// Parts that are done or cancelled.
    pub done: u32,
    /// All parts.
    pub total: u32,
}

/// Which tasks to read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(tag = "view", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum TaskQuery {
    /// Open tasks in no list.
    Inbox,
    /// Overdue, today, this evening, done today.
    Today,
    /// By day, from tomorrow on.
    Upcoming,
    /// Open tasks without a day.
    Someday,
    /// Done and cancelled ones, latest first.
    Completed,
    /// Those of one list.
    List {
        /// The list.
        list: Id,
        /// Whether done ones are wanted too.
        with_completed: bool,
    },
    /// Open tasks with a tag.
    Tag {
        /// The tag's title.
        tag: String,
    },
}

/// Tasks under one heading.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct TaskGroup {
    /// A stable key: `overdue`, `today`, `evening`, `done`, a day, or empty.
    pub group: String,
    /// What people read.
    pub label: String,
    /// The tasks in their order.
    pub tasks: Vec<TaskView>,
}

/// The tasks of one view.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct TaskPage {
    /// The position at which this was read.
    pub as_of: Position,
    /// The tasks under their headings.
    pub groups: Vec<TaskGroup>,
    /// How many there are, also those left out.
    pub total: u32,
    /// Whether some were left out.
    pub truncated: bool,
}

/// One task with everything about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct TaskDetail {
    /// The position at which this was read.
    pub as_of: Position,
    /// The task.
    pub task: TaskView,
    /// Its notes.
    pub notes: TextState,
    /// How it repeats, as an RFC 5545 rule.
    pub repeat_rule: Option<String>,
    /// Its parts.
    pub children: Vec<TaskView>,
    /// What its notes link to.
    pub links: Vec<LinkView>,
    /// What links to it.
    pub backlinks: Vec<LinkView>,
    /// Fields with more than one version.
    pub disputed: Vec<DisputedField>,
    /// What happened to it, latest first.
    pub history: Vec<HistoryEntry>,
}

/// A field with more than one version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct DisputedField {
    /// The field's name.
    pub field: String,
    /// What people call it.
    pub label: String,
    /// Its versions.
    pub versions: Vec<FieldVersion>,
}

/// One version of a disputed field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct FieldVersion {
    /// Opaque; names this version in a decision.
    pub version: String,
    /// How people read the value.
    pub display: String,
    /// Where it was set.
    pub device: DeviceRef,
    /// When, by that device's clock.
    pub time: Millis,
}

/// One change in an item's history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct HistoryEntry {
    /// The change.
    pub change: String,
    /// Where it was made.
    pub device: DeviceRef,
    /// When, by that device's clock.
    pub time: Millis,
    /// What it did, in words.
    pub summary: String,
}

/// What a link leads to or comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct LinkView {
    /// The item.
    pub id: Id,
    /// What it is.
    pub kind: LinkKind,
    /// Its title.
    pub title: String,
}

/// What can be linked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum LinkKind {
    /// A task.
    Task,
    /// A note.
    Note,
}

/// The statuses that a person can give.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum TaskStatus {
    /// To do.
    Open,
    /// Done.
    Done,
    /// Will not be done.
    Cancelled,
}

impl TaskStatus {
    /// The value of the field.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Done => "done",
            Self::Cancelled => "cancelled",
        }
    }
}

/// How much of a repeating task is cancelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum Occurrences {
    /// This one: the next one is made.
    This,
    /// This one and all that follow: the series ends.
    Following,
}

/// What a person changes on one or several tasks at once. Absent = unchanged, null = emptied.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Type)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TaskPatch {
    /// The title.
    #[specta(optional)]
    pub title: Option<String>,
    /// The status.
    #[specta(optional)]
    pub status: Option<TaskStatus>,
    /// Where the status becomes cancelled: how much of a repeating task is meant. Has to be said for one.
    #[specta(optional)]
    pub occurrences: Option<Occurrences>,
    /// When it is to be done.
    #[serde(default, deserialize_with = "present::or_absent")]
    #[specta(optional, type = Option<String>)]
    pub when: Option<Option<When>>,
    /// Whether it is for the evening: of the day that `when` names, else of today. False says nothing beside a
    /// `when`, and means today without a time where there is none.
    #[specta(optional)]
    pub evening: Option<bool>,
    /// The day by which it must be done.
    #[serde(default, deserialize_with = "present::or_absent")]
    #[specta(optional, type = Option<String>)]
    pub deadline: Option<Option<Day>>,
    /// 0 none, 1 high, 2 medium, 3 low.
    #[specta(optional)]
    pub priority: Option<u8>,
    /// The list; null is the inbox.
    #[serde(default, deserialize_with = "present::or_absent")]
    #[specta(optional, type = Option<String>)]
    pub list: Option<Option<Id>>,
    /// The task it is a part of.
    #[serde(default, deserialize_with = "present::or_absent")]
    #[specta(optional, type = Option<String>)]
    pub parent: Option<Option<Id>>,
    /// How it repeats: "every 2 weeks", as quick add reads it.
    #[serde(default, deserialize_with = "present::or_absent")]
    #[specta(optional, type = Option<String>)]
    pub repeat: Option<Option<String>>,
    /// Titles of tags to add.
    #[specta(optional)]
    pub add_tags: Option<Vec<String>>,
    /// Titles of tags to take away.
    #[specta(optional)]
    pub remove_tags: Option<Vec<String>>,
}
