//! What was put aside: by the newest edit, by a decision, by an edit in passing, by a merge.

use serde::{Deserialize, Serialize};
use specta::Type;

use super::{DeviceRef, EntityKind, Id, Millis};

/// Why a value does not stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum SetAsideHow {
    /// A newer value of another device is shown; both are there.
    Newest,
    /// Somebody decided in the review.
    Decision,
    /// Somebody edited the field while there were several values.
    Edit,
    /// Edits of a text were merged.
    Merge,
}

/// How it comes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum SetAsideWay {
    /// It is written again in place of what stands.
    BringBack,
    /// The decision is taken back.
    Reopen,
    /// It is looked at in the review.
    Review,
}

/// One thing that was put aside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct SetAsideRow {
    /// Names it when it is brought back.
    pub id: String,
    /// The item.
    pub entity: Id,
    /// What it is.
    pub entity_kind: EntityKind,
    /// Its title.
    pub title: String,
    /// The field.
    pub field: String,
    /// What people call it.
    pub label: String,
    /// Why it does not stand.
    pub how: SetAsideHow,
    /// What was put aside, as people read it.
    pub display: String,
    /// Who wrote it; nobody in particular for a text.
    pub device: Option<DeviceRef>,
    /// When.
    pub time: Millis,
    /// What stands instead.
    pub stands: String,
    /// Who put it aside.
    pub by: DeviceRef,
    /// When.
    pub aside_time: Millis,
    /// How it comes back.
    pub way: SetAsideWay,
}
