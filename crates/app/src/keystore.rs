//! Where the root secret of this device is kept: the system keychain, a file under a passphrase, or a
//! plain file that only the person's account can read, chosen knowingly.

use crate::AppError;
use holdfast_store::{plain_file, private_file};
use holdfast_vault::{KeyFile, Passphrase, RootSecret};
use rand_core::OsRng;
use std::io::Write;
use std::path::Path;

/// The service under which the keychain lists our entries.
const SERVICE: &str = "app.holdfast.desktop";
/// Largest file of a key, in bytes.
const LARGEST: u64 = holdfast_vault::limits::WRAPPED as u64;

/// A place for the root secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyStore {
    /// The system keychain.
    Keychain,
    /// A file under a passphrase.
    Passphrase,
    /// A plain file with mode 0600.
    File,
}

impl KeyStore {
    /// The name in the command line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Keychain => "keychain",
            Self::Passphrase => "passphrase",
            Self::File => "file",
        }
    }
    /// The store of that name.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Keychain, Self::Passphrase, Self::File].into_iter().find(|s| s.as_str() == name)
    }

    /// Which stores work here, best first.
    pub fn available() -> Vec<Self> {
        let mut stores = Vec::new();
        if keychain_works() {
            stores.push(Self::Keychain);
        }
        stores.extend([Self::Passphrase, Self::File]);
        stores
    }

    /// Keeps a new secret. `account` names this vault on this device in the keychain.
    pub(crate) fn keep(
        self,
        root: &RootSecret,
        path: &Path,
        account: &str,
        passphrase: Option<&Passphrase>,
    ) -> Result<(), AppError> {
        let file = match self {
            Self::Keychain => {
                return entry(account)
                    .and_then(|entry| entry.set_secret(root.expose()))
                    .map_err(|error| AppError::KeyStore(format!("the system keychain ({error})")));
            }
            Self::Passphrase => {
                let passphrase = passphrase.ok_or_else(|| {
                    AppError::KeyStore(
                        "a file under a passphrase, because no passphrase was given".into(),
                    )
                })?;
                KeyFile::wrap(root, passphrase, &mut OsRng)?
            }
            Self::File => KeyFile::Plain(root.clone()),
        };
        write_new(path, &file.encode())
    }

    /// The secret that was kept. [`AppError::Locked`] where a passphrase is needed.
    pub(crate) fn recall(
        self,
        path: &Path,
        account: &str,
        passphrase: Option<&Passphrase>,
    ) -> Result<RootSecret, AppError> {
        if self == Self::Keychain {
            let secret = entry(account)
                .and_then(|entry| entry.get_secret())
                .map_err(|error| AppError::KeyMissing(format!("the system keychain ({error})")))?;
            return Ok(RootSecret::from_slice(&secret)?);
        }
        let bytes = plain_file::read(path, LARGEST).map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => AppError::KeyMissing(path.display().to_string()),
            _ => AppError::file(path)(error),
        })?;
        let file = KeyFile::parse(&bytes)?;
        if file.needs_passphrase() && passphrase.is_none() {
            return Err(AppError::Locked);
        }
        file.unlock(passphrase).map_err(|error| match error {
            holdfast_vault::VaultError::WrongPassphrase => AppError::WrongPassphrase,
            other => other.into(),
        })
    }
}

fn entry(account: &str) -> keyring::Result<keyring::Entry> {
    keyring::Entry::new(SERVICE, account)
}

/// Whether the keychain really keeps a secret: asking is not enough where the service is missing.
fn keychain_works() -> bool {
    let Ok(probe) = entry("probe") else { return false };
    let works = probe.set_secret(b"probe").is_ok();
    if works {
        let _ = probe.delete_credential();
    }
    works
}

/// Writes a file that must not exist yet, readable by the person's account alone.
fn write_new(path: &Path, bytes: &[u8]) -> Result<(), AppError> {
    let mut file = private_file::create_new(path).map_err(AppError::file(path))?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(AppError::file(path))
}
