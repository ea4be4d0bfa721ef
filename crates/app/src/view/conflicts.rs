//! Conflicts: the rows of the list, what is reviewed, and what a person decides.

use serde::{Deserialize, Serialize};
use specta::Type;

use super::{DeviceRef, EntityKind, Id, Millis, Position, present};

/// What is in conflict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum ConflictKind {
    /// One field was given different values.
    Field,
    /// The same passage of a text was edited.
    Text,
    /// Deleted on one device, edited on another.
    Delete,
    /// Moved to different places.
    Move,
    /// The same thing was made twice.
    Duplicate,
}

/// The tabs of the list of conflicts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum ConflictTab {
    /// Those that a person must decide.
    Open,
    /// What was merged automatically and not reviewed.
    Merged,
    /// What was decided.
    Resolved,
}

/// One item with conflicts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct ConflictRow {
    /// The item.
    pub entity: Id,
    /// What it is.
    pub entity_kind: EntityKind,
    /// Its title.
    pub title: String,
    /// "Both changed the due date", "Both edited 2 paragraphs".
    pub labels: Vec<String>,
    /// What is in conflict.
    pub kinds: Vec<ConflictKind>,
    /// Who changed it, and when.
    pub sides: Vec<ConflictSide>,
    /// What came of it, in a resolved row.
    pub outcome: Option<String>,
    /// When it was decided.
    pub resolved_time: Option<Millis>,
    /// Whether the decision can be taken back.
    pub can_reopen: bool,
}

/// A device that changed a conflicting item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct ConflictSide {
    /// The device.
    pub device: DeviceRef,
    /// When, by its clock.
    pub time: Millis,
}

/// Everything to be decided on one item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct Review {
    /// The position at which this was read.
    pub as_of: Position,
    /// The item.
    pub entity: Id,
    /// What it is.
    pub entity_kind: EntityKind,
    /// Its title.
    pub title: String,
    /// "You and Desktop both changed the title and 2 paragraphs since Tue 09:10."
    pub summary: String,
    /// Fields with several versions.
    pub fields: Vec<FieldReview>,
    /// Texts with several versions.
    pub texts: Vec<TextReview>,
    /// Whether this was merged automatically, so that nothing must be decided.
    pub automatic: bool,
}

/// One field with several versions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct FieldReview {
    /// The conflict; names it in a decision.
    pub conflict: String,
    /// The field.
    pub field: String,
    /// What people call it.
    pub label: String,
    /// What is in conflict.
    pub kind: FieldReviewKind,
    /// The value before all versions.
    pub original: Option<OriginalValue>,
    /// The versions.
    pub versions: Vec<VersionView>,
    /// Whether both can be kept (a title: "A / B"; not with a deletion).
    pub can_keep_both: bool,
    /// The control in which another value can be given.
    pub editor: FieldEditor,
    /// Which of `versions` is chosen beforehand: only to keep an edited item.
    pub preselected: Option<u32>,
    /// Whether the devices' clocks differ so much that their times say little.
    pub approximate: bool,
}

/// What is in conflict in a [`FieldReview`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum FieldReviewKind {
    /// A field's value.
    Field,
    /// The place.
    Move,
    /// Whether the item stays.
    Delete,
}

/// The control in which a person gives another value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum FieldEditor {
    /// A line of text.
    Text,
    /// A day.
    Day,
    /// A day with or without a time.
    When,
    /// A priority.
    Priority,
    /// A list.
    List,
    /// A status.
    Status,
    /// A repetition.
    Repeat,
    /// No other value can be given.
    None,
}

/// A field's value before all versions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct OriginalValue {
    /// How people read it.
    pub display: String,
    /// As an edit control takes it; none is empty.
    pub value: Option<String>,
    /// When it was set.
    pub time: Option<Millis>,
}

/// One version of a field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct VersionView {
    /// Opaque; handed back in a decision.
    pub version: String,
    /// How people read the value.
    pub display: String,
    /// As an edit control takes it (title, day, list id …); none is empty.
    pub value: Option<String>,
    /// Where it was set.
    pub device: DeviceRef,
    /// When, by that device's clock.
    pub time: Millis,
    /// What is in this version where one value cannot say it, line by line: the copy of an item that
    /// several spaces hold.
    pub details: Vec<String>,
}

/// One text with several versions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct TextReview {
    /// The conflict; names it in a decision.
    pub conflict: String,
    /// The field.
    pub field: String,
    /// What people call it.
    pub label: String,
    /// The text before all versions.
    pub original: OriginalText,
    /// The versions.
    pub versions: Vec<TextReviewVersion>,
    /// What stands in the item now: all edits merged.
    pub merged: String,
}

/// A text before all versions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct OriginalText {
    /// The text.
    pub text: String,
    /// When it was last edited.
    pub time: Option<Millis>,
}

/// One version of a text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct TextReviewVersion {
    /// Opaque; handed back in a decision.
    pub version: String,
    /// Where it was edited.
    pub device: DeviceRef,
    /// When, by that device's clock.
    pub time: Millis,
    /// The whole text.
    pub text: String,
}

/// What a person decides about one conflict. It is read by which field it has, and every one of its
/// fields must be written: an unfinished decision is refused rather than taken for "empty".
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Type)]
#[serde(untagged, rename_all_fields = "camelCase", deny_unknown_fields)]
pub enum Decision {
    /// One of the versions.
    Take {
        /// The conflict.
        conflict: String,
        /// The version.
        take: String,
    },
    /// Another value; none empties the field.
    Value {
        /// The conflict.
        conflict: String,
        /// The value, as the edit control gives it.
        #[serde(deserialize_with = "present::or_null")]
        #[specta(type = Option<String>)]
        value: Option<String>,
    },
    /// The edited result of a text.
    Text {
        /// The conflict.
        conflict: String,
        /// The whole text.
        text: String,
    },
    /// Both versions.
    KeepBoth {
        /// The conflict.
        conflict: String,
        /// Always true.
        #[specta(type = bool)]
        keep_both: Yes,
    },
    /// An automatic merge is right.
    LooksRight {
        /// The conflict.
        conflict: String,
        /// Always true.
        #[specta(type = bool)]
        looks_right: Yes,
    },
}

impl Decision {
    /// The conflict that it decides.
    pub fn conflict(&self) -> &str {
        match self {
            Self::Take { conflict, .. }
            | Self::Value { conflict, .. }
            | Self::Text { conflict, .. }
            | Self::KeepBoth { conflict, .. }
            | Self::LooksRight { conflict, .. } => conflict,
        }
    }
}

/// The value `true`; `false` is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Yes;

impl<'de> Deserialize<'de> for Yes {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if bool::deserialize(deserializer)? {
            Ok(Self)
        } else {
            Err(serde::de::Error::custom("only true can be written here"))
        }
    }
}
