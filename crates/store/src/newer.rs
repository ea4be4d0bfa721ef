//! Databases of newer apps: refused, and left as they are to the last byte.

use crate::{StoreError, plain_file};
use rusqlite::Connection;
use rusqlite::config::DbConfig;
use std::io::Read;
use std::path::Path;

/// Where SQLite keeps `user_version` in the header of a database file.
const VERSION_AT: std::ops::Range<usize> = 60..64;

/// Refuses what is no plain file, and a file whose header says that a newer app wrote it, before SQLite
/// opens it: even reading would put files beside it.
pub(crate) fn refuse_file(path: &Path, known: i64) -> Result<(), StoreError> {
    plain_file::require(path).map_err(|error| StoreError::NoAccess(error.to_string()))?;
    let mut header = [0; 100];
    let read = plain_file::open(path, u64::MAX).and_then(|mut file| file.read_exact(&mut header));
    if read.is_err() || !header.starts_with(b"SQLite format 3\0") {
        // No database, or none yet: for SQLite to say.
        return Ok(());
    }
    let version = header.get(VERSION_AT).and_then(|bytes| bytes.try_into().ok());
    refuse_version(i64::from(version.map_or(0, i32::from_be_bytes)), known)
}

/// The same for one whose newest part is still in its write-ahead log, as a newer app leaves it when it
/// is killed. Must come before anything is written.
pub(crate) fn refuse_connection(conn: &Connection, known: i64) -> Result<(), StoreError> {
    // Closing the last connection would fold that log into the file.
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    refuse_version(conn.pragma_query_value(None, "user_version", |row| row.get(0))?, known)?;
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false)?;
    Ok(())
}

fn refuse_version(found: i64, known: i64) -> Result<(), StoreError> {
    if found > known { Err(StoreError::NewerDatabase { found, known }) } else { Ok(()) }
}

#[cfg(test)]
#[path = "newer_tests.rs"]
mod tests;
