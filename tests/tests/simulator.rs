//! Thousands of histories on the simulator (`holdfast_tests::sim`), and the table of what they
//! exercised. `cargo xtask sim` runs more.

use holdfast_tests::sim::{Mode, Options, Tally, disputes, run, run_many};
use std::collections::BTreeSet;

/// Five thousand histories, two and more devices each, break no invariant, and leave no row of the
/// table at zero: a kind of edit, conflict or fault that they stopped exercising is seen.
#[test]
fn five_thousand_histories() {
    let report = run_many(0..5_000, Options::new, |_, _| ());
    print!("{report}");
    assert!(
        report.failures.is_empty(),
        "{} histories broke an invariant; `cargo xtask sim --seeds 1 --seed {} --minimise` makes the \
         first one shorter",
        report.failures.len(),
        report.failures.keys().next().unwrap_or(&0)
    );
    let empty = report.tally.empty_rows();
    assert!(empty.is_empty(), "these histories never exercised {empty:?}");
}

/// Histories that once broke an invariant: the steps that did, and what was wrong.
#[test]
fn what_went_wrong_once_stays_right() {
    let kept: &[(u64, &[usize], &str)] = &[
        (865, &[1, 3, 7, 39, 41, 43, 46], "a decision on a deletion, undone and done again"),
        (3280, &[28, 31, 33], "a crash at the commit that notes the end of a connection"),
        (
            3192,
            &[19, 40, 48, 54, 68, 79, 81, 82, 84, 90, 93],
            "one tag put in by two devices, by one of them undone and done again",
        ),
    ];
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
