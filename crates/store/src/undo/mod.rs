//! Undo and redo as forward changes. What to undo is read from the log, so it survives a restart.
//!
//! **Invariant.** Undoing n actions of a device is the state before them and redoing them the state
//! after, whatever came from others in between, which stays. For that a device knows its own writes
//! again: each edit that takes another back names it, and so stands for what that one replaced.

mod barrier;
mod plan;
mod standing;
mod steps;
mod texts;

pub use barrier::Barrier;
pub use plan::UndoPlan;
pub use steps::UndoStep;

use crate::history::change_at;
use crate::{StoreError, Tx};
use holdfast_model::change::Change;

/// Action code of an undo.
pub const UNDO: &str = "undo";
/// Action code of a redo.
pub const REDO: &str = "redo";
/// Action code of emptying the trash, or a part of it: what cannot be undone.
pub const PURGE: &str = "purge";

/// Changes of one action, newest first, in the pieces in which they are taken back: a text that went into
/// several changes is one.
pub fn units(changes: &[Change]) -> Vec<&[Change]> {
    let mut units = Vec::new();
    let mut rest = changes;
    while !rest.is_empty() {
        let goes_on = rest.windows(2).take_while(|pair| match pair {
            [later, earlier] => {
                earlier.more
                    && earlier.log() == later.log()
                    && earlier.seq.checked_add(1) == Some(later.seq)
            }
            _ => false,
        });
        let (unit, after) = rest.split_at(1 + goes_on.count());
        units.push(unit);
        rest = after;
    }
    units
}

impl Tx<'_> {
    /// The changes that an exchange brought, newest first.
    pub fn changes_of_exchange(&self, exchange: i64) -> Result<Vec<Change>, StoreError> {
        let mut statement = self.sql.prepare_cached(
            "SELECT space, actor, seq, body FROM changes WHERE exchange = ?1 ORDER BY pos DESC",
        )?;
        let mut rows = statement.query([exchange])?;
        let mut changes = Vec::new();
        while let Some(row) = rows.next()? {
            changes.push(change_at(row)?);
        }
        Ok(changes)
    }
}
