//! Devices whose data is used twice: cloned while they run, restored from old copies, without anyone
//! noticing before it is too late. Whatever happens, all devices end with the same data, in which
//! everything is that reached anyone and that nobody who saw it replaced.
//!
//! The expectation is worked out from what each device was told, by sets alone; it knows nothing of
//! logs, numbers, hashes or branches.

mod in_base;
mod rows;
mod world;

use rand::Rng;
use world::World;

fn history(seed: u64, machines: u8, steps: u32) -> usize {
    let mut world = World::new(seed, machines);
    for _ in 0..steps {
        world.step();
    }
    world.heal();
    world.check();
    // Life goes on, and stays in agreement.
    for _ in 0..10 {
        let at = world.rng.gen_range(0..world.machines.len());
        world.write(at);
    }
    world.heal();
    world.check();
    world.forks
}

#[test]
fn clones_and_restores_lose_nothing_and_all_machines_agree() {
    for seed in 0..45 {
        history(seed, 2 + (seed % 2) as u8, 10 + (seed as u32 * 7) % 80);
    }
}

#[test]
fn with_up_to_four_machines_and_longer_histories_too() {
    for seed in 1_000..1_025 {
        history(seed, 2 + (seed % 3) as u8, 30 + (seed as u32 * 7) % 90);
    }
}

/// A backup from before a known fork is restored: the log parts once more, before it.
#[test]
fn a_log_that_parts_before_a_known_branch_keeps_what_was_written_on_the_branch() {
    history(6_896_091_615_047_078_107, 2, 78);
}

/// The name of a branch may sort before that of the log that it leaves.
#[test]
fn what_branches_have_in_common_goes_first_whatever_they_are_called() {
    history(2_578_522_127_195_662_308, 3, 79);
    history(13_436_172_453_736_600_616, 3, 89);
}

/// What branches have in common may wait for other changes when a change of a branch is there already.
#[test]
fn what_branches_have_in_common_is_applied_before_them() {
    history(4_546_642_855_106_181_152, 2, 82);
}

#[test]
fn the_random_histories_do_fork() {
    let forked = (0..12).filter(|seed| history(*seed, 2, 60) > 0).count();
    assert!(forked >= 4, "only {forked} of 12 histories had a log that parts");
}
