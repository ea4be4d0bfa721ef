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
    #[error(
        "what this device keeps about {about} cannot be read, and is left as it is. Your tasks and notes are not affected"
    )]
    FactUnreadable {
        /// What it is about.
        about: &'static str,
        /// What can be done about it.
        remedy: &'static str,
    },
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
            Self::FactUnreadable { .. } => "fact_unreadable",
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

    /// What the person can do about it, where the message does not say so already. For windows and commands
    /// alike: it names neither; `holdfastctl` has the commands.
    pub fn remedy(&self) -> Option<&'static str> {
        Some(match self {
            Self::WhichOccurrences(_) => {
                "Say whether this one alone is cancelled, or all that follow too."
            }
            Self::NoVault(_) => "Start fresh, or join another device.",
            Self::VaultExists(_) => {
                "Use it as it is, choose another data folder, or join another device and bring along what you have here: this vault is kept."
            }
            Self::Locked => "Unlock it with the passphrase.",
            Self::WrongPassphrase => {
                "Type it again. Nobody can reset it; without it the data stays closed."
            }
            Self::KeyStore(_) => {
                "Choose another place for it: the system keychain, a file under a passphrase, or a plain file that only your account can read."
            }
            Self::KeyMissing(_) => {
                "Unlock the system keychain and try again, or bring the file back from a copy. No new vault is made in its place. What the database shows can be written as plain files without the key."
            }
            Self::DataMissing { .. } => {
                "Put a backup in its place, fetch everything from another device, or begin anew. What is left here is kept in any case."
            }
            Self::BackupUnusable { .. } => "Choose another backup.",
            Self::FactUnreadable { remedy, .. } => *remedy,
            Self::Full(_) => "Free some space there, or choose a place on another disk.",
            Self::NoSuchItem { .. } => "It may be gone by now: the lists show what is there.",
            Self::NothingTo("undo" | "redo") => "Only actions of this device can be undone here.",
            Self::NothingTo(_) => "It was settled meanwhile, here or on another device.",
            Self::NotUndoable(_) => "Undo again to take back what was done before it.",
            Self::TestClock(_) => "Give an RFC 3339 time, or an offset such as +2h.",
            Self::File { .. } => {
                "Check that it exists, that there is space, and that you may read and write it."
            }
            Self::NoDestination => "Choose a folder in Settings, or carry a bundle.",
            Self::NobodyNearby => {
                "Start Holdfast on the other device, in the same network and in Nearby mode. Guest Wi-Fi and VPNs hide devices: then give its address."
            }
            Self::Metered => "Allow metered networks under Settings, Sync, or use another network.",
            Self::NearbyNotRunning => "Turn it on in Settings.",
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

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    /// What follows the comments of a source file.
    fn code(path: &Path) -> String {
        let text = fs::read_to_string(path).unwrap();
        text.lines().filter(|line| !line.trim_start().starts_with("//")).collect()
    }

    /// The window shows what this crate says, to people who never saw a command line.
    #[test]
    fn nobody_in_a_window_is_told_to_type_a_command() {
        let mut open = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
        while let Some(path) = open.pop() {
            if path.is_dir() {
                open.extend(fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()));
                continue;
            }
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if !name.ends_with("tests.rs") && name != "error.rs" {
                assert!(!code(&path).contains("'holdfastctl "), "{}", path.display());
            }
        }
        let whole = code(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/error.rs"));
        let (errors, _) = whole.split_once("#[cfg(test)]").unwrap();
        assert!(!errors.contains("holdfastctl") && !errors.contains(" --"), "{errors}");
    }
}
