//! Texts: what an editor shows, sends and gets back, and how two versions of one compare.
//! Positions and lengths are UTF-16 units, as the interface's editor counts them.

use serde::{Deserialize, Serialize};
use specta::Type;

/// A text, and which version of it this is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct TextState {
    /// The text.
    pub text: String,
    /// Opaque; handed back with an edit.
    pub version: String,
}

/// One replacement in a text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct Splice {
    /// Where it starts.
    pub pos: u32,
    /// How much goes.
    pub delete: u32,
    /// What comes in its place.
    pub insert: String,
}

/// What became of an edit of a text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
#[serde(tag = "status", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum SpliceResult {
    /// It is stored.
    Stored {
        /// The version after it.
        version: String,
        /// What is stored otherwise than it was sent, such as a link without its target's title.
        splices: Vec<Splice>,
    },
    /// Nothing was stored: the editor did not have the latest text. It applies `splices`, carries its
    /// own edit over them and sends that again.
    Behind {
        /// The version after `splices`.
        version: String,
        /// What others changed since, in the order in which to apply them.
        splices: Vec<Splice>,
    },
}

/// What changed in a text since a version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct TextChanges {
    /// The version after the changes.
    pub version: String,
    /// The changes, in the order in which to apply them.
    pub splices: Vec<Splice>,
}

/// A file kept with a note. It crosses to the interface as bytes, not as JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attachment {
    /// Its file name.
    pub name: String,
    /// Its media type.
    pub mime: String,
    /// What is in it.
    pub bytes: Vec<u8>,
}

/// A marked range.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct Mark {
    /// Where it starts.
    pub start: u32,
    /// How long it is.
    pub len: u32,
    /// What it says of the range.
    pub kind: MarkKind,
}

/// What a mark says of its range.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum MarkKind {
    /// A range of the side's text that the original lacks.
    Added,
    /// A range of the original's text that the side lacks.
    Removed,
}

/// One side of a block.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct BlockSide {
    /// The side's text.
    pub text: String,
    /// Its differences from the original.
    pub marks: Vec<Mark>,
}

/// A run of whole lines, aligned over both sides and the original.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct TextBlock {
    /// Who changed it.
    pub kind: BlockKind,
    /// The text before both edits.
    pub original: String,
    /// The left version.
    pub left: BlockSide,
    /// The right version.
    pub right: BlockSide,
}

/// Who changed a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum BlockKind {
    /// Neither.
    Same,
    /// The left version alone.
    Left,
    /// The right version alone.
    Right,
    /// Both, in the same way.
    Both,
    /// Both, differently.
    Conflict,
}
