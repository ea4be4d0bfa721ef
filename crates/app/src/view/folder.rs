//! The exchange folder, and what waits in it.

use serde::{Deserialize, Serialize};
use specta::Type;

use super::{CommandError, DeviceRef, Millis};

/// How the exchange folder is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum FolderState {
    /// All is well.
    Watching,
    /// It cannot be found.
    Missing,
    /// It is there, but what this device had published is not. Nothing was deleted here.
    Emptied,
    /// It cannot be used; the view's error says why.
    Failing,
}

/// What happens with changes that arrive in the folder.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum Arriving {
    /// They are taken in.
    #[default]
    AtOnce,
    /// They wait until the person has looked.
    AskFirst,
}

/// When to sync by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct Triggers {
    /// When the app starts.
    pub on_launch: bool,
    /// Two seconds after the last change, and when something arrives.
    pub on_change: bool,
    /// 5, 15 or 60; none for not on a timer.
    pub every_minutes: Option<u32>,
}

impl Default for Triggers {
    fn default() -> Self {
        Self { on_launch: true, on_change: true, every_minutes: Some(15) }
    }
}

/// The exchange folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct FolderView {
    /// Where it is, for people to read; never handed back.
    pub path: String,
    /// How it is.
    pub state: FolderState,
    /// When it was last looked at.
    pub last_look: Option<Millis>,
    /// What happens with what arrives.
    pub arriving: Arriving,
    /// When to sync by itself.
    pub triggers: Triggers,
    /// Set in [`FolderState::Failing`].
    pub error: Option<CommandError>,
}

/// What turning a folder on would do. Nothing was written yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct FolderPreview {
    /// Hands the chosen folder back; never a path. Empty where the caller has the path itself.
    pub token: String,
    /// Where it is, for people to read.
    pub path: String,
    /// Tasks that it would send.
    pub tasks: u32,
    /// Notes that it would send.
    pub notes: u32,
    /// Changes that it would send.
    pub changes: u32,
    /// Changes of other devices that are in the folder already and not here yet.
    pub incoming: u32,
    /// Devices that use this folder already.
    pub devices: Vec<String>,
    /// Lists that do not go into it, by title.
    pub left: Vec<String>,
}

/// Why incoming changes wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum HeldReason {
    /// The person wants to be asked first.
    Ask,
    /// They delete very much.
    Deletions,
}

/// Incoming changes that are not applied yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct HeldView {
    /// Its id, for looking and accepting.
    pub id: String,
    /// Who wrote them; the first where several did.
    pub device: DeviceRef,
    /// How many they are.
    pub changes: u32,
    /// Why they wait.
    pub reason: HeldReason,
    /// Since when.
    pub since: Millis,
}

/// A pause that the person asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct Paused {
    /// Until when; none until they resume.
    pub until: Option<Millis>,
}

/// How long to pause.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum PauseLength {
    /// One hour.
    Hour,
    /// Until tomorrow morning.
    Tomorrow,
    /// Until the person resumes.
    Resume,
}
