//! Changes that a member signed, whatever is in them: a broken or malicious app that belongs to the
//! vault. They are applied or kept aside; the log stays whole, views follow from the log alone.

use crate::Target;
use crate::world::{self, World};
use holdfast_model::change::Change;
use holdfast_oplog::{
    BATCH_FORMAT, BatchHeader, ChangeId, Hash, LogId, Space, chain_hash, decode, encode, limits,
};
use holdfast_store::Arrivals;
use holdfast_store::query::TaskFilter;
use holdfast_sync::{SyncError, take_in};
use holdfast_vault::{Membership, seal_batch, sign_change, verify_change};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use std::cell::RefCell;
use std::mem::ManuallyDrop;

pub(crate) const TARGET: Target = Target { name: "signed_changes", run, seeds, mutations: 900 };

struct Ready {
    world: World,
    members: Membership,
    before: String,
    /// Number and hash of the phone's last change that the laptop holds.
    head: (u64, Hash),
}

thread_local! {
    // Never dropped: at the end of a thread the text library's own state is gone already.
    static READY: RefCell<Option<ManuallyDrop<Ready>>> = const { RefCell::new(None) };
}

fn ready() -> Ready {
    let mut world = world::used(11, 21);
    let members = world.members();
    let before = world.laptop.trace();
    // Only what was exchanged counts: the laptop's head of the phone's log.
    let log = LogId { space: Space::Everywhere, actor: world.phone.actor };
    let held = world.laptop.store.read(|tx| tx.held()).expect("a readable database").get(log);
    let hash = world
        .phone
        .changes()
        .iter()
        .take(held as usize)
        .fold(Hash::ZERO, |hash, body| chain_hash(hash, body));
    Ready { world, members, before, head: (held, hash) }
}

fn seeds() -> Vec<Vec<u8>> {
    let mut world = world::used(11, 60);
    let changes = world.phone.changes();
    changes.chunks(5).map(pack).collect()
}

/// Bodies with their lengths before them.
fn pack(bodies: &[Vec<u8>]) -> Vec<u8> {
    let prefixed = |body: &Vec<u8>| [&(body.len() as u16).to_be_bytes()[..], body].concat();
    bodies.iter().flat_map(prefixed).collect()
}

fn unpack(mut data: &[u8]) -> Vec<Vec<u8>> {
    let mut bodies = Vec::new();
    while let [high, low, rest @ ..] = data {
        let length = usize::from(u16::from_be_bytes([*high, *low])).min(rest.len());
        bodies.push(rest[..length].to_vec());
        data = &rest[length..];
        if bodies.len() == 32 {
            break;
        }
    }
    bodies
}

fn run(data: &[u8]) {
    READY.with_borrow_mut(|slot| {
        let ready = &mut **slot.get_or_insert_with(|| ManuallyDrop::new(ready()));
        let place = ChangeId {
            space: Space::Everywhere,
            actor: ready.world.phone.actor,
            seq: ready.head.0,
        };
        let mut bodies = unpack(data);
        if bodies.is_empty() {
            return;
        }
        // What is a change at all is put into its place, so that it is not set aside for that.
        for (body, seq) in bodies.iter_mut().zip(place.seq + 1..) {
            if let Ok(mut change) = decode::<Change>(body, limits::CHANGE, "change") {
                (change.space, change.actor, change.seq) = (place.space, place.actor, seq);
                change.deps.retain(|dep| dep.actor != place.actor);
                *body = encode(&change).expect("what was read can be written");
            }
        }
        let last = place.seq + bodies.len() as u64;
        let hash = bodies.iter().fold(ready.head.1, |hash, body| chain_hash(hash, body));
        let vault = ready.world.laptop.store.vault();
        let id = ChangeId { seq: last, ..place };
        let phone = &ready.world.phone;
        let signature = sign_change(&phone.keys, vault, id, hash);
        let header = BatchHeader {
            format: BATCH_FORMAT,
            vault,
            space: place.space,
            actor: place.actor,
            first: place.seq + 1,
            last,
            prev_hash: ready.head.1,
            last_hash: hash,
            epoch: phone.keyring.current(),
            branch: None,
        };
        let mut rng = ChaCha20Rng::seed_from_u64(last);
        let Ok(batch) = seal_batch(&phone.keyring, header, &bodies, signature, &mut rng) else {
            return;
        };
        let batch = batch.encode().expect("bytes");
        let (members, keyring) = (&ready.members, &phone.keyring);
        let verify = |log: LogId, seq: u64, hash: Hash, signature: &[u8; 64]| {
            members.public_of(log.actor).is_some_and(|public| {
                let id = ChangeId { space: log.space, actor: log.actor, seq };
                verify_change(&public, vault, id, hash, signature)
            })
        };
        let laptop = &mut ready.world.laptop;
        let outcome = laptop.store.try_out(|tx| {
            let mut arrivals = Arrivals::new(tx, world::NOW);
            let taken = take_in(&mut arrivals, keyring, members, &batch, None, None)?;
            assert_eq!(taken.new, bodies.len() as u64);
            arrivals.finish()?;
            let lines = tx.check(&verify, &|actor| members.public_of(actor).is_some())?;
            assert!(lines.iter().all(|line| line.ok), "{lines:?}");
            let shown = (tx.dump(None)?, format!("{:?}", tx.conflicts(None)?));
            let tasks = tx.tasks(&TaskFilter::Inbox, usize::MAX)?.len();
            tx.rebuild()?;
            let rebuilt = (tx.dump(None)?, format!("{:?}", tx.conflicts(None)?));
            assert_eq!(shown, rebuilt, "the views are not what the log says");
            assert_eq!(tasks, tx.tasks(&TaskFilter::Inbox, usize::MAX)?.len());
            // Everything is passed on as it came.
            let range = holdfast_oplog::Range { log: id.log(), first: place.seq + 1, last };
            let passed = tx.run(range)?.map(|run| run.changes).unwrap_or_default();
            assert!(bodies.starts_with(&passed) && !passed.is_empty());
            Ok::<_, SyncError>(())
        });
        outcome.expect("what a member signed is taken in");
        assert_eq!(laptop.trace(), ready.before, "a transaction that was undone left something");
    });
}
