//! Sealed batches: the frame in which changes travel.

use super::assert_stable;
use crate::{Target, world};
use holdfast_oplog::{SealedBatch, Space, limits};
use holdfast_vault::{Keyring, Membership, open_batch};
use std::sync::LazyLock;

pub(crate) const TARGET: Target = Target { name: "batch", run, seeds, mutations: 20_000 };

struct Known {
    keyring: Keyring,
    members: Membership,
    batches: Vec<Vec<u8>>,
}

static KNOWN: LazyLock<Known> = LazyLock::new(|| {
    let mut world = world::used(1, 40);
    Known {
        members: world.members(),
        batches: world.laptop.batches(Space::Everywhere),
        keyring: world.laptop.keyring.clone(),
    }
});

fn seeds() -> Vec<Vec<u8>> {
    KNOWN.batches.clone()
}

fn run(data: &[u8]) {
    let Ok(batch) = SealedBatch::decode(data) else { return };
    assert_stable(&batch, "a batch");
    if let Ok(header) = batch.header() {
        assert!(header.first >= 1 && header.last >= header.first);
        assert!(header.last - header.first < limits::BATCH_CHANGES as u64);
    }
    if let Ok(opened) = open_batch(&KNOWN.keyring, &batch, |actor| KNOWN.members.public_of(actor)) {
        let count = opened.header.last - opened.header.first + 1;
        assert_eq!(opened.changes.len() as u64, count);
        // Nobody but a member can make one that opens: it is one of those, whatever is around it.
        let known = |bytes: &Vec<u8>| SealedBatch::decode(bytes).is_ok_and(|known| known == batch);
        assert!(KNOWN.batches.iter().any(known), "a forged batch opened");
    }
}
