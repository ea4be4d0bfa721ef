//! Migrations of a database with data in it, stopped everywhere: the old version or the new one is
//! there, whole, and the next start goes on.

use super::{KNOWN, STEPS, migrate};
use crate::{Store, StoreError};
use rusqlite::Connection;
use rusqlite_migration::{M, Migrations};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use tempfile::TempDir;

/// The database of a device that was used for a while, as the first format left it.
const FIRST: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/golden/first/laptop/holdfast.db");

/// At how many places a migration is stopped.
const STOPS: u64 = 150;

/// Rows of every table as text, by table; the tables themselves among them.
type Content = BTreeMap<String, Vec<String>>;

fn content(conn: &Connection) -> Content {
    let mut tables = vec!["sqlite_master".to_owned()];
    let mut statement = conn
        .prepare("SELECT name FROM sqlite_master WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL%'")
        .unwrap();
    tables.extend(statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap));
    let mut content = Content::new();
    for table in tables {
        // Where a table's pages begin is no content.
        let columns = if table == "sqlite_master" { "type, name, tbl_name, sql" } else { "*" };
        let mut statement = conn.prepare(&format!("SELECT {columns} FROM \"{table}\"")).unwrap();
        let count = statement.column_count();
        let rows = statement.query_map([], |row| {
            (0..count)
                .map(|at| Ok(format!("{:?}", row.get_ref(at)?)))
                .collect::<Result<Vec<_>, _>>()
        });
        let mut rows: Vec<String> = rows.unwrap().map(|row| row.unwrap().join("|")).collect();
        rows.sort();
        content.insert(table, rows);
    }
    content.insert("user_version".into(), vec![version(conn).to_string()]);
    content
}

fn version(conn: &Connection) -> i64 {
    conn.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap()
}

fn copy_of_first() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("holdfast.db");
    std::fs::copy(FIRST, &path).unwrap();
    (folder, path)
}

fn raw(path: &Path) -> Connection {
    let conn = Connection::open(path).unwrap();
    conn.pragma_update(None, "journal_mode", "WAL").unwrap();
    conn
}

/// The content before and after, and how many steps of SQLite's machine lie between.
fn reference() -> (Content, Content, u64) {
    let (_folder, path) = copy_of_first();
    let mut conn = raw(&path);
    assert_eq!(version(&conn), 1, "the golden database is of the first format");
    let before = content(&conn);
    let counter = Arc::new(Mutex::new(0_u64));
    let counts = Arc::clone(&counter);
    conn.progress_handler(
        1,
        Some(move || {
            *counts.lock().unwrap() += 1;
            false
        }),
    )
    .unwrap();
    migrate(&mut conn).unwrap();
    conn.progress_handler(0, None::<fn() -> bool>).unwrap();
    let steps = *counter.lock().unwrap();
    assert_eq!(version(&conn), KNOWN);
    (before, content(&conn), steps)
}

/// Whatever was left at `path` is the old content or the new one, and opening it makes it the new one.
fn goes_on(path: &Path, before: &Content, after: &Content, at: u64) -> bool {
    let mut conn = Connection::open(path).unwrap();
    let left = content(&conn);
    let is_old = left == *before;
    assert!(is_old || left == *after, "stopped at {at}: neither the old version nor the new");
    migrate(&mut conn).unwrap();
    assert!(content(&conn) == *after, "stopped at {at}: the next start did not go on");
    drop(conn);
    let mut store = Store::open(path).unwrap();
    let dump = store.read(|tx| tx.dump(None)).unwrap();
    assert!(dump["items"].as_array().unwrap().len() > 20);
    is_old
}

#[test]
fn migrations_are_valid_and_known() {
    let mut conn = Connection::open_in_memory().unwrap();
    migrate(&mut conn).unwrap();
    assert_eq!(version(&conn), KNOWN);
}

#[test]
fn a_newer_database_is_refused_and_unchanged() {
    let mut conn = Connection::open_in_memory().unwrap();
    conn.pragma_update(None, "user_version", 99).unwrap();
    assert!(matches!(migrate(&mut conn), Err(StoreError::NewerDatabase { found: 99, .. })));
    assert_eq!(version(&conn), 99);
}

#[test]
fn an_error_anywhere_in_a_migration_leaves_the_old_version_and_the_next_start_goes_on() {
    let (before, after, steps) = reference();
    let mut old = 0;
    for at in (0..steps).step_by(usize::try_from((steps / STOPS).max(1)).unwrap()) {
        let (_folder, path) = copy_of_first();
        let mut conn = raw(&path);
        let left = Arc::new(Mutex::new(at));
        conn.progress_handler(
            1,
            Some(move || {
                let mut left = left.lock().unwrap();
                *left = left.saturating_sub(1);
                *left == 0
            }),
        )
        .unwrap();
        // Some statements that only look are not interrupted; then the migration is done.
        let outcome = migrate(&mut conn);
        drop(conn);
        let is_old = goes_on(&path, &before, &after, at);
        assert_eq!(is_old, outcome.is_err(), "stopped at {at}: {outcome:?}");
        old += u64::from(is_old);
    }
    assert!(old > 0, "nothing was interrupted");
}

#[test]
fn a_process_killed_anywhere_in_a_migration_leaves_one_version_and_the_next_start_goes_on() {
    let (before, after, steps) = reference();
    let (_folder, path) = copy_of_first();
    let killed = Arc::new(Mutex::new(Vec::new()));
    let mut conn = raw(&path);
    let (keeps, every, from) = (Arc::clone(&killed), (steps / STOPS).max(1), path.clone());
    let mut at = 0;
    // What a killed process leaves is what lies in its files at that moment.
    conn.progress_handler(
        1,
        Some(move || {
            at += 1;
            if at % every == 0 {
                let folder = tempfile::tempdir().unwrap();
                for name in ["holdfast.db", "holdfast.db-wal"] {
                    let part = from.with_file_name(name);
                    if part.exists() {
                        std::fs::copy(part, folder.path().join(name)).unwrap();
                    }
                }
                keeps.lock().unwrap().push((at, folder));
            }
            false
        }),
    )
    .unwrap();
    migrate(&mut conn).unwrap();
    drop(conn);
    let killed = std::mem::take(&mut *killed.lock().unwrap());
    assert!(!killed.is_empty());
    for (at, folder) in killed {
        goes_on(&folder.path().join("holdfast.db"), &before, &after, at);
    }
}

#[test]
fn every_step_leads_on_from_the_one_before_it() {
    let (_, after, _) = reference();
    for step in 1..=STEPS.len() {
        let (_folder, path) = copy_of_first();
        let mut conn = raw(&path);
        Migrations::new(STEPS.map(M::up).to_vec()).to_version(&mut conn, step).unwrap();
        assert_eq!(version(&conn), step as i64);
        migrate(&mut conn).unwrap();
        assert!(content(&conn) == after, "from step {step}");
        // Once more changes nothing.
        migrate(&mut conn).unwrap();
        assert!(content(&conn) == after, "a step was taken twice");
    }
}
