//! Why a command failed, and how it says so.

use std::io;
use std::process::ExitCode;

use holdfast_app::AppError;
use thiserror::Error;

/// Why a command failed.
#[derive(Debug, Error)]
pub(crate) enum Failure {
    /// The app could not do it.
    #[error(transparent)]
    App(#[from] AppError),
    /// The arguments fit the form, but not each other or the data.
    #[error("{0}")]
    Usage(String),
    /// A device that was named does not exist, or is not the only one.
    #[error("{0}")]
    NoDevice(String),
    /// A file that was named cannot be read.
    #[error("{name}: {error}")]
    Input {
        /// The file as it was given.
        name: String,
        /// What the system says.
        error: io::Error,
    },
    /// A passphrase is needed and nobody can be asked.
    #[error("a passphrase is needed: {0}")]
    NoPassphrase(&'static str),
    /// A pairing code is needed and nobody can be asked.
    #[error("the code that the other device shows is needed")]
    NoCode,
    /// A check found something.
    #[error("the check found problems")]
    CheckFailed,
    /// An exchange ran and could not do its work.
    #[error("{}", .0.message)]
    NotSynced(holdfast_app::view::CommandError),
    /// Standard output cannot be written.
    #[error("the output cannot be written: {0}")]
    Output(#[from] io::Error),
}

/// What to type, where the remedy of an error is a command.
fn in_commands(error: &AppError) -> Option<&'static str> {
    Some(match error {
        AppError::WhichOccurrences(_) => {
            "Say whether this one alone is cancelled or all that follow too, with 'holdfastctl task cancel ID --this' or 'holdfastctl task cancel ID --following'."
        }
        AppError::NoVault(_) => {
            "Start fresh with 'holdfastctl init --name \"Laptop\"', or join another device with 'holdfastctl join FILE'."
        }
        AppError::VaultExists(_) => {
            "Use it as it is, choose another folder with --home, or join with --bring-along merge (or keep-both): what you have here comes along, and this vault is kept."
        }
        AppError::Locked => {
            "Unlock it with the passphrase: --passphrase-file, HOLDFAST_PASSPHRASE, or the prompt."
        }
        AppError::KeyStore(_) => {
            "Choose one of: --key-store keychain (the system keychain), passphrase (a file under a passphrase), file (a plain file that only your account can read)."
        }
        AppError::KeyMissing(_) => {
            "Unlock the system keychain and try again, or bring the file back from a copy. No new vault is made in its place. What the database shows can be written as plain files without the key: 'holdfastctl export DIR --rescue'."
        }
        AppError::DataMissing { .. } => {
            "Put a backup in its place: 'holdfastctl backups' lists them, 'holdfastctl restore BACKUP' restores one. Or fetch everything from another device: 'holdfastctl pair accept' or 'holdfastctl join FILE', with --set-aside. Or begin anew: 'holdfastctl init --set-aside'. Both keep what is left in a folder of its own."
        }
        AppError::BackupUnusable { .. } => {
            "Choose another backup: 'holdfastctl backups' lists them."
        }
        AppError::NoSuchItem { .. } => "Give more characters of the id; the lists show it.",
        AppError::NoDestination => {
            "Choose a folder with 'holdfastctl mode manual --folder DIR', or carry a bundle: 'holdfastctl bundle export FILE'."
        }
        AppError::NearbyNotRunning => "Turn it on with 'holdfastctl mode nearby'.",
        _ if error.code() == "damaged" => {
            "Run 'holdfastctl check --repair', or restore a backup: 'holdfastctl backups' lists them."
        }
        _ => return None,
    })
}

impl Failure {
    fn code(&self) -> &str {
        match self {
            Self::App(error) => error.code(),
            Self::Usage(_) => "usage",
            Self::NoDevice(_) => "not_found",
            Self::Input { .. } => "file",
            Self::NoPassphrase(_) => "locked",
            Self::NoCode => "no_code",
            Self::CheckFailed => "check_failed",
            Self::NotSynced(error) => &error.code,
            Self::Output(_) => "output",
        }
    }

    fn remedy(&self) -> Option<&str> {
        match self {
            Self::App(error) => in_commands(error).or_else(|| error.remedy()),
            Self::Usage(_) => Some("See 'holdfastctl help'."),
            Self::NoDevice(_) => Some("'holdfastctl devices' shows all; the id names one exactly."),
            Self::Input { .. } => {
                Some("Check the name, and that it is a text in UTF-8 that you may read.")
            }
            Self::NoPassphrase(_) => Some(
                "Give it in a file with --passphrase-file, or run this in a terminal to be asked.",
            ),
            Self::NoCode => {
                Some("Give it in a file with --code-file, or run this in a terminal to be asked.")
            }
            Self::CheckFailed => Some(
                "Run 'holdfastctl check --repair' to take out what is damaged and make the views anew; a full bundle of another device brings it back.",
            ),
            Self::NotSynced(error) => error.remedy.as_deref(),
            Self::Output(_) => None,
        }
    }

    /// Writes message, code and remedy to standard error.
    pub(crate) fn report(&self) {
        // However much was given that is wrong, the code and the remedy are there.
        let message = self.to_string();
        let message = crate::terminal::message(&message);
        let mut text = format!("error: {message} [{}]\n", self.code());
        if let Some(remedy) = self.remedy() {
            text.push_str(remedy);
            text.push('\n');
        }
        crate::terminal::tell(&text);
    }

    /// 2 for wrong usage, 1 for everything else.
    pub(crate) fn status(&self) -> ExitCode {
        ExitCode::from(if matches!(self, Self::Usage(_)) { 2 } else { 1 })
    }
}
