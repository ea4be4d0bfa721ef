use super::*;
use crate::entity::{Draft, Seen};
use crate::fields::{TAGS, TITLE, WHEN};
use crate::{Dot, EntityId, Hlc};
use holdfast_oplog::ActorId;

fn dot(actor: u8, seq: u64) -> Dot {
    Dot { actor: ActorId([actor; 16]), seq }
}
fn at(ms: i64) -> Hlc {
    Hlc::new(ms, 0)
}
fn keep_all(_: &str, _: &Value) -> bool {
    true
}

/// A task with a title, made by device 1 at 10 and edited at 20.
fn oak() -> EntityState {
    let id = EntityId::named("oak");
    let mut state = EntityState::new(id, "task", at(10), dot(1, 1));
    let mut draft = Draft::new(id, "task");
    draft.set(TITLE, "Oak", &Seen::All).add(TAGS, "shop").add(TAGS, "wood");
    state.apply(&draft.finish().unwrap(), dot(1, 1), at(10));
    let mut draft = state.draft();
    draft.set(WHEN, "2026-11-22", &Seen::All);
    state.apply(&draft.finish().unwrap(), dot(1, 2), at(20));
    state
}

/// The copy that comes of writing a state anew.
fn anew(from: &EntityState, to: Option<EntityState>, dot: Dot, ms: i64) -> EntityState {
    let edit = from.written_anew(to.as_ref(), None, &keep_all);
    let mut copy = to.unwrap_or_else(|| EntityState::new(from.id, &from.kind, at(ms), dot));
    copy.apply(&edit, dot, at(ms));
    copy
}

fn lives(values: &[&str]) -> EntityState {
    let mut state = EntityState::new(EntityId::named("x"), "task", at(1), dot(1, 1));
    for (seq, value) in (1..).zip(values) {
        state.life.apply(dot(1, seq), at(1), &Write::new(*value, Vec::new()));
    }
    state
}

#[test]
fn a_copy_says_the_same_and_keeps_the_times() {
    let from = oak();
    let copy = anew(&from, None, dot(2, 1), 100);
    assert!(copy.same_content(&from));
    assert_eq!((copy.created.0, copy.edited.0), (at(10), at(20)));
    let shown = copy.register(TITLE).unwrap().shown().unwrap();
    assert_eq!((shown.time, shown.author()), (at(10), dot(1, 1)));
}

#[test]
fn a_dispute_stays_one() {
    let mut from = oak();
    let write = |title: &str| Write::new(title, vec![dot(1, 1)]);
    for (who, title) in [(3, "Ash"), (4, "Elm")] {
        let mut edit = from.moved_away(Moved::Left);
        edit.life = None;
        edit.set.insert(TITLE.into(), write(title));
        from.apply(&edit, dot(who, 1), at(30 + i64::from(who)));
    }
    assert!(from.register(TITLE).unwrap().is_disputed());
    let copy = anew(&from, None, dot(2, 1), 100);
    assert!(copy.register(TITLE).unwrap().is_disputed() && copy.same_content(&from));
    assert_eq!(copy.text(TITLE), "Elm");
}

#[test]
fn an_earlier_copy_is_brought_up_to_date_and_one_that_is_gets_nothing() {
    let from = oak();
    let first = anew(&from, None, dot(2, 1), 100);
    let mut later = from.clone();
    let mut draft = later.draft();
    draft.set(TITLE, "Ash", &Seen::All).set(WHEN, Value::Null, &Seen::All).remove(TAGS, "shop");
    let edit = draft.finish().unwrap();
    later.apply(&edit, dot(1, 3), at(30));
    let second = anew(&later, Some(first), dot(2, 2), 200);
    assert!(second.same_content(&later) && !second.same_content(&from));
    let again = later.written_anew(Some(&second), None, &keep_all);
    assert!(again.set.is_empty() && again.add.is_empty() && again.remove.is_empty(), "{again:?}");
}

#[test]
fn an_edit_on_the_way_and_what_must_not_come_along() {
    let from = oak();
    let mut draft = from.draft();
    draft.set(TITLE, "Ash", &Seen::All).add(TAGS, "new").remove(TAGS, "shop");
    let with = draft.finish().unwrap();
    let edit = from.written_anew(None, Some(&with), &|field, value| {
        !(field == TAGS && value.as_str() == Some("wood"))
    });
    let mut copy = EntityState::new(from.id, "task", at(100), dot(2, 1));
    copy.apply(&edit, dot(2, 1), at(100));
    assert_eq!((copy.text(TITLE), copy.text(WHEN)), ("Ash", "2026-11-22"));
    assert_eq!(copy.elements(TAGS), [&Value::from("new")]);
}

#[test]
fn which_copy_is_shown() {
    use Standing::{Alive, Contested, Deleted, Left, Purged, Withdrawn};
    for (values, standing, alive) in [
        (vec![], Alive, true),
        (vec![ALIVE], Alive, true),
        (vec![ALIVE, DELETED], Alive, true),
        (vec![DELETED], Deleted, false),
        (vec![PURGED], Purged, false),
        (vec![LEFT], Left, true),
        (vec![WITHDRAWN], Withdrawn, false),
        (vec![WITHDRAWN, LEFT], Left, true),
        (vec![WITHDRAWN, ALIVE], Contested, true),
        (vec![LEFT, ALIVE], Contested, true),
        (vec![LEFT, DELETED], Deleted, false),
        (vec![WITHDRAWN, DELETED], Deleted, false),
    ] {
        let state = lives(&values);
        assert_eq!((state.standing(), state.is_alive()), (standing, alive), "{values:?}");
    }
    let order = [
        (lives(&[ALIVE]), Space::Device),
        (lives(&[ALIVE]), Space::Everywhere),
        (lives(&[WITHDRAWN, ALIVE]), Space::Nearby),
        (lives(&[DELETED]), Space::Device),
        (lives(&[LEFT]), Space::Nearby),
        (lives(&[WITHDRAWN]), Space::Device),
    ];
    assert!(order.windows(2).all(|w| precedence(&w[0].0, w[0].1) < precedence(&w[1].0, w[1].1)));
}

#[test]
fn an_edit_apart_from_the_move_contests_it_and_is_no_question_of_deletion() {
    let mut state = oak();
    let moved = state.moved_away(Moved::Withdrawn);
    let mut draft = state.draft();
    draft.set(TITLE, "Ash", &Seen::All);
    let edit = draft.finish().unwrap();
    state.apply(&moved, dot(2, 1), at(50));
    assert!(!state.is_alive() && state.is_moved_away());
    state.apply(&edit, dot(3, 1), at(40));
    assert_eq!(state.standing(), Standing::Contested);
    assert!(state.is_alive() && state.disputes(&crate::Policies::default()).is_empty());
}
