//! Changes as they stand in logs, and what their edits do to an item.

use super::assert_stable;
use crate::{Target, world};
use holdfast_model::change::Change;
use holdfast_model::entity::Seen;
use holdfast_model::fields::TITLE;
use holdfast_model::{EntityState, Policies};
use holdfast_oplog::{decode, limits};

pub(crate) const TARGET: Target = Target { name: "change", run, seeds, mutations: 40_000 };

fn seeds() -> Vec<Vec<u8>> {
    let mut world = world::used(2, 80);
    let mut changes = world.laptop.changes();
    changes.append(&mut world.phone.changes());
    changes
}

fn run(data: &[u8]) {
    let Ok(change) = decode::<Change>(data, limits::CHANGE, "change") else { return };
    // Elsewhere than at its place it is refused, at its place it is the same.
    let placed = Change::decode(data, change.id()).expect("it was read before");
    let mut elsewhere = change.id();
    elsewhere.seq = elsewhere.seq.wrapping_add(1);
    assert!(Change::decode(data, elsewhere).is_err());
    assert_stable(&placed, "a change");
    for edit in placed.edits() {
        let mut state = EntityState::new(edit.entity, &edit.kind, change.time, change.dot());
        state.apply(edit, change.dot(), change.time);
        let once = state.clone();
        state.apply(edit, change.dot(), change.time);
        assert_eq!(state.registers, once.registers, "applying twice is not applying once");
        assert_stable(&state, "the state of an item");
        for field in state.disputes(&Policies::default()) {
            assert!(state.register(field).is_some_and(holdfast_model::Register::is_disputed));
        }
        for register in state.registers.values() {
            let _ = register.value().to_json();
        }
        let mut draft = state.draft();
        draft.set(TITLE, "x", &Seen::All);
        if let Some(edit) = draft.finish() {
            let mut after = state.clone();
            let next = holdfast_model::Dot { seq: change.seq.wrapping_add(1), ..change.dot() };
            after.apply(&edit, next, change.time);
            assert_eq!(after.text(TITLE), "x", "an edit that saw everything stands");
        }
    }
}
