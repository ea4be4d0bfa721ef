use crate::bundle::BundleError;
use holdfast_store::StoreError;
use holdfast_sync::SyncError;
use holdfast_vault::VaultError;
use thiserror::Error;

/// Why an exchange with a device stopped. Nothing of the batch at hand was taken in.
#[derive(Debug, Error)]
pub enum PeerError {
    /// The connection ended.
    #[error("the connection ended: it is made again by itself while both devices are on")]
    Gone,
    /// The other side did not answer as it should.
    #[error(
        "the other device sent something that was not asked for; nothing was taken: try again, and update the app on both devices"
    )]
    Unexpected,
    /// The other side says why it does not answer.
    #[error("the other device answered: {text}")]
    Refused {
        /// Its code.
        code: String,
        /// Its words.
        text: String,
    },
    /// So much would be deleted that the person has to say yes.
    #[error(
        "{from} deleted {deletes} items, which is more than half: look at it, then take it in or keep them"
    )]
    MassDeletion {
        /// Whose changes these are, by name.
        from: String,
        /// How many items would go.
        deletes: u64,
        /// What taking it in would do, as the record of an exchange says it.
        report: Box<serde_json::Value>,
    },
    /// More was announced than any vault of this app holds.
    #[error(
        "the other device sends more than this app takes in ({0} bytes): nothing of it was kept; update the app on both devices"
    )]
    TooLarge(u64),
    /// This device was removed from the vault.
    #[error(
        "this device was removed from the vault: join again with a new invitation from another device"
    )]
    NotAMember,
    /// The other device was removed from the vault: it is told nothing any more.
    #[error(
        "that device was removed from the vault: to take part again, it joins by a new code or invitation"
    )]
    Removed,
    /// What arrives does not fit on the disk, or the disk failed.
    #[error("{0}: free some room on the disk, then it goes on by itself")]
    Disk(#[from] std::io::Error),
    /// Taking in or sealing.
    #[error(transparent)]
    Sync(#[from] SyncError),
    /// Attachments and previews.
    #[error(transparent)]
    Content(#[from] BundleError),
}

impl PeerError {
    /// A stable name for the interface to act on.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Gone => "unreachable",
            Self::Unexpected => "unexpected",
            Self::Refused { .. } => "refused",
            Self::MassDeletion { .. } => "mass_deletion",
            Self::TooLarge(_) => "too_large",
            Self::NotAMember => "not_a_member",
            Self::Removed => "nearby_removed",
            Self::Disk(_) => "disk",
            Self::Sync(error) => error.code(),
            Self::Content(error) => error.code(),
        }
    }
}

impl From<StoreError> for PeerError {
    fn from(error: StoreError) -> Self {
        Self::Sync(error.into())
    }
}

impl From<VaultError> for PeerError {
    fn from(error: VaultError) -> Self {
        Self::Sync(error.into())
    }
}

impl From<holdfast_oplog::OplogError> for PeerError {
    fn from(error: holdfast_oplog::OplogError) -> Self {
        Self::Sync(error.into())
    }
}
