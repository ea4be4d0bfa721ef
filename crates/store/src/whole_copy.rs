//! Whole copies of a database: making one, and putting one in the place of what is there.

use crate::access::{self, Access};
use crate::{Store, StoreError, newer, plain_file, schema};
use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, OpenFlags};
use std::path::Path;

impl Store {
    /// Writes a complete, consistent copy of the database into a new or empty file.
    pub fn copy_to(&self, path: &Path) -> Result<(), StoreError> {
        copy(self.connection(), path)
    }

    /// The same for a database that is not opened, in the form in which it is: nothing is migrated.
    pub fn copy_as_it_is(from: &Path, to: &Path) -> Result<(), StoreError> {
        require(from)?;
        // A write-ahead log that a crash left can only be read by who may also fold it.
        copy(&access::open(from, false, &|_, _| Ok(()))?.0, to)
    }

    /// Whether opening this database would change its tables: from which version to which. Changes
    /// nothing.
    pub fn pending_migration(path: &Path) -> Result<Option<(i64, i64)>, StoreError> {
        newer::refuse_file(path, schema::KNOWN)?;
        let settle = |conn: &Connection, _| newer::refuse_connection(conn, schema::KNOWN);
        let (conn, access) = access::open(path, false, &settle)?;
        if access == Access::Read {
            // It stays as it is.
            return Ok(None);
        }
        let found: i64 = conn.pragma_query_value(None, "user_version", |row| row.get(0))?;
        Ok((found > 0 && found < schema::KNOWN).then_some((found, schema::KNOWN)))
    }

    /// Puts the content of another database in the place of this one's, in one transaction: after a
    /// crash it is wholly the old or wholly the new. Other connections see the new content.
    pub fn replace_with(&mut self, other: &Path) -> Result<(), StoreError> {
        require(other)?;
        let from = Connection::open_with_flags(other, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        self.connection().flush_prepared_statement_cache();
        let backup = Backup::new(&from, self.connection_mut())?;
        match backup.step(-1)? {
            StepResult::Done => Ok(()),
            _ => Err(StoreError::Busy),
        }
    }
}

fn require(path: &Path) -> Result<(), StoreError> {
    plain_file::require(path).map_err(|error| StoreError::NoAccess(error.to_string()))
}

fn copy(conn: &Connection, path: &Path) -> Result<(), StoreError> {
    conn.execute("VACUUM INTO ?1", [path.to_string_lossy()])?;
    Ok(())
}
