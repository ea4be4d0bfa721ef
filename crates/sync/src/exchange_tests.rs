use super::*;
use crate::{Mailbox, SyncError};
use holdfast_model::change::Edit;
use holdfast_model::entity::{Draft, Seen};
use holdfast_model::fields::TITLE;
use holdfast_model::{EntityId, Kind};
use holdfast_oplog::{ActorId, BATCH_FORMAT, BatchHeader, Hash, Space, VaultId, chain_hash};
use holdfast_store::{Author, LocalChange, Store};
use holdfast_vault::membership::{Introduction, found, invite, join};
use holdfast_vault::{DeviceKeys, InviteKey, Keyring, seal_batch, sign_change};
use rand_chacha::ChaCha20Rng;
use rand_core::{RngCore, SeedableRng};
use tempfile::TempDir;

struct Device {
    store: Store,
    keys: DeviceKeys,
    keyring: Keyring,
    actor: ActorId,
    rng: ChaCha20Rng,
    _folder: TempDir,
}

/// A laptop and a phone in one vault.
fn pair() -> (Device, Device) {
    let mut rng = ChaCha20Rng::seed_from_u64(5);
    let (laptop, phone) = (DeviceKeys::generate(&mut rng), DeviceKeys::generate(&mut rng));
    let who = |name, actor| Introduction {
        name,
        platform: "linux",
        actor: ActorId([actor; 16]),
        time: 1,
    };
    let (vault, genesis) = found(&laptop, who("laptop", 1), &mut rng).unwrap();
    let key = InviteKey::generate(&mut rng);
    let (invited, hash) = invite(vault, &laptop, &key, None, 2).unwrap();
    let joined = join(vault, &phone, &key, hash, who("phone", 2)).unwrap();
    let records = [genesis, invited, joined];
    let keyring = Keyring::generate(vault, &mut rng);
    let device = |keys, actor: u8| Device::new(vault, keys, &keyring, actor, &records);
    (device(laptop, 1), device(phone, 2))
}

impl Device {
    fn new(
        vault: VaultId,
        keys: DeviceKeys,
        ring: &Keyring,
        actor: u8,
        records: &[Vec<u8>],
    ) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut store = Store::create(&folder.path().join("holdfast.db"), vault).unwrap();
        store
            .write(|tx| records.iter().try_for_each(|record| tx.add_membership(record).map(|_| ())))
            .unwrap();
        Self {
            store,
            keys,
            keyring: ring.clone(),
            actor: ActorId([actor; 16]),
            rng: ChaCha20Rng::seed_from_u64(u64::from(actor)),
            _folder: folder,
        }
    }

    fn write(&mut self, space: Space, edits: Vec<Edit>) {
        let vault = self.store.vault();
        let keys = &self.keys;
        let sign = |id, hash| sign_change(keys, vault, id, hash);
        let author = Author { actor: self.actor, sign: &sign, wall_ms: 1_000 };
        let change = LocalChange { space, action: "task.add".into(), edits, ..Default::default() };
        self.store.write(|tx| tx.append(author, change)).unwrap();
    }

    fn add(&mut self, space: Space, title: &str) {
        let mut draft = Draft::new(EntityId::named(title), Kind::Task.as_str());
        draft.set(TITLE, title, &Seen::All);
        self.write(space, vec![draft.finish().unwrap()]);
    }

    fn sync(&mut self, with: &mut dyn Transport, carrier: Carrier) -> Result<Exchanged, SyncError> {
        let mut session = Session {
            store: &mut self.store,
            keys: &self.keys,
            keyring: &self.keyring,
            actor: self.actor,
            wall_ms: 2_000,
            rng: &mut self.rng,
        };
        exchange(&mut session, with, carrier)
    }

    fn digest(&mut self, space: Space) -> String {
        self.store.read(|tx| tx.digest(space)).unwrap()
    }
}

#[test]
fn two_devices_converge_over_a_mailbox_and_then_have_nothing_to_say() {
    let (mut laptop, mut phone) = pair();
    let mut mailbox = Mailbox::new();
    laptop.add(Space::Everywhere, "oak");
    phone.add(Space::Everywhere, "ash");
    assert_eq!(laptop.sync(&mut mailbox, Carrier::Relay).unwrap().sent, 1);
    assert!(mailbox.notified().unwrap() && !mailbox.notified().unwrap());
    let done = phone.sync(&mut mailbox, Carrier::Relay).unwrap();
    assert_eq!((done.sent, done.received, done.items.len()), (1, 1, 1));
    laptop.sync(&mut mailbox, Carrier::Relay).unwrap();
    assert_eq!(laptop.digest(Space::Everywhere), phone.digest(Space::Everywhere));
    assert_eq!(phone.sync(&mut mailbox, Carrier::Relay).unwrap(), Exchanged::default());
    let held = laptop.store.read(|tx| Ok::<_, SyncError>(tx.held()?.within(&Space::ALL))).unwrap();
    // Each has the other's own word for it.
    let (first, second) = (laptop.keys.device_id(), phone.keys.device_id());
    for (here, there) in [(&mut laptop, second), (&mut phone, first)] {
        here.sync(&mut mailbox, Carrier::Relay).unwrap();
        let known = here.store.read(|tx| tx.destination(there)).unwrap().unwrap();
        assert_eq!(known.holds, held);
    }
}

#[test]
fn a_transport_never_sees_what_it_may_not_carry() {
    let (mut laptop, mut phone) = pair();
    for space in Space::ALL {
        laptop.add(space, space.as_str());
    }
    let mut relay = Mailbox::new();
    assert_eq!(laptop.sync(&mut relay, Carrier::Relay).unwrap().sent, 1);
    assert_eq!(relay.holds().unwrap().total(), 1);
    let mut lan = Mailbox::new();
    assert_eq!(laptop.sync(&mut lan, Carrier::Lan).unwrap().sent, 2);
    phone.sync(&mut lan, Carrier::Lan).unwrap();
    for space in [Space::Everywhere, Space::Nearby] {
        assert_eq!(laptop.digest(space), phone.digest(space));
    }
    for space in [Space::Ask, Space::Device] {
        assert_ne!(laptop.digest(space), phone.digest(space));
    }
}

#[test]
fn what_does_not_fit_into_one_batch_arrives_whole() {
    let (mut laptop, mut phone) = pair();
    for number in 0..8 {
        let mut noise = vec![0u8; 60_000];
        laptop.rng.fill_bytes(&mut noise);
        let text: String = noise.iter().map(|byte| char::from(b'a' + byte % 26)).collect();
        let text = text.repeat(2);
        let mut draft = Draft::new(EntityId::named(&number.to_string()), "task");
        draft.set(TITLE, &text[..], &Seen::All).set("other", &text[..100_000], &Seen::All);
        laptop.write(Space::Everywhere, vec![draft.finish().unwrap()]);
    }
    let mut mailbox = Mailbox::new();
    laptop.sync(&mut mailbox, Carrier::Relay).unwrap();
    assert_eq!(phone.sync(&mut mailbox, Carrier::Relay).unwrap().received, 8);
    assert_eq!(laptop.digest(Space::Everywhere), phone.digest(Space::Everywhere));
}

/// A transport that fails after so many batches.
struct Cut<'a>(&'a mut Mailbox, usize);

impl Cut<'_> {
    fn step(&mut self) -> Result<(), SyncError> {
        self.1 = self.1.checked_sub(1).ok_or(SyncError::Unreachable("cut".into()))?;
        Ok(())
    }
}

impl Transport for Cut<'_> {
    fn holds(&mut self) -> Result<holdfast_oplog::VersionVector, SyncError> {
        self.0.holds()
    }
    fn pull(&mut self, range: Range) -> Result<Option<Vec<u8>>, SyncError> {
        self.step()?;
        self.0.pull(range)
    }
    fn push(&mut self, batch: Vec<u8>) -> Result<(), SyncError> {
        self.step()?;
        self.0.push(batch)
    }
    fn notified(&mut self) -> Result<bool, SyncError> {
        self.0.notified()
    }
    fn acknowledge(&mut self, said: Vec<u8>) -> Result<(), SyncError> {
        self.0.acknowledge(said)
    }
    fn acknowledged(&mut self) -> Result<Vec<Vec<u8>>, SyncError> {
        self.0.acknowledged()
    }
}

#[test]
fn a_cut_connection_loses_nothing() {
    let (mut laptop, mut phone) = pair();
    let mut mailbox = Mailbox::new();
    for number in 0..5 {
        laptop.add(Space::Everywhere, &format!("laptop {number}"));
        laptop.sync(&mut mailbox, Carrier::Relay).unwrap();
        phone.add(Space::Everywhere, &format!("phone {number}"));
    }
    for steps in 0..7 {
        let outcome = phone.sync(&mut Cut(&mut mailbox, steps), Carrier::Relay);
        assert!(matches!(outcome, Ok(_) | Err(SyncError::Unreachable(_))));
    }
    phone.sync(&mut mailbox, Carrier::Relay).unwrap();
    laptop.sync(&mut mailbox, Carrier::Relay).unwrap();
    assert_eq!(laptop.digest(Space::Everywhere), phone.digest(Space::Everywhere));
}

#[test]
fn a_stranger_in_the_mailbox_changes_nothing() {
    let (mut laptop, mut phone) = pair();
    let mut mailbox = Mailbox::new();
    laptop.add(Space::Everywhere, "oak");
    let stranger = DeviceKeys::generate(&mut laptop.rng);
    let own = std::mem::replace(&mut laptop.keys, stranger);
    laptop.add(Space::Everywhere, "forged");
    laptop.keys = own;
    laptop.sync(&mut mailbox, Carrier::Relay).unwrap();
    let before = phone.digest(Space::Everywhere);
    let done = phone.sync(&mut mailbox, Carrier::Relay).unwrap();
    assert_eq!((done.received, done.refused), (0, 2), "they came as one, under one signature");
    assert_eq!(phone.digest(Space::Everywhere), before);
}

/// A sender that was told old news sends more than is asked for: what overlaps is no riddle for who
/// asks for the rest.
#[test]
fn overlapping_batches_in_a_mailbox_are_found_by_what_they_hold() {
    let (mut laptop, mut phone) = pair();
    for number in 0..10 {
        laptop.add(Space::Everywhere, &number.to_string());
    }
    let mut mailbox = Mailbox::new();
    let log = holdfast_oplog::LogId { space: Space::Everywhere, actor: laptop.actor };
    let carrier = Carrier::Relay;
    laptop.store.write(|tx| crate::offer(tx, carrier)).unwrap();
    for (first, last) in [(1, 5), (6, 8), (4, 10)] {
        let Device { store, keyring, rng, .. } = &mut laptop;
        let range = Range { log, first, last };
        store.read(|tx| outgoing(tx, keyring, range, rng, |_, batch| mailbox.push(batch))).unwrap();
    }
    assert_eq!(phone.sync(&mut mailbox, carrier).unwrap().received, 10);
    assert_eq!(laptop.digest(Space::Everywhere), phone.digest(Space::Everywhere));
}

/// M signs one number of its own log again and again. The logs of the others are offered all the same, and it
/// can be removed.
#[test]
fn a_log_that_parts_often_takes_no_place_of_anothers() {
    let (mut laptop, mut phone) = pair();
    let vault = laptop.store.vault();
    let records = laptop.store.read(|tx| tx.membership()).unwrap();
    let own = holdfast_oplog::LogId { space: Space::Everywhere, actor: laptop.actor };
    let its = holdfast_oplog::LogId { space: Space::Everywhere, actor: phone.actor };
    laptop.add(Space::Everywhere, "oak");
    let mut refused = 0;
    for number in 0..70 {
        phone.store = Store::in_memory(vault).unwrap();
        for record in &records {
            phone.store.write(|tx| tx.add_membership(record)).unwrap();
        }
        phone.add(Space::Everywhere, &number.to_string());
        phone.store.write(|tx| crate::offer(tx, Carrier::Relay)).unwrap();
        let Device { store, keyring, rng, .. } = &mut phone;
        let range = Range { log: its, first: 1, last: 1 };
        let mut bytes = Vec::new();
        let hand_over = |_, batch| {
            bytes = batch;
            Ok::<_, SyncError>(())
        };
        store.read(|tx| outgoing(tx, keyring, range, rng, hand_over)).unwrap();
        let taken = laptop.store.write(|tx| {
            let members = membership(tx)?;
            let taking = Taking { keyring, members: &members, bounds: None, exchange: None };
            let mut arrivals = Arrivals::new(tx, 10);
            let taken = Refusals::default().take_in(&mut arrivals, taking, &bytes)?;
            arrivals.finish()?;
            Ok::<_, SyncError>(taken)
        });
        refused += taken.unwrap().refused;
    }
    assert_eq!(refused, 6);
    let few = laptop.store.read(|tx| {
        assert_eq!(tx.branches()?.len(), 64);
        let held = tx.held()?;
        assert_eq!(held.logs(), 65);
        let members = membership(tx)?;
        let one = crate::carrier::bounded(tx, &members, held.clone(), 1)?;
        assert_eq!(one.iter().collect::<Vec<_>>(), [(own, 1)]);
        crate::carrier::bounded(tx, &members, held, 10)
    });
    assert_eq!(few.unwrap().logs(), 10);
    let Device { store, keys, keyring, rng, .. } = &mut laptop;
    let mut session = Session { store, keys, keyring, actor: own.actor, wall_ms: 3_000, rng };
    crate::devices::remove_device(&mut session, phone.keys.device_id()).unwrap();
    laptop.store.read(membership).unwrap();
}

/// M packs what it signs better than others do: nobody else could put it into a batch again, and all that they
/// have to send would stop there.
#[test]
fn what_could_not_be_passed_on_is_not_taken_in() {
    let (mut laptop, mut phone) = pair();
    let vault = phone.store.vault();
    let log = holdfast_oplog::LogId { space: Space::Everywhere, actor: phone.actor };
    let changes = vec![vec![7; 200 * 1024]; 8];
    let last_hash = changes.iter().fold(Hash::ZERO, |hash, change| chain_hash(hash, change));
    let header = BatchHeader {
        format: BATCH_FORMAT,
        vault,
        space: log.space,
        actor: log.actor,
        first: 1,
        last: 8,
        prev_hash: Hash::ZERO,
        last_hash,
        epoch: phone.keyring.current(),
        branch: None,
    };
    let signature = sign_change(&phone.keys, vault, header.place(8), last_hash);
    let batch = seal_batch(&phone.keyring, header, &changes, signature, &mut phone.rng).unwrap();
    let mut mailbox = Mailbox::new();
    mailbox.push(batch.encode().unwrap()).unwrap();
    let done = laptop.sync(&mut mailbox, Carrier::Relay).unwrap();
    assert_eq!((done.received, done.refused), (0, 8));
    laptop.add(Space::Everywhere, "oak");
    assert_eq!(laptop.sync(&mut mailbox, Carrier::Relay).unwrap().sent, 1);
}
