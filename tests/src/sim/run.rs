//! Runs histories and says what came of them.

use super::caught::caught;
use super::tally::{Group, Tally};
use super::world::World;
use super::{Mode, Options, Plan};
use holdfast_oplog::Hash;
use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

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
    let played = caught(|| {
        let (mut tally, trace) = once(options, &plan);
        if options.seed.is_multiple_of(TWICE) && !options.tell {
            assert_eq!(once(options, &plan).1, trace, "the same seed gave another history");
            tally.count(Group::Histories, "run twice, same trace");
        }
        (tally, trace)
    });
    let (tally, trace, failure) = match played {
        Ok((tally, trace)) => (tally, trace, None),
        Err(words) => (Tally::default(), Hash::ZERO, Some(words)),
    };
    Outcome { tally, trace, devices: plan.devices, steps: plan.steps, failure }
}

/// What came of several histories.
#[derive(Debug)]
pub struct Report {
    /// What they exercised.
    pub tally: Tally,
    /// Those that broke an invariant, by their seeds.
    pub failures: BTreeMap<u64, Outcome>,
    /// How many were run.
    pub histories: u64,
    /// How long that took, in seconds.
    pub seconds: f64,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.tally)?;
        for (seed, outcome) in &self.failures {
            let failure = outcome.failure.as_deref().unwrap_or_default();
            writeln!(f, "seed {seed} broke an invariant: {failure}")?;
        }
        let (histories, seconds) = (self.histories, self.seconds);
        let rate = histories as f64 / seconds.max(1e-9);
        writeln!(f, "{histories} histories in {seconds:.1} s, {rate:.0} per second")?;
        writeln!(f, "{} broke an invariant", self.failures.len())
    }
}

/// Runs the histories of several seeds, as many at a time as the machine has processors; `seen` is
/// called with each as it ends.
pub fn run_many(
    seeds: Range<u64>,
    options: impl Fn(u64) -> Options + Sync,
    seen: impl Fn(u64, &Outcome) + Sync,
) -> Report {
    let next = AtomicU64::new(seeds.start);
    let ended = Mutex::new((Tally::default(), BTreeMap::new()));
    let start = Instant::now();
    let work = || {
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= seeds.end {
                return;
            }
            let outcome = run(&options(seed));
            seen(seed, &outcome);
            let mut ended = ended.lock().expect("nothing panics while it is held");
            ended.0.join(&outcome.tally);
            if outcome.failure.is_some() {
                ended.1.insert(seed, outcome);
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(work);
        }
    });
    let (tally, failures) = ended.into_inner().expect("nothing panics while it is held");
    let histories = seeds.end.saturating_sub(seeds.start);
    Report { tally, failures, histories, seconds: start.elapsed().as_secs_f64() }
}

/// What is disputed at the end of a history when everything has arrived everywhere.
pub fn disputes(options: &Options) -> Vec<String> {
    let mut world = play(options, &options.plan());
    world.settle(options.seed);
    world.disputes_apart_from_circles()
}
