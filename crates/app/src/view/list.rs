//! Lists, tags and the sidebar.

use holdfast_oplog as oplog;
use serde::{Deserialize, Serialize};
use specta::Type;

use super::{Id, Position, SyncStatus, present};

/// How far data may travel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum Space {
    /// By every mode that is turned on.
    Everywhere,
    /// Straight to paired devices on the same network.
    Nearby,
    /// Only in batches that the person approved.
    Ask,
    /// Nowhere.
    Device,
}

impl Space {
    /// All of them, widest first.
    pub const ALL: [Self; 4] = [Self::Everywhere, Self::Nearby, Self::Ask, Self::Device];

    /// The name on the command line and in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Everywhere => "everywhere",
            Self::Nearby => "nearby",
            Self::Ask => "ask",
            Self::Device => "device",
        }
    }
}

impl From<Space> for oplog::Space {
    fn from(space: Space) -> Self {
        match space {
            Space::Everywhere => Self::Everywhere,
            Space::Nearby => Self::Nearby,
            Space::Ask => Self::Ask,
            Space::Device => Self::Device,
        }
    }
}

impl From<oplog::Space> for Space {
    fn from(space: oplog::Space) -> Self {
        match space {
            oplog::Space::Everywhere => Self::Everywhere,
            oplog::Space::Nearby => Self::Nearby,
            oplog::Space::Ask => Self::Ask,
            oplog::Space::Device => Self::Device,
        }
    }
}

/// A list in the sidebar.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct ListView {
    /// Its id.
    pub id: Id,
    /// Its title.
    pub title: String,
    /// The list it is in.
    pub parent: Option<Id>,
    /// Its colour, as it was chosen.
    pub color: Option<String>,
    /// How far what is in it may travel.
    pub space: Space,
    /// Whether it is put away.
    pub archived: bool,
    /// A deleted list that still holds live items: shown as "Recovered from …".
    pub recovered: bool,
    /// How many open tasks are in it.
    pub open_tasks: u32,
    /// How many notes are in it.
    pub notes: u32,
    /// Whether something of the list itself is disputed.
    pub conflict: bool,
}

/// A tag in the sidebar.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct TagView {
    /// Its id.
    pub id: Id,
    /// Its title, without the `@`.
    pub title: String,
    /// How many open tasks and notes carry it.
    pub count: u32,
}

/// Everything that the sidebar shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct Sidebar {
    /// The position at which this was read.
    pub as_of: Position,
    /// All lists, in their order.
    pub lists: Vec<ListView>,
    /// All tags in use.
    pub tags: Vec<TagView>,
    /// Numbers beside the entries.
    pub counts: SidebarCounts,
    /// What "Undo" would undo, in words.
    pub undo: Option<String>,
    /// What "Redo" would do again, in words.
    pub redo: Option<String>,
    /// The status row.
    pub status: SyncStatus,
}

/// Numbers beside the sidebar's entries.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct SidebarCounts {
    /// Open tasks in no list.
    pub inbox: u32,
    /// Open tasks of today, overdue ones included.
    pub today: u32,
    /// Open tasks of days before today.
    pub overdue: u32,
    /// Items with a conflict to decide.
    pub conflicts: u32,
    /// Items that were merged automatically and not reviewed.
    pub merged: u32,
    /// Items in the trash.
    pub trash: u32,
}

/// What a person changes on a list. Absent = unchanged, null = emptied.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Type)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ListPatch {
    /// Its title.
    #[specta(optional)]
    pub title: Option<String>,
    /// The list it is in.
    #[serde(default, deserialize_with = "present::or_absent")]
    #[specta(optional, type = Option<String>)]
    pub parent: Option<Option<Id>>,
    /// Its colour.
    #[serde(default, deserialize_with = "present::or_absent")]
    #[specta(optional, type = Option<String>)]
    pub color: Option<Option<String>>,
    /// Whether it is put away.
    #[specta(optional)]
    pub archived: Option<bool>,
}
