use thiserror::Error;

/// What can be wrong with something that claims to be a part of a log.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum OplogError {
    /// The bytes are not a well-formed value of the expected kind.
    #[error("the data is damaged or not from Holdfast ({0})")]
    Malformed(String),
    /// Larger than [`crate::limits`] allows.
    #[error("{what} is too large: {size} bytes, at most {limit} are accepted")]
    TooLarge {
        /// What was too large, in plain words.
        what: &'static str,
        /// Its size in bytes.
        size: usize,
        /// The bound in bytes.
        limit: usize,
    },
    /// Made by a newer version of Holdfast.
    #[error(
        "made by a newer version of Holdfast (format {found}, this one reads up to {known}): update the app on this device"
    )]
    NewerFormat {
        /// Format number found.
        found: u32,
        /// Highest format number this build reads.
        known: u32,
    },
}
