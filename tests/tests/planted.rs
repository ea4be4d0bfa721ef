//! Weaknesses that are planted in the engine on purpose: the adversary makes use of each within a few
//! histories, and some invariant says so. Without them the same histories break nothing. What the
//! weaknesses are is in `holdfast_oplog::planted`; `cargo xtask sim --adversary --plant all` counts.

use holdfast_oplog::planted::{Bug, with};
use holdfast_tests::sim::adversary::{Options, run, run_many};

/// Histories that are run before it is asked whether one of them broke something.
const AT_ONCE: u64 = 24;
/// So many are tried in all.
const MOST: u64 = 240;

/// A weakness is found by these kinds of acts (all, where none is named), and breaks an invariant that says one
/// of these words; the same history without it breaks none.
fn is_found(bug: Bug, only: &[&str], broken: &[&str]) {
    let kinds: Vec<String> = only.iter().map(|kind| (*kind).to_owned()).collect();
    let holds_without = |seed: u64| {
        let options = Options { seed, only: kinds.clone(), ..Options::default() };
        run(&options).failure.is_none()
    };
    let mut tried = 0;
    while tried < MOST {
        let report = run_many(tried..tried + AT_ONCE, only, Some(bug));
        tried += AT_ONCE;
        let is_it = |words: &str| broken.iter().any(|part| words.contains(part));
        let found =
            report.failures.iter().find(|(seed, words)| is_it(words) && holds_without(**seed));
        if let Some((seed, words)) = found {
            let line = words.lines().next().unwrap_or_default();
            println!("{}: found in {tried} histories, seed {seed}: {line}", bug.name());
            return;
        }
    }
    panic!("{} is not found in {MOST} histories", bug.name());
}

/// A snapshot drops changes that are held.
#[test]
fn a_snapshot_that_is_believed_is_found() {
    is_found(Bug::SnapshotCovers, &["snapshot"], &["showed an item", "an item without"]);
}

/// A removed device goes on reading.
#[test]
fn sealing_under_the_highest_key_is_found() {
    is_found(Bug::HighestKeySeals, &[], &["and sealed"]);
}

/// One device makes the others keep what it likes.
#[test]
fn records_without_bound_are_found() {
    is_found(
        Bug::UnboundedRecords,
        &["record: hundreds", "record: new identities"],
        &["keeps", "identities"],
    );
}

/// A file whose name lies keeps the others from publishing.
#[test]
fn trust_in_names_of_files_is_found() {
    is_found(Bug::FileNamesTrusted, &["file"], &["hold different changes", "show different data"]);
}

/// A value is said to be of somebody who never wrote it.
#[test]
fn an_origin_that_is_believed_is_found() {
    is_found(Bug::OriginUnchecked, &["change: in another's name"], &["is said to be of"]);
}

/// A removed device goes on hearing what the others hold.
#[test]
fn a_link_that_outlives_a_removal_is_found() {
    is_found(Bug::LinkAfterRemoval, &["nothing"], &["over an open link"]);
}

/// A weakness is there where it is planted, and nowhere else: not on another thread, and not afterwards.
#[test]
fn nothing_is_planted_unless_a_test_says_so() {
    for bug in Bug::WEAKNESSES.into_iter().chain(Bug::ALL) {
        assert!(!holdfast_oplog::planted::is(bug));
        with(Some(bug), || assert!(holdfast_oplog::planted::is(bug)));
        assert!(!holdfast_oplog::planted::is(bug));
    }
}
