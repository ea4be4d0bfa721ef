//! Lists that are moved between spaces while others edit them: real stores, random histories.
//!
//! Two devices hold every space that travels, a third only what travels everywhere. Whatever is moved,
//! edited, deleted and decided apart, devices that hold the same changes show the same, and nothing
//! that was typed is lost.

mod world;

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use world::World;

fn named(seed: u64, run: impl FnOnce()) {
    if let Err(panic) = catch_unwind(AssertUnwindSafe(run)) {
        eprintln!("this history broke a law: seed {seed}");
        resume_unwind(panic);
    }
}

/// What happened in all histories together, so that a test that tries nothing shows.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) moves: usize,
    pub(crate) strays: usize,
    pub(crate) apart: usize,
    pub(crate) decided: usize,
    pub(crate) moved_words: usize,
}

#[test]
fn devices_that_hold_the_same_show_the_same_and_lose_nothing() {
    let mut tally = Tally::default();
    for seed in 0..120 {
        named(seed, || {
            let mut world = World::new(seed);
            for _ in 0..20 + (seed % 5) * 12 {
                world.step(&mut tally);
            }
            world.settle();
            world.check(&mut tally);
        });
    }
    let rich = tally.moves > 300
        && tally.strays > 50
        && tally.apart > 5
        && tally.decided > 5
        && tally.moved_words > 300;
    assert!(rich, "the histories try too little: {tally:?}");
}

#[test]
fn the_order_in_which_changes_come_does_not_matter() {
    for seed in 200..240 {
        named(seed, || {
            let mut tally = Tally::default();
            let mut world = World::new(seed);
            for _ in 0..40 {
                world.step(&mut tally);
            }
            world.settle();
            world.check_arrival_orders();
        });
    }
}
