use holdfast_oplog::{DeviceId, LogId, OplogError, Space};
use holdfast_store::StoreError;
use holdfast_vault::VaultError;
use thiserror::Error;

/// Why an exchange stopped. Nothing of the batch at hand was taken in.
#[derive(Debug, Error)]
pub enum SyncError {
    /// Changes that came do not join those that are held.
    #[error(
        "earlier changes are missing here (change {missing} of {}): get them first, then try again", log.actor
    )]
    Gap {
        /// Whose log.
        log: LogId,
        /// The first number that is missing.
        missing: u64,
    },
    /// Changes came by a way that may not carry them.
    #[error(
        "changes of a list marked '{0}' came by a way that must not carry them; nothing was taken: update the app on the device that sent them"
    )]
    NotCarried(Space),
    /// Something was about to be sent that must not leave.
    #[error(
        "changes of lists marked '{0}' were about to leave that were not offered; nothing was sent: try again"
    )]
    NotReleased(Space),
    /// The other side cannot be reached.
    #[error("the other side cannot be reached ({0}): check the connection, then try again")]
    Unreachable(String),
    /// The other side sent something that was not asked for.
    #[error(
        "the other side sent something that was not asked for; nothing was taken: try again, and update the app on both devices"
    )]
    Unexpected,
    /// A snapshot tells of changes of which this device never heard: see [`crate::believes`].
    #[error(
        "it tells of changes that never were here, and only the device that let this one in is believed in that: exchange with that one"
    )]
    NotBelieved,
    /// This device was removed from the vault.
    #[error(
        "this device does not belong to the vault any more: join again with a new invitation from another device"
    )]
    NotAMember,
    /// There is no such device, or it cannot be meant.
    #[error("there is no other device {0} in this vault: choose one from the list of devices")]
    NoSuchDevice(DeviceId),
    /// A mode that does not exist.
    #[error("'{0}' is not a mode: choose manual, nearby or cloud")]
    UnknownMode(String),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Keys and sealing.
    #[error(transparent)]
    Vault(#[from] VaultError),
}

impl SyncError {
    /// A stable name for the interface to act on.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Gap { .. } => "earlier_missing",
            Self::NotCarried(_) => "not_carried",
            Self::NotReleased(_) => "not_released",
            Self::Unreachable(_) => "unreachable",
            Self::Unexpected => "unexpected",
            Self::NotBelieved => "not_believed",
            Self::NotAMember => "not_a_member",
            Self::NoSuchDevice(_) => "no_such_device",
            Self::UnknownMode(_) => "unknown_mode",
            Self::Store(error) => error.code(),
            Self::Vault(error) => error.code(),
        }
    }
}

impl From<OplogError> for SyncError {
    fn from(error: OplogError) -> Self {
        Self::Vault(error.into())
    }
}
