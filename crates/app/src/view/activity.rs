//! What happened: actions, exchanges, deletions, and that something changed.

use serde::{Deserialize, Serialize};
use specta::Type;

use super::{DeviceRef, Id, ItemKind, Millis, Position, PreviewItem};

/// What an action did.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct Done {
    /// What it made or changed.
    pub ids: Vec<Id>,
    /// What the undo toast says.
    pub label: String,
    /// What was left alone and why, in sentences.
    pub skipped: Vec<String>,
}

/// Something changed: by this window, another device or the command line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct Changed {
    /// The position after it.
    pub as_of: Position,
    /// What changed; empty means that it may be anything.
    pub ids: Vec<Id>,
}

impl Changed {
    /// Anything may have changed.
    pub fn anything(as_of: Position) -> Self {
        Self { as_of, ids: Vec::new() }
    }
}

/// Something in the trash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct TrashItem {
    /// Its id.
    pub id: Id,
    /// What it is.
    pub kind: ItemKind,
    /// Its title.
    pub title: String,
    /// When it was deleted.
    pub deleted: Millis,
    /// Where.
    pub device: DeviceRef,
    /// After how many more days on which this device runs it goes for good.
    pub days_left: u32,
    /// Whether it goes for good on the next day on which this device runs.
    pub goes_next: bool,
}

/// One line of the activity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct ActivityEntry {
    /// Its id; that of an exchange can be undone.
    pub id: String,
    /// What it was.
    pub kind: ActivityKind,
    /// When.
    pub time: Millis,
    /// What happened, in a sentence without counts.
    pub title: String,
    /// More sentences, none about counts.
    pub details: Vec<String>,
    /// What an exchange did.
    pub counts: Option<ExchangeCounts>,
    /// What it did by name, as far as that is kept.
    pub items: Vec<PreviewItem>,
    /// With which device.
    pub device: Option<DeviceRef>,
    /// Whether it can be undone.
    pub can_undo: bool,
}

/// What an exchange did. The interface leaves out what is zero.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct ExchangeCounts {
    /// Changes that went.
    pub sent: u32,
    /// Items that came.
    pub adds: u32,
    /// Items that changed.
    pub updates: u32,
    /// Items that went to the trash.
    pub deletes: u32,
    /// Items that needed a decision from then on.
    pub conflicts: u32,
    /// Items whose text merged by itself.
    pub merged: u32,
}

/// A way of the sync map: from this device to another one, or to the exchange folder.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Type)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Way {
    /// To a device.
    Device {
        /// The device.
        id: Id,
    },
    /// To the exchange folder.
    Folder,
}

/// An exchange that went over a way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct ExchangeView {
    /// Which way it went.
    pub direction: Direction,
    /// What carried it.
    pub carrier: Carrier,
    /// What the activity says of it.
    pub entry: ActivityEntry,
}

/// Which way an exchange went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum Direction {
    /// Out of this device.
    Sent,
    /// Into this device.
    Received,
}

/// What carried an exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum Carrier {
    /// A file that the person carried.
    Bundle,
    /// The exchange folder.
    Folder,
    /// A connection between the two devices.
    Nearby,
}

/// What a line of the activity was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum ActivityKind {
    /// A bundle went out.
    Export,
    /// A bundle came in.
    Import,
    /// Something was merged automatically.
    Merge,
    /// Something failed.
    Failure,
    /// One run with the exchange folder.
    Exchange,
    /// A device joined, left or was renamed.
    Device,
    /// This device took a new writing identity, after a clone or a restored copy.
    Identity,
    /// Changes of a removed device were set aside.
    Quarantine,
    /// A backup.
    Backup,
    /// A backup was restored.
    Restore,
    /// Old history was removed.
    Prune,
    /// A check.
    Check,
}
