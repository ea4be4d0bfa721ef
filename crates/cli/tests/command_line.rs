//! The command line as a program: what goes where, exit statuses, and that nothing makes it panic.

use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;

use proptest::prelude::*;
use serde_json::Value;
use tempfile::TempDir;

fn run(home: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_holdfastctl"))
        .args(arguments)
        .env("HOLDFAST_HOME", home)
        .env("HOLDFAST_KEY_STORE", "file")
        .env("TZ", "UTC")
        .env_remove("HOLDFAST_PASSPHRASE")
        .current_dir(home)
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

fn laptop() -> TempDir {
    let home = tempfile::tempdir().unwrap();
    let made = run(home.path(), &["init", "--name", "Laptop"]);
    assert!(made.status.success(), "{made:?}");
    home
}

fn json(home: &Path, arguments: &[&str]) -> Value {
    let output = run(home, &[arguments, &["--json"]].concat());
    assert!(output.status.success(), "{arguments:?}: {output:?}");
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn a_failure_is_one_exit_status_wrong_usage_another() {
    let empty = tempfile::tempdir().unwrap();
    for (arguments, status, said) in [
        (&["tasks"][..], 1, "[no_vault]"),
        (&["frobnicate"], 2, "unrecognized"),
        (&[], 2, "Usage"),
        (&["init", "--name", ""], 1, "[invalid]"),
        (&["--help"], 0, ""),
    ] {
        let output = run(empty.path(), arguments);
        assert_eq!(output.status.code(), Some(status), "{arguments:?}: {output:?}");
        assert!(
            String::from_utf8_lossy(&output.stderr).contains(said),
            "{arguments:?}: {output:?}"
        );
        assert_eq!(output.stdout.is_empty(), status != 0, "{arguments:?}");
    }
    let home = laptop();
    for (arguments, status, said) in [
        (&["init", "--name", "Again"][..], 1, "[vault_exists]"),
        (&["task", "show", "ffff"], 1, "[not_found]"),
        (&["task", "show", "not an id"], 1, "[not_found]"),
        (&["undo"], 1, "[nothing_to_do]"),
        (&["bundle", "import", "missing.holdfast"], 1, "error: "),
        (&["note", "add", "missing.md"], 1, "[file]"),
        (&["resolve", "00", "--take", "1"], 1, "[not_found]"),
        (&["bundle", "export", "x.holdfast", "--for", "Phone"], 1, "[not_found]"),
        (&["join", "x.holdfast", "--name", "P"], 1, "[locked]"),
    ] {
        let output = run(home.path(), arguments);
        assert_eq!(output.status.code(), Some(status), "{arguments:?}: {output:?}");
        assert!(
            String::from_utf8_lossy(&output.stderr).contains(said),
            "{arguments:?}: {output:?}"
        );
        assert!(output.stdout.is_empty(), "{arguments:?}");
    }
}

#[test]
fn json_is_one_document_and_nothing_else() {
    let home = laptop();
    let at = home.path();
    let task = json(at, &["add", "Buy oak tomorrow 9am #Workshop @shop p1"]);
    let id = task["ids"][0].as_str().unwrap();
    assert_eq!(json(at, &["tasks"])[0]["id"], id);
    assert_eq!(json(at, &["tasks", "--list", "Workshop"])[0]["priority"], 1);
    assert_eq!(json(at, &["task", "show", id])["title"], "Buy oak");
    assert_eq!(json(at, &["task", "set", id, "tags=-shop", "when="])["ids"][0], id);
    assert_eq!(json(at, &["task", "show", id])["tags"], Value::Array(Vec::new()));
    assert_eq!(json(at, &["lists"])[0]["title"], "Workshop");
    assert_eq!(json(at, &["search", "oak"])["hits"][0]["id"], id);
    assert_eq!(json(at, &["conflicts"]), Value::Array(Vec::new()));
    assert_eq!(json(at, &["status"])["digest"].as_str().unwrap().len(), 64);
    for arguments in [
        &["notes"][..],
        &["tasks", "--view", "trash"],
        &["policies"],
        &["devices"],
        &["activity"],
        &["check"],
        &["doctor"],
        &["dump"],
        &["undo", "2"],
        &["redo"],
    ] {
        json(at, arguments);
    }
}

#[test]
fn the_trash_lists_all_kinds_and_the_tasks_view_tasks_alone() {
    let home = laptop();
    let at = home.path();
    let task = json(at, &["add", "Buy oak"])["ids"][0].as_str().unwrap().to_owned();
    let list = json(at, &["list", "add", "Workshop"])["ids"][0].as_str().unwrap().to_owned();
    for (kind, id) in [("task", &task), ("list", &list)] {
        assert!(run(at, &[kind, "delete", id]).status.success());
    }
    assert_eq!(json(at, &["trash"]).as_array().unwrap().len(), 2);
    let tasks = json(at, &["tasks", "--view", "trash"]);
    assert_eq!(tasks.as_array().unwrap().len(), 1);
    assert_eq!(tasks[0]["id"], *task);
    for command in ["restore", "purge"] {
        let unknown = run(at, &["trash", command, "ffff"]);
        assert_eq!(unknown.status.code(), Some(1), "{unknown:?}");
        assert!(String::from_utf8_lossy(&unknown.stderr).contains("[not_found]"));
    }
    assert!(run(at, &["trash", "restore", &task]).status.success());
    let again = run(at, &["task", "restore", &task]);
    let said = String::from_utf8_lossy(&again.stderr).into_owned();
    assert!(again.status.code() == Some(1) && said.contains("It is not in the trash."), "{said}");
}

#[test]
fn a_note_keeps_its_text_to_the_letter() {
    let home = laptop();
    let at = home.path();
    let text = "# Plän\r\n\n- [ ] öak 🌳\n\ttail";
    std::fs::write(at.join("plan.md"), text).unwrap();
    let added = run(at, &["note", "add", "--title", "Plan", "plan.md"]);
    let id = String::from_utf8(added.stdout).unwrap();
    let id = id.trim();
    let shown = |id: &str| run(at, &["note", "show", id, "--markdown"]).stdout;
    let stored = shown(id);
    assert_eq!(String::from_utf8(stored).unwrap().replace('\r', ""), text.replace('\r', ""));
    std::fs::write(at.join("plan.md"), "a🌳c").unwrap();
    assert!(run(at, &["note", "edit", id, "plan.md"]).status.success());
    // Positions are code points: the tree is one.
    assert!(run(at, &["note", "splice", id, "2", "1", "-b"]).status.success());
    assert_eq!(shown(id), "a🌳-b".as_bytes());
    assert_eq!(run(at, &["note", "splice", id, "99", "1", "x"]).status.code(), Some(1));
    assert_eq!(shown(id), "a🌳-b".as_bytes());
}

const WORDS: &[&str] = &[
    "init",
    "status",
    "list",
    "add",
    "lists",
    "tasks",
    "task",
    "show",
    "set",
    "done",
    "reopen",
    "delete",
    "restore",
    "note",
    "notes",
    "edit",
    "splice",
    "history",
    "search",
    "undo",
    "redo",
    "bundle",
    "export",
    "inspect",
    "import",
    "conflicts",
    "resolve",
    "set-aside",
    "policy",
    "policies",
    "markdown",
    "activity",
    "dump",
    "check",
    "doctor",
    "devices",
    "--json",
    "--list",
    "--view",
    "--query",
    "--for",
    "--all",
    "--take",
    "--value",
    "--text",
    "--keep-both",
    "--as-of",
    "--name",
    "--space",
    "--title",
    "--limit",
    "--repair",
    "today",
    "trash",
    "nearby",
    "0",
    "1",
    "-1",
    "18446744073709551616",
    "01",
    "ffff",
    "title=x",
    "when=99",
    "when=",
    "tags=+,-,,",
    "priority=-1",
    "=",
    "*",
    "",
    " ",
    "-",
    "--",
    "p1",
    "!",
    "#",
    "@",
    "\u{0}",
    "é",
    "🌳",
    "\u{202e}",
    "in:",
    "is:conflict",
    "\"",
    "'",
    "%s",
    "../x",
    "x.holdfast",
];

#[test]
fn an_error_keeps_its_code_and_steers_nothing_whatever_was_typed() {
    let home = laptop();
    let long = "x".repeat(100_000);
    for arguments in
        [&["task", "restore", &long][..], &["task", "show", &long], &["note", "show", &long]]
    {
        let output = run(home.path(), arguments);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1));
        assert!(said.contains(" [not_found]") && said.len() < 20_000, "{}", said.len());
    }
    for arguments in
        [&["redo", "\u{202e}abc\u{1b}[2J"][..], &["\u{202e}abc"], &["task", "--\u{9b}2J"]]
    {
        let output = run(home.path(), arguments);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(!said.contains(['\u{202e}', '\u{1b}', '\u{9b}']), "{said:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_arguments_make_it_panic(
        picks in prop::collection::vec(
            prop_oneof![
                8 => prop::sample::select(WORDS).prop_map(str::to_owned),
                1 => "\\PC{0,12}",
            ],
            0..7,
        )
    ) {
        static HOME: OnceLock<TempDir> = OnceLock::new();
        let home = HOME.get_or_init(laptop);
        // The system itself refuses arguments with a NUL.
        let words: Vec<&str> = picks.iter().map(String::as_str).filter(|word| !word.contains('\0')).collect();
        let output = run(home.path(), &words);
        let said = String::from_utf8_lossy(&output.stderr);
        prop_assert!(!said.contains("panicked"), "{words:?}: {said}");
        prop_assert!(matches!(output.status.code(), Some(0..=2)), "{words:?}: {output:?}");
        prop_assert!(output.status.success() || !said.trim().is_empty(), "{words:?} failed silently");
    }
}
