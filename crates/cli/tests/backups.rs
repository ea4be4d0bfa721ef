//! Backups as the command line makes, shows and restores them, over days of a clock that the test moves.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

fn run(home: &Path, day: u32, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_holdfastctl"))
        .args(arguments)
        .env("HOLDFAST_HOME", home)
        .env("HOLDFAST_KEY_STORE", "file")
        .env("HOLDFAST_TEST_CLOCK", format!("+{}h", 24 * day))
        .env("TZ", "UTC")
        .output()
        .unwrap()
}

fn said(home: &Path, day: u32, arguments: &[&str]) -> String {
    let output = run(home, day, arguments);
    assert!(output.status.success(), "{arguments:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

fn json(home: &Path, day: u32, arguments: &[&str]) -> Value {
    serde_json::from_str(&said(home, day, &[arguments, &["--json"]].concat())).unwrap()
}

fn of_kind(home: &Path, day: u32, kind: &str) -> Vec<String> {
    let backups = json(home, day, &["backups"]);
    let of_kind = backups.as_array().unwrap().iter().filter(|backup| backup["kind"] == kind);
    of_kind.map(|backup| backup["id"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn each_day_of_use_leaves_one_backup_and_old_ones_go() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path();
    said(home, 0, &["init", "--name", "Laptop"]);
    assert_eq!(of_kind(home, 0, "automatic"), [] as [String; 0], "nothing to keep yet");
    for day in 0..40 {
        said(home, day, &["add", &format!("Day {day}")]);
        said(home, day, &["tasks"]);
        let backups = of_kind(home, day, "automatic");
        // Seven days, four weeks, at most three months begun.
        assert!(backups.len() <= 7 + 4 + 3, "{backups:?}");
        assert!(backups.len() >= (day as usize + 1).min(7), "{backups:?}");
    }
    let oldest = of_kind(home, 40, "automatic").pop().unwrap();
    let preview = json(home, 40, &["restore", &oldest, "--preview"]);
    assert!(preview["deletes"].as_u64().unwrap() >= 20, "{preview}");
    assert_eq!(preview["onlyHere"], preview["newerHere"]);
}

#[test]
fn a_backup_is_restored_here_or_for_all_and_what_was_there_can_be_had_again() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path();
    said(home, 0, &["init", "--name", "Laptop"]);
    let oak = said(home, 0, &["add", "Buy oak"]);
    let made = json(home, 0, &["backup"])["id"].as_str().unwrap().to_owned();
    said(home, 0, &["task", "set", &oak, "title=Buy ash"]);
    let later = json(home, 0, &["status"])["digest"].clone();

    let restored = json(home, 0, &["restore", &made]);
    assert_eq!(restored["updates"], 1, "{restored}");
    assert!(said(home, 0, &["tasks"]).contains("Buy oak"));
    let point = restored["point"]["id"].as_str().unwrap().to_owned();
    assert_eq!(of_kind(home, 0, "point"), std::slice::from_ref(&point));
    said(home, 0, &["restore", &point]);
    assert_eq!(json(home, 0, &["status"])["digest"], later);

    said(home, 0, &["restore", &made, "--propagate"]);
    assert!(said(home, 0, &["tasks"]).contains("Buy oak"));
    said(home, 0, &["undo"]);
    assert!(said(home, 0, &["tasks"]).contains("Buy ash"));
    said(home, 0, &["check"]);

    let unknown = run(home, 0, &["restore", "20200101T000000000Z-daily"]);
    assert_eq!(unknown.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&unknown.stderr).contains("[not_found]"), "{unknown:?}");
}
