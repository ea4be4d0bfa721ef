//! Clones and restores one by one.

use crate::world::{Machine, START, World};
use holdfast_model::entity::{Draft, Seen};
use holdfast_model::fields::TITLE;
use holdfast_model::{EntityId, Kind};
use holdfast_oplog::{ActorId, VersionVector};
use holdfast_store::{ConflictState, Received};
use holdfast_tests::Replica;
use std::collections::BTreeSet;

#[test]
fn row_41_a_cloned_machine_is_proven_by_a_fork_and_both_branches_are_kept() {
    let mut world = World::new(1, 2);
    let folder = tempfile::tempdir().unwrap();
    let shared = add(&mut world.machines[0].replica, "shared");
    world.carry(0, 1);
    let copy = world.machines[0].replica.copy(&folder.path().join("clone.db")).unwrap();
    world.machines.push(Machine { replica: copy, knows: BTreeSet::new() });
    let here = add(&mut world.machines[0].replica, "written on the machine");
    let there = add(&mut world.machines[2].replica, "written on its clone");
    retitle(&mut world.machines[0].replica, shared, "as the machine has it");
    retitle(&mut world.machines[2].replica, shared, "as the clone has it");
    // The third device writes on what it got from the clone before it hears of the machine.
    world.carry(2, 1);
    retitle(&mut world.machines[1].replica, there, "seen and bettered");
    world.carry(0, 1);
    for machine in [0, 2] {
        assert!(!world.machines[machine].replica.must_renew().unwrap());
    }
    world.carry(1, 0);
    world.carry(1, 2);
    let dump = world.machines[0].replica.dump().unwrap();
    for at in 0..3 {
        let replica = &mut world.machines[at].replica;
        assert_eq!(replica.dump().unwrap(), dump);
        assert_eq!(titles(replica, here), ["written on the machine"]);
        assert_eq!(titles(replica, there), ["seen and bettered"]);
        assert_eq!(titles(replica, shared), ["as the clone has it", "as the machine has it"]);
        let open = replica.store.read(|tx| tx.conflicts(None)).unwrap();
        let open: Vec<_> = open.iter().filter(|c| c.state == ConflictState::Open).collect();
        assert_eq!(open.len(), 1);
        let branches = replica.store.read(|tx| tx.branches()).unwrap();
        assert_eq!(branches.iter().filter(|branch| branch.own).count(), usize::from(at != 1));
    }
    // Neither writes under the old identity again.
    for at in [0, 2] {
        let replica = &mut world.machines[at].replica;
        assert!(replica.must_renew().unwrap());
        let refused = replica.edit(START + 9, Vec::new()).unwrap_err();
        assert_eq!(refused.code(), "forked");
        let notices = replica.store.read(|tx| tx.notices(10)).unwrap();
        assert!(notices.iter().any(|notice| notice.kind == "fork" && notice.detail["own"] == true));
    }
}

#[test]
fn row_42_an_old_backup_that_hears_of_its_own_future_uses_no_number_again() {
    let mut world = World::new(2, 2);
    let folder = tempfile::tempdir().unwrap();
    add(&mut world.machines[0].replica, "before the backup");
    let backup = world.machines[0].replica.copy(&folder.path().join("backup.db")).unwrap();
    let later = add(&mut world.machines[0].replica, "after the backup");
    world.carry(0, 1);
    world.machines[0].replica = backup;
    world.carry(1, 0);
    let restored = &mut world.machines[0].replica;
    assert_eq!(titles(restored, later), ["after the backup"]);
    assert!(restored.must_renew().unwrap(), "its own future came from elsewhere");
    assert!(restored.edit(START + 9, Vec::new()).is_err());
    restored.take_actor(ActorId([9; 16])).unwrap();
    let new = add(restored, "under the new identity");
    world.carry(0, 1);
    let other = &mut world.machines[1].replica;
    assert_eq!(titles(other, new), ["under the new identity"]);
    assert!(other.store.read(|tx| tx.branches()).unwrap().is_empty(), "nothing was used twice");
}

#[test]
fn a_device_undoes_what_it_wrote_under_every_name_that_it_had() {
    let mut world = World::new(3, 2);
    let folder = tempfile::tempdir().unwrap();
    let copy = world.machines[0].replica.copy(&folder.path().join("clone.db")).unwrap();
    world.machines.push(Machine { replica: copy, knows: BTreeSet::new() });
    let mine = add(&mut world.machines[0].replica, "mine");
    add(&mut world.machines[2].replica, "the clone's");
    world.carry(2, 0);
    let replica = &mut world.machines[0].replica;
    replica.take_actor(ActorId([8; 16])).unwrap();
    let actor = replica.actor;
    let step = replica.store.read(|tx| tx.undo_step(actor)).unwrap().unwrap();
    let touched: Vec<EntityId> = step.changes[0].edits().map(|edit| edit.entity).collect();
    assert_eq!(touched, [mine], "the clone's action is not this device's");
    let newer = add(replica, "newer");
    let step = replica.store.read(|tx| tx.undo_step(actor)).unwrap().unwrap();
    assert_eq!(step.changes[0].edits().next().unwrap().entity, newer);
}

#[test]
fn a_run_of_a_branch_without_its_beginning_is_asked_for_again_and_stops_nothing() {
    let mut world = World::new(4, 2);
    let folder = tempfile::tempdir().unwrap();
    add(&mut world.machines[0].replica, "shared");
    let copy = world.machines[0].replica.copy(&folder.path().join("clone.db")).unwrap();
    world.machines.push(Machine { replica: copy, knows: BTreeSet::new() });
    for number in 0..3 {
        add(&mut world.machines[0].replica, &format!("machine {number}"));
        add(&mut world.machines[2].replica, &format!("clone {number}"));
    }
    world.carry(0, 1);
    add(&mut world.machines[2].replica, "clone 3");
    // By number alone only the last change seems to be missing.
    let held = world.machines[1].replica.held().unwrap();
    let runs = world.machines[2].replica.runs(&held, || 9).unwrap();
    assert_eq!((runs.len(), runs[0].first), (1, 5));
    let received = world.machines[1].replica.take_in(START, &runs[0]).unwrap();
    assert_eq!(received, Received::Branch { missing: 1 });
    world.carry(2, 1);
    assert_eq!(world.machines[1].replica.store.read(|tx| tx.branches()).unwrap().len(), 2);
    assert_eq!(world.machines[1].replica.dump().unwrap().matches("clone ").count(), 4);
}

#[test]
fn what_branches_have_in_common_travels_on_although_it_carries_no_signature_of_its_own() {
    let mut world = World::new(5, 3);
    let folder = tempfile::tempdir().unwrap();
    for number in 0..4 {
        add(&mut world.machines[0].replica, &format!("shared {number}"));
    }
    let copy = world.machines[0].replica.copy(&folder.path().join("clone.db")).unwrap();
    world.machines.push(Machine { replica: copy, knows: BTreeSet::new() });
    for number in 0..3 {
        add(&mut world.machines[0].replica, &format!("machine {number}"));
        add(&mut world.machines[3].replica, &format!("clone {number}"));
    }
    // Each comes in one run with one signature.
    for from in [0, 3] {
        let runs = world.machines[from].replica.runs(&VersionVector::new(), || 99).unwrap();
        assert_eq!(runs.len(), 1);
        world.machines[1].replica.take_in(START, &runs[0]).unwrap();
    }
    let runs = world.machines[1].replica.runs(&VersionVector::new(), || 99).unwrap();
    for run in &runs {
        let received = world.machines[2].replica.take_in(START, run).unwrap();
        assert!(matches!(received, Received::New(_) | Received::Known), "{received:?}");
    }
    let dump = world.machines[1].replica.dump().unwrap();
    assert_eq!(dump.matches("shared ").count() + dump.matches("clone ").count(), 7);
    assert_eq!(world.machines[2].replica.dump().unwrap(), dump);
    assert_eq!(
        world.machines[2].replica.held().unwrap(),
        world.machines[1].replica.held().unwrap()
    );
}

pub(crate) fn add(replica: &mut Replica, words: &str) -> EntityId {
    let id = EntityId::named(words);
    let mut draft = Draft::new(id, Kind::Task.as_str());
    draft.set(TITLE, words, &Seen::All);
    replica.edit(START, vec![draft.finish().unwrap()]).unwrap();
    id
}

pub(crate) fn retitle(replica: &mut Replica, id: EntityId, words: &str) {
    let (state, _) = replica.store.read(|tx| tx.expect_entity(id, "task")).unwrap();
    let mut draft = state.draft();
    draft.set(TITLE, words, &Seen::All);
    replica.edit(START + 1, vec![draft.finish().unwrap()]).unwrap();
}

pub(crate) fn titles(replica: &mut Replica, id: EntityId) -> Vec<String> {
    let (state, _) = replica.store.read(|tx| tx.expect_entity(id, "task")).unwrap();
    let mut titles: Vec<String> = state
        .register(TITLE)
        .unwrap()
        .live()
        .iter()
        .filter_map(|v| v.value.as_str().map(str::to_owned))
        .collect();
    titles.sort();
    titles.dedup();
    titles
}
