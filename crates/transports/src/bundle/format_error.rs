use holdfast_oplog::OplogError;
use thiserror::Error;

/// What can be wrong with a bundle file.
#[derive(Debug, Error)]
pub enum BundleError {
    /// Another kind of file.
    #[error("this is not a Holdfast bundle: choose a file that ends in .holdfast")]
    NotABundle,
    /// The file ends too early.
    #[error("the bundle is not complete: copy it again, or export it again")]
    Cut,
    /// The file is not what was written.
    #[error("the bundle is damaged ({0}): copy it again, or export it again")]
    Corrupted(&'static str),
    /// Made by a newer version of Holdfast.
    #[error(
        "the bundle was made by a newer version of Holdfast (format {found}, this one reads up to {known}): update the app on this device"
    )]
    NewerFormat {
        /// Format number found.
        found: u32,
        /// Highest format number that this build reads.
        known: u32,
    },
    /// A part exceeds its bound.
    #[error("{what} in the bundle is too large: {size} bytes, at most {limit} are accepted")]
    TooLarge {
        /// What was too large, in plain words.
        what: &'static str,
        /// Its size in bytes.
        size: usize,
        /// The bound in bytes.
        limit: usize,
    },
    /// The operating system could not read or write the file.
    #[error("the file could not be read or written: {0}")]
    Io(#[from] std::io::Error),
}

impl BundleError {
    /// A stable name for interfaces that act on the kind of error.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NotABundle => "not_a_bundle",
            Self::Cut => "bundle_cut",
            Self::Corrupted(_) => "bundle_corrupted",
            Self::NewerFormat { .. } => "newer_format",
            Self::TooLarge { .. } => "too_large",
            Self::Io(_) => "io",
        }
    }

    /// From the decoding of the header.
    pub(super) fn of_header(error: OplogError) -> Self {
        match error {
            OplogError::TooLarge { what, size, limit } => Self::TooLarge { what, size, limit },
            OplogError::NewerFormat { found, known } => Self::NewerFormat { found, known },
            OplogError::Malformed(_) => Self::Corrupted("header"),
        }
    }
}
