//! What a command answers when it could not do what was asked.

use serde::Serialize;
use specta::Type;

/// A failed command, as the interface receives it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Type)]
pub struct CommandError {
    /// A stable name on which the interface may act, such as `not_found`.
    pub code: String,
    /// What went wrong, in a sentence for the person.
    pub message: String,
    /// What the person can do about it, where there is something.
    pub remedy: Option<String>,
}
