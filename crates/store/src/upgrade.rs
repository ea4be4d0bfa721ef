//! After an update of the app: what an older build kept without understanding it takes effect.
//!
//! An older build stores and passes on operations, fields, kinds and whole changes that it does not
//! know. Its views lack them. The first start of a build that understands more makes the views anew
//! from the log and looks at the parked changes again.

use crate::{Applied, StoreError, Tx};
use rusqlite::{Connection, OptionalExtension};

/// Where it is written down which build made the views.
pub(crate) const MARK: &str = "reads";

/// What the builds before this number was written down understood.
const FIRST: u32 = 1;

/// What this build understands of changes, as a number. Raise it with every operation, kind, set or text
/// field, part of a time, and change schema that is new, and add a step to the database's schema with it, so that an
/// older build refuses the database rather than showing views that it did not make.
pub(crate) const READS: u32 = 6;

impl Tx<'_> {
    /// Takes up what an older build could not understand. `None` where there is nothing to do: this
    /// build, or one that understands as much, made the views.
    pub fn catch_up(&self, wall_ms: i64) -> Result<Option<Applied>, StoreError> {
        if self.reads()? >= READS {
            return Ok(None);
        }
        self.read_anew()?;
        // What waits is looked at anew; what is still too new is parked again.
        self.sql.execute("UPDATE waiting SET parked = 0", [])?;
        let applied = self.apply_ready(wall_ms)?;
        self.set_meta(MARK, &READS.to_be_bytes())?;
        Ok(Some(applied))
    }

    fn reads(&self) -> Result<u32, StoreError> {
        number(self.meta(MARK)?)
    }
}

/// Whether a build that understands as much as this one made the views.
pub(crate) fn is_done(conn: &Connection) -> Result<bool, StoreError> {
    let mark = conn
        .query_row("SELECT value FROM meta WHERE key = ?1", [MARK], |row| row.get(0))
        .optional()?;
    Ok(number(mark)? >= READS)
}

fn number(mark: Option<Vec<u8>>) -> Result<u32, StoreError> {
    let Some(bytes) = mark else { return Ok(FIRST) };
    let bytes = bytes.try_into().map_err(|_| StoreError::Damaged("mark of the views".into()))?;
    Ok(u32::from_be_bytes(bytes))
}

#[cfg(test)]
mod tests {
    use super::READS;
    use crate::schema;
    use holdfast_model::change::{FORMAT, SCHEMA};
    use holdfast_model::{Kind, fields};

    /// What this build reads of changes, in words. Where this test fails because something was added:
    /// raise [`READS`], add a step to the schema, then write the new words here.
    #[test]
    fn what_is_understood_has_its_number_and_its_step() {
        let kinds: Vec<String> = Kind::ALL
            .iter()
            .map(|kind| format!("{} {}", kind.as_str(), kind.text_field().unwrap_or("-")))
            .collect();
        let understood = format!("format {FORMAT} schema {SCHEMA} {}", kinds.join(", "));
        let (number, step, words) = (
            6,
            14,
            "format 1 schema 2 list -, task notes, note text, tag -, attachment -, setting -",
        );
        assert_eq!(understood, words);
        assert_eq!(READS, number);
        assert!(schema::KNOWN >= step);
        assert_eq!(fields::TEXT, "text");
    }
}
