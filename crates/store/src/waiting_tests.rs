use super::*;
use crate::Store;
use holdfast_model::change::FORMAT;
use holdfast_model::entity::{Draft, Seen};
use holdfast_model::fields::TITLE;
use holdfast_model::{Dot, EntityId, Hlc, Op};
use holdfast_oplog::VaultId;

const LOG: LogId = LogId { space: Space::Everywhere, actor: ActorId([1; 16]) };

const LOG_FIRST: ChangeId = ChangeId { space: LOG.space, actor: LOG.actor, seq: 1 };

fn change(seq: u64, deps: Vec<Dep>, more: bool) -> Vec<u8> {
    let change = Change {
        format: FORMAT,
        space: LOG.space,
        actor: LOG.actor,
        seq,
        deps,
        time: Hlc::default(),
        schema: 1,
        action: String::new(),
        group: None,
        more,
        reverts: None,
        ops: Vec::new(),
    };
    change.encode().unwrap()
}

fn put(tx: &Tx<'_>, seq: u64, body: &[u8]) {
    let place = (LOG.space.as_str(), LOG.actor.0, columns::number(seq), body);
    tx.sql
        .execute(
            "INSERT INTO waiting (space, actor, seq, hash, parked, body)
             VALUES (?1, ?2, ?3, zeroblob(32), 0, ?4)
             ON CONFLICT DO UPDATE SET body = excluded.body",
            place,
        )
        .unwrap();
    tx.set_held(LOG, seq, Hash::ZERO).unwrap();
}

/// How many changes were read and not understood.
fn parked(tx: &Tx<'_>) -> i64 {
    tx.sql.query_row("SELECT count(*) FROM waiting WHERE parked = 1", [], |r| r.get(0)).unwrap()
}

/// M writes changes that go on and on, each as large as one may be, and never the last; or one whose last waits
/// for something that never comes.
#[test]
fn what_waits_is_not_read_again_at_each_exchange() {
    let dep = Dep { actor: ActorId([9; 16]), seq: 1, hash: None };
    for last_waits in [false, true] {
        let mut store = Store::in_memory(VaultId([7; 16])).unwrap();
        store
            .write(|tx| {
                for seq in 1..=3 {
                    put(tx, seq, &change(seq, Vec::new(), true));
                }
                if last_waits {
                    put(tx, 4, &change(4, vec![dep], false));
                }
                tx.apply_ready(1)?;
                // Who reads them now does not understand them.
                let whole: Vec<Vec<u8>> =
                    (1..=3).map(|seq| change(seq, Vec::new(), true)).collect();
                (1..=3).for_each(|seq| put(tx, seq, b"not a change"));
                assert_eq!(tx.apply_ready(2)?.changes, 0);
                assert_eq!(parked(tx), 0);
                // They are as they were, and what was missing comes.
                (1..).zip(&whole).for_each(|(seq, body)| put(tx, seq, body));
                if last_waits {
                    let other = LogId { actor: dep.actor, ..LOG };
                    tx.set_held(other, 1, Hash::ZERO)?;
                    tx.set_applied(other, 1)?;
                } else {
                    put(tx, 4, &change(4, Vec::new(), false));
                }
                assert_eq!(tx.apply_ready(3)?.changes, 4);
                Ok::<_, StoreError>(())
            })
            .unwrap();
    }
}

/// M replaces what another wrote, and does not say that it had seen it: where that comes later it would stand
/// again, and elsewhere not.
#[test]
fn what_replaces_something_waits_for_it_although_it_does_not_say_so() {
    let (author, other) = (ActorId([2; 16]), LOG.actor);
    let written = |actor: ActorId, title: &str, supersedes: Vec<Dot>| {
        let mut draft = Draft::new(EntityId::named("oak"), "task");
        draft.set(TITLE, title, &Seen::All);
        let mut edit = draft.finish().unwrap();
        for write in edit.life.iter_mut().chain(edit.set.values_mut()) {
            write.supersedes.clone_from(&supersedes);
        }
        let ops = vec![Op::Edit(Box::new(edit))];
        let change = Change::decode(&change(1, Vec::new(), false), LOG_FIRST).unwrap();
        Change { actor, ops, ..change }.encode().unwrap()
    };
    let first = written(other, "Oak", Vec::new());
    let second = written(author, "Oak boards", vec![Dot { actor: other, seq: 1 }]);
    let insert = |tx: &Tx<'_>, actor: ActorId, body: &[u8]| {
        tx.sql
            .execute(
                "INSERT INTO waiting (space, actor, seq, hash, parked, body)
                 VALUES ('everywhere', ?1, 1, zeroblob(32), 0, ?2)",
                (actor.0, body),
            )
            .unwrap();
        tx.set_held(LogId { actor, ..LOG }, 1, Hash::ZERO).unwrap();
    };
    let mut seen = Vec::new();
    for late in [false, true] {
        let mut store = Store::in_memory(VaultId([7; 16])).unwrap();
        store
            .write(|tx| {
                let (one, two) = ((other, &first), (author, &second));
                let [(a, early), (b, later)] = if late { [two, one] } else { [one, two] };
                insert(tx, a, early);
                assert_eq!(tx.apply_ready(1)?.changes, u64::from(!late));
                insert(tx, b, later);
                assert_eq!(tx.apply_ready(2)?.changes, 1 + u64::from(late));
                seen.push(tx.dump(None)?.to_string());
                Ok::<_, StoreError>(())
            })
            .unwrap();
    }
    assert_eq!(seen[0], seen[1]);
}
