//! Backups on this device, and what restoring one would do.

use serde::{Deserialize, Serialize};
use specta::Type;

use super::Millis;

/// Why a backup was made.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Type,
)]
#[serde(rename_all = "camelCase")]
pub enum BackupKind {
    /// The one of a day.
    Daily,
    /// Before a newer version changed the tables.
    BeforeMigration,
    /// Before a repair.
    BeforeRepair,
    /// Before another backup was restored: the way back.
    BeforeRestore,
    /// The person asked for it.
    Manual,
}

/// One backup in this device's folder of backups.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct BackupView {
    /// By which it is named to restore it.
    pub id: String,
    /// When it was made.
    pub time: Millis,
    /// Size of the file.
    pub bytes: i64,
    /// Why it was made.
    pub kind: BackupKind,
}

/// What restoring a backup would do. Nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct RestorePreview {
    /// When the last change in it was made; none where it holds no changes.
    pub last_change: Option<Millis>,
    /// Items that would be there again.
    pub added: u32,
    /// Items that would show other content.
    pub changed: u32,
    /// Items that would be gone from the lists.
    pub deleted: u32,
    /// Changes that are on this device and not in the backup.
    pub newer_here: u32,
    /// How many of these no other device is known to have. They would be in the restore point alone,
    /// unless the restored state is written for all devices.
    pub only_here: u32,
}

/// What restoring did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct Restored {
    /// The backup that was made before, by its id: the way back.
    pub restore_point: String,
    /// Whether the restored state was written as a change for all devices.
    pub propagated: bool,
    /// Items that are there again.
    pub added: u32,
    /// Items that show other content.
    pub changed: u32,
    /// Items that went to the trash or from the lists.
    pub deleted: u32,
    /// What was left alone and why, in sentences.
    pub skipped: Vec<String>,
}
