//! Devices, as people see them.

use serde::{Deserialize, Serialize};
use specta::Type;

use super::{Id, Millis};

/// A device named beside something it did.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct DeviceRef {
    /// Its id.
    pub id: Id,
    /// Its name.
    pub name: String,
    /// Whether it is this one.
    pub here: bool,
}

/// A device in the list of devices.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct DeviceView {
    /// Its id.
    pub id: Id,
    /// Its name.
    pub name: String,
    /// Whether it is this one.
    pub here: bool,
    /// The operating system it said it runs.
    pub platform: String,
    /// When it joined.
    pub added: Millis,
    /// The fingerprint of its key, in groups for reading aloud.
    pub fingerprint: String,
    /// When something of it last arrived here.
    pub last_seen: Option<Millis>,
    /// Whether it was removed from the vault.
    pub removed: bool,
    /// When it was removed; none while it is a member.
    pub removed_time: Option<Millis>,
    /// By which devices, by name; none while it is a member.
    pub removed_by: Option<String>,
    /// How many of its changes were written after its removal and are set aside, never applied.
    pub quarantined: u32,
}

/// What removing a device from the vault would do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct DeviceRemoval {
    /// Its id.
    pub id: Id,
    /// Its name.
    pub name: String,
    /// What happens, in sentences.
    pub does: Vec<String>,
    /// What cannot be done, in a sentence.
    pub cannot: String,
}
