use crate::{PrivateStore, Store, StoreError};
use holdfast_oplog::VaultId;
use rusqlite::Connection;
use std::collections::BTreeMap;
use std::path::Path;

const VAULT: VaultId = VaultId([7; 16]);

fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            (name, std::fs::read(path).unwrap())
        })
        .collect()
}

/// As a newer app leaves a database that it closed.
fn close_as_newer(path: &Path) {
    let conn = Connection::open(path).unwrap();
    conn.execute_batch("CREATE TABLE IF NOT EXISTS later (x); PRAGMA user_version = 99;").unwrap();
}

/// As a newer app leaves a database when it is killed: copied from under an open connection.
fn killed_as_newer(path: &Path, to: &Path) {
    let conn = Connection::open(path).unwrap();
    conn.execute_batch(
        "PRAGMA wal_autocheckpoint = 0; CREATE TABLE later (x); PRAGMA user_version = 99;",
    )
    .unwrap();
    let name = path.file_name().unwrap().to_string_lossy().into_owned();
    for part in [name.clone(), format!("{name}-wal")] {
        std::fs::copy(path.with_file_name(&part), to.join(&part)).unwrap();
    }
}

fn open(path: &Path, private: bool) -> Option<StoreError> {
    if private { PrivateStore::open(path).err() } else { Store::open(path).err() }
}

fn made(private: bool) -> (tempfile::TempDir, std::path::PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(if private { "private.db" } else { "holdfast.db" });
    if private {
        PrivateStore::open(&path).unwrap().set("key", b"value").unwrap();
    } else {
        drop(Store::create(&path, VAULT).unwrap());
    }
    (folder, path)
}

#[test]
fn a_database_that_a_newer_app_closed_is_refused_and_no_byte_or_file_changes() {
    for private in [false, true] {
        let (folder, path) = made(private);
        close_as_newer(&path);
        let before = files(folder.path());
        for _ in 0..2 {
            let refused = open(&path, private);
            assert!(
                matches!(refused, Some(StoreError::NewerDatabase { found: 99, .. })),
                "{refused:?}"
            );
        }
        assert!(files(folder.path()) == before, "something was written");
    }
}

#[test]
fn a_database_that_a_newer_app_was_killed_over_is_refused_and_keeps_its_write_ahead_log() {
    for private in [false, true] {
        let (_folder, path) = made(private);
        let crashed = tempfile::tempdir().unwrap();
        killed_as_newer(&path, crashed.path());
        let before = files(crashed.path());
        let path = crashed.path().join(path.file_name().unwrap());
        for _ in 0..2 {
            let refused = open(&path, private);
            assert!(
                matches!(refused, Some(StoreError::NewerDatabase { found: 99, .. })),
                "{refused:?}"
            );
        }
        let mut after = files(crashed.path());
        // An index over the log that SQLite makes anew whenever it is missing; nothing is kept in it.
        after.retain(|name, _| !name.ends_with("-shm"));
        assert!(after == before, "something was written");
        // The newer app finds everything.
        let conn = Connection::open(&path).unwrap();
        conn.prepare("SELECT x FROM later").unwrap();
        let version: i64 = conn.pragma_query_value(None, "user_version", |r| r.get(0)).unwrap();
        assert_eq!(version, 99);
    }
}

#[test]
fn a_database_of_this_app_is_opened_and_folded_together_when_closed() {
    let (folder, path) = made(false);
    drop(Store::open(&path).unwrap());
    assert_eq!(files(folder.path()).into_keys().collect::<Vec<_>>(), ["holdfast.db"]);
}
