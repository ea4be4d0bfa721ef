//! What is private to this device: its keys and its identity, kept outside of the vault's database.

use crate::identity;
use crate::keystore::KeyStore;
use crate::session::fact;
use crate::{App, AppError};
use holdfast_oplog::ActorId;
use holdfast_store::{PrivateStore, Store, StoreError};
use holdfast_vault::membership::Membership;
use holdfast_vault::{DeviceKeys, Keyring, Passphrase, RootSecret, VaultError, open_with_root};

/// What is private to this device.
pub(crate) struct Secrets {
    pub(crate) private: PrivateStore,
    pub(crate) keys: DeviceKeys,
    pub(crate) keyring: Keyring,
    pub(crate) actor: ActorId,
    pub(crate) root: RootSecret,
}

impl Secrets {
    /// Who is in the vault, as far as a database tells.
    pub(crate) fn members_in(&self, store: &mut Store) -> Result<Membership, AppError> {
        let records = store.read(|tx| tx.membership())?;
        Ok(Membership::from_records(self.keyring.vault(), &records))
    }

    /// See [`crate::session::Open::distrust`].
    pub(crate) fn distrust(&mut self) -> Result<(), AppError> {
        identity::distrust(&mut self.private)
    }
}

impl App {
    /// Opens what is private to this device: its keys and its identity.
    pub(crate) fn open_secrets(&self, passphrase: Option<&str>) -> Result<Secrets, AppError> {
        if !self.has_vault() {
            let path = self.home.path().display().to_string();
            return Err(match self.home.remains() {
                Some(remains) => AppError::DataMissing { path, remains },
                None => AppError::NoVault(path),
            });
        }
        self.secrets_without_database(passphrase)
    }

    /// The same where the database is gone.
    pub(crate) fn secrets_without_database(
        &self,
        passphrase: Option<&str>,
    ) -> Result<Secrets, AppError> {
        if !self.home.private().exists() {
            return Err(AppError::KeyMissing(self.home.private().display().to_string()));
        }
        // Keys that cannot be read are as good as gone, and never said to be a damaged database.
        self.read_secrets(passphrase).map_err(|error| match error {
            AppError::Store(StoreError::Damaged(why)) => {
                AppError::KeyMissing(format!("{}: {why}", self.home.private().display()))
            }
            AppError::Store(error @ (StoreError::Sqlite(_) | StoreError::Oplog(_))) => {
                AppError::KeyMissing(format!("{} ({error})", self.home.private().display()))
            }
            AppError::Vault(error) if !matches!(error, VaultError::WrongPassphrase) => {
                AppError::KeyMissing(format!("{} ({error})", self.home.path().display()))
            }
            AppError::KeyStore(name) => {
                AppError::KeyMissing(format!("'{name}', which is no place that is known here"))
            }
            other => other,
        })
    }

    fn read_secrets(&self, passphrase: Option<&str>) -> Result<Secrets, AppError> {
        let private = PrivateStore::open(&self.home.private())?;
        let read = |key: &'static str| -> Result<Vec<u8>, AppError> {
            private
                .get(key)?
                .ok_or_else(|| AppError::KeyMissing(self.home.private().display().to_string()))
        };
        let name = String::from_utf8_lossy(&read(fact::KEY_STORE)?).into_owned();
        let chosen = KeyStore::parse(&name).ok_or(AppError::KeyStore(name))?;
        let account = String::from_utf8_lossy(&read(fact::ACCOUNT)?).into_owned();
        let passphrase = passphrase.map(Passphrase::typed);
        let root = chosen.recall(&self.home.key(), &account, passphrase.as_ref())?;
        let keys = DeviceKeys::decode(&open_with_root(
            &root,
            fact::DEVICE_KEYS,
            &read(fact::DEVICE_KEYS)?,
        )?)?;
        let keyring =
            Keyring::decode(&open_with_root(&root, fact::KEYRING, &read(fact::KEYRING)?)?)?;
        let actor =
            ActorId::from_slice(&read(fact::ACTOR)?).map_err(holdfast_store::StoreError::from)?;
        Ok(Secrets { private, keys, keyring, actor, root })
    }
}
