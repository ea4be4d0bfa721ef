use holdfast_store::StoreError;
use holdfast_vault::VaultError;
use thiserror::Error;

/// Why something that a person asked for did not happen. Nothing was changed.
#[derive(Debug, Error)]
pub enum AppError {
    /// No vault in this data folder.
    #[error("there is no vault in {0}")]
    NoVault(String),
    /// A vault is there already.
    #[error("there is a vault in {0} already")]
    VaultExists(String),
    /// The key is kept under a passphrase that was not given yet.
    #[error("the data on this device is locked")]
    Locked,
    /// The passphrase does not open the key.
    #[error("that passphrase is not right")]
    WrongPassphrase,
    /// No key store works here, or the chosen one does not.
    #[error("the key cannot be kept in {0}")]
    KeyStore(String),
    /// The key of this data folder is not where it was kept.
    #[error("the key of this data is missing from {0}")]
    KeyMissing(String),
    /// The database is gone, and what belongs to it is still there.
    #[error(
        "the database of this data folder is missing: {path} has {remains}, and no holdfast.db. Nothing was changed"
    )]
    DataMissing {
        /// The data folder.
        path: String,
        /// What is left.
        remains: crate::home::Remains,
    },
    /// A file that should be a backup of this vault cannot be used.
    #[error("the backup {file} cannot be used ({why}). Nothing was changed")]
    BackupUnusable {
        /// The file.
        file: String,
        /// What is wrong with it.
        why: String,
    },
    /// A private fact of this device that cannot be read. It stays as it is.
    #[error("what this device keeps about {0} cannot be read, and is left as it is")]
    FactUnreadable(&'static str),
    /// The disk of a file is full.
    #[error("the disk is full: {0} could not be written; nothing that was saved before is lost")]
    Full(String),
    /// An id that names nothing or several things.
    #[error("'{given}' is not the id of one {what}")]
    NoSuchItem {
        /// What was looked for.
        what: &'static str,
        /// What was given.
        given: String,
    },
    /// A value that the field cannot hold.
    #[error("{0}")]
    Invalid(String),
    /// A repeating task is to be cancelled, and nobody said how much of it.
    #[error("'{0}' repeats")]
    WhichOccurrences(String),
    /// Nothing to undo or to do again.
    #[error("there is nothing to {0}")]
    NothingTo(&'static str),
    /// Something that is done for good; an undo after this was said takes back what was done before it.
    #[error("{0} cannot be undone")]
    NotUndoable(String),
    /// The text of a test clock cannot be read.
    #[error("HOLDFAST_TEST_CLOCK is '{0}', which is neither a time nor an offset")]
    TestClock(String),
    /// A file or folder cannot be read or written.
    #[error("{path}: {error}")]
    File {
        /// The file.
        path: String,
        /// What the system says.
        error: std::io::Error,
    },
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Keys and sealing.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// A bundle.
    #[error(transparent)]
    Bundle(#[from] holdfast_transports::bundle::BundleError),
    /// The exchange folder.
    #[error(transparent)]
    Folder(#[from] holdfast_transports::folder::FolderError),
    /// There is nothing to sync with.
    #[error("there is nothing to sync with: Manual mode has no exchange folder yet")]
    NoDestination,
    /// No device of the vault can be reached.
    #[error("no other device can be reached")]
    NobodyNearby,
    /// The network is not there.
    #[error("Nearby is not running")]
    NearbyNotRunning,
    /// Nearby waits, because the system counts what goes over this network.
    #[error("this network counts what goes over it, so Nearby waits for another one")]
    Metered,
    /// Pairing came to nothing.
    #[error("{message}")]
    Pairing {
        /// A stable name for it.
        code: String,
        /// What happened and what to do, in words.
        message: String,
    },
    /// The network.
    #[error(transparent)]
    Nearby(#[from] holdfast_transports::nearby::NearbyError),
    /// An exchange with a device.
    #[error(transparent)]
    Peer(#[from] holdfast_transports::peer::PeerError),
    /// A folder of Markdown.
    #[error("{0}")]
    Import(String),
}

impl From<holdfast_vault::pairing::PairingError> for AppError {
    fn from(error: holdfast_vault::pairing::PairingError) -> Self {
        Self::Pairing { code: error.code().to_owned(), message: error.to_string() }
    }
}

impl From<holdfast_transports::nearby::meeting::MeetingError> for AppError {
    fn from(error: holdfast_transports::nearby::meeting::MeetingError) -> Self {
        Self::Pairing { code: error.code().to_owned(), message: error.to_string() }
    }
}

impl AppError {
    /// A stable name for the interface to act on.
    pub fn code(&self) -> &str {
        match self {
            Self::NoVault(_) => "no_vault",
            Self::VaultExists(_) => "vault_exists",
            Self::Locked => "locked",
            Self::KeyStore(_) => "key_store",
            Self::KeyMissing(_) => "key_missing",
            Self::DataMissing { .. } => "data_missing",
            Self::BackupUnusable { .. } => "backup_unusable",
            Self::FactUnreadable(_) => "fact_unreadable",
            Self::Full(_) => "disk_full",
            Self::NoSuchItem { .. } => "not_found",
            Self::Invalid(_) => "invalid",
            Self::WhichOccurrences(_) => "which_occurrences",
            Self::NothingTo(_) => "nothing_to_do",
            Self::NotUndoable(_) => "not_undoable",
            Self::TestClock(_) => "test_clock",
            Self::File { .. } => "file",
            Self::Store(error) => error.code(),
            Self::WrongPassphrase | Self::Vault(VaultError::WrongPassphrase) => "wrong_passphrase",
            Self::Vault(error) => error.code(),
            Self::Bundle(error) => error.code(),
            Self::Folder(error) => error.code(),
            Self::NoDestination => "no_destination",
            Self::NobodyNearby => "nobody_nearby",
            Self::NearbyNotRunning => "nearby_not_running",
            Self::Metered => "nearby_metered",
            Self::Pairing { code, .. } => code,
            Self::Nearby(error) => error.code(),
            Self::Peer(error) => error.code(),
            Self::Import(_) => "import",
        }
    }

    /// What the person can do about it, where the message does not say so already.
    pub fn remedy(&self) -> Option<&'static str> {
        Some(match self {
            Self::WhichOccurrences(_) => {
                "Say whether this one alone is cancelled or all that follow too, with 'holdfastctl task cancel ID --this' or 'holdfastctl task cancel ID --following'."
            }
            Self::NoVault(_) => {
                "Start fresh with 'holdfastctl init --name \"Laptop\"', or join another device with 'holdfastctl join FILE'."
            }
            Self::VaultExists(_) => {
                "Use it as it is, choose another folder with --home, or join with --bring-along merge (or keep-both): what you have here comes along, and this vault is kept."
            }
            Self::Locked => {
                "Unlock it with the passphrase: --passphrase-file, HOLDFAST_PASSPHRASE, or the prompt."
            }
            Self::WrongPassphrase => {
                "Type it again. Nobody can reset it; without it the data stays closed."
            }
            Self::KeyStore(_) => {
                "Choose one of: --key-store keychain (the system keychain), passphrase (a file under a passphrase), file (a plain file that only your account can read)."
            }
            Self::KeyMissing(_) => {
                "Unlock the system keychain and try again, or bring the file back from a copy. No new vault is made in its place. What the database shows can be written as plain files without the key: 'holdfastctl export DIR --rescue'."
            }
            Self::DataMissing { .. } => {
                "Put a backup in its place: 'holdfastctl backups' lists them, 'holdfastctl restore BACKUP' restores one. Or fetch everything from another device: 'holdfastctl pair accept' or 'holdfastctl join FILE', with --set-aside. Or begin anew: 'holdfastctl init --set-aside'. Both keep what is left in a folder of its own."
            }
            Self::BackupUnusable { .. } => "Choose another one: 'holdfastctl backups' lists them.",
            Self::FactUnreadable(_) => {
                "Nothing was written over it. Your tasks and notes are not affected; 'holdfastctl restore' or a newer version may be needed to read it."
            }
            Self::Full(_) => "Free some space there, or choose a place on another disk.",
            Self::NoSuchItem { .. } => "Give more characters of the id; the lists show it.",
            Self::NothingTo(_) => "Only actions of this device can be undone here.",
            Self::NotUndoable(_) => "Undo again to take back what was done before it.",
            Self::TestClock(_) => "Give an RFC 3339 time, or an offset such as +2h.",
            Self::File { .. } => {
                "Check that it exists, that there is space, and that you may read and write it."
            }
            Self::NoDestination => {
                "Choose a folder with 'holdfastctl mode manual --folder DIR' or in Settings, or carry a bundle: 'holdfastctl bundle export FILE'."
            }
            Self::NobodyNearby => {
                "Start Holdfast on the other device, in the same network and in Nearby mode. Guest Wi-Fi and VPNs hide devices: then give its address."
            }
            Self::Metered => "Allow metered networks under Settings, Sync, or use another network.",
            Self::NearbyNotRunning => "Turn it on with 'holdfastctl mode nearby' or in Settings.",
            Self::Vault(VaultError::WrongPassphrase) => "Type it again, exactly as it was chosen.",
            _ => return None,
        })
    }

    /// For a failed file operation.
    pub(crate) fn file(path: &std::path::Path) -> impl FnOnce(std::io::Error) -> Self + '_ {
        use std::io::ErrorKind::{QuotaExceeded, StorageFull};
        move |error| match error.kind() {
            StorageFull | QuotaExceeded => Self::Full(path.display().to_string()),
            _ => Self::File { path: path.display().to_string(), error },
        }
    }
}
