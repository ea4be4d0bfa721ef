//! What a plain SQLite application would do: one table, one row an item, the same durability.

use anyhow::Result;
use rusqlite::Connection;
use std::path::Path;

/// Opens a database with the settings that Holdfast uses.
pub(crate) fn open(path: &Path) -> Result<Connection> {
    let conn = Connection::open(path)?;
    conn.pragma_update(None, "journal_mode", "WAL")?;
    conn.pragma_update(None, "synchronous", "FULL")?;
    conn.execute_batch(
        "CREATE TABLE IF NOT EXISTS tasks (no INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE,
            title TEXT NOT NULL, status TEXT NOT NULL, plan TEXT, sort TEXT NOT NULL);
         CREATE INDEX IF NOT EXISTS tasks_by_sort ON tasks (status, sort);
         CREATE TABLE IF NOT EXISTS notes (id BLOB PRIMARY KEY, body TEXT NOT NULL);",
    )?;
    Ok(conn)
}

/// Inserts one task.
pub(crate) fn insert(conn: &Connection, number: usize) -> Result<()> {
    conn.prepare_cached(
        "INSERT INTO tasks (id, title, status, plan, sort) VALUES (?1, ?2, 'open', ?3, ?4)",
    )?
    .execute((
        *crate::tasks::id(number).as_bytes(),
        crate::tasks::title(number),
        "2026-12-01",
        crate::tasks::sort(number),
    ))?;
    Ok(())
}
