use super::*;
use crate::Store;
use holdfast_oplog::{ActorId, VaultId};

const LOG: LogId = LogId { space: Space::Everywhere, actor: ActorId([1; 16]) };

fn holding(hashes: &[&[u8]]) -> Store {
    let mut store = Store::in_memory(VaultId([7; 16])).unwrap();
    store
        .write(|tx| {
            for (seq, hash) in (1_u64..).zip(hashes) {
                tx.sql.execute(
                    "INSERT INTO waiting (space, actor, seq, hash, parked, body)
                     VALUES ('everywhere', ?1, ?2, ?3, 0, x'')",
                    (LOG.actor.0, crate::columns::number(seq), Hash::of(hash).0),
                )?;
                tx.set_held(LOG, seq, Hash::of(hash))?;
            }
            Ok::<_, StoreError>(())
        })
        .unwrap();
    store
}

fn said(store: &mut Store) -> (VersionVector, Heads) {
    let said = store.read(|tx| Ok::<_, StoreError>((tx.held()?, tx.heads_of(&tx.held()?)?)));
    said.unwrap()
}

#[test]
fn two_logs_of_one_length_are_told_apart_and_a_longer_one_is_not_compared_beyond_what_is_here() {
    let mut here = holding(&[b"one", b"two"]);
    let parted = |here: &mut Store, other: &[&[u8]]| {
        let (holds, heads) = said(&mut holding(other));
        let parted = here.read(|tx| tx.parted_from(&holds, &heads)).unwrap();
        let alike = here.read(|tx| tx.held_alike(&holds, &heads)).unwrap();
        assert_eq!(alike.get(LOG) == 0, !parted.is_empty());
        parted
    };
    assert_eq!(parted(&mut here, &[b"one", b"two"]), Vec::new());
    assert_eq!(parted(&mut here, &[b"one"]), Vec::new());
    assert_eq!(parted(&mut here, &[b"one", b"other"]), [(LOG, 2)]);
    assert_eq!(parted(&mut here, &[b"other"]), [(LOG, 1)]);
    assert_eq!(parted(&mut here, &[b"one", b"other", b"more"]), Vec::new(), "asked for anyway");
    let goes_on =
        |first, before: &[u8]| here_goes_on(&mut holding(&[b"one", b"two"]), first, before);
    assert!(goes_on(3, b"two") && goes_on(2, b"one") && !goes_on(3, b"other"));
}

fn here_goes_on(store: &mut Store, first: u64, before: &[u8]) -> bool {
    store.read(|tx| tx.goes_on_here(LOG, first, Hash::of(before))).unwrap()
}

/// An app of before says nothing, and anybody may say too little or too much.
#[test]
fn what_is_not_said_or_does_not_belong_together_parts_nothing() {
    let mut here = holding(&[b"one"]);
    let (holds, _) = said(&mut holding(&[b"other"]));
    for heads in [Heads::default(), Heads(vec![1; 15]), Heads(vec![1; 32]), Heads(vec![0; 16])] {
        assert_eq!(here.read(|tx| tx.parted_from(&holds, &heads)).unwrap(), Vec::new());
        assert_eq!(here.read(|tx| tx.held_alike(&holds, &heads)).unwrap(), holds);
    }
}
