//! Histories in which one device is hostile (`holdfast_tests::sim::adversary`), and the table of what it
//! tried. `cargo xtask sim --adversary` runs more.

use holdfast_tests::sim::adversary::{Options, Tried, run, run_many};

/// Histories in which the adversary does what is named; none breaks an invariant.
fn nothing_breaks(histories: u64, only: &[&str]) {
    nothing_breaks_in(0..histories, only);
}

fn nothing_breaks_in(seeds: std::ops::Range<u64>, only: &[&str]) -> Tried {
    let report = run_many(seeds, only, None);
    for (seed, words) in &report.failures {
        println!("seed {seed}: {words}");
    }
    println!("{} histories in {:.0} s of {only:?}", report.histories, report.seconds);
    assert!(
        report.failures.is_empty(),
        "{} histories broke an invariant; `cargo xtask sim --adversary --seed {} --tell --only '{}'` shows \
         the first",
        report.failures.len(),
        report.failures.keys().next().unwrap_or(&0),
        only.join(",")
    );
    report.tried
}

/// What is new and odd: changes, invented and far logs, names of files, damaged files, lying words, records of
/// every kind that lets nobody in and out.
const ODD: &[&str] = &[
    "change",
    "file",
    "word",
    "attachment",
    "log: under",
    "log: damaged",
    "log: numbers",
    "record: joins",
    "record: new identities",
    "record: unknown",
    "record: malformed",
    "record: renames",
    "record: hundreds",
];

/// Two thousand histories in which the adversary draws from everything that it can do break no invariant. What they
/// tried is printed, and no row of the table is left at zero.
#[test]
fn two_thousand_histories_with_an_adversary() {
    let tried = nothing_breaks_in(0..2_000, &[]);
    print!("{tried}");
    assert!(tried.empty_rows().is_empty(), "never tried: {:?}", tried.empty_rows());
}

/// Whoever finds the invitation by which device 1 came joins by it too, and device 2, which 1 let in, hears of
/// that join, and of a removal by 1 of the one member whose invitation shows that 1 was known. Seed 1850 did break.
#[test]
fn whoever_is_let_in_by_a_contested_device_stays_in() {
    nothing_breaks_in(1_850..1_851, ODD);
}

/// Everything that it can do, drawn at once. Of seeds 20,000 to 21,200 and 30,000 to 34,500 these did break: changes of
/// somebody who had entered by a removed device's word (31,542, 32,361, 32,744); a number beyond what databases keep
/// (30,619, 32,466, 32,659); a snapshot that is believed once the inviter is out (31,200); a file of a removed device
/// that holds more than counts (32,379); a removal by somebody who is in by a removed device's word (30,406, 34,178);
/// records of nobody who is known (30,462). Of 50,000 to 52,000: what came back from the trash without its words
/// (50,164, 51,393, 51,624). A file under a key that a hostile member gave to some (51,710); a name in the folder that
/// hides what only a snapshot tells (61,708); a removal of a removed device that counts by another one's word, in a
/// circle (70,139) and shown without that word (72,816).
#[test]
fn everything_at_once_breaks_nothing() {
    let seeds = [
        30_406, 30_462, 30_619, 31_200, 31_542, 32_361, 32_379, 32_466, 32_659, 32_744, 34_178,
        50_164, 51_393, 51_624, 51_710, 61_708, 70_139, 72_816,
    ];
    for seed in seeds {
        nothing_breaks_in(seed..seed + 1, &[]);
    }
}

/// A device is out in its own view once the hostile ones are removed: not looked at.
#[test]
#[ignore = "open: a seed of everything at once"]
fn everything_at_once_that_is_open() {
    nothing_breaks_in(131_323..131_324, &[]);
}

/// Where nobody is hostile nothing breaks: what is found otherwise is the adversary's doing.
#[test]
fn honest_devices_alone_break_nothing() {
    nothing_breaks(60, &["nothing"]);
}

/// Seed 2 once found the old key under a new number: the stream of chance of a device was that of the vault.
#[test]
fn the_list_of_devices_in_the_folder_is_sealed_under_a_clean_key() {
    let only = [
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
    nothing_breaks_in(2..3, &only);
}

/// Keys of a hostile device's making part nobody, and a removal that it signs counts for all or for none (C3,
/// C4, C6). Seeds 22, 48, 216 did break.
#[test]
fn keys_and_removals_leave_the_others_their_own() {
    let only = ["record: keys", "record: removes", "record: lets in"];
    for seed in [22, 48, 216] {
        nothing_breaks_in(seed..seed + 1, &only);
    }
    nothing_breaks_in(97..98, &["record: removes an honest"]);
}

/// After a removal a device always has a key to seal under. Seed 48 did break.
#[test]
fn whoever_removes_a_device_can_seal() {
    nothing_breaks_in(48..49, &["record: claims", "record: lets in", "record: new identities"]);
}

/// All but keys and who is let in and put out.
const BESIDE: &[&str] = &[
    "snapshot",
    "change",
    "log",
    "word",
    "attachment",
    "file",
    "handover",
    "record: joins",
    "record: new",
    "record: unknown",
    "record: malformed",
    "record: renames",
    "record: says",
    "record: hundreds",
];

/// Whoever finds an invitation takes nobody's place, also beside anything else.
#[test]
fn a_found_invitation_displaces_nobody_beside_anything_else() {
    nothing_breaks_in(19..20, BESIDE);
}

/// A few deletions, then a withdrawal, part of it on the way over an honest device.
#[test]
fn what_goes_in_pieces_over_several_ways_asks() {
    nothing_breaks_in(2_016..2_017, ODD);
}

/// A snapshot of the hostile device leaves out what it wrote itself, and gave to others as changes.
#[test]
fn a_snapshot_beside_changes_parts_nobody() {
    nothing_breaks(200, BESIDE);
}

/// Two devices are given two different changes of one number, and nothing that follows them: both hold as
/// much, so neither asks the other, and they show different things for ever.
#[test]
fn branches_of_one_length_are_noticed() {
    nothing_breaks(120, &["log: forked"]);
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
