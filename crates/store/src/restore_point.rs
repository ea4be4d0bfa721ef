//! A restore point before what cannot be taken back: whoever opened the database says how one is made.

use crate::{Store, StoreError, Tx};
use std::fmt;

/// Makes a restore point of what is committed. An error, in words, keeps what was to happen from
/// happening.
pub type MakePoint = dyn Fn() -> Result<(), String> + Send;

/// How a restore point is made, where anybody said.
#[derive(Default)]
pub(crate) struct RestorePoint(Option<Box<MakePoint>>);

impl fmt::Debug for RestorePoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RestorePoint({})", self.0.is_some())
    }
}

impl Store {
    /// Says how a restore point is made before a snapshot is taken in. It is called within the transaction
    /// that takes it in, so it must read what is committed by a connection of its own.
    pub fn make_points_with(&mut self, make: Box<MakePoint>) {
        self.point = RestorePoint(Some(make));
    }
}

impl Tx<'_> {
    /// Makes a restore point, where there is something to go back to and this is no trial.
    pub(crate) fn point_before_snapshot(&self) -> Result<(), StoreError> {
        let Some(RestorePoint(Some(make))) = self.point else { return Ok(()) };
        if self.position()? == 0 {
            return Ok(());
        }
        make().map_err(StoreError::NoRestorePoint)
    }
}
