//! What a database file holds beside the tables of this program.
//!
//! A file that somebody hands over (a backup to restore, a folder to open) may carry triggers, views and
//! tables of its own: SQL that would run with this program's hands. Invariant: after [`clear`] the file's
//! schema consists of nothing but statements of this program's own migrations and of what SQLite makes
//! for them. A trigger or view is not run even before that ([`harden`]).

use crate::{StoreError, schema};
use rusqlite::Connection;
use rusqlite::config::DbConfig;

/// What SQLite writes by itself for the tables of the migrations, and what it makes of a table to which a
/// later migration adds a column. A test compares this with a new database.
const MADE: &[&str] = &[
    "CREATE TABLE sqlite_sequence(name,seq)",
    "CREATE TABLE sqlite_stat1(tbl,idx,stat)",
    "CREATE TABLE sqlite_stat4(tbl,idx,neq,nlt,ndlt,sample)",
    "CREATE TABLE 'search_data'(id INTEGER PRIMARY KEY, block BLOB)",
    "CREATE TABLE 'search_idx'(segid, term, pgno, PRIMARY KEY(segid, term)) WITHOUT ROWID",
    "CREATE TABLE 'search_docsize'(id INTEGER PRIMARY KEY, sz BLOB, origin INTEGER)",
    "CREATE TABLE 'search_config'(k PRIMARY KEY, v) WITHOUT ROWID",
];

/// Columns that migrations added, as they stand at the end of the table's statement.
const ADDED: &[&str] = &[
    ", original BLOB",
    ", waits_for BLOB, goes_on INTEGER",
    ", parted INTEGER NOT NULL DEFAULT 0",
];

/// Parts of this many names are told; the rest is counted.
const NAMED: usize = 20;

/// Keeps SQL that stands in the file from running, and functions with effects from being called by it.
pub(crate) fn harden(conn: &Connection) -> Result<(), StoreError> {
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false)?;
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_VIEW, false)?;
    Ok(())
}

/// One part of a schema that this program did not make.
struct Part {
    kind: String,
    name: String,
}

/// Takes out what is not this program's: before anything is migrated or read. What was taken out, in
/// words. Writes nothing where there is nothing.
///
/// Errors: a table of this program is not as it made it, or a part cannot be taken out.
pub(crate) fn clear(conn: &mut Connection) -> Result<Vec<String>, StoreError> {
    if parts(conn)?.is_empty() {
        return Ok(Vec::new());
    }
    let tx = conn.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    let found = parts(&tx)?;
    for part in &found {
        if part.kind == "table" && is_ours(&part.name) {
            return Err(StoreError::Damaged(format!(
                "its table '{}' is not as Holdfast makes it",
                shown(&part.name)
            )));
        }
        let kind = match part.kind.as_str() {
            "trigger" => "TRIGGER",
            "view" => "VIEW",
            "index" => "INDEX",
            _ => "TABLE",
        };
        // What belongs to a table that went has gone with it.
        tx.execute_batch(&format!("DROP {kind} IF EXISTS \"{}\"", part.name.replace('"', "\"\"")))
            .map_err(|error| {
                let (kind, name) = (&part.kind, shown(&part.name));
                StoreError::Damaged(format!("the {kind} '{name}' in it is not Holdfast's: {error}"))
            })?;
    }
    tx.commit()?;
    let mut words: Vec<String> = found
        .iter()
        .take(NAMED)
        .map(|part| format!("{} '{}'", part.kind, shown(&part.name)))
        .collect();
    if found.len() > NAMED {
        words.push(format!("{} more", found.len() - NAMED));
    }
    tracing::warn!(parts = ?words, "took out of the database what is not this program's");
    Ok(words)
}

fn parts(conn: &Connection) -> Result<Vec<Part>, StoreError> {
    let mut statement =
        conn.prepare("SELECT type, name, sql FROM sqlite_schema WHERE sql IS NOT NULL")?;
    let mut rows = statement.query([])?;
    let mut parts = Vec::new();
    while let Some(row) = rows.next()? {
        let sql: String = row.get(2)?;
        if !is_made_here(&sql) {
            parts.push(Part { kind: row.get(0)?, name: row.get(1)? });
        }
    }
    // Triggers first: dropping a table looks at those that name it.
    parts.sort_by_key(|part| std::cmp::Reverse(part.kind.clone()));
    Ok(parts)
}

/// Whether a statement is one of the migrations, to the letter.
fn is_made_here(sql: &str) -> bool {
    let whole = |sql: &str| schema::statements().any(|own| own == sql);
    MADE.contains(&sql)
        || whole(sql)
        || ADDED.iter().any(|added| sql.contains(added) && whole(&sql.replacen(added, "", 1)))
}

/// Whether a table of this name is one of the migrations, or one that SQLite keeps for them.
fn is_ours(name: &str) -> bool {
    let kept = MADE.iter().filter_map(|made| made.strip_prefix("CREATE TABLE "));
    let mut kept = kept.filter_map(|rest| rest.trim_start_matches('\'').split(['(', '\'']).next());
    if kept.any(|own| own == name) {
        return true;
    }
    schema::statements().any(|own| {
        let rest = own.strip_prefix("CREATE TABLE ").or(own.strip_prefix("CREATE VIRTUAL TABLE "));
        rest.and_then(|rest| rest.split([' ', '(']).next()) == Some(name)
    })
}

/// A name as it may be shown.
fn shown(name: &str) -> String {
    name.chars().filter(|c| !c.is_control()).take(60).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Store;
    use holdfast_oplog::VaultId;
    use std::path::Path;

    const VAULT: VaultId = VaultId([7; 16]);

    fn fresh(folder: &Path) -> std::path::PathBuf {
        let path = folder.join("vault.db");
        let mut store = Store::create(&path, VAULT).unwrap();
        store.write(|tx| tx.set_meta("kept", b"yes")).unwrap();
        path
    }

    fn names(path: &Path) -> Vec<String> {
        let conn = Connection::open(path).unwrap();
        let mut statement = conn.prepare("SELECT name FROM sqlite_schema ORDER BY name").unwrap();
        statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    }

    #[test]
    fn a_new_database_and_a_released_one_hold_nothing_foreign() {
        let mut conn = Connection::open_in_memory().unwrap();
        schema::migrate(&mut conn).unwrap();
        assert_eq!(clear(&mut conn).unwrap(), Vec::<String>::new());
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("holdfast.db");
        let golden =
            concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/golden/first/laptop/holdfast.db");
        std::fs::copy(golden, &path).unwrap();
        assert!(Store::open(&path).unwrap().foreign_parts().is_empty());
        assert!(Store::open(&path).unwrap().foreign_parts().is_empty(), "nor after migrating");
    }

    /// A backup that somebody prepared: what it carries beside the data is gone and was never run.
    #[test]
    fn foreign_triggers_views_tables_and_indexes_are_taken_out_and_told() {
        let folder = tempfile::tempdir().unwrap();
        let path = fresh(folder.path());
        let before = names(&path);
        let conn = Connection::open(&path).unwrap();
        conn.execute_batch(
            "CREATE TABLE \"evil \"\"one\" (a);
             CREATE INDEX spy ON changes (action, body);
             CREATE VIEW shown AS SELECT * FROM meta;
             CREATE TRIGGER emptied AFTER INSERT ON meta BEGIN DELETE FROM meta; END;
             CREATE TRIGGER emptied_again AFTER UPDATE ON meta BEGIN DELETE FROM meta; END;",
        )
        .unwrap();
        drop(conn);
        let mut store = Store::open(&path).unwrap();
        let told = store.foreign_parts().join(", ");
        for part in ["evil \"one", "spy", "shown", "emptied", "emptied_again"] {
            assert!(told.contains(part), "{told}");
        }
        store.write(|tx| tx.set_meta("kept", b"still")).unwrap();
        assert_eq!(store.read(|tx| tx.meta("kept")).unwrap().unwrap(), b"still");
        assert_eq!(store.vault(), VAULT);
        drop(store);
        assert_eq!(names(&path), before);
        assert!(Store::open(&path).unwrap().foreign_parts().is_empty());
    }

    /// Triggers of a file that another process changed while it is open here do not run either.
    #[test]
    fn a_trigger_that_comes_while_the_database_is_open_does_not_run() {
        let folder = tempfile::tempdir().unwrap();
        let path = fresh(folder.path());
        let mut store = Store::open(&path).unwrap();
        let conn = Connection::open(&path).unwrap();
        conn.execute_batch(
            "CREATE TRIGGER emptied AFTER INSERT ON meta BEGIN DELETE FROM meta; END;",
        )
        .unwrap();
        store.write(|tx| tx.set_meta("new", b"one")).unwrap();
        assert_eq!(store.read(|tx| tx.meta("kept")).unwrap().unwrap(), b"yes");
    }

    #[test]
    fn a_table_of_ours_in_another_form_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = fresh(folder.path());
        let conn = Connection::open(&path).unwrap();
        conn.execute_batch(
            "DROP TABLE words;
             CREATE TABLE words (device BLOB, made_ms INTEGER AS (abs(-1)), about BLOB, signed BLOB);",
        )
        .unwrap();
        drop(conn);
        let refused = Store::open(&path).unwrap_err();
        assert!(refused.to_string().contains("'words'"), "{refused}");
        assert_eq!(refused.code(), "damaged");
    }
}
