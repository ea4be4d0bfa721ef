use crate::{Store, StoreError};
use holdfast_model::text::{branch_name, writer_of};
use holdfast_oplog::{ActorId, Hash, LogId, Space, VaultId};

/// A branch whose writer id was ground to be another device's.
#[test]
fn a_branch_under_the_writer_id_of_another_device_is_refused() {
    let mut store = Store::in_memory(VaultId([7; 16])).unwrap();
    let (author, first) = (ActorId([1; 16]), Hash::of(b"first"));
    let writer = writer_of(&branch_name(author, first).0);
    // Looking for an identity with this writer would take long; a branch of another log can have it too.
    let victim = ActorId::of_branch(writer, Hash::of(b"another"));
    let log = LogId { space: Space::Everywhere, actor: author };
    let at = LogId { space: Space::Everywhere, actor: victim };
    let begin = |store: &mut Store| store.write(|tx| tx.begin_branch(log, author, 1, first));
    store.write(|tx| tx.set_held(at, 1, Hash::of(b"text"))).unwrap();
    let refused = begin(&mut store).unwrap_err();
    assert!(matches!(refused, StoreError::WriterTaken(_)), "{refused}");
    assert_eq!(refused.code(), "writer_taken");
    assert_eq!(store.read(|tx| tx.branches()).unwrap(), Vec::new());
    // Elsewhere the same branch begins.
    let mut other = Store::in_memory(VaultId([7; 16])).unwrap();
    assert_eq!(begin(&mut other).unwrap().actor, branch_name(author, first));
}
