//! An honest device: the engine with a database, keys and a person who writes.

use super::founded::{Founded, actor};
use super::shelf::Shelf;
use holdfast_model::{EntityId, Kind};
use holdfast_oplog::{ActorId, DeviceId, VersionVector};
use holdfast_store::{Applied, Author, LocalChange, Store, StoreError, Tx};
use holdfast_sync::{Session, membership};
use holdfast_transports::folder::{FolderError, FolderMemory, FolderReport, Take, exchange};
use holdfast_vault::{DeviceKeys, Keyring, Membership, sign_change};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What a device showed of an item that people count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Shown {
    /// Whether it had words: a title or a text.
    pub(super) words: bool,
}

/// One honest device.
pub(super) struct Honest {
    pub(super) place: usize,
    pub(super) store: Store,
    pub(super) keyring: Keyring,
    pub(super) actor: ActorId,
    pub(super) memory: FolderMemory,
    /// Everything that it ever showed.
    pub(super) showed: BTreeMap<EntityId, Shown>,
    /// What it ever held of the logs of honest devices.
    pub(super) acknowledged: VersionVector,
    founded: Arc<Founded>,
    rng: ChaCha20Rng,
    /// The records that were looked at last, and what follows from them: each costs a signature.
    folded: Option<(Vec<Vec<u8>>, Membership)>,
}

impl Honest {
    pub(super) fn new(founded: &Arc<Founded>, place: usize, seed: u64) -> Self {
        Self {
            place,
            store: founded.store(),
            keyring: founded.keyring.clone(),
            actor: actor(place),
            memory: FolderMemory::default(),
            showed: BTreeMap::new(),
            acknowledged: VersionVector::new(),
            founded: Arc::clone(founded),
            // Not the stream from which vaults are founded: a new key would be the old one.
            rng: ChaCha20Rng::seed_from_u64(!seed ^ ((place as u64) << 32)),
            folded: None,
        }
    }

    /// The same device as it is now, to try something out on.
    pub(super) fn copy(&self) -> Self {
        Self {
            place: self.place,
            store: self.store.copy_in_memory().unwrap(),
            keyring: self.keyring.clone(),
            actor: self.actor,
            memory: self.memory.clone(),
            showed: self.showed.clone(),
            acknowledged: self.acknowledged.clone(),
            founded: Arc::clone(&self.founded),
            rng: self.rng.clone(),
            folded: None,
        }
    }

    pub(super) fn keys(&self) -> &DeviceKeys {
        &self.founded.keys[self.place]
    }

    pub(super) fn id(&self) -> DeviceId {
        self.keys().device_id()
    }

    pub(super) fn session(&mut self, now_ms: i64) -> Session<'_> {
        Session {
            wall_ms: now_ms,
            store: &mut self.store,
            keys: &self.founded.keys[self.place],
            keyring: &self.keyring,
            actor: self.actor,
            rng: &mut self.rng,
        }
    }

    /// Reads on one consistent view.
    pub(super) fn read<T>(&mut self, work: impl FnOnce(&Tx<'_>) -> Result<T, StoreError>) -> T {
        self.store.read(work).unwrap()
    }

    /// The membership records that it keeps.
    pub(super) fn records(&mut self) -> Vec<Vec<u8>> {
        self.read(|tx| tx.membership())
    }

    pub(super) fn members(&mut self) -> Membership {
        let records = self.records();
        if let Some((known, members)) = &self.folded
            && *known == records
        {
            return members.clone();
        }
        let members = self.read(membership);
        self.folded = Some((records, members.clone()));
        members
    }

    /// Whether it knows itself to be a member.
    pub(super) fn is_member(&mut self) -> bool {
        let me = self.id();
        self.members().is_active(me)
    }

    /// New keys that an exchange brought.
    pub(super) fn keep(&mut self, keyring: Option<Keyring>) {
        if let Some(keyring) = keyring {
            self.keyring = keyring;
        }
    }

    /// Writes an action of its person.
    pub(super) fn write(&mut self, now_ms: i64, change: LocalChange) -> Applied {
        let vault = self.founded.vault;
        let keys = &self.founded.keys[self.place];
        let sign = |id, hash| sign_change(keys, vault, id, hash);
        let author = Author { actor: self.actor, sign: &sign, wall_ms: now_ms };
        self.store.write(|tx| tx.append(author, change)).expect("a person can always write")
    }

    /// Looks into an exchange folder and puts there what it lacks.
    pub(super) fn visit(
        &mut self,
        shelf: &mut Shelf,
        now_ms: i64,
        take: Take,
        again: bool,
    ) -> Result<FolderReport, FolderError> {
        let memory = self.memory.clone();
        let mut report = exchange(&mut self.session(now_ms), shelf, &memory, take, again)?;
        self.memory = report.memory.clone();
        self.keep(report.keyring.take());
        Ok(report)
    }

    /// Every item that people count and that is in use, and whether it has words.
    pub(super) fn shows(&mut self) -> BTreeMap<EntityId, Shown> {
        self.read(|tx| {
            let mut shown = BTreeMap::new();
            for kind in [Kind::Task, Kind::Note, Kind::List] {
                for (state, space) in tx.entities_of(kind.as_str())? {
                    if state.is_alive() {
                        let text = tx.plain_in(state.id, space)?;
                        let words = !text.is_empty() || !state.text("title").is_empty();
                        shown.insert(state.id, Shown { words });
                    }
                }
            }
            Ok(shown)
        })
    }
}
