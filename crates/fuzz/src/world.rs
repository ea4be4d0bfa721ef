//! Two devices of one vault that were used for a while: what seeds are made of, and what hostile
//! input is thrown at. Everything follows from a number.

use holdfast_model::change::Edit;
use holdfast_model::entity::{ALIVE, DELETED, Draft, PURGED, Seen};
use holdfast_model::fields::{
    DEADLINE, LIST, NOTES, ORDER, PARENT, PRIORITY, REPEAT, STATUS, TAGS, TEXT, TITLE, WHEN,
};
use holdfast_model::text::{Splice, writer_of};
use holdfast_model::{EntityId, EntityState};
use holdfast_oplog::{ActorId, Hash, Range, Space};
use holdfast_store::{Author, LocalChange, Store, StoreError, Tx};
use holdfast_sync::{Carrier, Session, offer, outgoing};
use holdfast_transports::bundle::{self, BundleError, ExportRequest, ExportScope};
use holdfast_vault::membership::{Introduction, found, invite, join, rename};
use holdfast_vault::{DeviceKeys, InviteKey, Keyring, Membership, sign_change};
use rand_chacha::ChaCha20Rng;
use rand_core::{RngCore, SeedableRng};
use std::path::PathBuf;
use tempfile::TempDir;

/// 22 November 2026.
pub const NOW: i64 = 1_795_000_000_000;
/// Everything that a bundle may carry.
pub const EVERYTHING: ExportRequest = ExportRequest { scope: ExportScope::Full, nearby: false };

/// A device.
#[derive(Debug)]
pub struct Device {
    /// Its database, in memory.
    pub store: Store,
    /// Its keys.
    pub keys: DeviceKeys,
    /// The vault's keys.
    pub keyring: Keyring,
    /// Under which it writes.
    pub actor: ActorId,
    /// Its clock.
    pub wall_ms: i64,
    rng: ChaCha20Rng,
    folder: TempDir,
    items: Vec<EntityId>,
}

/// Devices of one vault.
#[derive(Debug)]
pub struct World {
    /// The first device.
    pub laptop: Device,
    /// The second.
    pub phone: Device,
    /// The vault's membership records.
    pub records: Vec<Vec<u8>>,
}

/// Two devices that know of each other and hold nothing else.
pub fn fresh() -> World {
    let mut rng = ChaCha20Rng::seed_from_u64(2026);
    let keys = [DeviceKeys::generate(&mut rng), DeviceKeys::generate(&mut rng)];
    let who = |place: u8, name| Introduction {
        name,
        platform: "linux",
        actor: ActorId([place; 16]),
        time: u64::from(place),
    };
    let (vault, genesis) = found(&keys[0], who(1, "laptop"), &mut rng).expect("a vault");
    let key = InviteKey::generate(&mut rng);
    let (invited, hash) = invite(vault, &keys[0], &key, None, 1).expect("an invitation");
    let joined = join(vault, &keys[1], &key, hash, who(2, "phone")).expect("a join");
    let renamed = rename(vault, &keys[1], keys[0].device_id(), "Ada's laptop", 3).expect("a name");
    let records = vec![genesis, invited, joined, renamed];
    let keyring = Keyring::generate(vault, &mut rng);
    let [laptop, phone] = keys;
    let device = |keys: DeviceKeys, place: u8| {
        let mut store = Store::in_memory(vault).expect("a database");
        for record in &records {
            store.write(|tx| tx.add_membership(record)).expect("a record");
        }
        let rng = ChaCha20Rng::from_seed(Hash::of(&[place]).0);
        let folder = tempfile::tempdir().expect("a folder");
        let actor = ActorId([place; 16]);
        let keyring = keyring.clone();
        Device { store, keys, keyring, actor, wall_ms: NOW, rng, folder, items: Vec::new() }
    };
    World { laptop: device(laptop, 1), phone: device(phone, 2), records }
}

/// Two devices on which people did `steps` things, exchanging now and then.
pub fn used(seed: u64, steps: u32) -> World {
    let mut world = fresh();
    let mut rng = ChaCha20Rng::seed_from_u64(seed);
    for step in 0..steps {
        let device = if rng.next_u32() % 2 == 0 { &mut world.laptop } else { &mut world.phone };
        device.act(&mut rng);
        if step % 7 == 6 {
            world.exchange();
        }
    }
    world
}

impl World {
    /// Who belongs to the vault.
    pub fn members(&self) -> Membership {
        Membership::from_records(self.laptop.store.vault(), &self.records)
    }

    fn exchange(&mut self) {
        let bundle = self.laptop.export(EVERYTHING);
        self.phone.import(&bundle).expect("what the laptop exports");
        let bundle = self.phone.export(EVERYTHING);
        self.laptop.import(&bundle).expect("what the phone exports");
        let items: Vec<EntityId> =
            self.laptop.items.iter().chain(&self.phone.items).copied().collect();
        self.laptop.items.clone_from(&items);
        self.phone.items = items;
    }
}

impl Device {
    /// What an exchange needs of it.
    pub fn session(&mut self) -> Session<'_> {
        Session {
            store: &mut self.store,
            keys: &self.keys,
            keyring: &self.keyring,
            actor: self.actor,
            wall_ms: self.wall_ms,
            rng: &mut self.rng,
        }
    }

    /// A file in its folder.
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A bundle, as bytes.
    pub fn export(&mut self, request: ExportRequest) -> Vec<u8> {
        let path = self.file("out.holdfast");
        bundle::export(&mut self.session(), request, &path).expect("an export");
        std::fs::read(&path).expect("the bundle")
    }

    /// Takes a bundle in.
    pub fn import(&mut self, bytes: &[u8]) -> Result<(), BundleError> {
        let path = self.write_bundle(bytes)?;
        bundle::import(&mut self.session(), &path, true).map(drop)
    }

    /// Shows what a bundle would do.
    pub fn inspect(&mut self, bytes: &[u8]) -> Result<(), BundleError> {
        let path = self.write_bundle(bytes)?;
        bundle::inspect(&mut self.session(), &path).map(drop)
    }

    fn write_bundle(&self, bytes: &[u8]) -> Result<PathBuf, BundleError> {
        let path = self.file("in.holdfast");
        std::fs::write(&path, bytes)?;
        Ok(path)
    }

    /// Everything that it holds and shows.
    pub fn trace(&mut self) -> String {
        let trace = self.store.read(|tx| {
            let exchanges = tx.exchanges(1_000)?.len();
            let members = tx.membership()?.len();
            Ok::<_, StoreError>(format!(
                "{} {:?} {exchanges} {members} {:?}",
                tx.dump(None)?,
                tx.conflicts(None)?,
                tx.held()?
            ))
        });
        trace.expect("a readable database")
    }

    /// All sealed batches of what it holds in a space.
    pub fn batches(&mut self, space: Space) -> Vec<Vec<u8>> {
        let (keyring, rng) = (&self.keyring, &mut self.rng);
        let offered = self.store.write(|tx| {
            let held = tx.held()?;
            for (log, last) in held.within(&[Space::Ask]).iter() {
                tx.approve(log, last)?;
            }
            offer(tx, Carrier::Lan)
        });
        offered.expect("nothing is in the way of what may leave");
        let batches = self.store.read(|tx| {
            let mut batches = Vec::new();
            for (log, last) in tx.held()?.within(&[space]).iter() {
                // Small ones too: a target that reads one should not read much.
                for first in [1, last] {
                    let range = Range { log, first, last };
                    outgoing(tx, keyring, range, &mut *rng, |_, bytes| {
                        batches.push(bytes);
                        Ok::<_, BundleError>(())
                    })?;
                }
            }
            Ok::<_, BundleError>(batches)
        });
        batches.expect("batches")
    }

    /// The encoded changes of its own log.
    pub fn changes(&mut self) -> Vec<Vec<u8>> {
        let log = holdfast_oplog::LogId { space: Space::Everywhere, actor: self.actor };
        let run = self.store.read(|tx| {
            let last = tx.held()?.get(log);
            tx.run(Range { log, first: 1, last })
        });
        run.expect("a log").map(|run| run.changes).unwrap_or_default()
    }

    /// Writes one action of the person.
    pub fn append(&mut self, space: Space, edits: Vec<Edit>) {
        let vault = self.store.vault();
        self.wall_ms += 60_000;
        let (keys, wall_ms, actor) = (&self.keys, self.wall_ms, self.actor);
        let sign = |id, hash| sign_change(keys, vault, id, hash);
        let author = Author { actor, sign: &sign, wall_ms };
        let change = LocalChange { space, action: "test".into(), edits, ..LocalChange::default() };
        self.store.write(|tx| tx.append(author, change)).expect("an edit");
    }

    fn state(&mut self, id: EntityId) -> Option<(EntityState, Space)> {
        self.store.read(|tx: &Tx<'_>| tx.entity(id)).expect("a readable database")
    }

    fn pick(&self, rng: &mut ChaCha20Rng) -> Option<EntityId> {
        self.items.get(rng.next_u32() as usize % self.items.len().max(1)).copied()
    }

    /// Does one of the things that people do.
    fn act(&mut self, rng: &mut ChaCha20Rng) {
        let number = rng.next_u32();
        let all = &Seen::All;
        let old = self.pick(rng).and_then(|id| self.state(id));
        let Some((state, space)) = old.filter(|_| !number.is_multiple_of(4)) else {
            let id = EntityId::named(&format!("{number}"));
            let kind = ["task", "note", "list", "tag"][number as usize / 4 % 4];
            let mut draft = Draft::new(id, kind);
            draft.set(TITLE, format!("{kind} {number}"), all).set(ORDER, "80", all);
            if kind == "task" {
                draft.set(STATUS, "open", all);
            }
            self.append(Space::Everywhere, draft.finish().into_iter().collect());
            self.items.push(id);
            return;
        };
        let mut draft = state.draft();
        let other = self.pick(rng).unwrap_or(state.id).to_string();
        match number / 4 % 10 {
            0 => draft.set(TITLE, format!("Title {number}"), all),
            1 => draft.set(WHEN, "2026-12-01T09:30", all).set(PRIORITY, 1, all),
            2 => draft.set(DEADLINE, "2026-12-24", all).set(REPEAT, "FREQ=WEEKLY;INTERVAL=2", all),
            3 => draft.set(PARENT, other, all),
            4 => draft.set(LIST, other, all).set(STATUS, "done", all),
            5 => draft.add(TAGS, other),
            6 => {
                let tag = state.elements(TAGS).first().map(|tag| (*tag).clone());
                draft.remove(TAGS, tag.unwrap_or_default())
            }
            7 => draft.life([ALIVE, DELETED, PURGED][rng.next_u32() as usize % 3], all),
            _ => {
                let field = if state.kind == "note" { TEXT } else { NOTES };
                let writer = writer_of(&self.actor.0);
                let text = self.store.read(|tx| tx.open_text(state.id, writer));
                let mut text = text.expect("a text");
                let at = rng.next_u32() as usize % (text.len_chars() + 1);
                let gone = (text.len_chars() - at).min(rng.next_u32() as usize % 4);
                let edit = text.splice(&[Splice::new(at, gone, format!("words {number}. "))]);
                draft.text(field, edit.expect("an edit").update)
            }
        };
        let edits: Vec<Edit> = draft.finish().into_iter().collect();
        if !edits.is_empty() {
            self.append(space, edits);
        }
    }
}
