//! What never travels: keys (sealed by the caller), settings of this device, where windows stood. A
//! database of its own, so that a copy of the vault's database carries none of it.

use crate::access::{self, Access};
use crate::{StoreError, foreign, newer, private_file};
use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior};
use rusqlite_migration::{M, Migrations};
use std::path::Path;

// 1: the first format. There is no older app.
const FIRST: &str =
    "CREATE TABLE facts (key TEXT PRIMARY KEY NOT NULL, value BLOB NOT NULL) STRICT;";
const KNOWN: i64 = 1;

/// This device's private facts, by name.
#[derive(Debug)]
pub struct PrivateStore {
    conn: Connection,
    access: Access,
}

impl PrivateStore {
    /// Opens the file, or makes it. Only the person's own account can read it.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        newer::refuse_file(path, KNOWN)?;
        let create = !path.exists();
        if create {
            private_file::create(path).map_err(StoreError::file)?;
        }
        let (mut conn, access) = access::open(path, create, &settle)?;
        if access == Access::Read {
            return Ok(Self { conn, access });
        }
        Migrations::new(vec![M::up(FIRST)])
            .to_latest(&mut conn)
            .map_err(|error| StoreError::Damaged(error.to_string()))?;
        Ok(Self { conn, access })
    }

    /// In memory, for simulations: everything but durability is as on disk.
    pub fn in_memory() -> Result<Self, StoreError> {
        let conn = Connection::open_in_memory()?;
        conn.execute_batch(FIRST)?;
        Ok(Self { conn, access: Access::Full })
    }

    /// A fact.
    pub fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        get(&self.conn, key)
    }

    /// Keeps several facts at once: all or none.
    pub fn set_all(&mut self, facts: &[(&str, &[u8])]) -> Result<(), StoreError> {
        let tx = self.begin()?;
        for (key, value) in facts {
            set(&tx, key, value)?;
        }
        Ok(tx.commit()?)
    }

    /// Makes a new value of a fact out of the one that is there, in one transaction: what another process
    /// keeps meanwhile is neither lost nor overwritten. Where `change` fails, or answers none, all stays as
    /// it is.
    pub fn update<T, E: From<StoreError>>(
        &mut self,
        key: &str,
        change: impl FnOnce(Option<Vec<u8>>) -> Result<(Option<Vec<u8>>, T), E>,
    ) -> Result<T, E> {
        let tx = self.begin()?;
        let (value, answer) = change(get(&tx, key)?)?;
        if let Some(value) = value {
            set(&tx, key, &value)?;
            tx.commit().map_err(StoreError::from)?;
        }
        Ok(answer)
    }

    fn begin(&mut self) -> Result<Transaction<'_>, StoreError> {
        if self.access == Access::Read {
            return Err(StoreError::ReadOnly);
        }
        Ok(self.conn.transaction_with_behavior(TransactionBehavior::Immediate)?)
    }

    /// Keeps a fact without waiting for the disk: it survives the end of this program, and may be
    /// lost with the power.
    pub fn set_without_waiting(&mut self, key: &str, value: &[u8]) -> Result<(), StoreError> {
        self.conn.pragma_update(None, "synchronous", "NORMAL")?;
        let kept = self.set(key, value);
        self.conn.pragma_update(None, "synchronous", "EXTRA")?;
        kept
    }

    /// Keeps a fact.
    pub fn set(&mut self, key: &str, value: &[u8]) -> Result<(), StoreError> {
        self.set_all(&[(key, value)])
    }
}

fn settle(conn: &Connection, access: Access) -> Result<(), StoreError> {
    foreign::harden(conn)?;
    newer::refuse_connection(conn, KNOWN)?;
    if access == Access::Full {
        // EXTRA for the same reason as in the vault's database.
        conn.pragma_update(None, "synchronous", "EXTRA")?;
        conn.pragma_update(None, "journal_mode", "WAL")?;
    }
    Ok(())
}

fn get(conn: &Connection, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
    Ok(conn
        .prepare_cached("SELECT value FROM facts WHERE key = ?1")?
        .query_row([key], |row| row.get(0))
        .optional()?)
}

fn set(conn: &Connection, key: &str, value: &[u8]) -> Result<(), StoreError> {
    conn.prepare_cached(
        "INSERT INTO facts (key, value) VALUES (?1, ?2)
         ON CONFLICT (key) DO UPDATE SET value = excluded.value",
    )?
    .execute((key, value))?;
    Ok(())
}
