//! The tables, and the migrations that lead to them, one file each. A file says whether older apps may
//! still open the database after it.

use crate::StoreError;
use rusqlite::Connection;
use rusqlite_migration::{M, Migrations};

/// Number of migrations that this build knows; `user_version` of an up-to-date database.
pub(crate) const KNOWN: i64 = STEPS.len() as i64;

/// Each migration with its tables. A later one never changes what an earlier one's columns mean.
const STEPS: [&str; 5] = [
    include_str!("schema/1-first.sql"),
    include_str!("schema/2-base.sql"),
    include_str!("schema/3-branches.sql"),
    include_str!("schema/4-copies.sql"),
    include_str!("schema/5-texts.sql"),
];

/// Brings a database up to date. One of a newer app is refused and left as it is.
pub(crate) fn migrate(conn: &mut Connection) -> Result<(), StoreError> {
    let found: i64 = conn.pragma_query_value(None, "user_version", |row| row.get(0))?;
    if found > KNOWN {
        return Err(StoreError::NewerDatabase { found, known: KNOWN });
    }
    Migrations::new(STEPS.map(M::up).to_vec()).to_latest(conn).map_err(|error| match error {
        rusqlite_migration::Error::RusqliteError { err, .. } => err.into(),
        other => StoreError::Damaged(other.to_string()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn migrations_are_valid_and_known() {
        let mut conn = Connection::open_in_memory().unwrap();
        migrate(&mut conn).unwrap();
        let version: i64 = conn.pragma_query_value(None, "user_version", |r| r.get(0)).unwrap();
        assert_eq!(version, KNOWN);
    }

    #[test]
    fn a_newer_database_is_refused_and_unchanged() {
        let mut conn = Connection::open_in_memory().unwrap();
        conn.pragma_update(None, "user_version", 99).unwrap();
        assert!(matches!(migrate(&mut conn), Err(StoreError::NewerDatabase { found: 99, .. })));
        let version: i64 = conn.pragma_query_value(None, "user_version", |r| r.get(0)).unwrap();
        assert_eq!(version, 99);
    }
}
