//! The data folder is the person's own: no other account may look into it (0700), and what is in it is
//! closed as well (0600), so that a copy or a moved file stays so. Files are made that way; those of older
//! versions, and what a copy or another program left open, are closed at every start.
//!
//! Never opens anything to anybody, follows no link, and changes nothing outside of the folder.

use crate::home::Home;
use holdfast_store::private_file::close;
use std::fs;
use std::path::Path;

/// Folders that Holdfast makes in a data folder, by the beginning of their names.
const FOLDERS: [&str; 5] = ["backups", "damaged", "earlier", "incoming", "joining"];
/// A vault that was put away has backups: no folder of ours is deeper.
const DEPTH: usize = 6;
/// A folder that all may write into, such as `/tmp`, is not one person's.
const SHARED: u32 = 0o1000;

impl Home {
    /// Closes the folder and what is in it to other accounts. What the system refuses, on a disk without
    /// permissions or one that cannot be written, stays as it is.
    pub(crate) fn close_to_others(&self) {
        let path = self.path();
        let Ok(real) = path.canonicalize() else { return };
        if !is_shared(&real) {
            told(&real, close(&real, 0o700));
        }
        let Ok(entries) = fs::read_dir(&real) else { return };
        for entry in entries.flatten() {
            let (path, name) = (entry.path(), entry.file_name());
            let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
            if !is_folder {
                told(&path, close(&path, 0o600));
                continue;
            }
            told(&path, close(&path, 0o700));
            // What is in a folder that is not ours is behind a closed door, and none of our business.
            let name = name.to_string_lossy();
            if FOLDERS.iter().any(|ours| name.starts_with(ours)) {
                close_within(&path, DEPTH);
            }
        }
    }
}

fn close_within(folder: &Path, depth: usize) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let path = entry.path();
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            told(&path, close(&path, 0o700));
            if depth > 0 {
                close_within(&path, depth - 1);
            }
        } else {
            told(&path, close(&path, 0o600));
        }
    }
}

#[cfg(unix)]
fn is_shared(folder: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    fs::metadata(folder).is_ok_and(|found| found.permissions().mode() & SHARED != 0)
}
#[cfg(not(unix))]
fn is_shared(_folder: &Path) -> bool {
    SHARED == 0
}

fn told(path: &Path, closed: std::io::Result<bool>) {
    if let Err(error) = closed {
        tracing::warn!(path = %path.display(), %error, "other accounts may be able to read this");
    }
}
