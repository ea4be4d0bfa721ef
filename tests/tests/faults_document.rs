//! `docs/faults.md`: every row of the fault matrix is there, and every test that it names exists.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// What stands for tests that come with a transport that is not there yet.
const LATER: [&str; 1] = ["with Cloud"];
/// The rows that need one of these; no other row may wait.
const NEEDS_A_TRANSPORT: [u32; 12] = [9, 10, 11, 12, 13, 15, 29, 50, 53, 54, 55, 57];
const ROWS: u32 = 62;
/// At least so many faults without a number are listed: those of comparable apps. More come with what is found.
const REPORTED: usize = 12;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The cells of each row of the tables, heads and rules left out.
fn rows(document: &str) -> Vec<Vec<String>> {
    document
        .lines()
        .filter(|line| line.starts_with('|') && !line.starts_with("|-") && !line.starts_with("| |"))
        .map(|line| {
            let cells = line.trim_matches('|').split(" | ");
            cells.map(|cell| cell.trim().to_owned()).collect::<Vec<_>>()
        })
        .filter(|cells| cells.first().is_some_and(|cell| cell != "no" && cell != "fault"))
        .collect()
}

/// The parts between backticks.
fn named(cell: &str) -> Vec<&str> {
    cell.split('`').skip(1).step_by(2).collect()
}

fn exists(reference: &str) -> Result<(), String> {
    let (file, name) =
        reference.split_once("::").ok_or_else(|| format!("'{reference}' names no test"))?;
    let text = fs::read_to_string(root().join(file)).map_err(|error| format!("{file}: {error}"))?;
    if Path::new(file).extension().is_none_or(|ending| ending != "rs") {
        let found = text.contains(&format!("\"{name}\""));
        return if found { Ok(()) } else { Err(format!("{file} has no test '{name}'")) };
    }
    let at = text.find(&format!("fn {name}(")).or_else(|| text.find(&format!("fn {name}<")));
    let at = at.ok_or_else(|| format!("{file} has no test '{name}'"))?;
    if is_ignored(&text[..at]) {
        return Err(format!("{file}: the test '{name}' is not run"));
    }
    Ok(())
}

/// Whether the attributes right before a function say that it is not run.
fn is_ignored(before: &str) -> bool {
    let whole = before.rsplit_once('\n').map_or(before, |(whole, _)| whole);
    let attributes = whole
        .lines()
        .rev()
        .map(str::trim)
        .take_while(|line| line.starts_with("#[") || line.starts_with("//"));
    attributes.into_iter().any(|line| line.starts_with("#[ignore"))
}

#[test]
fn every_row_is_there_and_every_named_test_exists() {
    let document = fs::read_to_string(root().join("docs/faults.md")).unwrap();
    let mut numbers = BTreeSet::new();
    let mut reported = 0;
    let mut problems = Vec::new();
    for row in rows(&document) {
        let number = row[0].parse::<u32>().ok();
        match number {
            Some(number) => {
                assert!(numbers.insert(number), "row {number} is there twice");
            }
            None => reported += 1,
        }
        let tests = row.last().unwrap();
        let references = named(tests);
        problems.extend(references.iter().filter_map(|reference| exists(reference).err()));
        let waits = LATER.iter().any(|later| tests.contains(later));
        let may_wait = number.is_some_and(|number| NEEDS_A_TRANSPORT.contains(&number));
        if references.is_empty() && !(waits && (may_wait || number.is_none())) {
            problems.push(format!("no test covers: {row:?}"));
        }
    }
    assert!(problems.is_empty(), "{problems:#?}");
    assert_eq!(numbers, (1..=ROWS).collect());
    assert!(reported >= REPORTED, "{reported}");
}

/// The check itself finds a name that is not there.
#[test]
fn a_test_that_does_not_exist_is_found() {
    assert!(exists("tests/tests/faults_document.rs::a_test_that_does_not_exist_is_found").is_ok());
    for wrong in ["tests/tests/faults_document.rs::nowhere", "tests/none.rs::x", "no reference"] {
        assert!(exists(wrong).is_err(), "{wrong}");
    }
    let generic = "crates/transports/src/contract_tests.rs";
    assert!(exists(&format!("{generic}::twice_is_once")).is_ok(), "a test for each way counts");
}

/// A test that is not run shows nothing.
#[test]
fn a_test_that_is_not_run_is_found() {
    for before in [
        "#[test]\n#[ignore = \"slow\"]\n",
        "#[ignore]\n#[test]\npub ",
        "/// x\n#[ignore]\n// y\n#[test]\n    ",
    ] {
        assert!(is_ignored(before), "{before}");
    }
    assert!(!is_ignored("#[ignore]\n#[test]\nfn another() {}\n\n#[test]\n"));
}
