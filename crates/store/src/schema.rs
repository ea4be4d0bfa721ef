//! The tables, and the migrations that lead to them, one file each. A file says whether older apps may
//! still open the database after it.

use crate::{StoreError, newer};
use rusqlite::Connection;
use rusqlite_migration::{M, Migrations};
use std::collections::{BTreeMap, BTreeSet};

/// Number of migrations that this build knows; `user_version` of an up-to-date database.
pub(crate) const KNOWN: i64 = STEPS.len() as i64;

/// Each migration with its tables. A later one never changes what an earlier one's columns mean.
const STEPS: [&str; 15] = [
    include_str!("schema/1-first.sql"),
    include_str!("schema/2-base.sql"),
    include_str!("schema/3-branches.sql"),
    include_str!("schema/4-copies.sql"),
    include_str!("schema/5-texts.sql"),
    include_str!("schema/6-beginnings.sql"),
    include_str!("schema/7-words.sql"),
    include_str!("schema/8-decided.sql"),
    include_str!("schema/9-told.sql"),
    include_str!("schema/10-losses.sql"),
    include_str!("schema/11-shown-times.sql"),
    include_str!("schema/12-trash.sql"),
    include_str!("schema/13-search.sql"),
    include_str!("schema/14-links.sql"),
    include_str!("schema/15-lately.sql"),
];

/// The statements of all migrations as SQLite keeps them: without the line comments between them.
pub(crate) fn statements() -> impl Iterator<Item = &'static str> {
    STEPS.iter().flat_map(|step| step.split(';')).map(|statement| {
        let begin = statement.find("\nCREATE").map_or(0, |at| at + 1);
        statement.get(begin..).unwrap_or_default().trim()
    })
}

/// The tables and indexes of the migrations, by name, each with the statement that makes it.
fn parts() -> BTreeMap<&'static str, &'static str> {
    let mut parts = BTreeMap::new();
    for statement in STEPS.iter().flat_map(|step| step.split(';')) {
        let named = statement.lines().find_map(|line| {
            NAMING.iter().find_map(|begin| Some((line, *begin, line.strip_prefix(begin)?)))
        });
        let Some((first, begin, rest)) = named else { continue };
        let Some(name) = rest.split([' ', '(']).next() else { continue };
        if begin.starts_with("DROP") {
            parts.remove(name);
        } else {
            let at = statement.find(first).unwrap_or_default();
            parts.insert(name, statement.get(at..).unwrap_or_default());
        }
    }
    parts
}

/// How a statement begins that makes or drops something with a name.
const NAMING: [&str; 6] = [
    "CREATE TABLE ",
    "CREATE VIRTUAL TABLE ",
    "CREATE INDEX ",
    "CREATE UNIQUE INDEX ",
    "DROP TABLE ",
    "DROP INDEX ",
];

/// Refuses a database that is up to date by its number and lacks a table: it was damaged, or made by
/// something else. An index that is missing is made anew.
pub(crate) fn complete(conn: &Connection) -> Result<(), StoreError> {
    let mut statement = conn.prepare("SELECT name FROM sqlite_schema")?;
    let there: BTreeSet<String> =
        statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    for (name, made_by) in parts().into_iter().filter(|(name, _)| !there.contains(*name)) {
        if !made_by.starts_with("CREATE INDEX") && !made_by.starts_with("CREATE UNIQUE INDEX") {
            return Err(StoreError::Damaged(format!("its table '{name}' is missing")));
        }
        conn.execute_batch(made_by)?;
    }
    Ok(())
}

/// Brings a database up to date. One of a newer app is refused and left as it is.
pub(crate) fn migrate(conn: &mut Connection) -> Result<(), StoreError> {
    newer::refuse_connection(conn, KNOWN)?;
    Migrations::new(STEPS.map(M::up).to_vec()).to_latest(conn).map_err(|error| match error {
        rusqlite_migration::Error::RusqliteError { err, .. } => err.into(),
        other => StoreError::Damaged(other.to_string()),
    })
}

#[cfg(test)]
#[path = "schema_tests.rs"]
mod tests;
