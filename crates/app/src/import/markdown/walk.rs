//! The files of a folder, bounded, without following links. Never opens a file.

use std::collections::BTreeMap;
use std::fs::{self, DirEntry};
use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::{DEEPEST, MOST_ENTRIES, Reason, Skipped};

/// A file that was found.
#[derive(Debug, Clone)]
pub(super) struct File {
    pub(super) path: PathBuf,
    pub(super) size: u64,
    pub(super) modified: Option<Timestamp>,
}

/// Files by their path within the folder, and what was left out.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) files: BTreeMap<String, File>,
    pub(super) skipped: Vec<Skipped>,
}

/// An error is given only where the folder itself cannot be listed.
pub(super) fn walk(root: &Path) -> io::Result<Found> {
    let mut found = Found::default();
    let mut entries = 0;
    let mut folders = vec![(root.to_owned(), String::new(), 0)];
    while let Some((folder, path, depth)) = folders.pop() {
        let listed = match fs::read_dir(&folder) {
            Ok(listed) => listed,
            Err(error) if depth == 0 => return Err(error),
            Err(error) => {
                found.skip(&path, Reason::Unreadable(error.to_string()));
                continue;
            }
        };
        for entry in listed {
            entries += 1;
            if entries > MOST_ENTRIES {
                found.skip(&path, Reason::TooMuch);
                return Ok(found);
            }
            match entry {
                Ok(entry) => {
                    if let Some(sub) = found.take(&entry, &path, depth) {
                        folders.push((entry.path(), sub, depth + 1));
                    }
                }
                Err(error) => found.skip(&path, Reason::Unreadable(error.to_string())),
            }
        }
    }
    Ok(found)
}

impl Found {
    fn skip(&mut self, path: &str, reason: Reason) {
        self.skipped.push(Skipped { path: path.to_owned(), reason });
    }

    /// Notes a file; gives the path of a folder that is to be entered.
    fn take(&mut self, entry: &DirEntry, folder: &str, depth: usize) -> Option<String> {
        let name = entry.file_name();
        let within = |name: &str| match folder {
            "" => name.to_owned(),
            folder => format!("{folder}/{name}"),
        };
        let Some(name) = name.to_str() else {
            self.skip(&within(&name.to_string_lossy()), Reason::Name);
            return None;
        };
        let path = within(name);
        if name.starts_with('.') {
            self.skip(&path, Reason::Hidden);
            return None;
        }
        // Of the entry itself: a link is not followed.
        let kind = match entry.file_type() {
            Ok(kind) => kind,
            Err(error) => {
                self.skip(&path, Reason::Unreadable(error.to_string()));
                return None;
            }
        };
        if kind.is_symlink() {
            self.skip(&path, Reason::FileLink);
        } else if kind.is_dir() && depth >= DEEPEST {
            self.skip(&path, Reason::TooMuch);
        } else if kind.is_dir() {
            return Some(path);
        } else if !kind.is_file() {
            self.skip(&path, Reason::Special);
        } else {
            match entry.metadata() {
                Ok(metadata) => {
                    let modified =
                        metadata.modified().ok().and_then(|t| Timestamp::try_from(t).ok());
                    let file = File { path: entry.path(), size: metadata.len(), modified };
                    self.files.insert(path, file);
                }
                Err(error) => self.skip(&path, Reason::Unreadable(error.to_string())),
            }
        }
        None
    }
}
