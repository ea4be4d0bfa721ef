//! Writing what a database shows as plain files where its keys are gone: nothing else can be done with it
//! then. The database and the backups are only read.

use crate::{App, AppError, view};
use holdfast_store::Store;
use std::path::Path;

impl App {
    /// Writes everything that the database of this data folder shows, or a backup, into a folder; what is
    /// marked to stay on this device comes along. [`AppError::Locked`] where the key is there and kept under
    /// a passphrase: then it is a matter of typing that, not of rescuing.
    pub fn rescue_export(
        &self,
        format: view::ExportFormat,
        folder: &Path,
        from: Option<&Path>,
    ) -> Result<view::ExportAllResult, AppError> {
        if let Err(error @ AppError::Locked) = self.secrets_without_database(None) {
            return Err(error);
        }
        let Some(backup) = from else {
            if !self.has_vault() {
                // Says what there is instead.
                self.open_secrets(None)?;
            }
            let mut store = Store::open_for_reading(&self.home().database())?;
            return self.export_from(&mut store, format, folder, true);
        };
        let path = self.backup_path(backup)?;
        let failed = crate::restore::of_backup(&path);
        let mut store = Store::open_for_reading(&path).map_err(AppError::from).map_err(&failed)?;
        self.export_from(&mut store, format, folder, true).map_err(&failed)
    }
}
