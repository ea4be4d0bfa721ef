//! Everything as files that open without the app: Markdown for people, JSON and tables for programs, a
//! calendar. Owns what is written and under which names; never changes the data, and never writes into
//! what an earlier export left.

mod calendar;
mod folder;
mod markdown;
mod names;
mod tables;

use crate::session::Open;
use crate::{App, AppError, view};
use folder::Files;
use holdfast_model::EntityId;
use holdfast_oplog::Space;
use holdfast_store::{Store, Tx};
use std::path::Path;

impl App {
    /// Writes everything that lives into a folder: the one that was chosen where it is empty, else a new
    /// one inside it. What is marked to stay on this device is left out, unless the person wants it along.
    /// An item that cannot be written is named in the answer and stops nothing; a full disk does.
    pub fn export_all(
        &self,
        format: view::ExportFormat,
        folder: &Path,
        device_only: bool,
    ) -> Result<view::ExportAllResult, AppError> {
        self.with(|open| self.export_from(&mut open.store, format, folder, device_only))
    }

    /// The same of a database that may be another than the open one.
    pub(crate) fn export_from(
        &self,
        store: &mut Store,
        format: view::ExportFormat,
        folder: &Path,
        device_only: bool,
    ) -> Result<view::ExportAllResult, AppError> {
        let place = folder::place(folder, &self.clock.today())?;
        let mut files = Files::in_folder(place.folder.clone());
        let left_out = store.read(|tx| {
            let which = Which { device_only };
            // All of it in one document stands beside the readable files, so nothing is lost.
            let whole = which.whole(tx).and_then(|whole| {
                files.write(Path::new(folder::WHOLE), &whole)?;
                Ok(())
            });
            files.noted(folder::WHOLE, whole)?;
            if format == view::ExportFormat::Markdown {
                markdown::write(tx, which, &mut files)?;
            }
            which.left_out(tx)
        })?;
        Ok(view::ExportAllResult {
            folder: place.folder.display().to_string(),
            files: files.written,
            left_out,
            failed: files.failed,
            earlier: place.earlier.map(|earlier| earlier.display().to_string()),
        })
    }
}

/// Which items go along.
#[derive(Debug, Clone, Copy)]
struct Which {
    /// What is marked to stay on this device too.
    device_only: bool,
}

impl Which {
    fn takes(self, space: Space) -> bool {
        self.device_only || space != Space::Device
    }

    fn takes_item(self, tx: &Tx<'_>, id: EntityId) -> Result<bool, AppError> {
        Ok(tx.home(id)?.is_some_and(|space| self.takes(space)))
    }

    /// The text of an item as it goes along: its links say their words, and name nothing that stays.
    fn text(self, tx: &Tx<'_>, id: EntityId) -> Result<String, AppError> {
        let text = crate::texts::read(tx, id)?;
        Ok(tx.spelled_out(&text, |space| self.takes(space))?)
    }

    fn whole(self, tx: &Tx<'_>) -> Result<Vec<u8>, AppError> {
        let dump = tx.dump_shown(|space| self.takes(space))?;
        serde_json::to_vec_pretty(&dump).map_err(|error| AppError::Invalid(error.to_string()))
    }

    fn left_out(self, tx: &Tx<'_>) -> Result<u32, AppError> {
        if self.device_only { Ok(0) } else { Open::marked_to_stay(tx) }
    }
}

#[cfg(test)]
#[path = "../export_tests.rs"]
mod tests;
