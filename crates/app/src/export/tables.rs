//! Tasks and notes for spreadsheets: CSV (RFC 4180).

use super::Which;
use super::folder::{self, Files};
use crate::{App, AppError, view};
use holdfast_store::query::TaskFilter;
use std::path::Path;

fn csv_failed(error: csv::Error) -> AppError {
    AppError::Invalid(format!("The table could not be written: {error}."))
}

impl App {
    /// Writes `tasks.csv` and `notes.csv` into a folder, as [`App::export_all`] chooses it: one row an item, with
    /// a head.
    /// What is marked to stay on this device is left out, unless the person wants it along.
    pub fn export_csv(
        &self,
        folder: &Path,
        device_only: bool,
    ) -> Result<view::ExportAllResult, AppError> {
        let which = Which { device_only };
        let (tasks, notes, left_out) = self.with(|open| {
            open.store.read(|tx| {
                let mut tasks = csv::Writer::from_writer(Vec::new());
                tasks
                    .write_record([
                        "id", "title", "notes", "status", "when", "deadline", "priority", "list",
                        "parent", "tags", "repeat",
                    ])
                    .map_err(csv_failed)?;
                for row in tx.tasks(&TaskFilter::All, usize::MAX)? {
                    if !which.takes_item(tx, row.id)? {
                        continue;
                    }
                    let text = which.text(tx, row.id)?;
                    let parent = row.parent.map(|id| id.to_string()).unwrap_or_default();
                    tasks
                        .write_record([
                            row.id.to_string(),
                            cell(row.title),
                            cell(text),
                            cell(row.status),
                            cell(row.when.unwrap_or_default()),
                            cell(row.deadline.unwrap_or_default()),
                            row.priority.to_string(),
                            cell(row.list_title.unwrap_or_default()),
                            parent,
                            cell(row.tags.join(" ")),
                            cell(row.repeat.unwrap_or_default()),
                        ])
                        .map_err(csv_failed)?;
                }
                let mut notes = csv::Writer::from_writer(Vec::new());
                notes.write_record(["id", "title", "text", "list", "tags"]).map_err(csv_failed)?;
                for row in tx.notes(None, None, None, usize::MAX)?.0 {
                    if !which.takes_item(tx, row.id)? {
                        continue;
                    }
                    let text = which.text(tx, row.id)?;
                    let list = row.list_title.unwrap_or_default();
                    notes
                        .write_record([
                            row.id.to_string(),
                            cell(row.title),
                            cell(text),
                            cell(list),
                            cell(row.tags.join(" ")),
                        ])
                        .map_err(csv_failed)?;
                }
                Ok::<_, AppError>((tasks, notes, which.left_out(tx)?))
            })
        })?;
        let finish = |table: csv::Writer<Vec<u8>>| {
            table.into_inner().map_err(|error| AppError::Invalid(error.to_string()))
        };
        let files = [("tasks.csv", finish(tasks)?), ("notes.csv", finish(notes)?)];
        self.write_export(folder, &files, left_out)
    }
}

/// A cell that no spreadsheet takes for a formula: what begins like one gets an apostrophe in front, as
/// spreadsheets themselves write text (OWASP, CSV injection).
fn cell(text: impl Into<String>) -> String {
    let text = text.into();
    if text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']) {
        format!("'{text}")
    } else {
        text
    }
}

impl App {
    /// Writes these files into a folder of their own, as every export is.
    pub(super) fn write_export(
        &self,
        folder: &Path,
        files: &[(&str, Vec<u8>)],
        left_out: u32,
    ) -> Result<view::ExportAllResult, AppError> {
        let place = folder::place(folder, &self.clock.today())?;
        let mut written = Files::in_folder(place.folder.clone());
        for (name, bytes) in files {
            written.write(Path::new(name), bytes)?;
        }
        Ok(view::ExportAllResult {
            folder: place.folder.display().to_string(),
            files: written.written,
            left_out,
            failed: written.failed,
            earlier: place.earlier.map(|earlier| earlier.display().to_string()),
        })
    }
}
