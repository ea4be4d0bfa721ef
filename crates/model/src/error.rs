use thiserror::Error;

/// Why a change or a value cannot be used.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum ModelError {
    /// The outer form is damaged, too large or too new.
    #[error(transparent)]
    Oplog(#[from] holdfast_oplog::OplogError),
    /// The change says that it belongs elsewhere than where it was found.
    #[error("a change was found in the wrong place: it says {claimed}, but stands at {found}")]
    Misplaced {
        /// What the change says of itself.
        claimed: String,
        /// Where it was found.
        found: String,
    },
    /// A change is larger than what travels.
    #[error(
        "this edit is too large to sync ({size} bytes, at most {limit}): split it into smaller pieces"
    )]
    ChangeTooLarge {
        /// Encoded size in bytes.
        size: usize,
        /// Bound in bytes.
        limit: usize,
    },
}
