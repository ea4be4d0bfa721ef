//! Search.

use serde::Serialize;
use specta::Type;

use super::{Id, ItemKind};

/// One thing found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct SearchHit {
    /// Its id.
    pub id: Id,
    /// What it is.
    pub kind: ItemKind,
    /// Its title.
    pub title: String,
    /// Plain text around the hit, which is between U+0001 and U+0002.
    pub snippet: String,
    /// The title of the list it is in.
    pub list_title: Option<String>,
    /// Whether it is in the trash.
    pub trashed: bool,
    /// A task's status.
    pub status: Option<String>,
}

/// What was found, best first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct SearchPage {
    /// The first ones.
    pub hits: Vec<SearchHit>,
    /// How many there are in all.
    pub total: u32,
    /// So many items are not in the index yet, or not as they are now: some of them may be missing here.
    pub waiting: u32,
}
