//! How changes travel and how far they got.

use serde::{Deserialize, Serialize};
use specta::Type;

use super::{CommandError, HeldView, Id, ItemKind, Millis, Paused};

/// How changes travel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum Mode {
    /// By files that the person carries.
    Manual,
    /// Straight to paired devices.
    Nearby,
    /// Through a relay.
    Cloud,
}

/// The state of the status row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum SyncState {
    /// Every destination has everything.
    Idle,
    /// An exchange is running.
    Syncing,
    /// Some destination lacks changes.
    Waiting,
    /// No network.
    Offline,
    /// Manual mode without an exchange folder.
    Manual,
    /// Paused by the person.
    Paused,
    /// Something has to be put right.
    Error,
    /// Incoming changes wait for the person to look at them.
    Look,
    /// Changes of lists that ask first wait for approval.
    Approve,
}

/// What a destination is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum DestinationKind {
    /// Another device.
    Device,
    /// An exchange folder.
    Folder,
    /// A relay.
    Relay,
}

/// Where changes go, as far as this device knows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct Destination {
    /// Its id.
    pub id: Id,
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: DestinationKind,
    /// How it stands, in words.
    pub state: String,
    /// How many changes of here it lacks.
    pub missing_there: u32,
    /// How many of its changes are known of and not here.
    pub missing_here: u32,
    /// When something of it last arrived.
    pub last_seen: Option<Millis>,
}

/// How far changes got.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct SyncStatus {
    /// How changes travel.
    pub mode: Mode,
    /// The state of the status row.
    pub state: SyncState,
    /// The status row's sentence, without the icon: "Manual · 7 not exported since Tue".
    pub text: String,
    /// How many changes some destination lacks.
    pub pending: u32,
    /// When a bundle was last exported.
    pub last_export: Option<Millis>,
    /// Items with a conflict to decide.
    pub conflicts: u32,
    /// Where changes go.
    pub destinations: Vec<Destination>,
    /// What has to be put right; set in [`SyncState::Error`].
    pub error: Option<CommandError>,
    /// Modes that work in this build; only these are offered.
    pub modes: Vec<Mode>,
    /// Changes that wait for an update of the app or for another device's changes, in words.
    pub parked: Vec<String>,
    /// Whether there is somewhere to sync with right now.
    pub can_sync_now: bool,
    /// Set while the person paused syncing.
    pub paused: Option<Paused>,
    /// What came in and waits for the person to look.
    pub held: Vec<HeldView>,
    /// How many changes of lists that ask first wait for approval.
    pub approvals: u32,
}

/// An item with changes that some destination lacks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct WaitingItem {
    /// Its id.
    pub id: Id,
    /// What it is.
    pub kind: ItemKind,
    /// Its title.
    pub title: String,
    /// How many of its changes wait.
    pub changes: u32,
}
