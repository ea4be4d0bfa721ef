//! What this device keeps about its exchange folder. Never leaves the device.

use crate::AppError;
use crate::kept::Fact;
use crate::session::Open;
use crate::view::{Arriving, CommandError, FolderState, FolderView, HeldReason, Triggers};
use holdfast_oplog::ActorId;
use holdfast_transports::folder::FolderMemory;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// The folder, as it is stored.
const FACT: Fact<FolderSettings> =
    Fact::new("folder", "the exchange folder", "Choose the folder again.");

/// The folder and how it stood when it was last looked at.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct FolderSettings {
    pub(crate) path: PathBuf,
    pub(crate) arriving: Arriving,
    pub(crate) triggers: Triggers,
    pub(crate) memory: FolderMemory,
    pub(crate) last_look: Option<i64>,
    pub(crate) emptied: bool,
    pub(crate) error: Option<CommandError>,
    pub(crate) failing_since: Option<i64>,
    pub(crate) held: Option<Held>,
}

/// Changes in the folder that wait for the person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Held {
    pub(crate) authors: Vec<(ActorId, u64)>,
    pub(crate) reason: HeldReason,
    pub(crate) since: i64,
}

impl FolderSettings {
    pub(crate) fn new(path: PathBuf, arriving: Arriving, triggers: Triggers) -> Self {
        Self {
            path,
            arriving,
            triggers,
            memory: FolderMemory::default(),
            last_look: None,
            emptied: false,
            error: None,
            failing_since: None,
            held: None,
        }
    }

    pub(crate) fn view(&self) -> FolderView {
        FolderView {
            path: self.path.display().to_string(),
            state: match &self.error {
                Some(error) if error.code == "folder_missing" => FolderState::Missing,
                Some(_) => FolderState::Failing,
                None if self.emptied => FolderState::Emptied,
                None => FolderState::Watching,
            },
            last_look: self.last_look,
            arriving: self.arriving,
            triggers: self.triggers,
            error: self.error.clone(),
        }
    }
}

impl Open {
    /// The exchange folder, where one is set.
    pub(crate) fn folder_settings(&self) -> Result<Option<FolderSettings>, AppError> {
        FACT.read(&self.private)
    }

    /// Keeps the exchange folder, or forgets it.
    pub(crate) fn keep_folder(&mut self, folder: Option<&FolderSettings>) -> Result<(), AppError> {
        match folder {
            Some(folder) => FACT.keep(&mut self.private, folder),
            None => FACT.forget(&mut self.private),
        }
    }
}
