//! One device of a history: its database, its keys, its clock, and the moment at which it crashes.

use super::founded::{Founded, actor};
use crate::oracle::Past;
use holdfast_model::EntityId;
use holdfast_model::EntityState;
use holdfast_oplog::{ActorId, Space, VersionVector};
use holdfast_store::{Applied, Arrivals, Author, LocalChange, Store, StoreError, Tx};
use holdfast_sync::{Session, SyncError, Taken, membership, take_in};
use holdfast_vault::{DeviceKeys, sign_change};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::SeqCst};
use tempfile::TempDir;

/// When a device crashes: at one of its next commits, which then does not happen.
#[derive(Debug, Default)]
struct Crash {
    /// Commits until then; 0 where none is meant to come.
    commits: AtomicU32,
    crashed: AtomicBool,
}

impl Crash {
    /// Whether the commit at hand fails. After a crash nothing is committed until the restart.
    fn strikes(&self) -> bool {
        let left = self.commits.load(SeqCst);
        if left > 0 {
            self.commits.store(left - 1, SeqCst);
            self.crashed.fetch_or(left == 1, SeqCst);
        }
        self.crashed.load(SeqCst)
    }
}

fn refuse_after(store: &Store, crash: &Arc<Crash>) {
    let crash = Arc::clone(crash);
    store.refuse_commits(move || crash.strikes()).unwrap();
}

/// What a database on disk is called.
const DATABASE: &str = "holdfast.db";

/// One device.
pub(crate) struct Device {
    pub(crate) store: Store,
    pub(crate) actor: ActorId,
    /// How far its clock is off.
    pub(crate) skew_ms: i64,
    founded: Arc<Founded>,
    place: usize,
    rng: ChaCha20Rng,
    crash: Arc<Crash>,
    /// Where its database lies, where it is not in memory.
    folder: Option<TempDir>,
}

impl Device {
    /// A device that has just joined the vault.
    pub(crate) fn new(founded: &Arc<Founded>, place: usize, skew_ms: i64, on_disk: bool) -> Self {
        let mut device = Self {
            store: founded.store(),
            actor: actor(place),
            skew_ms,
            founded: Arc::clone(founded),
            place,
            rng: ChaCha20Rng::seed_from_u64(place as u64),
            crash: Arc::default(),
            folder: None,
        };
        device.watch_commits();
        if on_disk {
            device.settle_on_disk();
        }
        device
    }

    /// Has its database on disk from now on, so that it can be opened more than once.
    pub(crate) fn settle_on_disk(&mut self) {
        if self.folder.is_none() {
            let folder = super::carry::temporary_folder();
            let path = folder.path().join(DATABASE);
            self.store.copy_to(&path).unwrap();
            self.store = Store::open(&path).unwrap();
            self.folder = Some(folder);
            self.watch_commits();
        }
    }

    /// Where it keeps its files.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.as_ref().expect("a device on disk").path()
    }

    /// Another way to its database, for a thread of the app.
    pub(crate) fn twin(&self, now_ms: i64, seed: u64) -> Twin {
        let store = Store::open(&self.folder().join(DATABASE)).unwrap();
        refuse_after(&store, &self.crash);
        Twin {
            store,
            actor: self.actor,
            wall_ms: self.wall(now_ms),
            founded: Arc::clone(&self.founded),
            place: self.place,
            rng: ChaCha20Rng::seed_from_u64(seed),
            folder: self.folder().to_owned(),
        }
    }

    fn watch_commits(&mut self) {
        refuse_after(&self.store, &self.crash);
    }

    /// Lets the device crash at the commit of that number from now, counted from 1.
    pub(crate) fn crash_at(&self, commit: u32) {
        self.crash.commits.store(commit, SeqCst);
    }

    /// The crash that was meant does not come any more.
    pub(crate) fn stay_up(&self) {
        self.crash.commits.store(0, SeqCst);
    }

    /// Whether it crashed and was not started again.
    pub(crate) fn crashed(&self) -> bool {
        self.crash.crashed.load(SeqCst)
    }

    /// Starts again from what is in the database.
    pub(crate) fn restart(&mut self) {
        self.store = match &self.folder {
            Some(folder) => Store::open(&folder.path().join(DATABASE)).unwrap(),
            None => self.store.copy_in_memory().unwrap(),
        };
        self.crash = Arc::default();
        self.watch_commits();
    }

    /// What its clock says at the true time `now_ms`.
    pub(crate) const fn wall(&self, now_ms: i64) -> i64 {
        now_ms + self.skew_ms
    }

    pub(crate) fn keys(&self) -> &DeviceKeys {
        &self.founded.keys[self.place]
    }

    pub(crate) fn session(&mut self, now_ms: i64) -> Session<'_> {
        Session {
            wall_ms: self.wall(now_ms),
            store: &mut self.store,
            keys: &self.founded.keys[self.place],
            keyring: &self.founded.keyring,
            actor: self.actor,
            rng: &mut self.rng,
        }
    }

    /// Appends one action of the person: all of its changes, or none.
    pub(crate) fn append(
        &mut self,
        now_ms: i64,
        changes: Vec<LocalChange>,
    ) -> Result<Vec<Applied>, StoreError> {
        let vault = self.founded.vault;
        let keys = &self.founded.keys[self.place];
        let sign = |id, hash| sign_change(keys, vault, id, hash);
        let author = Author { actor: self.actor, sign: &sign, wall_ms: now_ms + self.skew_ms };
        self.store.write(|tx| changes.into_iter().map(|change| tx.append(author, change)).collect())
    }

    /// Takes a sealed batch in and applies what can be applied, in one transaction.
    pub(crate) fn take(
        &mut self,
        now_ms: i64,
        batch: &[u8],
    ) -> Result<(Taken, Applied), SyncError> {
        let wall_ms = self.wall(now_ms);
        let keyring = &self.founded.keyring;
        self.store.write(|tx| {
            let members = membership(tx)?;
            let mut arrivals = Arrivals::new(tx, wall_ms);
            let taken = take_in(&mut arrivals, keyring, &members, batch, None, None)?;
            Ok((taken, arrivals.finish()?))
        })
    }

    /// Reads on one consistent view.
    pub(crate) fn read<T>(&mut self, work: impl FnOnce(&Tx<'_>) -> Result<T, StoreError>) -> T {
        self.store.read(work).unwrap()
    }

    pub(crate) fn held(&mut self) -> VersionVector {
        self.read(|tx| tx.held())
    }

    /// What it holds, as the oracle says it.
    pub(crate) fn holds(&mut self) -> Past {
        self.held().iter().collect()
    }

    pub(crate) fn state(&mut self, item: EntityId) -> Option<EntityState> {
        self.item(item).map(|(state, _)| state)
    }

    /// An item as it is shown, and the space that it lives in.
    pub(crate) fn item(&mut self, item: EntityId) -> Option<(EntityState, Space)> {
        self.read(|tx| tx.entity(item))
    }

    pub(crate) fn dump(&mut self, space: Option<Space>) -> String {
        self.read(|tx| Ok(tx.dump(space)?.to_string()))
    }
}

/// A way of its own to the database of a device.
pub(crate) struct Twin {
    store: Store,
    actor: ActorId,
    wall_ms: i64,
    founded: Arc<Founded>,
    place: usize,
    rng: ChaCha20Rng,
    folder: PathBuf,
}

impl Twin {
    pub(crate) fn session(&mut self) -> Session<'_> {
        Session {
            wall_ms: self.wall_ms,
            store: &mut self.store,
            keys: &self.founded.keys[self.place],
            keyring: &self.founded.keyring,
            actor: self.actor,
            rng: &mut self.rng,
        }
    }

    /// Where the device keeps its files.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }
}
