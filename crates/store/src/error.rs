use holdfast_model::ModelError;
use holdfast_model::text::TextError;
use holdfast_oplog::OplogError;
use thiserror::Error;

/// Why the database could not do what was asked. Nothing was changed.
#[derive(Debug, Error)]
pub enum StoreError {
    /// The disk is full.
    #[error(
        "the disk is full: free some space, then try again; nothing that was saved before is lost"
    )]
    DiskFull,
    /// The disk cannot be read or written.
    #[error(
        "the disk reported an error ({0}): what was to be saved now is not saved; make a backup to another disk, then check this one"
    )]
    DiskFailed(String),
    /// The data folder or its files cannot be opened or written by this account.
    #[error(
        "the database cannot be opened for writing ({0}): check that the disk is there and that you may write to the data folder"
    )]
    NoAccess(String),
    /// The data folder can be read and not written.
    #[error(
        "the data folder is read-only: everything in it can be read and exported; to change something, make its disk or folder writable and try again"
    )]
    ReadOnly,
    /// Another program holds the database for too long.
    #[error("another program is using Holdfast's data: close it, then try again")]
    Busy,
    /// Written by a newer version.
    #[error(
        "this data folder was written by a newer version of Holdfast (schema {found}, this one knows {known}): update the app; nothing was changed"
    )]
    NewerDatabase {
        /// Schema number of the database.
        found: i64,
        /// Highest that this build knows.
        known: i64,
    },
    /// The file is no database, or is damaged.
    #[error("the database is damaged ({0}): repair it, or restore a backup")]
    Damaged(String),
    /// SQLite refused for another reason.
    #[error("the database reported an error ({0}); nothing was changed, try again")]
    Sqlite(rusqlite::Error),
    /// There is no such item.
    #[error("there is no {what} with the id {id}")]
    NotFound {
        /// What was looked for.
        what: &'static str,
        /// The id that was given.
        id: String,
    },
    /// A change that stands in the log already, with another content.
    #[error(
        "the log of {actor} has two different changes number {seq}: a copy of that device's data was used on two machines"
    )]
    Forked {
        /// Whose log.
        actor: String,
        /// Where it forks.
        seq: u64,
    },
    /// Changes that were asked for are no longer in the log.
    #[error(
        "changes of {actor} up to number {seq} are past the history period and no longer kept one by one: send a snapshot"
    )]
    Pruned {
        /// Whose log.
        actor: String,
        /// The last change that is gone.
        seq: u64,
    },
    /// A snapshot does not tell of what it stands for.
    #[error(
        "a snapshot says nothing of {0} items that are here and that it stands for: it was refused and nothing was changed; exchange with another device"
    )]
    SnapshotLacks(u64),
    /// Before a snapshot is taken in a restore point is made, and that failed.
    #[error(
        "no restore point could be made before a snapshot is taken in ({0}); nothing was changed"
    )]
    NoRestorePoint(String),
    /// A log parts more often than any honest one.
    #[error(
        "the log of {0} parts into more versions than this app keeps: the rest of it is left out; remove the device that sent it, if you do not trust it"
    )]
    TooManyBranches(String),
    /// A list cannot be nested in one that travels in another way.
    #[error(
        "'{0}' travels differently from the list that should go into it: change how one of them travels first"
    )]
    OtherSpace(String),
    /// What was given is not a change, or one that cannot be made.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// The outer form is wrong.
    #[error(transparent)]
    Oplog(#[from] OplogError),
    /// A text cannot be edited so.
    #[error(transparent)]
    Text(#[from] TextError),
}

impl StoreError {
    /// A stable name for the interface to act on.
    pub fn code(&self) -> &'static str {
        match self {
            Self::DiskFull => "disk_full",
            Self::DiskFailed(_) => "disk_failed",
            Self::NoAccess(_) => "no_access",
            Self::ReadOnly => "read_only",
            Self::Busy => "busy",
            Self::NewerDatabase { .. } => "newer_database",
            Self::Damaged(_) => "damaged",
            Self::Sqlite(_) => "database",
            Self::NotFound { .. } => "not_found",
            Self::Forked { .. } => "forked",
            Self::Pruned { .. } => "pruned",
            Self::SnapshotLacks(_) => "snapshot_lacks",
            Self::NoRestorePoint(_) => "no_restore_point",
            Self::TooManyBranches(_) => "too_many_branches",
            Self::OtherSpace(_) => "other_space",
            Self::Model(ModelError::ChangeTooLarge { .. }) => "change_too_large",
            Self::Model(_) | Self::Oplog(_) => "malformed",
            Self::Text(error) => error.code(),
        }
    }
}

impl StoreError {
    /// From an operation on the database's own files.
    pub(crate) fn file(error: std::io::Error) -> Self {
        use std::io::ErrorKind::{QuotaExceeded, ReadOnlyFilesystem, StorageFull};
        match error.kind() {
            StorageFull | QuotaExceeded => Self::DiskFull,
            ReadOnlyFilesystem => Self::ReadOnly,
            _ => Self::NoAccess(error.to_string()),
        }
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode as Code;
        let extended = error.sqlite_error().map(|error| error.extended_code);
        if extended == Some(rusqlite::ffi::SQLITE_IOERR_SHMSIZE) {
            return Self::DiskFull;
        }
        match error.sqlite_error_code() {
            Some(Code::DiskFull) => Self::DiskFull,
            Some(Code::DatabaseBusy | Code::DatabaseLocked) => Self::Busy,
            Some(Code::SystemIoFailure) => Self::DiskFailed(error.to_string()),
            Some(Code::CannotOpen | Code::ReadOnly | Code::PermissionDenied) => {
                Self::NoAccess(error.to_string())
            }
            Some(Code::DatabaseCorrupt | Code::NotADatabase) => Self::Damaged(error.to_string()),
            _ => Self::Sqlite(error),
        }
    }
}
