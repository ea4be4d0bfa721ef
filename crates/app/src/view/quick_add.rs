//! Quick add: what was recognised in a typed line. Ranges are UTF-16 units.

use serde::{Deserialize, Serialize};
use specta::Type;

use super::{Id, When};

/// A range of the typed line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct Range {
    /// Where it starts.
    pub start: u32,
    /// Where it ends (the unit after its last).
    pub end: u32,
}

/// A recognised part of the typed line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct QuickAddSpan {
    /// Where it starts.
    pub start: u32,
    /// Where it ends.
    pub end: u32,
    /// What it is.
    pub kind: QuickAddSpanKind,
    /// What its chip says: "Tomorrow 9:00", "Create 'Workshop'?".
    pub label: String,
}

/// What a recognised part is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum QuickAddSpanKind {
    /// When it is to be done.
    When,
    /// The day by which it must be done.
    Deadline,
    /// A list.
    List,
    /// A tag.
    Tag,
    /// A priority.
    Priority,
    /// A repetition.
    Repeat,
    /// Text for the task's notes.
    Note,
    /// A link to an item.
    Link,
}

/// How a typed line is read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct QuickAddView {
    /// The title that the task would get.
    pub title: String,
    /// The recognised parts, in their order.
    pub spans: Vec<QuickAddSpan>,
}

/// What a new task gets where the typed line says nothing of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct QuickAddDefaults {
    /// The list.
    pub list: Option<Id>,
    /// When it is to be done.
    pub when: Option<When>,
    /// The task it is a part of.
    pub parent: Option<Id>,
}
