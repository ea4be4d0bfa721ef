use crate::{StoreError, Tx};
use rusqlite::CachedStatement;

/// A statement that runs once for each of many rows. It is looked up at its first use and kept as long as
/// this is: looking it up costs about as much as running it.
pub(crate) struct Prepared<'t> {
    sql: &'static str,
    kept: Option<CachedStatement<'t>>,
}

impl<'t> Prepared<'t> {
    pub(crate) const fn new(sql: &'static str) -> Self {
        Self { sql, kept: None }
    }

    pub(crate) fn get(&mut self, tx: &'t Tx<'_>) -> Result<&mut CachedStatement<'t>, StoreError> {
        Ok(match &mut self.kept {
            Some(kept) => kept,
            none => none.insert(tx.sql.prepare_cached(self.sql)?),
        })
    }
}
