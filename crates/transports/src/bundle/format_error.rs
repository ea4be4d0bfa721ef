use holdfast_oplog::{DeviceId, OplogError, VaultId};
use holdfast_store::StoreError;
use holdfast_sync::SyncError;
use holdfast_vault::VaultError;
use holdfast_vault::membership::Problem;
use thiserror::Error;

/// What can be wrong with a bundle file, or with making one. Nothing was changed.
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
    #[error(
        "the file could not be read or written ({0}): check that it is there, that you may use it, and that the disk has space"
    )]
    Io(#[from] std::io::Error),
    /// Where the file should go there is something else.
    #[error(
        "{} exists already and is not a Holdfast bundle; nothing was written: choose another name",
        .0.display()
    )]
    Occupied(std::path::PathBuf),
    /// Of another vault.
    #[error(
        "this bundle belongs to another vault ({found}); nothing was taken: choose a bundle of this vault, or an invitation to join the other one with a new data folder"
    )]
    ForeignVault {
        /// The vault that it names.
        found: VaultId,
    },
    /// Made by a device that no record lets in.
    #[error(
        "this bundle was made by a device that does not belong to this vault ({0}); nothing was taken: if it is yours, make a new invitation and join with it again"
    )]
    UnknownSender(DeviceId),
    /// Made by a device that was removed.
    #[error(
        "this bundle was made by {0}, which was removed from this vault; nothing was taken: invite it again if it should come back"
    )]
    RemovedSender(String),
    /// This device was removed from the vault.
    #[error(
        "this device does not belong to the vault any more: join again with a new invitation from another device"
    )]
    NotAMember,
    /// There is no such device to export for.
    #[error("there is no device {0} in this vault: choose one from the list of devices")]
    NoSuchDevice(DeviceId),
    /// The bundle goes on after changes that are not here.
    #[error(
        "an earlier bundle from {from} is missing here, with at least {}; nothing was taken: import that one first, or export everything on {from} and import that", changes(*.missing)
    )]
    EarlierMissing {
        /// The sender's name.
        from: String,
        /// How many changes are missing at least.
        missing: u64,
    },
    /// A large part of what is here would be deleted, and the person has not said yes to it.
    #[error(
        "this bundle from {from} would delete {deletes} items, more than half of the vault or of a list; nothing was changed: look at what it would do, and confirm if that is right"
    )]
    MassDeletion {
        /// The sender's name.
        from: String,
        /// How many items.
        deletes: u64,
    },
    /// The bundle lets nobody in.
    #[error("this bundle is not an invitation: make one on a device of the vault")]
    NotAnInvitation,
    /// The invitation is of no use.
    #[error("this invitation cannot be used ({0}): make a new one on a device of the vault")]
    InvitationRefused(Problem),
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

impl From<SyncError> for BundleError {
    fn from(error: SyncError) -> Self {
        match error {
            SyncError::Store(error) => Self::Store(error),
            SyncError::Vault(error) => Self::Vault(error),
            other => Self::Sync(other),
        }
    }
}

impl From<OplogError> for BundleError {
    fn from(error: OplogError) -> Self {
        Self::Vault(error.into())
    }
}

impl BundleError {
    /// A stable name for interfaces that act on the kind of error.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotABundle => "not_a_bundle",
            Self::Cut => "bundle_cut",
            Self::Corrupted(_) => "bundle_corrupted",
            Self::NewerFormat { .. } => "newer_format",
            Self::TooLarge { .. } => "too_large",
            Self::Io(error) if error.kind() == std::io::ErrorKind::StorageFull => "disk_full",
            Self::Io(_) => "io",
            Self::Occupied(_) => "file_exists",
            Self::ForeignVault { .. } => "foreign_vault",
            Self::UnknownSender(_) => "unknown_device",
            Self::RemovedSender(_) => "removed_device",
            Self::NotAMember => "not_a_member",
            Self::NoSuchDevice(_) => "no_such_device",
            Self::EarlierMissing { .. } => "earlier_missing",
            Self::MassDeletion { .. } => "mass_deletion",
            Self::NotAnInvitation => "not_an_invitation",
            Self::InvitationRefused(_) => "invitation_refused",
            Self::Store(error) => error.code(),
            Self::Vault(error) => error.code(),
            Self::Sync(error) => error.code(),
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

/// So many changes, in words.
pub(crate) fn changes(count: u64) -> String {
    if count == 1 { "1 change".to_owned() } else { format!("{count} changes") }
}
