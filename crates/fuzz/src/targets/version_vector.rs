//! Version vectors: what others say that they hold.

use super::assert_stable;
use crate::{Target, world};
use holdfast_oplog::{Space, VersionVector, decode, encode, limits};

pub(crate) const TARGET: Target = Target { name: "version_vector", run, seeds, mutations: 40_000 };

fn seeds() -> Vec<Vec<u8>> {
    let mut world = world::used(3, 20);
    let held = world.laptop.store.read(|tx| tx.held()).expect("a readable database");
    let mut two = encode(&held).expect("bytes");
    let one = two.clone();
    two.extend_from_slice(&one);
    vec![one, two, encode(&VersionVector::new()).expect("bytes")]
}

fn read(data: &[u8]) -> Option<VersionVector> {
    decode(data, 1 << 20, "version vector").ok()
}

fn run(data: &[u8]) {
    if let Some(held) = read(data) {
        assert!(held.iter().count() <= limits::LOGS);
        assert_stable(&held, "a version vector");
    }
    for cut in [data.len() / 2, data.len() / 3] {
        let (Some(one), Some(other)) = (read(&data[..cut]), read(&data[cut..])) else { continue };
        let mut joined = one.clone();
        joined.join(&other);
        assert!(joined.includes(&one) && joined.includes(&other));
        let mut reversed = other.clone();
        reversed.join(&one);
        assert_eq!(joined, reversed);
        let missing = one.missing_in(&other);
        assert_eq!(missing.is_empty(), other.includes(&one));
        for range in missing {
            assert!(range.first <= range.last && range.first == other.get(range.log) + 1);
        }
        assert!(one.includes(&one.within(&[Space::Nearby])));
    }
}
