use super::*;
use crate::fields::{TAGS, TITLE, WHEN};
use holdfast_oplog::ActorId;

const LAPTOP: ActorId = ActorId([1; 16]);
const PHONE: ActorId = ActorId([2; 16]);

fn dot(actor: ActorId, seq: u64) -> Dot {
    Dot { actor, seq }
}
fn at(ms: i64) -> Hlc {
    Hlc::new(ms, 0)
}

fn task() -> EntityState {
    let mut draft = Draft::new(EntityId::named("oak"), "task");
    draft.set(TITLE, "Buy oak", &Seen::All);
    let edit = draft.finish().unwrap();
    let mut state = EntityState::new(edit.entity, "task", at(1), dot(LAPTOP, 1));
    state.apply(&edit, dot(LAPTOP, 1), at(1));
    state
}

fn set(state: &EntityState, field: &str, value: &str) -> Edit {
    let mut draft = state.draft();
    draft.set(field, value, &Seen::All);
    draft.finish().unwrap()
}

#[test]
fn two_edits_of_one_title_apart_are_both_there() {
    let mut state = task();
    let on_laptop = set(&state, TITLE, "Buy oak boards");
    let on_phone = set(&state, TITLE, "Buy ash");
    state.apply(&on_laptop, dot(LAPTOP, 2), at(2));
    state.apply(&on_phone, dot(PHONE, 1), at(7));
    assert!(state.registers[TITLE].is_disputed());
    assert_eq!(state.text(TITLE), "Buy ash");
    assert_eq!(state.disputes(&Policies::default()), vec![TITLE]);
    assert!(!state.life.is_disputed());
}

#[test]
fn the_same_value_written_apart_is_no_dispute() {
    let mut state = task();
    let on_laptop = set(&state, TITLE, "Buy oak boards");
    let on_phone = on_laptop.clone();
    state.apply(&on_laptop, dot(LAPTOP, 2), at(2));
    state.apply(&on_phone, dot(PHONE, 1), at(7));
    assert!(state.disputes(&Policies::default()).is_empty());
}

#[test]
fn different_fields_merge() {
    let mut state = task();
    let on_laptop = set(&state, TITLE, "Buy oak boards");
    let on_phone = set(&state, WHEN, "2026-11-24");
    state.apply(&on_phone, dot(PHONE, 1), at(7));
    state.apply(&on_laptop, dot(LAPTOP, 2), at(2));
    assert!(state.disputes(&Policies::default()).is_empty());
    assert_eq!((state.text(TITLE), state.text(WHEN)), ("Buy oak boards", "2026-11-24"));
}

#[test]
fn deleting_what_was_edited_meanwhile_is_disputed_and_the_item_stays() {
    let mut state = task();
    let edited = set(&state, TITLE, "Buy oak boards");
    let mut draft = state.draft();
    draft.life(DELETED, &Seen::All);
    let deleted = draft.finish().unwrap();
    state.apply(&edited, dot(LAPTOP, 2), at(2));
    state.apply(&deleted, dot(PHONE, 1), at(7));
    assert!(state.is_alive() && !state.is_trashed());
    assert_eq!(state.disputes(&Policies::default()), vec![LIFE]);

    // Editing it further does not decide the deletion.
    let edited = set(&state, WHEN, "2026-11-24");
    state.apply(&edited, dot(LAPTOP, 3), at(9));
    assert_eq!(state.disputes(&Policies::default()), vec![LIFE]);

    // A person decides to delete after all.
    let mut draft = state.draft();
    draft.life(DELETED, &Seen::All);
    let decided = draft.finish().unwrap();
    state.apply(&decided, dot(LAPTOP, 4), at(10));
    assert!(state.is_trashed());
    assert!(state.disputes(&Policies::default()).is_empty());
}

#[test]
fn reordering_does_not_hold_off_a_deletion() {
    let mut state = task();
    let mut draft = state.draft();
    draft.set(ORDER, "a0", &Seen::All);
    let moved = draft.finish().unwrap();
    let mut draft = state.draft();
    draft.life(DELETED, &Seen::All);
    let deleted = draft.finish().unwrap();
    state.apply(&deleted, dot(PHONE, 1), at(7));
    state.apply(&moved, dot(LAPTOP, 2), at(8));
    assert!(state.is_trashed());
}

#[test]
fn an_addition_wins_over_a_removal_made_apart() {
    let mut state = task();
    let mut draft = state.draft();
    draft.add(TAGS, "shop");
    state.apply(&draft.finish().unwrap(), dot(LAPTOP, 2), at(2));
    let mut remove = state.draft();
    remove.remove(TAGS, "shop");
    let remove = remove.finish().unwrap();
    let mut again = blank(state.id, "task");
    again.add.insert(TAGS.into(), vec!["shop".into()]);
    state.apply(&again, dot(PHONE, 1), at(3));
    state.apply(&remove, dot(LAPTOP, 3), at(4));
    assert_eq!(state.elements(TAGS), vec![&Value::from("shop")]);
}

#[test]
fn a_decision_removes_only_what_its_maker_saw() {
    let mut state = task();
    let on_laptop = set(&state, TITLE, "Buy oak boards");
    let on_phone = set(&state, TITLE, "Buy ash");
    let unseen = set(&state, TITLE, "Buy elm");
    state.apply(&on_laptop, dot(LAPTOP, 2), at(2));
    state.apply(&on_phone, dot(PHONE, 1), at(3));
    let decided = set(&state, TITLE, "Buy ash");
    state.apply(&unseen, dot(ActorId([3; 16]), 1), at(4));
    state.apply(&decided, dot(LAPTOP, 3), at(5));
    let values: Vec<_> =
        state.registers[TITLE].distinct().iter().map(|v| v.value.clone()).collect();
    assert_eq!(values, vec!["Buy ash".into(), "Buy elm".into()]);
}

#[test]
fn nothing_to_change_is_no_edit() {
    let state = task();
    let mut draft = state.draft();
    draft.set(TITLE, "Buy oak", &Seen::All).remove(TAGS, "shop");
    assert!(draft.finish().is_none());
}

#[test]
fn a_decision_taken_back_shows_both_versions_again() {
    let mut state = task();
    let on_laptop = set(&state, TITLE, "Buy oak boards");
    let on_phone = set(&state, TITLE, "Buy ash");
    state.apply(&on_laptop, dot(LAPTOP, 2), at(2));
    state.apply(&on_phone, dot(PHONE, 1), at(3));
    let before: Vec<_> = state.registers[TITLE].live().to_vec();
    let decided = set(&state, TITLE, "Buy ash");
    state.apply(&decided, dot(LAPTOP, 3), at(4));
    assert!(!state.registers[TITLE].is_disputed());

    let again = before
        .iter()
        .map(|v| Again { value: v.value.clone(), origin: v.author(), time: v.time })
        .collect();
    let mut draft = state.draft();
    draft.again(TITLE, again);
    let undone = draft.finish().unwrap();
    state.apply(&undone, dot(LAPTOP, 4), at(5));
    let now: Vec<_> = state.registers[TITLE]
        .live()
        .iter()
        .map(|v| (v.author(), v.time, v.value.clone()))
        .collect();
    let then: Vec<_> = before.iter().map(|v| (v.author(), v.time, v.value.clone())).collect();
    assert_eq!(now, then);
    state.apply(&undone, dot(LAPTOP, 4), at(5));
    assert_eq!(state.registers[TITLE].live().len(), 2);
}

#[test]
fn what_is_put_in_anew_stays_when_another_takes_theirs_out() {
    let mut state = task();
    let put_in = |state: &EntityState| {
        let mut draft = state.draft();
        draft.add_anew(TAGS, "tag");
        draft.finish().unwrap()
    };
    let (on_laptop, on_phone) = (put_in(&state), put_in(&state));
    state.apply(&on_laptop, dot(LAPTOP, 2), at(2));
    state.apply(&on_phone, dot(PHONE, 1), at(3));
    let mut draft = state.draft();
    draft.remove_additions(TAGS, "tag".into(), vec![dot(PHONE, 1)]);
    let taken_out = draft.finish().unwrap();
    state.apply(&taken_out, dot(PHONE, 2), at(4));
    assert_eq!(state.elements(TAGS), vec![&Value::from("tag")]);
    // Once more, although the other's is there.
    assert!(put_in(&state).add.contains_key(TAGS));
}
