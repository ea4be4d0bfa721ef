//! Thousands of histories on the simulator (`holdfast_tests::sim`), and the table of what they
//! exercised. `cargo xtask sim` runs more.

use holdfast_tests::sim::{Mode, Options, Tally, disputes, run, run_many};
use std::collections::BTreeSet;

/// Histories in one test; the tests beside each other use all processors.
const SHARD: u64 = 500;

/// Says what broke and how to see it again.
fn all_hold(failures: &[(u64, String)]) {
    for (seed, failure) in failures {
        eprintln!("seed {seed}: {failure}");
    }
    let seeds: Vec<u64> = failures.iter().map(|(seed, _)| *seed).collect();
    assert!(
        failures.is_empty(),
        "histories broke an invariant: {seeds:?}; `cargo xtask sim --seeds 1 --seed {} --minimise` \
         makes the first one shorter",
        seeds[0]
    );
}

/// Runs one part of the five thousand. Each part is large enough to exercise nearly everything: what
/// is so rare that a part may miss it is counted over all parts by `cargo xtask sim --seeds 5000`.
fn shard(number: u64) {
    let first = number * SHARD;
    let (tally, failures) = run_many(first..first + SHARD, Options::new);
    all_hold(&failures);
    print!("{tally}");
    let empty: Vec<_> =
        tally.empty_rows().into_iter().filter(|(_, row)| !RARE.contains(row)).collect();
    assert!(empty.is_empty(), "these histories never exercised {empty:?}");
}

/// What happens in fewer than one history of fifty: a part may miss it.
const RARE: &[&str] =
    &["large deletion held back", "move: list", "bundle before an earlier one", "field: pinned"];

macro_rules! shards {
    ($($name:ident: $number:literal,)*) => {$(
        #[test]
        fn $name() {
            shard($number);
        }
    )*};
}

shards! {
    histories_00: 0,
    histories_01: 1,
    histories_02: 2,
    histories_03: 3,
    histories_04: 4,
    histories_05: 5,
    histories_06: 6,
    histories_07: 7,
    histories_08: 8,
    histories_09: 9,
}

/// Histories that once broke an invariant: the steps that did, and what was wrong.
#[test]
fn what_went_wrong_once_stays_right() {
    let kept: &[(u64, &[usize], &str)] =
        &[(865, &[1, 3, 7, 39, 41, 43, 46], "a decision on a deletion, undone and done again")];
    for (seed, steps, wrong) in kept {
        let last = steps.last().map_or(0, |step| step + 1);
        let skip = (0..last).filter(|step| !steps.contains(step)).collect();
        let options = Options { skip, steps: Some(last), ..Options::new(*seed) };
        assert_eq!(run(&options).failure, None, "seed {seed}: {wrong}");
    }
}

/// Clocks name and order, they never decide whether two edits conflict: devices whose clocks are hours
/// off, or a year ahead, have the same conflicts as devices with true clocks.
#[test]
fn a_clock_only_breaks_ties() {
    const HOUR: i64 = 3_600_000;
    const YEAR: i64 = 365 * 24 * HOUR;
    let mut asked = 0;
    for seed in 1_000..1_040 {
        let at_true_time =
            Options { skews: Some(vec![0; 8]), by_clock: false, ..Options::new(seed) };
        let mut skews = vec![0, 2 * HOUR, -2 * HOUR, YEAR, -YEAR, 7, -17, HOUR];
        skews.rotate_left(seed as usize % 8);
        let skewed = Options { skews: Some(skews), ..at_true_time.clone() };
        let truth = disputes(&at_true_time);
        asked += truth.len();
        assert_eq!(disputes(&skewed), truth, "seed {seed}");
    }
    assert!(asked > 40, "hardly anything was disputed: {asked}");
}

/// The same seed gives the same history, event by event; another seed gives another.
#[test]
fn a_history_is_a_function_of_its_seed() {
    let traces: BTreeSet<_> = (0..8).map(|seed| run(&Options::new(seed)).trace).collect();
    let again: BTreeSet<_> = (0..8).rev().map(|seed| run(&Options::new(seed)).trace).collect();
    assert_eq!(traces, again);
    assert_eq!(traces.len(), 8);
}

/// Leaving steps out leaves the others as they are: what the minimiser relies on. A history without
/// its first steps still runs, and ends in another trace.
#[test]
fn steps_can_be_left_out() {
    let whole = Options { mode: Some(Mode::Liveness), ..Options::new(3) };
    let part = Options { skip: (0..10).collect(), ..whole.clone() };
    let (whole, part) = (run(&whole), run(&part));
    assert_eq!((&whole.failure, &part.failure), (&None, &None));
    assert_ne!(whole.trace, part.trace);
    assert_eq!(whole.steps, part.steps);
}

/// A row that nothing filled is found.
#[test]
fn gaps_in_coverage_are_seen() {
    let tally = Tally::default();
    assert!(tally.empty_rows().len() > 80);
    assert!(tally.to_string().contains("← nothing"));
}
