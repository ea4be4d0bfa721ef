//! Everything as files that open without the app: Markdown for people, JSON for programs.

use crate::session::Open;
use crate::{App, AppError, items, view};
use holdfast_model::fields::{DEADLINE, LIST, STATUS, TITLE, WHEN};
use holdfast_model::{EntityId, Kind};
use holdfast_oplog::Space;
use holdfast_store::Tx;
use holdfast_store::query::{ListRow, TaskFilter};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

impl App {
    /// Writes everything that lives into a folder. What is marked to stay on this device is left out,
    /// unless the person wants it along.
    pub fn export_all(
        &self,
        format: view::ExportFormat,
        folder: &Path,
        device_only: bool,
    ) -> Result<view::ExportAllResult, AppError> {
        let occupied = fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some());
        let folder = if occupied {
            folder.join(format!("Holdfast {}", self.clock.today()))
        } else {
            folder.to_owned()
        };
        fs::create_dir_all(&folder).map_err(AppError::file(&folder))?;
        let (files, left_out) = self.with(|open| {
            open.store.read(|tx| {
                let mut export =
                    Export { folder: folder.clone(), used: BTreeSet::new(), files: 0, device_only };
                // All of it in one document stands beside the readable files, so nothing is lost.
                let dump = tx.dump_shown(|space| export.takes(space))?;
                let dump = serde_json::to_vec_pretty(&dump)
                    .map_err(|error| AppError::Invalid(error.to_string()))?;
                export.write(&PathBuf::from("holdfast.json"), &dump)?;
                if format == view::ExportFormat::Markdown {
                    export.markdown(tx)?;
                }
                let left_out = if device_only { 0 } else { Open::marked_to_stay(tx)? };
                Ok::<_, AppError>((export.files, left_out))
            })
        })?;
        Ok(view::ExportAllResult { folder: folder.display().to_string(), files, left_out })
    }
}

struct Export {
    folder: PathBuf,
    used: BTreeSet<String>,
    files: u32,
    /// Whether what is marked to stay on this device goes along.
    device_only: bool,
}

impl Export {
    fn takes(&self, space: Space) -> bool {
        self.device_only || space != Space::Device
    }

    /// Whether an item goes along.
    fn takes_item(&self, tx: &Tx<'_>, id: EntityId) -> Result<bool, AppError> {
        Ok(tx.home(id)?.is_some_and(|space| self.takes(space)))
    }

    fn markdown(&mut self, tx: &Tx<'_>) -> Result<(), AppError> {
        let mut lists = tx.lists()?;
        lists.retain(|list| self.takes(list.space));
        let folders = folders(&lists);
        let inbox = PathBuf::from("Inbox");
        let mut attachments: BTreeMap<String, String> = BTreeMap::new();
        for (state, space) in tx.entities_of(Kind::Attachment.as_str())? {
            let elsewhere = tx.copies(state.id)?;
            let used = elsewhere.iter().any(|(copy, at)| !copy.is_moved_away() && self.takes(*at));
            if !self.takes(space) && !used {
                continue;
            }
            let name = PathBuf::from("attachments").join(file_name(state.text("name")));
            if let Some(hash) = crate::import_markdown::parse_hash(state.text("hash"))
                && let Some(bytes) = tx.blob(hash)?
            {
                let path = self.write(&name, &bytes)?;
                attachments.insert(state.id.to_string(), path);
            }
        }
        for note in tx.notes(None, None, None, usize::MAX)?.0 {
            if !self.takes_item(tx, note.id)? {
                continue;
            }
            let folder = note.list.and_then(|id| folders.get(&id)).unwrap_or(&inbox);
            let depth = folder.components().count();
            let mut text = tx.text(note.id)?.map(|text| text.plain).unwrap_or_default();
            for (id, path) in &attachments {
                let up = "../".repeat(depth);
                text = text.replace(
                    &format!("holdfast-attachment:{id}"),
                    &format!("{up}{}", path.replace(' ', "%20")),
                );
            }
            let name = file_name(&items::note_name(&note.title, &text));
            self.write(&folder.join(format!("{name}.md")), text.as_bytes())?;
        }
        let mut by_list: BTreeMap<Option<EntityId>, String> = BTreeMap::new();
        for row in tx.tasks(&TaskFilter::All, usize::MAX)? {
            let (state, space) = tx.expect_entity(row.id, "task")?;
            if !self.takes(space) {
                continue;
            }
            let lines = by_list.entry(state.text(LIST).parse().ok()).or_default();
            let mark = match state.text(STATUS) {
                "done" => "x",
                "cancelled" => "-",
                _ => " ",
            };
            let indent = if row.parent.is_some() { "  " } else { "" };
            lines.push_str(&format!("{indent}- [{mark}] {}", state.text(TITLE)));
            for (label, field) in [("when", WHEN), ("deadline", DEADLINE)] {
                if !state.text(field).is_empty() {
                    lines.push_str(&format!(" ({label} {})", state.text(field)));
                }
            }
            for tag in &row.tags {
                lines.push_str(&format!(" @{tag}"));
            }
            lines.push('\n');
            let notes = tx.text(row.id)?.map(|text| text.plain).unwrap_or_default();
            for line in notes.lines() {
                lines.push_str(&format!("{indent}  {line}\n"));
            }
        }
        for (list, text) in by_list {
            let folder = list.and_then(|id| folders.get(&id)).unwrap_or(&inbox);
            self.write(&folder.join("Tasks.md"), text.as_bytes())?;
        }
        Ok(())
    }

    /// Writes one file under a name that is free, also where case does not count. The path used.
    fn write(&mut self, path: &Path, bytes: &[u8]) -> Result<String, AppError> {
        let stem = path.with_extension("").display().to_string();
        let extension =
            path.extension().map(|e| format!(".{}", e.to_string_lossy())).unwrap_or_default();
        let mut name = format!("{stem}{extension}");
        let mut number = 2;
        while !self.used.insert(name.to_lowercase()) {
            name = format!("{stem} {number}{extension}");
            number += 1;
        }
        let full = self.folder.join(&name);
        if let Some(parent) = full.parent() {
            fs::create_dir_all(parent).map_err(AppError::file(parent))?;
        }
        fs::write(&full, bytes).map_err(AppError::file(&full))?;
        self.files += 1;
        Ok(name)
    }
}

/// So many folders lie in each other at most: paths have an end on every system. Lists nested deeper lie
/// beside each other in the last of them.
const LEVELS: usize = 24;

/// The folder of each list. Cost: proportional to the lists, however deep they are nested.
fn folders(lists: &[ListRow]) -> BTreeMap<EntityId, PathBuf> {
    let rows: BTreeMap<EntityId, &ListRow> = lists.iter().map(|list| (list.id, list)).collect();
    let mut folders: BTreeMap<EntityId, PathBuf> = BTreeMap::new();
    for list in lists {
        let mut path = Vec::new();
        let mut at = Some(list);
        while let Some(row) = at.filter(|row| !folders.contains_key(&row.id)) {
            path.push(row);
            // Circles are broken before; this makes sure.
            at = row.parent.and_then(|id| rows.get(&id).copied());
            if path.len() > lists.len() {
                break;
            }
        }
        for row in path.into_iter().rev() {
            let parent = row.parent.and_then(|id| folders.get(&id));
            let above = parent.map_or_else(PathBuf::new, |parent| {
                if parent.components().count() < LEVELS {
                    return parent.clone();
                }
                parent.parent().map(Path::to_owned).unwrap_or_default()
            });
            folders.insert(row.id, above.join(file_name(&row.title)));
        }
    }
    folders
}

/// A title as a file name that every system accepts; it cannot lead out of the folder.
fn file_name(title: &str) -> String {
    const RESERVED: &[&str] = &["con", "prn", "aux", "nul", "com1", "com2", "com3", "lpt1", "lpt2"];
    let cleaned: String = title
        .chars()
        .map(|c| if c.is_control() || "/\\:*?\"<>|".contains(c) { '-' } else { c })
        .take(80)
        .collect();
    let cleaned = cleaned.trim().trim_matches('.').trim().to_owned();
    if cleaned.is_empty() {
        "Untitled".into()
    } else if RESERVED.contains(&cleaned.to_lowercase().as_str()) {
        format!("{cleaned}-")
    } else {
        cleaned
    }
}

#[cfg(test)]
mod tests {
    use super::{LEVELS, file_name, folders};
    use holdfast_model::EntityId;
    use holdfast_oplog::Space;
    use holdfast_store::query::ListRow;

    fn list(at: usize, parent: Option<usize>) -> ListRow {
        ListRow {
            id: EntityId::named(&at.to_string()),
            title: format!("L{at}"),
            parent: parent.map(|parent| EntityId::named(&parent.to_string())),
            sort: String::new(),
            color: None,
            archived: false,
            space: Space::Everywhere,
            recovered: false,
            open_tasks: 0,
            notes: 0,
            conflict: false,
        }
    }

    #[test]
    fn five_thousand_lists_in_each_other_have_folders_that_every_system_takes() {
        let chain: Vec<ListRow> = (0..5_000).rev().map(|at| list(at, at.checked_sub(1))).collect();
        let folders = folders(&chain);
        let of = |at: usize| folders[&EntityId::named(&at.to_string())].display().to_string();
        assert_eq!(of(2), "L0/L1/L2");
        assert_eq!(of(4_999), of(LEVELS - 1).replace(&format!("L{}", LEVELS - 1), "L4999"));
        let distinct: std::collections::BTreeSet<_> = folders.values().collect();
        assert_eq!(distinct.len(), 5_000);
    }

    #[test]
    fn names_stay_inside_the_folder_and_are_accepted_everywhere() {
        assert_eq!(file_name("../../etc/passwd"), "-..-etc-passwd");
        assert_eq!(file_name("CON"), "CON-");
        assert_eq!(file_name("a\0b:c"), "a-b-c");
        assert_eq!(file_name(" .. "), "Untitled");
    }
}
