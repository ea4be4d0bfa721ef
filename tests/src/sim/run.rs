//! Runs histories and says what came of them.

use super::tally::{Group, Tally};
use super::world::World;
use super::{Mode, Options, Plan};
use holdfast_oplog::Hash;
use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Every so many seeds, a history is run twice and must leave the same trace.
const TWICE: u64 = 100;

/// What came of a history.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// What it exercised.
    pub tally: Tally,
    /// Everything that happened, as one hash.
    pub trace: Hash,
    /// How many devices it had.
    pub devices: usize,
    /// How many steps.
    pub steps: usize,
    /// The invariant that it broke, if any.
    pub failure: Option<String>,
}

fn play(options: &Options, plan: &Plan) -> World {
    let mut world = World::new(options, plan);
    world.open(options.seed);
    for step in (0..plan.steps).filter(|step| !options.skip.contains(step)) {
        world.step(options.seed, step);
    }
    world
}

fn once(options: &Options, plan: &Plan) -> (Tally, Hash) {
    let mut world = play(options, plan);
    world.check_each_alone();
    if world.is_liveness(plan) {
        world.settle(options.seed);
        world.check_all_together();
    }
    let row = match plan.mode {
        Mode::Safety => "safety",
        Mode::Liveness => "liveness",
    };
    world.tally.count(Group::Histories, row);
    if plan.on_disk {
        world.tally.count(Group::Histories, "with a database on disk");
    }
    world.tally.count(Group::Devices, &plan.devices.to_string());
    (world.tally, world.trace.hash())
}

/// Runs one history; a broken invariant is caught and told.
pub fn run(options: &Options) -> Outcome {
    let plan = options.plan();
    let played = catch_unwind(AssertUnwindSafe(|| {
        let (mut tally, trace) = once(options, &plan);
        if options.seed.is_multiple_of(TWICE) && !options.tell {
            assert_eq!(once(options, &plan).1, trace, "the same seed gave another history");
            tally.count(Group::Histories, "run twice, same trace");
        }
        (tally, trace)
    }));
    let (tally, trace, failure) = match played {
        Ok((tally, trace)) => (tally, trace, None),
        Err(panic) => (Tally::default(), Hash::ZERO, Some(words(panic.as_ref()))),
    };
    Outcome { tally, trace, devices: plan.devices, steps: plan.steps, failure }
}

/// Runs the histories of several seeds; returns what they exercised and those that broke an
/// invariant, with its words.
pub fn run_many(
    seeds: impl IntoIterator<Item = u64>,
    options: impl Fn(u64) -> Options,
) -> (Tally, Vec<(u64, String)>) {
    let mut tally = Tally::default();
    let mut failures = Vec::new();
    for seed in seeds {
        let outcome = run(&options(seed));
        tally.join(&outcome.tally);
        failures.extend(outcome.failure.map(|failure| (seed, failure)));
    }
    (tally, failures)
}

/// What is disputed at the end of a history when everything has arrived everywhere.
pub fn disputes(options: &Options) -> Vec<String> {
    let mut world = play(options, &options.plan());
    world.settle(options.seed);
    world.disputes_apart_from_circles()
}

fn words(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("it panicked").to_owned()
}
