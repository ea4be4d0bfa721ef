//! Files that go out and come in. Paths stay with the caller: the interface gets tokens.

use serde::{Deserialize, Serialize};
use specta::Type;

use super::{Id, Millis};

/// What to put into a bundle.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Type)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum ExportRequest {
    /// What a device lacks; without a device, everything since the last export to any.
    Update {
        /// The device.
        device: Option<Id>,
    },
    /// Everything.
    Full,
    /// Everything, and an invitation for a new device.
    Invite {
        /// What the new device's person has to type.
        passphrase: String,
    },
}

/// A written bundle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct ExportResult {
    /// The file's name.
    pub file: String,
    /// How many changes are in it.
    pub changes: u32,
    /// How large it is.
    pub bytes: u64,
    /// Who it is for, in words.
    #[serde(rename = "for")]
    pub recipient: String,
}

/// An invitation that a new device could accept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct InvitationFile {
    /// Hands the chosen file back; never a path. Empty where the caller has the path itself.
    pub token: String,
    /// The file's name.
    pub file: String,
    /// The name of the device that made it.
    pub from: String,
}

/// What importing a bundle would do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct BundlePreview {
    /// Hands the chosen file back; never a path. Empty where the caller has the path itself.
    pub token: String,
    /// The file's name.
    pub file: String,
    /// The name of the device that made it.
    pub from: String,
    /// When it was made, by that device's clock.
    pub made: Millis,
    /// Items that are not here yet.
    pub adds: u32,
    /// Items that would change.
    pub updates: u32,
    /// Items that would go to the trash.
    pub deletes: u32,
    /// Items on which a person would have to decide.
    pub conflicts: u32,
    /// Changes that are here already.
    pub already: u32,
    /// The items by name.
    pub items: Vec<PreviewItem>,
    /// What else it brings: "Laptop joined", "Phone was renamed".
    pub notices: Vec<String>,
}

/// An item that an import would touch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct PreviewItem {
    /// Its id.
    pub id: Id,
    /// What it is: `task`, `note`, `list` and what newer apps know.
    pub kind: String,
    /// Its title.
    pub title: String,
    /// What would happen to it.
    pub what: PreviewChange,
}

/// What an import would do to an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum PreviewChange {
    /// It is new here.
    Added,
    /// It changes.
    Changed,
    /// It goes to the trash.
    Deleted,
    /// A person has to decide.
    Conflict,
}

/// What an import did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct ImportResult {
    /// The exchange, for "undo this import".
    pub exchange: String,
    /// Items that are new.
    pub adds: u32,
    /// Items that changed.
    pub updates: u32,
    /// Items that went to the trash.
    pub deletes: u32,
    /// Items on which a person has to decide.
    pub conflicts: u32,
    /// Items that were merged automatically.
    pub merged: u32,
}

/// What a folder of Markdown holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct MarkdownPreview {
    /// Hands the chosen folder back; never a path. Empty where the caller has the path itself.
    pub token: String,
    /// The folder's name.
    pub folder: String,
    /// How many notes it would make.
    pub notes: u32,
    /// The lists it would make, as paths of titles.
    pub lists: Vec<String>,
    /// How many files it would keep with notes.
    pub attachments: u32,
    /// What it would leave out.
    pub skipped: Vec<SkippedFile>,
}

/// A file that an import leaves out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct SkippedFile {
    /// Where it is, inside the chosen folder.
    pub path: String,
    /// Why.
    pub reason: String,
}

/// How everything is written to files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum ExportFormat {
    /// Markdown files and a JSON file beside them.
    Markdown,
    /// One JSON file.
    Json,
}

/// A written export.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct ExportAllResult {
    /// The folder's name.
    pub folder: String,
    /// How many files were written.
    pub files: u32,
    /// Tasks, notes and lists that are marked to stay on this device and were left out.
    pub left_out: u32,
    /// What could not be written, while the rest was.
    pub failed: Vec<ExportFailure>,
    /// The folder of an earlier export beside this one, which stays as it is.
    pub earlier: Option<String>,
}

/// An item that did not get into an export.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct ExportFailure {
    /// Its title.
    pub title: String,
    /// Why.
    pub reason: String,
}
