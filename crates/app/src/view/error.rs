//! A failure as the interface and `--json` say it.

use serde::{Deserialize, Serialize};
use specta::Type;

/// Why something was not done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct CommandError {
    /// A stable name on which the interface may act, such as `not_found`.
    pub code: String,
    /// What went wrong, in a sentence for the person.
    pub message: String,
    /// What the person can do about it, where there is something.
    pub remedy: Option<String>,
}

impl From<crate::AppError> for CommandError {
    fn from(error: crate::AppError) -> Self {
        Self::from(&error)
    }
}

impl From<&crate::AppError> for CommandError {
    fn from(error: &crate::AppError) -> Self {
        use crate::AppError::{Nearby, NearbyNotRunning, NobodyNearby, Pairing};
        if matches!(error, Nearby(_) | NearbyNotRunning | NobodyNearby | Pairing { .. }) {
            return crate::nearby::told(error.code(), &error.to_string());
        }
        Self {
            code: error.code().to_owned(),
            message: error.to_string(),
            remedy: error.remedy().map(str::to_owned),
        }
    }
}
