use super::*;
use crate::membership;
use holdfast_model::entity::{Draft, Seen};
use holdfast_model::fields::TITLE;
use holdfast_model::{EntityId, Kind};
use holdfast_store::{Author, LocalChange, Store};
use holdfast_vault::membership::{Introduction, Removing, found, invite, join, remove};
use holdfast_vault::{InviteKey, Purpose, VaultError, seal_blob, sign_change};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

struct Device {
    store: Store,
    keys: DeviceKeys,
    actor: ActorId,
}

/// A laptop and a phone in one vault, and its keys.
struct Vault {
    laptop: Device,
    phone: Device,
    keyring: Keyring,
    rng: ChaCha20Rng,
}

impl Vault {
    fn new(seed: u64) -> Self {
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        let keys = [DeviceKeys::generate(&mut rng), DeviceKeys::generate(&mut rng)];
        let who = |name, actor| Introduction {
            name,
            platform: "linux",
            actor: ActorId([actor; 16]),
            time: 1,
        };
        let (vault, genesis) = found(&keys[0], who("laptop", 1), &mut rng).unwrap();
        let key = InviteKey::generate(&mut rng);
        let (invited, hash) = invite(vault, &keys[0], &key, None, 2).unwrap();
        let joined = join(vault, &keys[1], &key, hash, who("phone", 2)).unwrap();
        let keyring = Keyring::generate(vault, &mut rng);
        let [laptop, phone] = keys.map(|keys| {
            let mut store = Store::in_memory(vault).unwrap();
            for record in [&genesis, &invited, &joined] {
                store.write(|tx| tx.add_membership(record)).unwrap();
            }
            Device { store, keys, actor: ActorId([0; 16]) }
        });
        let mut vault = Self { laptop, phone, keyring, rng };
        vault.laptop.actor = ActorId([1; 16]);
        vault.phone.actor = ActorId([2; 16]);
        vault
    }

    /// The laptop's snapshot, after it pruned everything.
    fn snapshot(&mut self, carried: &[Space]) -> Vec<Vec<u8>> {
        let Device { store, keys, .. } = &mut self.laptop;
        let mut pieces = Vec::new();
        store
            .write(|tx| {
                let members = membership(tx)?;
                tx.fold_log(&vouched(&members, tx.vault()))?;
                outgoing_snapshot(tx, &self.keyring, keys, carried, 9, &mut self.rng, |piece| {
                    pieces.push(piece);
                    Ok::<_, SyncError>(())
                })
            })
            .unwrap();
        pieces
    }

    fn receive(&mut self, pieces: &[Vec<u8>]) -> Result<TakenSnapshot, SyncError> {
        self.receive_as(pieces, &[Space::Everywhere], None)
    }

    fn receive_as(
        &mut self,
        pieces: &[Vec<u8>],
        carried: &[Space],
        bounds: Option<&VersionVector>,
    ) -> Result<TakenSnapshot, SyncError> {
        let (keyring, own) = (&self.keyring, Some(self.phone.actor));
        self.phone.store.write(|tx| {
            let members = membership(tx)?;
            let receiver = SnapshotReceiver { keyring, members: &members, carried, bounds, own };
            take_in_snapshot(tx, receiver, pieces.iter().map(Vec::as_slice), 10)
        })
    }
}

impl Device {
    fn add(&mut self, space: Space, title: &str) {
        let vault = self.store.vault();
        let keys = &self.keys;
        let sign = |id, hash| sign_change(keys, vault, id, hash);
        let author = Author { actor: self.actor, sign: &sign, wall_ms: 1_000 };
        let mut draft = Draft::new(EntityId::named(title), Kind::Task.as_str());
        draft.set(TITLE, title, &Seen::All);
        let edits = draft.finish().into_iter().collect();
        let change = LocalChange { space, action: "task.add".into(), edits, ..Default::default() };
        self.store.write(|tx| tx.append(author, change)).unwrap();
    }

    fn dump(&mut self) -> String {
        self.store.read(|tx| Ok::<_, StoreError>(tx.dump(None)?.to_string())).unwrap()
    }
}

/// Seals a piece as a member with bad intentions could.
fn forged(vault: &mut Vault, id: [u8; 16], number: u32, kind: u8, content: &[u8]) -> Vec<u8> {
    let plain = [&[kind], content].concat();
    let sealed = seal_piece(&vault.keyring, id, number, &plain, &mut vault.rng).unwrap();
    let vault = vault.keyring.vault();
    encode(&Piece { format: 1, vault, snapshot: id.to_vec(), number, sealed }).unwrap()
}

#[test]
fn a_snapshot_brings_what_is_alive_and_more_changes_nothing() {
    let mut vault = Vault::new(1);
    vault.laptop.add(Space::Everywhere, "Buy oak");
    vault.laptop.add(Space::Everywhere, "Plane boards");
    let pieces = vault.snapshot(&[Space::Everywhere]);
    let taken = vault.receive(&pieces).unwrap();
    assert!(!taken.known);
    assert_eq!(taken.applied.items.len(), 2);
    assert_eq!(vault.phone.dump(), vault.laptop.dump());
    // A second time nothing happens, and the phone writes on.
    assert!(vault.receive(&pieces).unwrap().known);
    vault.phone.add(Space::Everywhere, "Call mill");
    assert!(vault.phone.dump().contains("Call mill") && vault.phone.dump().contains("Buy oak"));
}

#[test]
fn what_only_the_receiver_wrote_stays() {
    let mut vault = Vault::new(2);
    vault.laptop.add(Space::Everywhere, "Buy oak");
    vault.phone.add(Space::Everywhere, "Call mill");
    let pieces = vault.snapshot(&[Space::Everywhere]);
    vault.receive(&pieces).unwrap();
    let dump = vault.phone.dump();
    assert!(dump.contains("Buy oak") && dump.contains("Call mill"), "{dump}");
}

#[test]
fn spaces_that_the_carrier_may_not_carry_are_not_in_it() {
    let mut vault = Vault::new(3);
    vault.laptop.add(Space::Everywhere, "Buy oak");
    vault.laptop.add(Space::Nearby, "Surprise");
    vault.laptop.add(Space::Device, "Secret");
    let wide = vault.snapshot(&Space::ALL);
    // What came by a carrier that may not carry it is refused, all of it.
    let refused = vault.receive(&wide).unwrap_err();
    assert!(matches!(refused, SyncError::NotCarried(Space::Nearby)), "{refused}");
    assert!(!vault.phone.dump().contains("Buy oak"));
    vault.receive_as(&wide, &[Space::Everywhere, Space::Nearby], None).unwrap();
    assert!(vault.phone.dump().contains("Surprise"));
    assert!(!vault.phone.dump().contains("Secret"));
    let narrow = vault.snapshot(&[Space::Everywhere]);
    let mut other = Vault::new(3);
    other.receive(&narrow).unwrap();
    assert!(!other.phone.dump().contains("Surprise"));
}

#[test]
fn damaged_cut_and_swapped_pieces_are_refused_and_leave_nothing() {
    let mut vault = Vault::new(4);
    for number in 0..1_500 {
        // Enough for several pieces.
        vault.laptop.add(Space::Everywhere, &format!("{number} {}", "oak ".repeat(200)));
    }
    let pieces = vault.snapshot(&[Space::Everywhere]);
    assert!(pieces.len() > 3, "{}", pieces.len());
    assert!(pieces.iter().all(|piece| piece.len() <= limits::SNAPSHOT_PIECE));
    let swapped = [&pieces[0], &pieces[2], &pieces[1], &pieces[3]].map(Clone::clone).to_vec();
    let without_one = [&pieces[..1], &pieces[2..]].concat();
    let without_end = pieces[..pieces.len() - 1].to_vec();
    let twice = [&pieces[..2], &pieces[1..]].concat();
    let more = [pieces.clone(), vec![pieces[1].clone()]].concat();
    let mut of_another = pieces.clone();
    of_another[1] = vault.snapshot(&[Space::Everywhere])[1].clone();
    for wrong in [swapped, without_one, without_end, twice, more, of_another] {
        assert!(matches!(vault.receive(&wrong), Err(SyncError::Unexpected)));
    }
    for piece in 0..pieces.len() {
        let mut damaged = pieces.clone();
        let middle = damaged[piece].len() / 2;
        damaged[piece][middle] ^= 1;
        assert_eq!(vault.receive(&damaged).unwrap_err().code(), "does_not_open");
        let mut cut = pieces.clone();
        cut[piece].truncate(middle);
        assert_eq!(vault.receive(&cut).unwrap_err().code(), "malformed");
    }
    assert_eq!(vault.phone.store.read(|tx| tx.held()).unwrap(), VersionVector::new());
    vault.receive(&pieces).unwrap();
}

#[test]
fn another_vault_and_another_signer_are_refused() {
    let mut vault = Vault::new(5);
    vault.laptop.add(Space::Everywhere, "Buy oak");
    let pieces = vault.snapshot(&[Space::Everywhere]);
    let mut other = Vault::new(6);
    let foreign = other.receive(&pieces).unwrap_err();
    assert!(matches!(foreign, SyncError::Vault(VaultError::ForeignVault { .. })), "{foreign}");
    // Someone who knows the vault's keys but is no device of it.
    let stranger = DeviceKeys::generate(&mut vault.rng);
    let own = std::mem::replace(&mut vault.laptop.keys, stranger);
    let by_a_stranger = vault.snapshot(&[Space::Everywhere]);
    assert!(matches!(vault.receive(&by_a_stranger), Err(SyncError::Unexpected)));
    vault.laptop.keys = own;
    // The first piece of a member, the rest of the stranger's making.
    let id: Piece = decode(&pieces[0], limits::SNAPSHOT_PIECE, "a piece").unwrap();
    let id: [u8; 16] = id.snapshot.try_into().unwrap();
    let end = End { records: 0, signature: vec![0; 64] };
    let end = forged(&mut vault, id, 1, END, &encode(&end).unwrap());
    let wrong = vault.receive(&[pieces[0].clone(), end]).unwrap_err();
    assert_eq!(wrong.code(), "bad_signature");
}

#[test]
fn a_member_cannot_claim_changes_of_another_nor_more_than_it_held() {
    let mut vault = Vault::new(7);
    vault.laptop.add(Space::Everywhere, "Buy oak");
    let log = LogId { space: Space::Everywhere, actor: vault.laptop.actor };
    let mut claims = Vec::new();
    for (seq, signature) in [(u64::MAX, vec![1; 64]), (7, vec![]), (0, vec![0; 64])] {
        let (space, actor, hash) = (log.space, log.actor, Hash::of(b"?"));
        claims.push(LogHead { space, actor, seq, hash, signature });
    }
    for claim in claims {
        let from = vault.laptop.keys.device_id();
        let head = Head { from, made_ms: 1, schema: SCHEMA, logs: vec![claim] };
        let piece = forged(&mut vault, [8; 16], 0, HEAD, &encode(&head).unwrap());
        assert!(vault.receive(&[piece]).is_err());
    }
    let pieces = vault.snapshot(&[Space::Everywhere]);
    let beyond = VersionVector::new();
    let wrong = vault.receive_as(&pieces, &[Space::Everywhere], Some(&beyond));
    assert!(matches!(wrong, Err(SyncError::Unexpected)));
}

#[test]
fn absurd_sizes_and_records_are_refused() {
    let mut vault = Vault::new(8);
    vault.laptop.add(Space::Everywhere, "Buy oak");
    let pieces = vault.snapshot(&[Space::Everywhere]);
    let id: Piece = decode(&pieces[0], limits::SNAPSHOT_PIECE, "a piece").unwrap();
    let id: [u8; 16] = id.snapshot.try_into().unwrap();
    let record = |record: &BaseRecord| {
        let bytes = encode(record).unwrap();
        [(bytes.len() as u32).to_be_bytes().as_slice(), &bytes].concat()
    };
    let text = BaseRecord::Text {
        space: Space::Everywhere,
        entity: EntityId::named("x"),
        snapshot: b"no text".to_vec(),
    };
    let state = BaseRecord::Entity { space: Space::Everywhere, state: vec![0xc1] };
    let elsewhere = BaseRecord::Entity { space: Space::Nearby, state: vec![0xc1] };
    let wrong = [
        u32::MAX.to_be_bytes().to_vec(),
        vec![0, 0, 0, 2, 0xff, 0xff],
        record(&text),
        record(&state),
        record(&elsewhere),
    ];
    for content in wrong {
        let piece = forged(&mut vault, id, 1, RECORDS, &content);
        let error = vault.receive(&[pieces[0].clone(), piece]).unwrap_err();
        let code = error.code();
        assert!(
            ["too_large", "malformed", "damaged_text"].contains(&code) || code.contains("text"),
            "{code}: {error}"
        );
    }
    // A piece of a kind that there is not, nothing at all, and the records before the head.
    for (number, kind) in [(1, 9), (0, RECORDS)] {
        let piece = forged(&mut vault, id, number, kind, b"");
        let before = if number == 1 { vec![pieces[0].clone()] } else { Vec::new() };
        let all = [before, vec![piece]].concat();
        assert!(matches!(vault.receive(&all), Err(SyncError::Unexpected)));
    }
    let at = b"another purpose";
    let sealed = seal_blob(&vault.keyring, Purpose::Changes, at, b"x", &mut vault.rng).unwrap();
    let piece =
        Piece { format: 1, vault: vault.keyring.vault(), snapshot: id.to_vec(), number: 0, sealed };
    assert_eq!(vault.receive(&[encode(&piece).unwrap()]).unwrap_err().code(), "does_not_open");
}

#[test]
fn a_device_whose_own_log_went_on_elsewhere_is_told_that_it_was_copied() {
    let mut vault = Vault::new(9);
    vault.laptop.add(Space::Everywhere, "Buy oak");
    let pieces = vault.snapshot(&[Space::Everywhere]);
    // The phone's database was restored from the laptop's backup and still writes under its name.
    vault.phone.actor = vault.laptop.actor;
    let error = vault.receive(&pieces).unwrap_err();
    assert_eq!(error.code(), "forked");
}

#[test]
fn news_in_a_snapshot_is_believed_of_whoever_let_a_device_in_unless_it_came_back() {
    let mut vault = Vault::new(10);
    let [laptop, phone] = [&vault.laptop, &vault.phone].map(|device| device.keys.device_id());
    let believed = |device: &mut Device, teller: DeviceId| {
        let own = Some(device.actor);
        device.store.read(|tx| believes(tx, &membership(tx)?, own, teller)).unwrap()
    };
    let stranger = DeviceId([9; 16]);
    assert!(believed(&mut vault.phone, laptop));
    assert!(!believed(&mut vault.phone, stranger), "also of who holds nothing yet");
    vault.laptop.add(Space::Everywhere, "Buy oak");
    vault.phone.add(Space::Everywhere, "Call mill");
    assert!(believed(&mut vault.phone, laptop) && !believed(&mut vault.phone, stranger));
    assert!(!believed(&mut vault.laptop, phone), "nobody let the first device in");
    // Nothing is changed by what is not believed.
    let before = vault.phone.dump();
    vault.laptop.keys = std::mem::replace(&mut vault.phone.keys, vault.laptop.keys);
    let pieces = vault.snapshot(&[Space::Everywhere]);
    assert_eq!(vault.receive(&pieces).unwrap_err().code(), "not_believed");
    assert_eq!(vault.phone.dump(), before);
    for actor in [vault.laptop.actor, ActorId([7; 16])] {
        vault.laptop.store.write(|tx| tx.take_actor(actor)).unwrap();
    }
    vault.laptop.actor = ActorId([7; 16]);
    let own = Some(ActorId([1; 16]));
    let came_back = vault.laptop.store.read(|tx| believes(tx, &membership(tx)?, own, phone));
    assert!(came_back.unwrap(), "it was restored, and others know what it does not");
}

/// Where whoever let a device in is out, it believes who let that one in, so that all go on believing one.
#[test]
fn where_the_inviter_is_out_news_is_believed_of_who_let_that_one_in() {
    let mut vault = Vault::new(14);
    let [laptop, phone] = [&vault.laptop, &vault.phone].map(|device| device.keys.device_id());
    let id = vault.laptop.store.vault();
    let mut rng = ChaCha20Rng::seed_from_u64(77);
    let mut let_in = |by: &DeviceKeys, actor: u8| {
        let (keys, key) = (DeviceKeys::generate(&mut rng), InviteKey::generate(&mut rng));
        let (invited, hash) = invite(id, by, &key, None, 0).unwrap();
        let actor = ActorId([actor; 16]);
        let who = Introduction { name: "guest", platform: "linux", actor, time: 5 };
        (keys.device_id(), [invited, join(id, &keys, &key, hash, who).unwrap()], keys)
    };
    let (tablet, one, _) = let_in(&vault.phone.keys, 8);
    let (guest, other, guest_keys) = let_in(&vault.laptop.keys, 9);
    vault.phone.add(Space::Everywhere, "Call mill");
    let store = &mut vault.phone.store;
    let add = |store: &mut Store, records: &[Vec<u8>]| {
        store.write(|tx| records.iter().try_for_each(|record| tx.add_membership(record).map(drop)))
    };
    // The tablet, with what the phone's database has.
    let believed = |store: &mut Store, teller: DeviceId| {
        store.read(|tx| believes(tx, &membership(tx)?, Some(ActorId([8; 16])), teller)).unwrap()
    };
    add(store, &[one, other].concat()).unwrap();
    assert!(believed(store, phone) && !believed(store, laptop) && !believed(store, guest));
    let members = store.read(membership).unwrap();
    let removing = Removing {
        device: phone,
        accepted: VersionVector::new(),
        records: members.records_by(phone),
        epoch: 2,
        wrapped: Vec::new(),
        key: None,
        without: None,
        time: 60,
    };
    add(store, &[remove(id, &guest_keys, removing).unwrap()]).unwrap();
    let members = store.read(membership).unwrap();
    assert!(members.is_active(tablet) && !members.is_active(phone));
    assert!(believed(store, laptop) && !believed(store, guest));
}

#[path = "snapshot_hostile_tests.rs"]
mod hostile;
