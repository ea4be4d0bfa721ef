//! Notes and tasks as Markdown files: a folder for each list, a file for each note, the tasks of a list in
//! one file with their subtasks below them.

use super::Which;
use super::folder::Files;
use super::names;
use crate::{AppError, items};
use holdfast_model::fields::TITLE;
use holdfast_model::recurrence::Repeat;
use holdfast_model::{EntityId, Kind};
use holdfast_store::Tx;
use holdfast_store::query::{ListRow, TaskFilter, TaskRow};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Subtasks that hang deeper are indented no further, so that a file stays in proportion to its tasks.
const MOST_INDENT: usize = 64;
/// What would end a link's address in Markdown, or mean something else in an address.
const ADDRESS: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'%')
    .add(b'(')
    .add(b')')
    .add(b'<')
    .add(b'>')
    .add(b'#')
    .add(b'?')
    .add(b'"');
/// Where items without a list stand.
const INBOX: &str = "Inbox";

/// Writes all that is taken along.
pub(super) fn write(tx: &Tx<'_>, which: Which, files: &mut Files) -> Result<(), AppError> {
    let folders = folders(tx.lists()?, which, files);
    let inbox = files.folder(Path::new(""), INBOX);
    let attachments = attachments(tx, which, files)?;
    notes(tx, which, files, &Shelves { folders: &folders, inbox: &inbox }, &attachments)?;
    tasks(tx, which, files, &Shelves { folders: &folders, inbox: &inbox })
}

/// The folder of each list.
struct Shelves<'a> {
    folders: &'a BTreeMap<EntityId, PathBuf>,
    inbox: &'a Path,
}

impl Shelves<'_> {
    fn of(&self, list: Option<EntityId>) -> &Path {
        list.and_then(|id| self.folders.get(&id)).map_or(self.inbox, PathBuf::as_path)
    }
}

/// A folder for each list, inside that of the list above it. Each list is looked at once.
fn folders(lists: Vec<ListRow>, which: Which, files: &mut Files) -> BTreeMap<EntityId, PathBuf> {
    let taken: BTreeSet<EntityId> =
        lists.iter().filter(|list| which.takes(list.space)).map(|list| list.id).collect();
    let mut below: BTreeMap<Option<EntityId>, Vec<&ListRow>> = BTreeMap::new();
    for list in lists.iter().filter(|list| taken.contains(&list.id)) {
        // A list below one that stays here stands at the top.
        below.entry(list.parent.filter(|parent| taken.contains(parent))).or_default().push(list);
    }
    let mut folders = BTreeMap::new();
    let mut open = vec![(None, PathBuf::new())];
    while let Some((parent, path)) = open.pop() {
        for list in below.remove(&parent).into_iter().flatten() {
            let folder = files.folder(&path, &list.title);
            folders.insert(list.id, folder.clone());
            open.push((Some(list.id), folder));
        }
    }
    folders
}

/// Writes the attachments. Their paths inside the export, by id.
fn attachments(
    tx: &Tx<'_>,
    which: Which,
    files: &mut Files,
) -> Result<BTreeMap<String, String>, AppError> {
    let mut paths = BTreeMap::new();
    for (state, space) in tx.entities_of(Kind::Attachment.as_str())? {
        let elsewhere = tx.copies(state.id)?;
        let used = elsewhere.iter().any(|(copy, at)| !copy.is_moved_away() && which.takes(*at));
        if !which.takes(space) && !used {
            continue;
        }
        let title = state.text("name").to_owned();
        let name = PathBuf::from("attachments").join(names::file_name(&title));
        let written = content(tx, state.text("hash")).and_then(|bytes| {
            if let Some(bytes) = bytes {
                paths.insert(state.id.to_string(), files.write(&name, &bytes)?);
            }
            Ok(())
        });
        files.noted(&title, written)?;
    }
    Ok(paths)
}

fn content(tx: &Tx<'_>, hash: &str) -> Result<Option<Vec<u8>>, AppError> {
    match crate::import_markdown::parse_hash(hash) {
        Some(hash) => Ok(tx.blob(hash)?),
        None => Ok(None),
    }
}

fn notes(
    tx: &Tx<'_>,
    which: Which,
    files: &mut Files,
    shelves: &Shelves<'_>,
    attachments: &BTreeMap<String, String>,
) -> Result<(), AppError> {
    for note in tx.notes(None, None, None, usize::MAX)?.0 {
        let written = which.takes_item(tx, note.id).and_then(|taken| {
            if !taken {
                return Ok(());
            }
            let folder = shelves.of(note.list);
            let text = which.text(tx, note.id)?;
            let name = names::named(&items::note_name(&note.title, &text), ".md");
            let text = linked(text, attachments, folder.components().count());
            files.write(&folder.join(name), text.as_bytes())?;
            Ok(())
        });
        files.noted(&note.title, written)?;
    }
    Ok(())
}

/// The text with its pictures and files where they stand now. Looks at the text once, whatever the number of
/// attachments.
fn linked(text: String, attachments: &BTreeMap<String, String>, depth: usize) -> String {
    const SCHEME: &str = "holdfast-attachment:";
    if attachments.is_empty() || !text.contains(SCHEME) {
        return text;
    }
    let up = "../".repeat(depth);
    let mut out = String::with_capacity(text.len());
    let mut parts = text.split(SCHEME);
    out.push_str(parts.next().unwrap_or_default());
    for part in parts {
        let id = part.get(..36).unwrap_or_default();
        if let Some(path) = attachments.get(id) {
            out.push_str(&up);
            out.extend(utf8_percent_encode(&path.replace('\\', "/"), ADDRESS));
            out.push_str(part.get(36..).unwrap_or_default());
        } else {
            out.push_str(SCHEME);
            out.push_str(part);
        }
    }
    out
}

/// Writes a file for the tasks of each list. Subtasks stand below their own parent at any depth, in whatever
/// list they are.
fn tasks(
    tx: &Tx<'_>,
    which: Which,
    files: &mut Files,
    shelves: &Shelves<'_>,
) -> Result<(), AppError> {
    let mut rows = Vec::new();
    for row in tx.tasks(&TaskFilter::All, usize::MAX)? {
        let taken = which.takes_item(tx, row.id);
        if *taken.as_ref().unwrap_or(&false) {
            rows.push(row);
        } else {
            files.noted(&row.title, taken.map(|_| ()))?;
        }
    }
    rows.sort_by(|a, b| (&a.sort, a.id).cmp(&(&b.sort, b.id)));
    let taken: BTreeSet<EntityId> = rows.iter().map(|row| row.id).collect();
    let mut below: BTreeMap<Option<EntityId>, Vec<&TaskRow>> = BTreeMap::new();
    for row in &rows {
        below.entry(row.parent.filter(|parent| taken.contains(parent))).or_default().push(row);
    }
    let mut by_list: BTreeMap<Option<EntityId>, String> = BTreeMap::new();
    for root in below.remove(&None).into_iter().flatten() {
        let list = root.list.filter(|list| shelves.folders.contains_key(list));
        let lines = by_list.entry(list).or_default();
        let mut open = vec![(root, 0)];
        while let Some((row, depth)) = open.pop() {
            let written = lines_of(tx, which, row, depth).map(|text| lines.push_str(&text));
            files.noted(&row.title, written)?;
            let children = below.remove(&Some(row.id)).into_iter().flatten();
            let at = open.len();
            open.extend(children.map(|child| (child, depth + 1)));
            if let Some(new) = open.get_mut(at..) {
                new.reverse();
            }
        }
    }
    for (list, text) in by_list {
        let path = shelves.of(list).join("Tasks.md");
        let written = files.write(&path, text.as_bytes()).map(|_| ());
        files.noted(&path.display().to_string(), written)?;
    }
    Ok(())
}

/// One task with all that a reader wants to know of it, and its notes below it.
fn lines_of(tx: &Tx<'_>, which: Which, row: &TaskRow, depth: usize) -> Result<String, AppError> {
    let (state, _) = tx.expect_entity(row.id, "task")?;
    let mark = match row.status.as_str() {
        "done" => "x",
        "cancelled" => "-",
        _ => " ",
    };
    let indent = "  ".repeat(depth.min(MOST_INDENT));
    let mut text = format!("{indent}- [{mark}] {}", one_line(state.text(TITLE)));
    for (label, date) in [("when", &row.when), ("deadline", &row.deadline)] {
        if let Some(date) = date {
            text.push_str(&format!(" ({label} {date})"));
        }
    }
    let place = row.priority.checked_sub(1).and_then(|place| usize::try_from(place).ok());
    if let Some(priority) = place.and_then(|place| ["high", "medium", "low"].get(place)) {
        text.push_str(&format!(" (priority {priority})"));
    }
    if let Some(repeat) = &row.repeat {
        let said =
            repeat.parse::<Repeat>().map_or_else(|_| repeat.clone(), |repeat| repeat.describe());
        text.push_str(&format!(" (repeats {})", one_line(&said)));
    }
    for tag in &row.tags {
        text.push_str(&format!(" @{}", one_line(tag)));
    }
    text.push('\n');
    for line in which.text(tx, row.id)?.lines() {
        text.push_str(&format!("{indent}  {line}\n"));
    }
    Ok(text)
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::super::folder::MOST_DEPTH;
    use super::*;
    use holdfast_oplog::Space;

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
        let mut files = Files::in_folder(PathBuf::new());
        let folders = folders(chain, Which { device_only: false }, &mut files);
        let of = |at: usize| folders[&EntityId::named(&at.to_string())].display().to_string();
        assert_eq!(of(2), "L0/L1/L2");
        let deepest = MOST_DEPTH - 1;
        assert_eq!(of(4_999), of(deepest).replace(&format!("L{deepest}"), "L4999"));
        let distinct: BTreeSet<_> = folders.values().collect();
        assert_eq!(distinct.len(), 5_000);
    }
}
