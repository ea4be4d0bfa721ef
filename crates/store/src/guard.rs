//! Sums over the small tables that nothing else vouches for. Changes have hashes and signatures, views
//! can be made again; how far logs are held, who was heard of and what was exchanged is only here.
//!
//! The sums stand in `meta`, under the number of the tables' version: a migration starts new ones.

use crate::StoreError;
use holdfast_oplog::Hash;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OptionalExtension};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Small tables of which every action writes one, or whose writes SQLite does not tell of.
const ALWAYS: [&str; 4] = ["logs", "meta", "approvals", "departed"];
/// Tables that only exchanges write.
const SELDOM: [&str; 2] = ["exchanges", "destinations"];

/// Keeps the sums of one connection's writes.
#[derive(Debug, Clone)]
pub(crate) struct Guard {
    /// Whether one of the [`SELDOM`] tables was written since the last sum.
    exchanged: Arc<AtomicBool>,
    version: i64,
    on: bool,
}

impl Guard {
    /// Watches the writes of a connection.
    pub(crate) fn watch(conn: &Connection) -> Result<Self, StoreError> {
        let exchanged = Arc::new(AtomicBool::new(false));
        let flag = Arc::clone(&exchanged);
        conn.update_hook(Some(move |_, _: &str, table: &str, _| {
            if SELDOM.contains(&table) {
                flag.store(true, Ordering::Relaxed);
            }
        }))?;
        Ok(Self { exchanged, version: version(conn)?, on: true })
    }

    /// Keeps no sums: a database in memory has no bits that could flip on a disk.
    pub(crate) fn off() -> Self {
        Self { exchanged: Arc::default(), version: 0, on: false }
    }

    /// Brings the sums up to date, as the last step of a transaction.
    pub(crate) fn sum(&self, sql: &Connection) -> Result<(), StoreError> {
        if !self.on {
            return Ok(());
        }
        for table in ALWAYS {
            keep(sql, self.version, table)?;
        }
        for table in SELDOM {
            // The first sums are made of every table.
            if self.exchanged.load(Ordering::Relaxed) || kept(sql, self.version, table)?.is_none() {
                keep(sql, self.version, table)?;
            }
        }
        Ok(())
    }

    /// The transaction was committed.
    pub(crate) fn committed(&self) {
        self.exchanged.store(false, Ordering::Relaxed);
    }
}

/// Names of the guarded tables that are not as they were written.
pub(crate) fn changed(sql: &Connection) -> Result<Vec<&'static str>, StoreError> {
    let version = version(sql)?;
    let mut names = Vec::new();
    let mut unguarded = 0;
    let tables = ALWAYS.into_iter().chain(SELDOM);
    for table in tables.clone() {
        match kept(sql, version, table)? {
            Some(kept) if kept == sum_of(sql, table)?.0 => {}
            Some(_) => names.push(table),
            None => unguarded += 1,
        }
    }
    // Either all have a sum, or nothing was written yet since this version of the tables.
    if unguarded != 0 && unguarded != tables.count() {
        names.push("meta");
    }
    Ok(names)
}

/// Accepts the guarded tables as they are now.
pub(crate) fn accept(sql: &Connection) -> Result<(), StoreError> {
    let version = version(sql)?;
    for table in ALWAYS.into_iter().chain(SELDOM) {
        keep(sql, version, table)?;
    }
    Ok(())
}

fn version(sql: &Connection) -> Result<i64, StoreError> {
    Ok(sql.pragma_query_value(None, "user_version", |row| row.get(0))?)
}

fn key(version: i64, table: &str) -> String {
    format!("sum/{version}/{table}")
}

fn kept(sql: &Connection, version: i64, table: &str) -> Result<Option<Vec<u8>>, StoreError> {
    Ok(sql
        .prepare_cached("SELECT value FROM meta WHERE key = ?1")?
        .query_row([key(version, table)], |row| row.get(0))
        .optional()?)
}

fn keep(sql: &Connection, version: i64, table: &str) -> Result<(), StoreError> {
    let sum = sum_of(sql, table)?;
    sql.prepare_cached(
        "INSERT INTO meta (key, value) VALUES (?1, ?2)
         ON CONFLICT (key) DO UPDATE SET value = excluded.value WHERE value <> excluded.value",
    )?
    .execute((key(version, table), sum.0))?;
    Ok(())
}

fn sum_of(sql: &Connection, table: &str) -> Result<Hash, StoreError> {
    let which = if table == "meta" { "WHERE key NOT LIKE 'sum/%'" } else { "" };
    sum_of_rows(sql, &format!("SELECT * FROM {table} {which} ORDER BY 1, 2"))
}

/// A hash over all values that a query gives, with their types and lengths.
pub(crate) fn sum_of_rows(sql: &Connection, query: &str) -> Result<Hash, StoreError> {
    let mut statement = sql.prepare_cached(query)?;
    let columns = statement.column_count();
    let mut rows = statement.query([])?;
    let mut hasher = blake3::Hasher::new();
    while let Some(row) = rows.next()? {
        for column in 0..columns {
            let (kind, bytes) = match row.get_ref(column)? {
                ValueRef::Null => (0_u8, Vec::new()),
                ValueRef::Integer(number) => (1, number.to_be_bytes().to_vec()),
                ValueRef::Real(number) => (2, number.to_be_bytes().to_vec()),
                ValueRef::Text(text) => (3, text.to_vec()),
                ValueRef::Blob(blob) => (4, blob.to_vec()),
            };
            hasher.update(&[kind]);
            hasher.update(&(bytes.len() as u64).to_be_bytes());
            hasher.update(&bytes);
        }
    }
    Ok(Hash(*hasher.finalize().as_bytes()))
}
