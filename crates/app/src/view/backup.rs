//! Backups on this device, and what restoring one would do.

use serde::{Deserialize, Serialize};
use specta::Type;

use super::{CommandError, DeviceRef, Millis, PreviewItem};

/// Why a backup was made.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Type,
)]
#[serde(rename_all = "camelCase")]
pub enum BackupKind {
    /// The one of a day.
    #[serde(rename = "automatic")]
    Daily,
    /// Before a newer version changed the tables.
    #[serde(rename = "update")]
    BeforeMigration,
    /// Before a repair.
    #[serde(rename = "repair")]
    BeforeRepair,
    /// Before another backup was restored: the way back.
    #[serde(rename = "point")]
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
    /// Whether it was opened and compared before it got its name. One before an update is not opened:
    /// that would change what is to be kept.
    pub verified: bool,
}

/// The backups of this device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct BackupsView {
    /// The newest first.
    pub backups: Vec<BackupView>,
    /// Where they are, for people to read.
    pub folder: String,
    /// Which are kept how long, in words.
    pub rule: String,
    /// Why the last automatic one failed since the app was started.
    pub error: Option<CommandError>,
}

/// What restoring a backup would do. Nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct RestorePreview {
    /// When the last change in it was made; none where it holds no changes.
    pub last_change: Option<Millis>,
    /// Items that would be there again.
    pub adds: u32,
    /// Items that would show other content.
    pub updates: u32,
    /// Items that would be gone from the lists.
    pub deletes: u32,
    /// The items by name, as far as they are listed.
    pub items: Vec<PreviewItem>,
    /// The other devices of the vault.
    pub devices: Vec<DeviceRef>,
    /// Changes that are on this device and not in the backup.
    pub newer_here: u32,
    /// How many of these no other device is known to have. They would be in the restore point alone,
    /// unless the restored state is written for all devices.
    pub only_here: u32,
}

/// For which devices a backup is restored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum RestoreScope {
    /// This device goes back and then catches up with the others.
    Here,
    /// The differences are one change that all devices get and that can be undone.
    Everywhere,
}

/// What restoring did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct RestoreResult {
    /// The backup that was made before: the way back. None where the database could not be opened.
    pub point: Option<BackupView>,
    /// Where a database that could not be opened was set aside, for people to read.
    pub aside: Option<String>,
    /// For which devices.
    pub scope: RestoreScope,
    /// Items that are there again.
    pub adds: u32,
    /// Items that show other content.
    pub updates: u32,
    /// Items that went to the trash or from the lists.
    pub deletes: u32,
    /// What was left alone and why, in sentences.
    pub skipped: Vec<String>,
}
