//! A damaged database file: an error or a finding, never a panic, and what was read last is typed.

use crate::{Target, world};
use holdfast_oplog::VaultId;
use holdfast_store::{Store, StoreError};
use std::sync::LazyLock;

pub(crate) const TARGET: Target = Target { name: "database", run, seeds, mutations: 250 };

/// A database of a device that was used for a while, and its vault.
static WHOLE: LazyLock<(Vec<u8>, VaultId)> = LazyLock::new(|| {
    let world = world::used(10, 30);
    let path = world.laptop.file("copy.db");
    world.laptop.store.copy_to(&path).expect("a copy");
    (std::fs::read(&path).expect("the copy"), world.laptop.store.vault())
});

/// Damage: places (u32) and bytes. A whole database is too large an input to be found by chance.
fn seeds() -> Vec<Vec<u8>> {
    let length = WHOLE.0.len() as u32;
    let damage = |places: &[(u32, u8)]| {
        places.iter().flat_map(|(at, byte)| [&at.to_be_bytes()[..], &[*byte]].concat()).collect()
    };
    let mut seeds: Vec<Vec<u8>> = vec![damage(&[(0, 0)]), damage(&[(60, 9)]), damage(&[(100, 5)])];
    seeds.extend((0..24).map(|part| damage(&[(length / 24 * part + 37 * part, 0xff)])));
    seeds
}

fn run(data: &[u8]) {
    let (whole, vault) = &*WHOLE;
    let mut bytes = whole.clone();
    for piece in data.chunks_exact(5).take(16) {
        let at = u32::from_be_bytes([piece[0], piece[1], piece[2], piece[3]]) as usize;
        let at = at % bytes.len();
        bytes[at] = piece[4];
    }
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("holdfast.db");
    std::fs::write(&path, bytes).expect("a file");
    let Ok(mut store) = Store::open(&path) else { return };
    let _ = store.vault() == *vault;
    #[allow(clippy::type_complexity, reason = "a table, read where it stands")]
    let read: [fn(&holdfast_store::Tx<'_>) -> Result<(), StoreError>; 6] = [
        |tx| tx.check(&|_, _, _, _| true, &|_| true).map(drop),
        |tx| tx.dump(None).map(drop),
        |tx| tx.conflicts(None).map(drop),
        |tx| tx.held().map(drop),
        |tx| tx.membership().map(drop),
        |tx| tx.policies().map(drop),
    ];
    for work in read {
        if let Err(error) = store.read(work) {
            assert!(!error.to_string().is_empty());
        }
    }
    let _ = store.write(|tx| tx.rebuild());
}
