//! A complete copy of this device's database in one file.

use crate::{App, AppError};
use std::path::Path;

impl App {
    /// Writes a consistent copy of the vault's database into a new file and checks that it opens.
    /// The keys are not in it.
    pub fn backup(&self, path: &Path) -> Result<u64, AppError> {
        if path.exists() {
            return Err(AppError::Invalid(format!(
                "{} exists already: choose another name.",
                path.display()
            )));
        }
        self.with(|open| {
            open.store.copy_to(path)?;
            let digest = open.store.read(|tx| tx.dump(None))?;
            let mut copy = holdfast_store::Store::open(path)?;
            if copy.read(|tx| tx.dump(None))? != digest {
                return Err(AppError::Invalid("The copy is not the same: try again.".into()));
            }
            Ok(std::fs::metadata(path).map_err(AppError::file(path))?.len())
        })
    }
}
