//! The merged state of an item as the database keeps it: damage there is an error, not a panic.

use super::assert_stable;
use crate::{Target, world};
use holdfast_model::entity::{LEFT, Seen, WITHDRAWN};
use holdfast_model::fields::{LIFE, TAGS, TITLE};
use holdfast_model::{Dot, EntityState, Policies, Value};
use holdfast_oplog::{ActorId, decode, encode};

pub(crate) const TARGET: Target = Target { name: "entity_state", run, seeds, mutations: 40_000 };

fn seeds() -> Vec<Vec<u8>> {
    let mut world = world::used(9, 60);
    let states = world.laptop.store.read(|tx| {
        let mut states = Vec::new();
        for kind in ["task", "note", "list", "tag"] {
            states.extend(tx.entities_of(kind)?.into_iter().map(|(state, _)| state));
        }
        Ok::<_, holdfast_store::StoreError>(states)
    });
    states.expect("states").iter().map(|state| encode(state).expect("bytes")).collect()
}

fn run(data: &[u8]) {
    let Ok(state) = decode::<EntityState>(data, 1 << 20, "the state of an item") else { return };
    assert_stable(&state, "the state of an item");
    assert!(!(state.is_alive() && state.is_trashed()), "in use and in the trash");
    for field in state.disputes(&Policies::default()) {
        let register = state.register(field).expect("a disputed field was written");
        assert!(register.is_disputed() && register.distinct().len() > 1);
    }
    let dot = Dot { actor: ActorId([9; 16]), seq: u64::MAX };
    let mut draft = state.draft();
    draft.set(TITLE, "fuzzed title", &Seen::All).add(TAGS, "fuzzed tag");
    let Some(edit) = draft.finish() else { return };
    let mut after = state.clone();
    after.apply(&edit, dot, state.edited.0);
    for (field, register) in &state.registers {
        // An edit of one field leaves the others as they were.
        if field != TITLE {
            assert_eq!(after.registers.get(field), Some(register));
        }
    }
    // ... and never decides by the way whether the item lives.
    let values = |state: &EntityState| {
        let register = state.register(LIFE).cloned().unwrap_or_default();
        let mut values: Vec<_> = register.live().iter().map(|v| v.value.clone()).collect();
        values.sort();
        values.dedup();
        values
    };
    // One that was moved away is edited where it went to, and stands here beside that: not asked of it.
    let moved = [Value::from(LEFT), Value::from(WITHDRAWN)];
    if !state.life.live().is_empty() && !values(&state).iter().any(|value| moved.contains(value)) {
        assert_eq!(values(&after), values(&state), "an edit decided a deletion");
    }
}
