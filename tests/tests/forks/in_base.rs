//! Clones of a device whose changes were pruned elsewhere, and pruning where a log parts.

use crate::rows::{add, titles};
use crate::world::{Machine, START, World};
use holdfast_oplog::VersionVector;
use holdfast_store::{PruneReport, PruneRules, Received};
use holdfast_tests::Replica;
use holdfast_tests::replica::verify;
use std::collections::BTreeSet;

fn prune(replica: &mut Replica) -> PruneReport {
    let rules = PruneRules { before_ms: i64::MAX, devices: &[], verify: &verify };
    replica.store.write(|tx| tx.prune(rules)).unwrap()
}

/// A world with a clone of its first machine, made after one shared change.
fn cloned(seed: u64) -> (World, tempfile::TempDir) {
    let mut world = World::new(seed, 2);
    let folder = tempfile::tempdir().unwrap();
    add(&mut world.machines[0].replica, "shared");
    let copy = world.machines[0].replica.copy(&folder.path().join("clone.db")).unwrap();
    world.machines.push(Machine { replica: copy, knows: BTreeSet::new() });
    for number in 0..3 {
        add(&mut world.machines[0].replica, &format!("machine {number}"));
        add(&mut world.machines[2].replica, &format!("clone {number}"));
    }
    add(&mut world.machines[2].replica, "clone 3");
    (world, folder)
}

#[test]
fn a_branch_from_before_what_was_pruned_is_refused_in_every_cut_and_changes_nothing() {
    for size in [1, 2, 99] {
        let (mut world, _folder) = cloned(1);
        world.carry(0, 1);
        let here = &mut world.machines[1].replica;
        assert_eq!(prune(here).pruned, 4);
        let before = here.dump().unwrap();
        let runs = world.machines[2].replica.runs(&VersionVector::new(), || size).unwrap();
        let here = &mut world.machines[1].replica;
        let received: Vec<Received> =
            runs.iter().map(|run| here.take_in(START, run).unwrap()).collect();
        assert!(received.contains(&Received::PartsInBase { seq: 4 }), "{received:?}");
        assert!(!received.iter().any(|received| matches!(received, Received::New(_))));
        assert_eq!(here.dump().unwrap(), before);
        assert!(here.store.read(|tx| tx.branches()).unwrap().is_empty());
        let lines = here.store.read(|tx| tx.check(&verify, &|_| true)).unwrap();
        assert!(lines.iter().all(|line| line.ok), "{lines:#?}");
    }
}

#[test]
fn what_was_pruned_comes_again_and_what_follows_it_is_taken_in() {
    let (mut world, _folder) = cloned(2);
    world.carry(0, 1);
    prune(&mut world.machines[1].replica);
    let new = add(&mut world.machines[0].replica, "after pruning");
    world.carry(0, 1);
    assert_eq!(titles(&mut world.machines[1].replica, new), ["after pruning"]);
}

#[test]
fn a_log_that_parts_after_the_base_is_kept_in_both_branches() {
    let mut world = World::new(3, 3);
    let folder = tempfile::tempdir().unwrap();
    add(&mut world.machines[0].replica, "pruned");
    world.carry(0, 1);
    world.carry(0, 2);
    assert_eq!(prune(&mut world.machines[1].replica).pruned, 1);
    let copy = world.machines[0].replica.copy(&folder.path().join("clone.db")).unwrap();
    world.machines.push(Machine { replica: copy, knows: BTreeSet::new() });
    let here = add(&mut world.machines[0].replica, "written on the machine");
    let there = add(&mut world.machines[3].replica, "written on its clone");
    for to in [1, 2] {
        for from in [0, 3] {
            world.carry(from, to);
        }
        let replica = &mut world.machines[to].replica;
        assert_eq!(titles(replica, here), ["written on the machine"]);
        assert_eq!(titles(replica, there), ["written on its clone"]);
        assert_eq!(replica.store.read(|tx| tx.branches()).unwrap().len(), 2);
        let lines = replica.store.read(|tx| tx.check(&verify, &|_| true)).unwrap();
        assert!(lines.iter().all(|line| line.ok), "{lines:#?}");
    }
    let other = world.machines[2].replica.dump().unwrap();
    assert_eq!(world.machines[1].replica.dump().unwrap(), other);
}

#[test]
fn a_space_with_a_log_that_parts_is_not_pruned_and_the_report_says_so() {
    let (mut world, _folder) = cloned(4);
    world.carry(0, 1);
    world.carry(2, 1);
    let here = &mut world.machines[1].replica;
    let before = (here.dump().unwrap(), here.held().unwrap());
    let report = prune(here);
    assert_eq!((report.pruned, report.parted.len()), (0, 1));
    assert_eq!((here.dump().unwrap(), here.held().unwrap()), before);
    world.carry(1, 0);
    assert_eq!(world.machines[0].replica.dump().unwrap(), before.0);
}
