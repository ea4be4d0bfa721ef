//! What the window needs before it can show anything: is there a vault, is it locked, how does the
//! person like it.

use crate::session::{NewDevice, Open};
use crate::{App, AppError, KeyStore, Remains, view};

/// Name of the private fact that keeps the preferences.
pub(crate) const PREFS: &str = "prefs";

impl App {
    /// The state of this device.
    pub fn boot(&self) -> Result<view::Boot, AppError> {
        let (state, trouble) = match self.open(None) {
            Ok(()) => (view::BootState::Ready, None),
            Err(AppError::Locked) => (view::BootState::Locked, None),
            Err(AppError::NoVault(_)) => (view::BootState::New, None),
            Err(error @ AppError::DataMissing { .. }) => {
                (view::BootState::DataMissing, Some(error.into()))
            }
            Err(error @ AppError::KeyMissing(_)) => {
                (view::BootState::KeyMissing, Some(error.into()))
            }
            Err(error) => return Err(error),
        };
        let ready = state == view::BootState::Ready;
        if ready {
            self.tidy();
        }
        let (device, prefs) = if ready {
            self.with(|open| Ok((Some(open.people()?.here()), open.prefs())))?
        } else {
            (None, view::Prefs::default())
        };
        Ok(view::Boot {
            state,
            version: env!("CARGO_PKG_VERSION").into(),
            platform: match std::env::consts::OS {
                "macos" => view::Platform::Macos,
                "windows" => view::Platform::Windows,
                _ => view::Platform::Linux,
            },
            today: self.clock.today(),
            suggested_device_name: suggested_name(),
            // Asking the keychain takes time; only a first run needs the answer.
            key_stores: if ready {
                Vec::new()
            } else {
                KeyStore::available().into_iter().map(shown).collect()
            },
            prefs,
            device,
            trouble,
            remains: self.home.remains().map(|remains| self.remains_view(remains)),
        })
    }

    fn remains_view(&self, remains: Remains) -> view::RemainsView {
        let secrets = self.secrets_without_database(None).map(drop);
        view::RemainsView {
            text: remains.to_string(),
            folder: self.home.path().display().to_string(),
            backups: remains.backups,
            has_keys: matches!(secrets, Ok(()) | Err(AppError::Locked)),
            asks_for_passphrase: matches!(secrets, Err(AppError::Locked)),
        }
    }

    /// Puts a backup in the place of a database that is gone.
    pub fn restore_missing(
        &self,
        id: &str,
        passphrase: Option<&str>,
    ) -> Result<view::Boot, AppError> {
        self.restore(&self.known_backup(id)?, false, passphrase)?;
        self.boot()
    }

    /// Sets aside what is left of a vault whose database is gone, so that this device can begin anew.
    pub fn begin_anew(&self) -> Result<view::SetAside, AppError> {
        let folder = self.set_remains_aside()?;
        Ok(view::SetAside { folder: folder.display().to_string(), boot: self.boot()? })
    }

    /// Starts fresh: a new vault with this as its first device.
    pub fn create_vault(
        &self,
        device_name: &str,
        key_store: view::KeyStore,
        passphrase: Option<&str>,
    ) -> Result<view::Boot, AppError> {
        self.create(&NewDevice {
            name: device_name,
            key_store: Some(chosen(key_store)),
            passphrase,
            set_aside: None,
        })?;
        self.boot()
    }

    /// Opens a locked vault.
    pub fn unlock(&self, passphrase: &str) -> Result<view::Boot, AppError> {
        self.open(Some(passphrase))?;
        self.boot()
    }

    /// Keeps how the person likes the window. Never travels.
    pub fn set_prefs(&self, prefs: &view::Prefs) -> Result<(), AppError> {
        let bytes = serde_json::to_vec(prefs)
            .map_err(|error| AppError::Invalid(format!("The settings cannot be kept: {error}.")))?;
        self.with(|open| Ok(open.private.set(PREFS, &bytes)?))
    }
}

impl Open {
    fn prefs(&self) -> view::Prefs {
        // Preferences that cannot be read are no reason not to start.
        self.private
            .get(PREFS)
            .ok()
            .flatten()
            .and_then(|bytes| serde_json::from_slice(&bytes).ok())
            .unwrap_or_default()
    }
}

fn shown(store: KeyStore) -> view::KeyStore {
    match store {
        KeyStore::Keychain => view::KeyStore::Keychain,
        KeyStore::Passphrase => view::KeyStore::Passphrase,
        KeyStore::File => view::KeyStore::File,
    }
}

/// The store that the interface named.
pub(crate) fn chosen(store: view::KeyStore) -> KeyStore {
    match store {
        view::KeyStore::Keychain => KeyStore::Keychain,
        view::KeyStore::Passphrase => KeyStore::Passphrase,
        view::KeyStore::File => KeyStore::File,
    }
}

/// The machine's own name where it tells one: a name for a device that nobody named.
pub fn suggested_name() -> String {
    let name = ["HOSTNAME", "COMPUTERNAME"]
        .into_iter()
        .find_map(|variable| std::env::var(variable).ok())
        .or_else(|| holdfast_store::plain_file::read_text("/etc/hostname".as_ref(), 4096).ok())
        .unwrap_or_default();
    let name: String = name.trim().split('.').next().unwrap_or_default().chars().take(40).collect();
    if name.is_empty() { "This computer".into() } else { name }
}
