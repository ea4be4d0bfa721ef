use holdfast_oplog::{ActorId, OplogError, VaultId};
use thiserror::Error;

/// What can be wrong with keys, sealed data and what claims to be signed.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum VaultError {
    /// The outer form is wrong.
    #[error(transparent)]
    Outer(#[from] OplogError),
    /// The bytes are not what they should be, although they may be authentic.
    #[error("{0} is damaged or not from Holdfast: get it again from where it came")]
    Malformed(&'static str),
    /// More than [`crate::limits`] or [`holdfast_oplog::limits`] allow.
    #[error("{what} is too large: {size}, at most {limit} is accepted")]
    TooLarge {
        /// What was too large, in plain words.
        what: &'static str,
        /// Its size, or the least that it must be.
        size: usize,
        /// The bound.
        limit: usize,
    },
    /// Made by a newer version of Holdfast.
    #[error("{what} was made by a newer version of Holdfast: update the app on this device")]
    NewerFormat {
        /// What was found, in plain words.
        what: &'static str,
    },
    /// Sealed under a key that this device has not received.
    #[error(
        "this device does not have key {epoch} of the vault yet: sync once more with another device"
    )]
    UnknownEpoch {
        /// The key's number.
        epoch: u32,
    },
    /// Belongs to another vault.
    #[error("this belongs to another vault ({found}): nothing was taken from it")]
    ForeignVault {
        /// The vault that it names.
        found: VaultId,
    },
    /// Decryption failed: damaged, tampered with, moved from its place, or a wrong key.
    #[error("{0} does not open: it is damaged or was tampered with; nothing was taken from it")]
    DoesNotOpen(&'static str),
    /// The number of changes differs from what the header says.
    #[error("the batch holds {found} changes where its header says {expected}; nothing was taken")]
    WrongCount {
        /// Changes inside.
        found: usize,
        /// Changes announced.
        expected: u64,
    },
    /// The changes do not hash to what the header says.
    #[error("the changes do not fit together; nothing was taken from this batch")]
    BadChain,
    /// The signature is not by the device that the batch names.
    #[error("the signature is not that of the device which should have made it; nothing was taken")]
    BadSignature,
    /// The vault has no device that writes as this actor.
    #[error("this device does not know yet who wrote this ({0}): sync once more")]
    UnknownActor(ActorId),
    /// A public key that cannot be used safely.
    #[error("a public key in the data is not valid; nothing was taken")]
    BadPublicKey,
    /// Epoch numbers ran out.
    #[error("this vault's key cannot be renewed again: start a new vault")]
    NoMoreEpochs,
    /// A new passphrase is too short.
    #[error("the passphrase is too short: use at least {least} characters")]
    PassphraseTooShort {
        /// Least number of characters.
        least: usize,
    },
    /// The passphrase is wrong, or the wrapped data was changed.
    #[error("the passphrase is not right, or the file is damaged: check it and type it again")]
    WrongPassphrase,
    /// The file asks for a weaker protection than this app allows.
    #[error(
        "the passphrase protection of this file is too weak or too costly: make the file again"
    )]
    RefusedStretch,
    /// The operating system could not give the memory needed for the passphrase.
    #[error("there is not enough memory to check the passphrase: close other programs and retry")]
    StretchFailed,
}

impl VaultError {
    /// A stable name for interfaces that act on the kind of error.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Outer(OplogError::Malformed(_)) | Self::Malformed(_) => "malformed",
            Self::Outer(OplogError::TooLarge { .. }) | Self::TooLarge { .. } => "too_large",
            Self::Outer(OplogError::NewerFormat { .. }) | Self::NewerFormat { .. } => {
                "newer_format"
            }
            Self::UnknownEpoch { .. } => "unknown_epoch",
            Self::ForeignVault { .. } => "foreign_vault",
            Self::DoesNotOpen(_) => "does_not_open",
            Self::WrongCount { .. } => "wrong_count",
            Self::BadChain => "bad_chain",
            Self::BadSignature => "bad_signature",
            Self::UnknownActor(_) => "unknown_actor",
            Self::BadPublicKey => "bad_public_key",
            Self::NoMoreEpochs => "no_more_epochs",
            Self::PassphraseTooShort { .. } => "passphrase_too_short",
            Self::WrongPassphrase => "wrong_passphrase",
            Self::RefusedStretch => "refused_stretch",
            Self::StretchFailed => "stretch_failed",
        }
    }
}
