//! Tasks and notes for other programs: CSV for spreadsheets, iCalendar (RFC 5545) for calendars.

use crate::session::Open;
use crate::{App, AppError, view};
use holdfast_model::EntityId;
use holdfast_model::recurrence::Repeat;
use holdfast_oplog::Space;
use holdfast_store::Tx;
use holdfast_store::query::{TaskFilter, TaskRow};
use icalendar::{Calendar, Component, Todo};
use std::fs;
use std::path::Path;

fn csv_failed(error: csv::Error) -> AppError {
    AppError::Invalid(format!("The table could not be written: {error}."))
}

impl App {
    /// Writes `tasks.csv` and `notes.csv` into a folder: one row an item, with a head.
    /// What is marked to stay on this device is left out, unless the person wants it along.
    pub fn export_csv(
        &self,
        folder: &Path,
        device_only: bool,
    ) -> Result<view::ExportAllResult, AppError> {
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
                    if !takes(tx, row.id, device_only)? {
                        continue;
                    }
                    let text = tx.text(row.id)?.map(|text| text.plain).unwrap_or_default();
                    let parent = row.parent.map(|id| id.to_string()).unwrap_or_default();
                    tasks
                        .write_record([
                            row.id.to_string(),
                            row.title,
                            text,
                            row.status,
                            row.when.unwrap_or_default(),
                            row.deadline.unwrap_or_default(),
                            row.priority.to_string(),
                            row.list_title.unwrap_or_default(),
                            parent,
                            row.tags.join(" "),
                            row.repeat.unwrap_or_default(),
                        ])
                        .map_err(csv_failed)?;
                }
                let mut notes = csv::Writer::from_writer(Vec::new());
                notes.write_record(["id", "title", "text", "list", "tags"]).map_err(csv_failed)?;
                for row in tx.notes(None, None, None, usize::MAX)?.0 {
                    if !takes(tx, row.id, device_only)? {
                        continue;
                    }
                    let text = tx.text(row.id)?.map(|text| text.plain).unwrap_or_default();
                    let list = row.list_title.unwrap_or_default();
                    notes
                        .write_record([
                            row.id.to_string(),
                            row.title,
                            text,
                            list,
                            row.tags.join(" "),
                        ])
                        .map_err(csv_failed)?;
                }
                Ok::<_, AppError>((tasks, notes, left_out(tx, device_only)?))
            })
        })?;
        let finish = |table: csv::Writer<Vec<u8>>| {
            table.into_inner().map_err(|error| AppError::Invalid(error.to_string()))
        };
        let files = [("tasks.csv", finish(tasks)?), ("notes.csv", finish(notes)?)];
        write_new(folder, &files, left_out)
    }

    /// Writes `tasks.ics` into a folder: every task with a date or deadline as a to-do.
    /// What is marked to stay on this device is left out, unless the person wants it along.
    pub fn export_ics(
        &self,
        folder: &Path,
        device_only: bool,
    ) -> Result<view::ExportAllResult, AppError> {
        let stamp = self.clock().now().strftime("%Y%m%dT%H%M%SZ").to_string();
        let (calendar, left_out) = self.with(|open| {
            open.store.read(|tx| {
                let mut calendar = Calendar::new();
                for row in tx.tasks(&TaskFilter::All, usize::MAX)? {
                    let dated = row.when.is_some() || row.deadline.is_some();
                    if dated && takes(tx, row.id, device_only)? {
                        let text = tx.text(row.id)?.map(|text| text.plain).unwrap_or_default();
                        calendar.push(to_do(&row, &text, &stamp));
                    }
                }
                Ok::<_, AppError>((calendar, left_out(tx, device_only)?))
            })
        })?;
        write_new(folder, &[("tasks.ics", calendar.to_string().into_bytes())], left_out)
    }
}

fn to_do(row: &TaskRow, text: &str, stamp: &str) -> Todo {
    let mut to_do = Todo::new();
    to_do.add_property("UID", row.id.to_string()).add_property("DTSTAMP", stamp);
    to_do.add_property("SUMMARY", &row.title);
    if !text.is_empty() {
        to_do.add_property("DESCRIPTION", text);
    }
    // Civil times, without a zone: a date is the same day wherever one is.
    if let Some(when) = &row.when {
        to_do.add_property("DTSTART", compact(when));
    }
    if let Some(deadline) = &row.deadline {
        to_do.add_property("DUE", compact(deadline));
    }
    let status = match row.status.as_str() {
        "done" => "COMPLETED",
        "cancelled" => "CANCELLED",
        _ => "NEEDS-ACTION",
    };
    to_do.add_property("STATUS", status);
    // RFC 5545: 1 is the highest, 5 medium, 9 the lowest.
    let priority = match row.priority {
        1 => "1",
        2 => "5",
        3 => "9",
        _ => "0",
    };
    to_do.add_property("PRIORITY", priority);
    if !row.tags.is_empty() {
        to_do.add_property("CATEGORIES", row.tags.join(","));
    }
    if let Some(repeat) = row.repeat.as_deref().and_then(|rule| rule.parse::<Repeat>().ok())
        && !repeat.after_completion()
    {
        to_do.add_property("RRULE", repeat.rule());
    }
    to_do
}

/// `2026-11-23T09:00` as `20261123T090000`, `2026-11-23` as `20261123`.
fn compact(civil: &str) -> String {
    let digits: String = civil.chars().filter(|c| *c != '-' && *c != ':').collect();
    if digits.contains('T') { digits + "00" } else { digits }
}

/// Whether an item goes along.
fn takes(tx: &Tx<'_>, id: EntityId, device_only: bool) -> Result<bool, AppError> {
    Ok(device_only || tx.home(id)? != Some(Space::Device))
}

fn left_out(tx: &Tx<'_>, device_only: bool) -> Result<u32, AppError> {
    if device_only { Ok(0) } else { Open::marked_to_stay(tx) }
}

/// Writes files that must not be there yet.
fn write_new(
    folder: &Path,
    files: &[(&str, Vec<u8>)],
    left_out: u32,
) -> Result<view::ExportAllResult, AppError> {
    fs::create_dir_all(folder).map_err(AppError::file(folder))?;
    for (name, _) in files {
        let path = folder.join(name);
        if path.exists() {
            return Err(AppError::Invalid(format!(
                "{} exists already: choose an empty folder.",
                path.display()
            )));
        }
    }
    for (name, bytes) in files {
        let path = folder.join(name);
        fs::write(&path, bytes).map_err(AppError::file(&path))?;
    }
    Ok(view::ExportAllResult {
        folder: folder.display().to_string(),
        files: u32::try_from(files.len()).unwrap_or(u32::MAX),
        left_out,
    })
}
