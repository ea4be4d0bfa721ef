//! Histories in which one device is hostile (`holdfast_tests::sim::adversary`), and the table of what it
//! tried. `cargo xtask sim --adversary` runs more.
//!
//! A kind of act that breaks an invariant of the engine as it is has a test of its own, which is not run
//! until the engine is mended; all others are tried here in every run.

use holdfast_tests::sim::adversary::{Options, Tried, run, run_many};

/// Histories in which the adversary does what is named; none breaks an invariant.
fn nothing_breaks(histories: u64, only: &[&str]) {
    nothing_breaks_in(0..histories, only);
}

fn nothing_breaks_in(seeds: std::ops::Range<u64>, only: &[&str]) {
    let report = run_many(seeds, only);
    print!("{report}");
    assert!(
        report.failures.is_empty(),
        "{} histories broke an invariant; `cargo xtask sim --adversary --seed {} --tell --only '{}'` shows \
         the first",
        report.failures.len(),
        report.failures.keys().next().unwrap_or(&0),
        only.join(",")
    );
}

/// Two thousand histories with everything that the adversary can do break no invariant, and leave no row
/// of the table at zero.
#[test]
#[ignore = "the holes below are open: run it once they are not"]
fn two_thousand_histories_with_an_adversary() {
    let report = run_many(0..2_000, &[]);
    print!("{report}");
    assert!(report.failures.is_empty(), "{:#?}", report.failures);
    let empty = report.tried.empty_rows();
    assert!(empty.is_empty(), "these histories never tried {empty:?}");
}

/// What the engine stands against already: new and odd changes, logs that are invented, branched or far,
/// lying acknowledgements, attachments that do not match, records of unknown kinds and malformed ones,
/// handovers made by hand, and files of any name.
#[test]
fn what_is_odd_invented_or_untrue_takes_nothing_from_anyone() {
    nothing_breaks_in(3..203, ODD);
}

/// Seed 2: a device that knows of a removal puts its list of devices into the folder under the epoch of before.
#[test]
#[ignore = "open: the list of devices in the folder is sealed under an epoch that is over"]
fn the_list_of_devices_in_the_folder_is_sealed_under_a_clean_key() {
    nothing_breaks_in(2..3, ODD);
}

const ODD: &[&str] = &[
    "change: new item",
    "change: other title",
    "change: text",
    "change: waits",
    "change: of a newer app",
    "log: branch",
    "log: under an invented",
    "log: numbers",
    "word",
    "attachment",
    "handover",
    "record: unknown",
    "record: malformed",
    "record: renames",
    "record: says",
    "record: hundreds",
    "file: any name",
];

/// Where nobody is hostile nothing breaks: what is found otherwise is the adversary's doing.
#[test]
fn honest_devices_alone_break_nothing() {
    nothing_breaks(60, &["nothing"]);
}

/// A snapshot under heads that others signed drops changes that are held, and shows what was never
/// written (C1).
#[test]
#[ignore = "open: a snapshot covers what is held"]
fn a_snapshot_takes_nothing_away() {
    nothing_breaks(300, &["snapshot"]);
}

/// A key of an invented epoch seals for ever, or leaves the sender no epoch to be removed in (C3, C4); a
/// removal puts out more than its maker could.
#[test]
#[ignore = "open: the highest epoch seals"]
fn keys_and_removals_leave_the_others_their_own() {
    nothing_breaks(600, &["record: keys", "record: removes", "record: lets in"]);
}

/// One device takes more identities than any could need (C5).
#[test]
#[ignore = "open: identities are not bounded on intake"]
fn identities_are_bounded() {
    nothing_breaks(300, &["record: new identities"]);
}

/// A device claims the identity of another, whose changes are then taken for its own (C6).
#[test]
#[ignore = "open: seniority decides whose an identity is"]
fn an_identity_belongs_to_who_wrote_under_it() {
    nothing_breaks(400, &["record: claims", "record: lets in", "record: new identities"]);
}

/// Whoever finds an invitation later takes the place of the device that joined by it (C6).
#[test]
#[ignore = "open: the least hash enters"]
fn a_found_invitation_displaces_nobody() {
    nothing_breaks(200, &["record: joins"]);
}

/// A value is shown as that of a device which never wrote it (C7).
#[test]
#[ignore = "open: the origin of a value is believed"]
fn nobody_is_said_to_have_written_what_they_did_not() {
    nothing_breaks(300, &["change: in another's name"]);
}

/// More than half goes, nine at a time or by emptying, purging and withdrawing, and nobody is asked.
#[test]
#[ignore = "open: each exchange is judged alone, and only deletions count"]
fn a_large_deletion_by_any_path_asks() {
    nothing_breaks(
        200,
        &["change: deletes", "change: purges", "change: withdraws", "change: empties"],
    );
}

/// A file whose name promises more than is in it keeps others from publishing that.
#[test]
#[ignore = "open: what names say is counted as held by the folder"]
fn names_of_files_are_believed_by_nobody() {
    nothing_breaks(300, &["file: empty", "file: name"]);
}

/// A file that is damaged, or that somebody sealed for the log of another without its signature, stops that
/// log in the folder although a good file lies beside it or could be written again.
#[test]
#[ignore = "open: the first file that has a number is the only one that is tried"]
fn a_false_file_stops_no_log() {
    let only = ["file: damages", "log: under another", "log: damaged", "change: malformed"];
    nothing_breaks(400, &only);
}

/// Two devices are given two different changes of one number, and nothing that follows them: both hold as
/// much, so neither asks the other, and they show different things for ever.
#[test]
#[ignore = "open: branches of the same length are not noticed before one of them goes on"]
fn branches_of_one_length_are_noticed() {
    nothing_breaks(300, &["log: forked"]);
}

/// The same seed gives the same history.
#[test]
fn what_an_adversary_does_is_a_function_of_the_seed() {
    for seed in 0..4 {
        let options = Options { seed, ..Options::default() };
        let (first, again) = (run(&options), run(&options));
        assert_eq!((first.tried, first.failure), (again.tried, again.failure));
    }
}

/// A row that nothing filled is found.
#[test]
fn what_was_not_tried_is_seen() {
    let tried = Tried::default();
    assert!(tried.empty_rows().len() > 50);
    assert!(tried.to_string().contains("← nothing"));
}
