//! What was done last that cannot be undone, so that an undo says so before it takes back what was done
//! before it.

use crate::{StoreError, Tx};
use holdfast_oplog::{decode, encode};
use serde::{Deserialize, Serialize};

/// Name of the note in the database.
const KEY: &str = "undo.barrier";
/// Bound on what this program wrote for itself.
const LOCAL: usize = 4096;

/// Something that was done and cannot be undone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Barrier {
    /// In words: "Removing a device".
    pub what: String,
    /// Where the log of this device stood then.
    pub position: i64,
    /// Whether the person was told, when an undo was tried.
    pub told: bool,
}

impl Tx<'_> {
    /// Writes down that something was done that cannot be undone.
    pub fn cannot_undo(&self, what: &str) -> Result<(), StoreError> {
        let position = self.position()?;
        self.keep_barrier(&Barrier { what: what.to_owned(), position, told: false })
    }

    /// What was done last that cannot be undone, where nobody was told of it yet and nothing was written
    /// since that `position` stands for.
    pub fn barrier_before(&self, position: Option<i64>) -> Result<Option<Barrier>, StoreError> {
        let Some(bytes) = self.meta(KEY)? else { return Ok(None) };
        // What cannot be read was no more than a hint.
        let barrier: Option<Barrier> = decode(&bytes, LOCAL, "note of what cannot be undone").ok();
        Ok(barrier.filter(|known| !known.told && position.is_none_or(|at| at <= known.position)))
    }

    /// Notes that the person was told.
    pub fn told_barrier(&self, barrier: &Barrier) -> Result<(), StoreError> {
        self.keep_barrier(&Barrier { told: true, ..barrier.clone() })
    }

    fn keep_barrier(&self, barrier: &Barrier) -> Result<(), StoreError> {
        self.set_meta(KEY, &encode(barrier)?)
    }
}
