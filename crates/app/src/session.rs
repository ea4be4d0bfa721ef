//! An open vault on this device: its database, keys and identity.

use crate::clock::Clock;
use crate::database_file::DatabaseFile;
use crate::home::Home;
use crate::identity::{self, Place, Settling, Written};
use crate::keystore::KeyStore;
use crate::secrets::Secrets;
use crate::{AppError, view};
use holdfast_oplog::{ActorId, ChangeId, DeviceId, Hash, VaultId};
use holdfast_store::{Access, Author, PrivateStore, Store, StoreError};
use holdfast_vault::membership::{self, Introduction, Membership};
use holdfast_vault::{
    DeviceKeys, Keyring, RootSecret, open_with_root, seal_with_root, sign_change,
};
use rand_core::{OsRng, RngCore};
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use tokio::sync::broadcast;

/// Names of the private facts.
pub(crate) mod fact {
    pub(crate) const KEY_STORE: &str = "key_store";
    pub(crate) const ACCOUNT: &str = "account";
    pub(crate) const DEVICE_KEYS: &str = "device_keys";
    pub(crate) const KEYRING: &str = "keyring";
    pub(crate) const ACTOR: &str = super::ACTOR;
}

/// Name of the private fact that keeps the actor under which this device writes.
pub(crate) const ACTOR: &str = "actor";

/// Holdfast on one device: what the shell and the command line talk to.
#[derive(Debug)]
pub struct App {
    pub(crate) home: Home,
    pub(crate) clock: Clock,
    open: Mutex<Option<Open>>,
    pub(crate) changed: broadcast::Sender<view::Changed>,
    /// Held by the one exchange that runs.
    pub(crate) exchanging: Mutex<()>,
    /// Why the last automatic backup failed.
    pub(crate) backup_failure: Mutex<Option<view::CommandError>>,
    /// The vault of another device that this one is about to join.
    pub(crate) joining: crate::nearby::Joining,
    /// The search for devices that show a code.
    pub(crate) looking: crate::nearby::Looking,
}

/// An open vault.
pub(crate) struct Open {
    pub(crate) store: Store,
    pub(crate) private: PrivateStore,
    pub(crate) keys: DeviceKeys,
    pub(crate) keyring: Keyring,
    pub(crate) actor: ActorId,
    pub(crate) clock: Clock,
    /// Seals the private facts.
    root: RootSecret,
    /// Position in the log up to which listeners were told.
    pub(crate) told: i64,
    /// What has to be settled before the first write.
    settling: Settling,
    /// How far this device has written, as the private database knows.
    pub(crate) written: Option<Written>,
    /// Which file the database was when it was opened.
    file: DatabaseFile,
}

impl std::fmt::Debug for Open {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Open").field("vault", &self.store.vault()).finish_non_exhaustive()
    }
}

/// What a new vault, or a new device of one, is made of.
#[derive(Debug, Clone)]
pub struct NewDevice<'a> {
    /// What people call this device.
    pub name: &'a str,
    /// Where its key is kept; the best that works where it is not said.
    pub key_store: Option<KeyStore>,
    /// The passphrase for the key, where it is kept under one.
    pub passphrase: Option<&'a str>,
    /// Given where what is left of a vault whose database is gone may be set aside for it; is told into which
    /// folder that went. Nothing moves before everything else has succeeded.
    pub set_aside: Option<&'a OnceLock<PathBuf>>,
}

impl App {
    /// Opens a data folder, whether a vault is in it or not.
    pub fn at(home: Home) -> Result<Self, AppError> {
        crate::joining::complete(&home)?;
        if home.has_vault() || home.remains().is_some() {
            home.close_to_others();
        }
        Ok(Self::beside(home, Clock::from_environment()?))
    }

    /// The same data folder once more, for what reads it beside an open vault.
    pub(crate) fn beside(home: Home, clock: Clock) -> Self {
        let (changed, _) = broadcast::channel(64);
        Self {
            home,
            clock,
            open: Mutex::new(None),
            changed,
            exchanging: Mutex::new(()),
            backup_failure: Mutex::new(None),
            joining: crate::nearby::Joining::default(),
            looking: crate::nearby::Looking::default(),
        }
    }

    /// Whether a vault is in the data folder.
    pub fn has_vault(&self) -> bool {
        self.home.has_vault()
    }
    /// The data folder.
    pub fn home(&self) -> &Home {
        &self.home
    }
    /// This device's clock.
    pub fn clock(&self) -> Clock {
        self.clock
    }
    /// Tells of every change, by whoever made it.
    pub fn subscribe(&self) -> broadcast::Receiver<view::Changed> {
        self.changed.subscribe()
    }

    fn lock(&self) -> MutexGuard<'_, Option<Open>> {
        // A panic elsewhere leaves the database as its last transaction left it.
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes a new vault with this as its first device.
    pub fn create(&self, new: &NewDevice<'_>) -> Result<(), AppError> {
        self.refuse_in_place_of_another(new)?;
        let keys = DeviceKeys::generate(&mut OsRng);
        let actor = new_actor(&keys);
        let introduction = self.introduction(new.name, actor)?;
        let (vault, record) = membership::found(&keys, introduction, &mut OsRng)?;
        let keyring = Keyring::generate(vault, &mut OsRng);
        let open = self.establish(new, actor, |path| {
            let mut store = Store::create(path, vault)?;
            store.write(|tx| tx.add_membership(&record))?;
            Ok((store, keys, keyring))
        })?;
        *self.lock() = Some(open);
        self.tell(view::Changed::anything(0));
        Ok(())
    }

    /// How a device presents itself to the others.
    pub(crate) fn introduction<'a>(
        &self,
        name: &'a str,
        actor: ActorId,
    ) -> Result<Introduction<'a>, AppError> {
        let name = name.trim();
        if name.is_empty() || name.chars().count() > 64 {
            return Err(AppError::Invalid(
                "Give the device a name of 1 to 64 characters, such as Laptop.".into(),
            ));
        }
        Ok(Introduction {
            name,
            platform: std::env::consts::OS,
            actor,
            time: self.clock.now_ms().cast_unsigned(),
        })
    }

    /// Closes the vault. What runs on it meanwhile opens it again.
    pub(crate) fn close(&self) {
        *self.lock() = None;
    }

    /// Opens the vault in the data folder. [`AppError::Locked`] where a passphrase is needed.
    pub fn open(&self, passphrase: Option<&str>) -> Result<(), AppError> {
        let mut guard = self.lock();
        if guard.is_none() {
            *guard = Some(self.open_files(passphrase)?);
        }
        drop(guard);
        // Nobody is shown a vault into which this device's own is still to come.
        self.bring_along_on_opening()
    }

    /// Whether the vault is open.
    pub(crate) fn is_open(&self) -> bool {
        self.lock().is_some()
    }

    fn open_files(&self, passphrase: Option<&str>) -> Result<Open, AppError> {
        // One that another process, or this one, could not complete.
        crate::joining::complete(&self.home)?;
        let secrets = self.open_secrets(passphrase)?;
        if Store::pending_migration(&self.home.database())?.is_some() {
            // A migration happens wholly or not at all; the copy is for what nobody thought of.
            self.make_backup(view::BackupKind::BeforeMigration)?;
        }
        let mut open = self.open_with(secrets)?;
        open.tend_trash_quietly();
        Ok(open)
    }

    /// Opens the database with the keys that belong to it.
    pub(crate) fn open_with(&self, secrets: Secrets) -> Result<Open, AppError> {
        let store = crate::snapshot_points::open(&self.home, self.clock)?;
        self.open_on(secrets, store)
    }

    /// [`App::open_with`] over a database that is open already.
    pub(crate) fn open_on(&self, secrets: Secrets, mut store: Store) -> Result<Open, AppError> {
        let Secrets { private, keys, keyring, actor, root } = secrets;
        let file = DatabaseFile::of(&self.home);
        let writes = store.access() == Access::Full;
        if writes {
            store.write(|tx| tx.catch_up(self.clock.now_ms()))?;
        }
        let place = Place::of(self.home.path());
        let (told, settling, own) = store.read(|tx| {
            let settling = Settling::look(tx, &private, place)?;
            Ok::<_, AppError>((tx.position()?, settling, tx.own_actors()?))
        })?;
        let actor = own.last().copied().unwrap_or(actor);
        let (clock, written) = (self.clock, None);
        let mut open = Open {
            store,
            private,
            keys,
            keyring,
            actor,
            clock,
            root,
            told,
            settling,
            written,
            file,
        };
        if writes {
            if open.settling.is_due() {
                open.before_writing()?;
            }
            open.recover_keys()?;
            let foreign = crate::notices::taken_out(&open.store);
            if !foreign.is_empty() {
                let skipped = serde_json::json!({ "skipped": foreign });
                open.note(crate::notices::kind::FOREIGN, &skipped)?;
            }
        }
        Ok(open)
    }

    /// Runs `work` on the open vault; opens it first where no passphrase is needed. Listeners are told
    /// of what changed.
    pub(crate) fn with<T>(
        &self,
        work: impl FnOnce(&mut Open) -> Result<T, AppError>,
    ) -> Result<T, AppError> {
        let mut guard = self.lock();
        if guard.as_ref().is_some_and(|open| open.file.is_replaced(&self.home)) {
            // Another process joined another vault here: what is open lies among the earlier ones now.
            *guard = None;
        }
        if let Some(open) = guard.as_mut().filter(|open| open.file.is_gone(&self.home)) {
            // It can still be read as long as it is open, and that is the last chance.
            self.save_what_is_gone(open);
            *guard = None;
        }
        let open = match &mut *guard {
            Some(open) => open,
            empty => empty.insert(self.open_files(None)?),
        };
        let result = work(open);
        let news = open.news();
        if matches!(&result, Err(AppError::Store(StoreError::ReadOnly))) {
            // The person may make the disk writable, and try again.
            *guard = None;
        }
        drop(guard);
        if let Ok(Some(changed)) = news {
            self.tell(changed);
        }
        result
    }

    /// Looks whether another process changed something, and tells the listeners.
    pub fn notice_changes(&self) -> Result<(), AppError> {
        let mut guard = self.lock();
        let news = match &mut *guard {
            Some(open) => open.news()?,
            None => None,
        };
        drop(guard);
        if let Some(changed) = news {
            self.tell(changed);
        }
        Ok(())
    }

    pub(crate) fn tell(&self, changed: view::Changed) {
        // Nobody listening is no error.
        let _ = self.changed.send(changed);
    }

    /// Adopts the vault that joining made.
    pub(crate) fn adopt(&self, open: Open) {
        *self.lock() = Some(open);
        self.tell(view::Changed::anything(0));
    }
}

impl Open {
    /// The database is about to be put back to an older state, or its own log to be cut: whenever the
    /// power goes after this, a new actor is taken before anything is written.
    pub(crate) fn distrust(&mut self) -> Result<(), AppError> {
        identity::distrust(&mut self.private)?;
        self.settling.restored();
        Ok(())
    }

    /// After [`Open::distrust`]: takes the new actor, and joins what `members` told of the vault before,
    /// so that no removal is forgotten.
    pub(crate) fn after_restore(&mut self, members: &[Vec<u8>]) -> Result<(), AppError> {
        self.told = self.write(|tx, _| {
            for known in members {
                tx.add_membership(known)?;
            }
            Ok(tx.position()?)
        })?;
        Ok(())
    }

    pub(crate) fn device(&self) -> DeviceId {
        self.keys.device_id()
    }
    pub(crate) fn vault(&self) -> VaultId {
        self.store.vault()
    }
    pub(crate) fn now_ms(&self) -> i64 {
        self.clock.now_ms()
    }

    /// Runs `work` with the author of this device's changes, in one write transaction.
    pub(crate) fn write<T>(
        &mut self,
        work: impl FnOnce(&holdfast_store::Tx<'_>, Author<'_>) -> Result<T, AppError>,
    ) -> Result<T, AppError> {
        let Self { store, private, keys, settling, clock, .. } = self;
        let (vault, now_ms, before) = (store.vault(), clock.now_ms(), self.actor);
        let sign = |id: ChangeId, hash: Hash| sign_change(keys, vault, id, hash);
        let (actor, outcome) = store.write(|tx| {
            let actor = identity::settle(tx, private, keys, before, settling, now_ms)?;
            let author = Author { actor, sign: &sign, wall_ms: now_ms };
            Ok::<_, AppError>((actor, work(tx, author)?))
        })?;
        self.settling.done();
        self.actor = actor;
        self.remember_written()?;
        Ok(outcome)
    }

    /// Where this device's key is kept.
    pub(crate) fn key_store(&self) -> Result<KeyStore, AppError> {
        let name = self.private.get(fact::KEY_STORE)?.unwrap_or_default();
        let name = String::from_utf8_lossy(&name).into_owned();
        KeyStore::parse(&name).ok_or(AppError::KeyStore(name))
    }

    /// Keeps vault keys that another device handed over.
    pub(crate) fn keep_keyring(&mut self, keyring: Keyring) -> Result<(), AppError> {
        let sealed = seal_with_root(&self.root, fact::KEYRING, &keyring.encode(), &mut OsRng)?;
        self.private.set(fact::KEYRING, &sealed)?;
        self.keyring = keyring;
        Ok(())
    }

    /// Takes up keys of the vault that another connection or process kept.
    pub(crate) fn refresh_keyring(&mut self) -> Result<(), AppError> {
        if let Some(sealed) = self.private.get(fact::KEYRING)? {
            let opened = open_with_root(&self.root, fact::KEYRING, &sealed)?;
            let mut keyring = Keyring::decode(&opened)?;
            self.members()?.receive_keys(&self.keys, &mut keyring)?;
            if keyring != self.keyring {
                self.keyring = keyring;
            }
        }
        Ok(())
    }

    /// A second connection to the same data, so that an exchange never makes the window wait.
    pub(crate) fn twin(&self, home: &Home) -> Result<Self, AppError> {
        Ok(Self {
            store: crate::snapshot_points::open(home, self.clock)?,
            private: PrivateStore::open(&home.private())?,
            keys: DeviceKeys::decode(&self.keys.encode())?,
            keyring: self.keyring.clone(),
            actor: self.actor,
            clock: self.clock,
            root: self.root.clone(),
            told: self.told,
            settling: self.settling.clone(),
            written: self.written.clone(),
            file: self.file,
        })
    }

    /// Who is in the vault.
    pub(crate) fn members(&mut self) -> Result<Membership, AppError> {
        Ok(self.store.read(holdfast_sync::membership)?)
    }

    /// What changed since listeners were last told.
    fn news(&mut self) -> Result<Option<view::Changed>, AppError> {
        const MANY: usize = 500;
        let told = self.told;
        let (ids, now) = self.store.read(|tx| {
            if tx.position()? == told {
                Ok((Some(Vec::new()), told))
            } else {
                tx.touched_since(told, MANY)
            }
        })?;
        self.told = now;
        Ok(if now == told {
            None
        } else {
            // No ids: anything may have changed.
            let ids = ids.unwrap_or_default().iter().map(ToString::to_string).collect();
            Some(view::Changed { as_of: now, ids })
        })
    }
}

/// A new writing identity of a device.
pub(crate) fn new_actor(keys: &DeviceKeys) -> ActorId {
    let mut chance = [0; 3];
    OsRng.fill_bytes(&mut chance);
    ActorId::own(keys.device_id(), chance)
}

pub(crate) fn sidecars(path: &std::path::Path) -> [std::path::PathBuf; 2] {
    let with = |suffix: &str| {
        let mut name = path.as_os_str().to_owned();
        name.push(suffix);
        std::path::PathBuf::from(name)
    };
    [with("-wal"), with("-shm")]
}
