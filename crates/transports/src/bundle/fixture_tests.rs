//! Devices of one vault, for the tests of bundles.

use super::{
    BundleError, ExportRequest, ExportScope, Exported, Imported, Joining, Preview, export, import,
    inspect, invite, join,
};
use holdfast_model::change::Edit;
use holdfast_model::entity::{ALIVE, DELETED, Draft, Seen};
use holdfast_model::fields::{LIST, TEXT, TITLE};
use holdfast_model::text::{Splice, writer_of};
use holdfast_model::{EntityId, EntityState};
use holdfast_oplog::{ActorId, DeviceId, Hash, Space};
use holdfast_store::{Author, LocalChange, PruneReport, Store, Tx};
use holdfast_sync::{Session, membership, prune};
use holdfast_vault::membership::{
    Introduction, found, invite as invite_record, join as join_record,
};
use holdfast_vault::{DeviceKeys, InviteKey, Keyring, Passphrase, sign_change};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

pub(crate) const EVERYTHING: ExportRequest =
    ExportRequest { scope: ExportScope::Full, nearby: false };
pub(crate) const UPDATE: ExportRequest =
    ExportRequest { scope: ExportScope::Update { device: None }, nearby: false };
pub(crate) const PASSPHRASE: &str = "four words of oak";

/// 22 November 2026.
pub(crate) const NOW: i64 = 1_795_000_000_000;

pub(crate) fn update_for(device: DeviceId) -> ExportRequest {
    ExportRequest { scope: ExportScope::Update { device: Some(device) }, nearby: false }
}

pub(crate) struct Device {
    pub(crate) store: Store,
    pub(crate) keys: DeviceKeys,
    pub(crate) keyring: Keyring,
    pub(crate) actor: ActorId,
    pub(crate) wall_ms: i64,
    pub(crate) rng: ChaCha20Rng,
    folder: TempDir,
    bundles: u32,
}

/// Devices of one vault that know of each other and hold nothing else.
pub(crate) fn devices<const N: usize>(names: [&str; N]) -> [Device; N] {
    let mut rng = ChaCha20Rng::seed_from_u64(N as u64);
    let keys: Vec<DeviceKeys> = names.iter().map(|_| DeviceKeys::generate(&mut rng)).collect();
    let who = |place: usize| Introduction {
        name: names[place],
        platform: "linux",
        actor: ActorId([place as u8 + 1; 16]),
        time: place as u64,
    };
    let (vault, genesis) = found(&keys[0], who(0), &mut rng).unwrap();
    let mut records = vec![genesis];
    for place in 1..N {
        let key = InviteKey::generate(&mut rng);
        let (invited, hash) = invite_record(vault, &keys[0], &key, None, 0).unwrap();
        records.push(invited);
        records.push(join_record(vault, &keys[place], &key, hash, who(place)).unwrap());
    }
    let keyring = Keyring::generate(vault, &mut rng);
    let mut keys = keys.into_iter();
    std::array::from_fn(|place| {
        let mut device = Device::with(
            Store::in_memory(vault).unwrap(),
            keys.next().unwrap(),
            keyring.clone(),
            ActorId([place as u8 + 1; 16]),
        );
        for record in &records {
            device.write(|tx| tx.add_membership(record).unwrap());
        }
        device
    })
}

impl Device {
    pub(crate) fn with(store: Store, keys: DeviceKeys, keyring: Keyring, actor: ActorId) -> Self {
        let rng = ChaCha20Rng::from_seed(Hash::of(&actor.0).0);
        let folder = tempfile::tempdir().unwrap();
        Self { store, keys, keyring, actor, wall_ms: NOW, rng, folder, bundles: 0 }
    }

    /// A device that joins by an invitation file.
    pub(crate) fn joining(path: &Path, passphrase: &str, actor: u8) -> Result<Self, BundleError> {
        let mut rng = ChaCha20Rng::seed_from_u64(u64::from(actor));
        let keys = DeviceKeys::generate(&mut rng);
        let joining = Joining {
            passphrase: &Passphrase::typed(passphrase),
            keys: &keys,
            name: "phone",
            platform: "android",
            actor: ActorId([actor; 16]),
            wall_ms: NOW,
        };
        let joined =
            join(path, joining, |vault| Store::in_memory(vault).map_err(BundleError::from))?;
        assert_eq!(joined.inviter, "laptop");
        assert_eq!(joined.device, keys.device_id());
        let actor = joining.actor;
        Ok(Self::with(joined.store, keys, joined.keyring, actor))
    }

    /// The same device with its database on the disk.
    pub(crate) fn on_disk(mut self) -> Self {
        self.store.copy_to(&self.database()).unwrap();
        self.store = Store::open(&self.database()).unwrap();
        self
    }

    fn database(&self) -> PathBuf {
        self.folder.path().join("vault.db")
    }

    /// Another way to the database of a device that has it on the disk.
    pub(crate) fn twin(&self) -> Self {
        let keys = DeviceKeys::decode(&self.keys.encode()).unwrap();
        let store = Store::open(&self.database()).unwrap();
        let twin = Self::with(store, keys, self.keyring.clone(), self.actor);
        Self { wall_ms: self.wall_ms, ..twin }
    }

    pub(crate) fn id(&self) -> DeviceId {
        self.keys.device_id()
    }

    /// Whether this device takes another one for a member.
    pub(crate) fn is_member(&mut self, id: DeviceId) -> bool {
        self.write(|tx| membership(tx).unwrap().is_active(id))
    }

    /// Whether this device knows another one, be it out.
    pub(crate) fn is_known(&mut self, id: DeviceId) -> bool {
        self.write(|tx| membership(tx).unwrap().device(id).is_some())
    }

    pub(crate) fn session(&mut self) -> Session<'_> {
        Session {
            store: &mut self.store,
            keys: &self.keys,
            keyring: &self.keyring,
            actor: self.actor,
            wall_ms: self.wall_ms,
            rng: &mut self.rng,
        }
    }

    pub(crate) fn write<T>(&mut self, work: impl FnOnce(&Tx<'_>) -> T) -> T {
        self.store.write(|tx| Ok::<_, BundleError>(work(tx))).unwrap()
    }

    /// A new file name in this device's folder.
    pub(crate) fn file(&mut self) -> PathBuf {
        self.bundles += 1;
        self.folder.path().join(format!("{}.holdfast", self.bundles))
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn export(&mut self, request: ExportRequest) -> (PathBuf, Exported) {
        let path = self.file();
        let exported = export(&mut self.session(), request, &path).unwrap();
        (path, exported)
    }

    pub(crate) fn invite(&mut self) -> PathBuf {
        let path = self.file();
        let passphrase = Passphrase::chosen(PASSPHRASE).unwrap();
        invite(&mut self.session(), &passphrase, &path).unwrap();
        path
    }

    pub(crate) fn import(&mut self, path: &Path) -> Result<Imported, BundleError> {
        import(&mut self.session(), path, false)
    }

    pub(crate) fn inspect(&mut self, path: &Path) -> Result<Preview, BundleError> {
        inspect(&mut self.session(), path)
    }

    /// Everything that an import could change.
    pub(crate) fn trace(&mut self) -> (String, Vec<i64>, usize, holdfast_oplog::VersionVector) {
        self.write(|tx| {
            let exchanges = tx.exchanges(1_000).unwrap().into_iter().map(|e| e.id).collect();
            let members = tx.membership().unwrap().len();
            (self::dump(tx), exchanges, members, tx.held().unwrap())
        })
    }

    pub(crate) fn dump(&mut self) -> String {
        self.write(dump)
    }

    pub(crate) fn append(&mut self, space: Space, edits: Vec<Edit>) {
        let vault = self.store.vault();
        self.wall_ms += 1_000;
        let (keys, wall_ms, actor) = (&self.keys, self.wall_ms, self.actor);
        let sign = |id, hash| sign_change(keys, vault, id, hash);
        let author = Author { actor, sign: &sign, wall_ms };
        let change = LocalChange { space, action: "test".into(), edits, ..Default::default() };
        self.store.write(|tx| tx.append(author, change)).unwrap();
    }

    pub(crate) fn prune(&mut self, before_ms: i64) -> PruneReport {
        let me = self.id();
        self.write(|tx| prune(tx, me, before_ms).unwrap())
    }

    fn state(&mut self, id: EntityId) -> EntityState {
        self.write(|tx| tx.entity(id).unwrap()).unwrap().0
    }

    pub(crate) fn has(&mut self, id: EntityId) -> bool {
        self.write(|tx| tx.entity(id).unwrap()).is_some_and(|(state, _)| state.is_alive())
    }

    pub(crate) fn add(&mut self, title: &str) -> EntityId {
        self.add_in(Space::Everywhere, title, "")
    }

    pub(crate) fn add_in(&mut self, space: Space, title: &str, list: &str) -> EntityId {
        let id = EntityId::named(&format!("{}/{title}", self.id()));
        let mut draft = Draft::new(id, "task");
        draft.set(TITLE, title, &Seen::All).set(LIST, list, &Seen::All);
        self.append(space, vec![draft.finish().unwrap()]);
        id
    }

    pub(crate) fn retitle(&mut self, id: EntityId, title: &str) {
        let state = self.state(id);
        let mut draft = state.draft();
        draft.set(TITLE, title, &Seen::All);
        if let Some(edit) = draft.finish() {
            self.append(Space::Everywhere, vec![edit]);
        }
    }

    pub(crate) fn delete(&mut self, ids: &[EntityId]) {
        for id in ids {
            let state = self.state(*id);
            let mut draft = state.draft();
            draft.life(DELETED, &Seen::All);
            self.append(Space::Everywhere, vec![draft.finish().unwrap()]);
        }
    }

    /// Takes items out of the trash, under no title.
    pub(crate) fn bring_back_bare(&mut self, ids: &[EntityId]) {
        for id in ids {
            let state = self.state(*id);
            let mut draft = state.draft();
            draft.life(ALIVE, &Seen::All);
            draft.set(TITLE, "", &Seen::All);
            self.append(Space::Everywhere, vec![draft.finish().unwrap()]);
        }
    }

    /// Writes at the front of a note, which is made if it is not there.
    pub(crate) fn jot(&mut self, note: EntityId, words: &str) {
        let writer = writer_of(&self.actor.0);
        let (state, mut text) = self.write(|tx| {
            (tx.entity(note).unwrap().map(|(state, _)| state), tx.open_text(note, writer).unwrap())
        });
        let update = text.splice(&[Splice::new(0, 0, words)]).unwrap().update;
        let mut draft = state.as_ref().map_or_else(|| Draft::new(note, "note"), EntityState::draft);
        draft.text(TEXT, update);
        self.append(Space::Everywhere, vec![draft.finish().unwrap()]);
    }

    pub(crate) fn attach(&mut self, name: &str, content: &[u8]) -> Hash {
        let hash = self.write(|tx| tx.add_blob(content).unwrap());
        let mut draft = Draft::new(EntityId::named(name), "attachment");
        draft.set("hash", hash.to_hex().as_str(), &Seen::All);
        self.append(Space::Everywhere, vec![draft.finish().unwrap()]);
        hash
    }
}

fn dump(tx: &Tx<'_>) -> String {
    tx.dump(Some(Space::Everywhere)).unwrap().to_string()
}
