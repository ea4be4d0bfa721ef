//! What never travels: keys (sealed by the caller), settings of this device, where windows stood. A
//! database of its own, so that a copy of the vault's database carries none of it.

use crate::{StoreError, foreign, newer};
use rusqlite::{Connection, OptionalExtension};
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
}

impl PrivateStore {
    /// Opens the file, or makes it. Only the person's own account can read it.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        newer::refuse_file(path, KNOWN)?;
        let mut conn = Connection::open(path)?;
        conn.busy_timeout(std::time::Duration::from_secs(10))?;
        foreign::harden(&conn)?;
        newer::refuse_connection(&conn, KNOWN)?;
        restrict(path);
        // EXTRA for the same reason as in the vault's database.
        conn.pragma_update(None, "synchronous", "EXTRA")?;
        conn.pragma_update(None, "journal_mode", "WAL")?;
        Migrations::new(vec![M::up(FIRST)])
            .to_latest(&mut conn)
            .map_err(|error| StoreError::Damaged(error.to_string()))?;
        Ok(Self { conn })
    }

    /// A fact.
    pub fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self
            .conn
            .prepare_cached("SELECT value FROM facts WHERE key = ?1")?
            .query_row([key], |row| row.get(0))
            .optional()?)
    }

    /// Keeps several facts at once: all or none.
    pub fn set_all(&mut self, facts: &[(&str, &[u8])]) -> Result<(), StoreError> {
        let tx = self.conn.transaction()?;
        for (key, value) in facts {
            tx.execute(
                "INSERT INTO facts (key, value) VALUES (?1, ?2)
                 ON CONFLICT (key) DO UPDATE SET value = excluded.value",
                (key, value),
            )?;
        }
        tx.commit()?;
        Ok(())
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

#[cfg(unix)]
fn restrict(path: &Path) {
    use std::os::unix::fs::PermissionsExt;
    // Best effort: on file systems without permissions the folder's own protection counts.
    let _ = std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600));
}
#[cfg(not(unix))]
fn restrict(_path: &Path) {}
