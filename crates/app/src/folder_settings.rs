//! What this device keeps about its exchange folder. Never leaves the device.

use crate::AppError;
use crate::session::Open;
use crate::view::{Arriving, CommandError, FolderState, FolderView, HeldReason, Triggers};
use holdfast_oplog::ActorId;
use holdfast_transports::folder::FolderMemory;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// Name of the private fact.
const FACT: &str = "folder";

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
        let Some(bytes) = self.private.get(FACT)?.filter(|bytes| !bytes.is_empty()) else {
            return Ok(None);
        };
        serde_json::from_slice(&bytes).map(Some).map_err(|_| {
            AppError::Invalid(
                "What was kept about the exchange folder cannot be read: choose the folder again."
                    .into(),
            )
        })
    }

    /// Keeps the exchange folder, or forgets it.
    pub(crate) fn keep_folder(&mut self, folder: Option<&FolderSettings>) -> Result<(), AppError> {
        let bytes = folder.map(serde_json::to_vec).transpose().map_err(|error| {
            AppError::Invalid(format!("The exchange folder cannot be kept: {error}."))
        })?;
        Ok(self.private.set(FACT, &bytes.unwrap_or_default())?)
    }
}
