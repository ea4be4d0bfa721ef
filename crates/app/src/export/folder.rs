//! The folder that an export fills: one of its own, so that what is in it is that export and nothing else,
//! and names in it that are free.

use super::names;
use crate::{AppError, view};
use std::collections::BTreeMap;
use std::fs;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

/// Exports of one day in one folder.
const MOST_A_DAY: usize = 1_000;
/// Folders inside each other; what is deeper stands beside the deepest. Paths have an end on every system.
pub(super) const MOST_DEPTH: usize = 12;

/// Where an export goes, and the newest one that stands beside it.
pub(super) struct Place {
    pub(super) folder: PathBuf,
    /// An earlier export into the chosen folder, which stays as it is.
    pub(super) earlier: Option<PathBuf>,
}

/// The chosen folder where it is empty, else a new one inside it.
pub(super) fn place(chosen: &Path, today: &str) -> Result<Place, AppError> {
    if !is_occupied(chosen) {
        fs::create_dir_all(chosen).map_err(AppError::file(chosen))?;
        return Ok(Place { folder: chosen.to_owned(), earlier: None });
    }
    let mut earlier = chosen.join(WHOLE).is_file().then(|| chosen.to_owned());
    for number in 1..=MOST_A_DAY {
        let name = if number == 1 {
            format!("Holdfast {today}")
        } else {
            format!("Holdfast {today} {number}")
        };
        let folder = chosen.join(name);
        match fs::create_dir(&folder) {
            Ok(()) => return Ok(Place { folder, earlier }),
            Err(error) if error.kind() == ErrorKind::AlreadyExists && is_occupied(&folder) => {
                earlier = Some(folder);
            }
            Err(error) if error.kind() == ErrorKind::AlreadyExists && folder.is_dir() => {
                return Ok(Place { folder, earlier });
            }
            Err(error) => return Err(AppError::file(&folder)(error)),
        }
    }
    Err(AppError::Invalid(format!(
        "{} holds {MOST_A_DAY} exports of today already: choose another folder.",
        chosen.display()
    )))
}

/// All of it in one document.
pub(super) const WHOLE: &str = "holdfast.json";

fn is_occupied(folder: &Path) -> bool {
    fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some())
}

/// Files and folders of one export, and what could not be written.
pub(super) struct Files {
    root: PathBuf,
    /// Names that are taken, in small letters (some systems do not tell the cases apart), and the number that
    /// makes the next one of the name free.
    used: BTreeMap<String, u32>,
    pub(super) written: u32,
    pub(super) failed: Vec<view::ExportFailure>,
}

impl Files {
    pub(super) fn in_folder(root: PathBuf) -> Self {
        Self { root, used: BTreeMap::new(), written: 0, failed: Vec::new() }
    }

    /// A folder for `title` inside `parent` that nothing else uses. Its path inside the export.
    pub(super) fn folder(&mut self, parent: &Path, title: &str) -> PathBuf {
        let deep = parent.components().count() >= MOST_DEPTH;
        let parent = if deep { parent.parent().unwrap_or(parent) } else { parent };
        PathBuf::from(self.free(parent, &names::file_name(title)))
    }

    /// Writes one file under a name that is free. The path used, inside the export.
    pub(super) fn write(&mut self, path: &Path, bytes: &[u8]) -> Result<String, AppError> {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
        let parent = path.parent().unwrap_or(Path::new(""));
        let path = self.free(parent, &name.unwrap_or_default());
        let full = self.root.join(&path);
        if let Some(folder) = full.parent() {
            fs::create_dir_all(folder).map_err(AppError::file(folder))?;
        }
        let mut file = fs::File::create_new(&full).map_err(AppError::file(&full))?;
        file.write_all(bytes).map_err(AppError::file(&full))?;
        self.written = self.written.saturating_add(1);
        Ok(path)
    }

    /// Keeps in mind that one item did not get into the export. What would stop all others as well, such as
    /// a full disk, stops it.
    pub(super) fn noted(
        &mut self,
        title: &str,
        result: Result<(), AppError>,
    ) -> Result<(), AppError> {
        match result {
            Err(AppError::Full(path)) => Err(AppError::Full(path)),
            Err(AppError::File { path, error }) if concerns_all(error.kind()) => {
                Err(AppError::File { path, error })
            }
            Err(error) => {
                let title = title.chars().take(200).collect();
                self.failed.push(view::ExportFailure { title, reason: error.to_string() });
                Ok(())
            }
            Ok(()) => Ok(()),
        }
    }

    fn free(&mut self, parent: &Path, name: &str) -> String {
        let (stem, ending) = names::split(name);
        let wanted = parent.join(name).display().to_string();
        let Some(mut number) = self.used.insert(wanted.to_lowercase(), 2) else { return wanted };
        loop {
            let path = parent.join(format!("{stem} {number}{ending}")).display().to_string();
            number = number.saturating_add(1);
            // What was tried for this name is not tried again, so that many items of one name stay cheap.
            self.used.insert(wanted.to_lowercase(), number);
            if let std::collections::btree_map::Entry::Vacant(e) =
                self.used.entry(path.to_lowercase())
            {
                e.insert(2);
                return path;
            }
        }
    }
}

fn concerns_all(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::ReadOnlyFilesystem | ErrorKind::PermissionDenied)
}
