//! Writing the files of a new device: its key, its private facts and its database.

use crate::home::Home;
use crate::joining::{free_name, swap_held};
use crate::keystore::KeyStore;
use crate::secrets::Secrets;
use crate::session::{NewDevice, Open, fact, sidecars};
use crate::{App, AppError};
use holdfast_oplog::ActorId;
use holdfast_store::{PrivateStore, Store, private_file};
use holdfast_vault::{DeviceKeys, Keyring, Passphrase, RootSecret, seal_with_root};
use rand_core::OsRng;
use std::fs;
use std::path::PathBuf;

/// The files of a new device, before they are opened.
pub(crate) struct Laid {
    keys: DeviceKeys,
    keyring: Keyring,
    root: RootSecret,
}

impl App {
    /// Writes the files of a new device and opens them.
    pub(crate) fn establish(
        &self,
        new: &NewDevice<'_>,
        actor: ActorId,
        make: impl FnOnce(&std::path::Path) -> Result<(Store, DeviceKeys, Keyring), AppError>,
    ) -> Result<Open, AppError> {
        let path = self.home().path();
        holdfast_transports::folder::refuse_as_home(path)?;
        private_file::create_folder(path).map_err(AppError::file(path))?;
        // Of several processes that do this at once the others wait for the first, and are told then.
        let held = self.home().hold()?;
        self.refuse_in_place_of_another(new)?;
        let laid = match (self.home().remains(), new.set_aside) {
            (Some(_), Some(told)) => {
                // Beside what is left: that stays where it is until all of this has succeeded.
                let laid = self.lay_out(&self.free_joining()?, new, actor, make)?;
                let name = free_name(self.home(), self.clock().now_ms());
                swap_held(self.home(), &name)?;
                let _ = told.set(self.home().earlier().join(name));
                laid
            }
            _ => self.lay_out(self.home(), new, actor, make)?,
        };
        drop(held);
        self.home().close_to_others();
        self.take_up(laid, actor)
    }

    /// Refuses to make a vault where there is one, or what is left of one that may not be set aside.
    pub(crate) fn refuse_in_place_of_another(&self, new: &NewDevice<'_>) -> Result<(), AppError> {
        let path = || self.home().path().display().to_string();
        if self.has_vault() {
            return Err(AppError::VaultExists(path()));
        }
        match self.home().remains() {
            Some(remains) if new.set_aside.is_none() => {
                Err(AppError::DataMissing { path: path(), remains })
            }
            _ => Ok(()),
        }
    }

    /// Sets aside what is left of a vault whose database is gone, so that a new one may be made or joined.
    /// Nothing is deleted: the folder that it is in now, which can be opened as a data folder of its own.
    pub fn set_remains_aside(&self) -> Result<PathBuf, AppError> {
        let _held = self.home().hold()?;
        if self.home().remains().is_none() {
            return Err(AppError::NothingTo("set aside"));
        }
        let to = crate::joining::put_aside(self.home(), self.clock().now_ms())?;
        self.home().close_to_others();
        Ok(to)
    }

    /// Writes the files of a new device into a folder without a vault. The database gets its name last,
    /// so that an interrupted attempt leaves no half vault behind.
    pub(crate) fn lay_out(
        &self,
        home: &Home,
        new: &NewDevice<'_>,
        actor: ActorId,
        make: impl FnOnce(&std::path::Path) -> Result<(Store, DeviceKeys, Keyring), AppError>,
    ) -> Result<Laid, AppError> {
        holdfast_transports::folder::refuse_as_home(self.home().path())?;
        private_file::create_folder(home.path()).map_err(AppError::file(home.path()))?;
        let chosen = match new.key_store {
            Some(chosen) => chosen,
            None => best_store(new.passphrase)?,
        };
        let passphrase = new.passphrase.map(Passphrase::chosen).transpose()?;
        self.clear_leftovers(home)?;
        let making = home.making();
        let made = make(&making);
        let (keys, keyring) = match made {
            // Closing the store folds its write-ahead log into the one file.
            Ok((store, keys, keyring)) => {
                drop(store);
                (keys, keyring)
            }
            Err(error) => {
                remove_database(&making);
                return Err(error);
            }
        };
        let root = RootSecret::generate(&mut OsRng);
        let account = keyring.vault().to_string() + "/" + &keys.device_id().to_string();
        if let Err(error) = chosen.keep(&root, &home.key(), &account, passphrase.as_ref()) {
            remove_database(&making);
            return Err(error);
        }
        let mut private = PrivateStore::open(&home.private())?;
        let sealed_keys = seal_with_root(&root, fact::DEVICE_KEYS, &keys.encode(), &mut OsRng)?;
        let sealed_ring = seal_with_root(&root, fact::KEYRING, &keyring.encode(), &mut OsRng)?;
        private.set_all(&[
            (fact::KEY_STORE, chosen.as_str().as_bytes()),
            (fact::ACCOUNT, account.as_bytes()),
            (fact::DEVICE_KEYS, &sealed_keys),
            (fact::KEYRING, &sealed_ring),
            (fact::ACTOR, &actor.0),
        ])?;
        rename_database(&making, &home.database())?;
        Ok(Laid { keys, keyring, root })
    }

    /// Opens the files of a new device, which lie in the data folder now, for the first time.
    pub(crate) fn take_up(&self, laid: Laid, actor: ActorId) -> Result<Open, AppError> {
        let Laid { keys, keyring, root } = laid;
        let private = PrivateStore::open(&self.home().private())?;
        let mut open = self.open_with(Secrets { private, keys, keyring, actor, root })?;
        open.before_writing()?;
        Ok(open)
    }

    /// Moves aside what an interrupted attempt left; a key is never deleted.
    fn clear_leftovers(&self, home: &Home) -> Result<(), AppError> {
        remove_database(&home.making());
        // A write-ahead log that lost its database must not be taken for the new one's.
        let logs = [home.private(), home.database()].map(|path| sidecars(&path)).concat();
        for path in [home.key(), home.private()].into_iter().chain(logs) {
            if path.exists() {
                let mut aside = path.as_os_str().to_owned();
                aside.push(format!(".leftover-{}", self.clock().now_ms()));
                fs::rename(&path, &aside).map_err(AppError::file(&path))?;
            }
        }
        Ok(())
    }
}

fn best_store(passphrase: Option<&str>) -> Result<KeyStore, AppError> {
    let stores = KeyStore::available();
    if stores.contains(&KeyStore::Keychain) {
        Ok(KeyStore::Keychain)
    } else if passphrase.is_some() {
        Ok(KeyStore::Passphrase)
    } else {
        Err(AppError::KeyStore("the system keychain, because none is running here".into()))
    }
}

/// Removes a database that was never used.
fn remove_database(path: &std::path::Path) {
    let _ = fs::remove_file(path);
    for file in sidecars(path) {
        let _ = fs::remove_file(file);
    }
}

/// Gives a finished, closed database its name. Closing has folded its write-ahead log into it.
fn rename_database(from: &std::path::Path, to: &std::path::Path) -> Result<(), AppError> {
    fs::rename(from, to).map_err(AppError::file(to))?;
    for (old, new) in sidecars(from).iter().zip(sidecars(to)) {
        if old.exists() {
            fs::rename(old, &new).map_err(AppError::file(&new))?;
        }
    }
    match to.parent() {
        Some(folder) => crate::backup::sync_folder(folder).map_err(AppError::file(folder)),
        None => Ok(()),
    }
}
