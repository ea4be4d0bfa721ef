//! Notes.

use serde::{Deserialize, Serialize};
use specta::Type;

use super::{DisputedField, HistoryEntry, Id, LinkView, Millis, Position, TextState, present};

/// A note in a list of notes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct NoteView {
    /// Its id.
    pub id: Id,
    /// Its title.
    pub title: String,
    /// The beginning of its text, without markup.
    pub excerpt: String,
    /// The list it is in.
    pub list: Option<Id>,
    /// That list's title.
    pub list_title: Option<String>,
    /// Whether it stays on top.
    pub pinned: bool,
    /// Titles of its tags.
    pub tags: Vec<String>,
    /// When it was last edited.
    pub edited: Millis,
    /// When it was made.
    pub created: Millis,
    /// Whether a conflict on it waits for a decision.
    pub conflict: bool,
    /// Whether it was merged automatically and not reviewed.
    pub merged: bool,
}

/// Which notes to read: with neither list nor tag, all.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct NoteQuery {
    /// Those of one list.
    #[specta(optional)]
    pub list: Option<Id>,
    /// Those with a tag, by its title.
    #[specta(optional)]
    pub tag: Option<String>,
    /// At most this many.
    pub limit: u32,
}

/// Notes: pinned ones first, then by time of the last edit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct NotePage {
    /// The position at which this was read.
    pub as_of: Position,
    /// The notes.
    pub notes: Vec<NoteView>,
    /// How many there are, also those left out.
    pub total: u32,
}

/// One note with everything about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct NoteDetail {
    /// The position at which this was read.
    pub as_of: Position,
    /// The note.
    pub note: NoteView,
    /// Its text.
    pub text: TextState,
    /// How many words the text has.
    pub words: u32,
    /// What links to it.
    pub backlinks: Vec<LinkView>,
    /// What happened to it, latest first.
    pub history: Vec<HistoryEntry>,
    /// Fields with more than one version.
    pub disputed: Vec<DisputedField>,
}

/// What a person changes on one or several notes at once. Absent = unchanged, null = emptied.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Type)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NotePatch {
    /// The title.
    #[specta(optional)]
    pub title: Option<String>,
    /// The list.
    #[serde(default, deserialize_with = "present::or_absent")]
    #[specta(optional, type = Option<String>)]
    pub list: Option<Option<Id>>,
    /// Whether it stays on top.
    #[specta(optional)]
    pub pinned: Option<bool>,
    /// Titles of tags to add.
    #[specta(optional)]
    pub add_tags: Option<Vec<String>>,
    /// Titles of tags to take away.
    #[specta(optional)]
    pub remove_tags: Option<Vec<String>>,
}
