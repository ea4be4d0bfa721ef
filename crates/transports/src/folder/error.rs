use holdfast_store::StoreError;
use holdfast_sync::SyncError;
use holdfast_vault::VaultError;
use std::path::PathBuf;
use thiserror::Error;

/// Why the exchange folder could not be used. Nothing was changed here.
#[derive(Debug, Error)]
pub enum FolderError {
    /// It is not there.
    #[error(
        "the exchange folder {0} is not there: connect the drive or start the program that syncs it, or choose the folder again"
    )]
    Missing(PathBuf),
    /// It cannot be read or written.
    #[error(
        "the exchange folder {path} cannot be used ({error}): check that you may read and write it"
    )]
    Io {
        /// The folder, or the file in it.
        path: PathBuf,
        /// What the system says.
        error: std::io::Error,
    },
    /// It can be read but not written.
    #[error("this device may not write into {0}: allow it, or choose another folder")]
    ReadOnly(PathBuf),
    /// The disk, or what is behind the folder, is full.
    #[error(
        "the exchange folder {0} is full: free space there; nothing is lost, it is tried again"
    )]
    Full(PathBuf),
    /// What should be a folder in it leads elsewhere.
    #[error(
        "{0} is no folder of its own but leads elsewhere, and nothing was written there: remove it from the exchange folder, then sync again"
    )]
    Linked(PathBuf),
    /// It holds, or lies in, this device's data folder.
    #[error(
        "{folder} cannot be the exchange folder, because this device's own data is in {home}: a program that syncs a live database damages it; choose a folder of its own"
    )]
    LiveDatabase {
        /// What was chosen.
        folder: PathBuf,
        /// The data folder.
        home: PathBuf,
    },
    /// The data folder lies in a folder that another program syncs.
    #[error(
        "the data folder {home} lies in a folder that {program} syncs ({folder}): a program that syncs a live database damages it; choose another data folder, and use that one as the exchange folder"
    )]
    SyncedHome {
        /// The data folder.
        home: PathBuf,
        /// The synced folder above it.
        folder: PathBuf,
        /// Who syncs it.
        program: &'static str,
    },
    /// A large part of what is here would be deleted, and the person has not said yes to it.
    #[error(
        "what came from {from} would delete {deletes} items, more than half of the vault or of a list; nothing was changed: look at what it would do, and confirm if that is right"
    )]
    MassDeletion {
        /// Who sent it.
        from: String,
        /// How many items.
        deletes: u64,
    },
    /// This device was removed from the vault.
    #[error(
        "this device does not belong to the vault any more: join again with a new invitation from another device"
    )]
    NotAMember,
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Keys and sealing.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// Changes that cannot be taken in or sent.
    #[error(transparent)]
    Sync(SyncError),
}

impl From<SyncError> for FolderError {
    fn from(error: SyncError) -> Self {
        match error {
            SyncError::Store(error) => Self::Store(error),
            SyncError::Vault(error) => Self::Vault(error),
            other => Self::Sync(other),
        }
    }
}

impl From<crate::bundle::BundleError> for FolderError {
    fn from(error: crate::bundle::BundleError) -> Self {
        use crate::bundle::BundleError;
        match error {
            BundleError::Store(error) => Self::Store(error),
            BundleError::Vault(error) => Self::Vault(error),
            BundleError::Sync(error) => Self::Sync(error),
            other => Self::Sync(SyncError::Unreachable(other.to_string())),
        }
    }
}

impl FolderError {
    /// A stable name for interfaces that act on the kind of error.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Missing(_) => "folder_missing",
            Self::Io { .. } => "folder_io",
            Self::ReadOnly(_) => "folder_read_only",
            Self::Full(_) => "folder_full",
            Self::Linked(_) => "folder_linked",
            Self::LiveDatabase { .. } => "folder_holds_database",
            Self::SyncedHome { .. } => "synced_home",
            Self::MassDeletion { .. } => "mass_deletion",
            Self::NotAMember => "not_a_member",
            Self::Store(error) => error.code(),
            Self::Vault(error) => error.code(),
            Self::Sync(error) => error.code(),
        }
    }

    /// From a file operation.
    pub(super) fn io(path: &std::path::Path) -> impl FnOnce(std::io::Error) -> Self + '_ {
        move |error| match error.kind() {
            std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => {
                Self::Full(path.to_owned())
            }
            _ => Self::Io { path: path.to_owned(), error },
        }
    }
}
