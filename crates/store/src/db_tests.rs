use super::*;

const VAULT: VaultId = VaultId([7; 16]);

/// Bytes of the database and of its write-ahead log.
fn sizes(path: &Path) -> [u64; 2] {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    [path.to_owned(), log.into()].map(|file| std::fs::metadata(file).unwrap().len())
}

#[test]
fn much_that_was_written_is_moved_into_the_database_when_it_is_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("vault.db");
    let mut store = Store::create(&path, VAULT).unwrap();
    store.checkpoint().unwrap();
    let [before, _] = sizes(&path);
    // More than SQLite leaves in the log by itself.
    let much = vec![5; CHECKPOINT as usize * 4096 * 2];
    store.write_much(|tx| tx.set_meta("much", &much)).unwrap();
    let [database, log] = sizes(&path);
    assert_eq!(database, before, "who waits for it does not wait for this");
    assert!(log > much.len() as u64);
    // It is committed all the same.
    let mut other = Store::open(&path).unwrap();
    assert!(other.read(|tx| tx.meta("much")).unwrap().as_ref() == Some(&much));
    drop(other);
    store.checkpoint().unwrap();
    assert!(sizes(&path)[0] > much.len() as u64);
    // An ordinary write moves by itself what has piled up.
    store.write(|tx| tx.set_meta("more", &much)).unwrap();
    assert!(sizes(&path)[0] > 2 * much.len() as u64);
}

/// `.cargo/config.toml` says why.
#[test]
fn connections_share_nothing_but_the_file() {
    let conn = Connection::open_in_memory().unwrap();
    let mut statement = conn.prepare("PRAGMA compile_options").unwrap();
    let options: Vec<String> =
        statement.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap();
    assert!(options.iter().any(|option| option == "DEFAULT_MEMSTATUS=0"), "{options:?}");
    assert!(!options.iter().any(|option| option == "ENABLE_MEMORY_MANAGEMENT"), "{options:?}");
}
