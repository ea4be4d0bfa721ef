//! Unfinished copies of the database: hidden files that get their name, or go, when the work is done. A
//! process that was killed leaves its own; the next one that makes a copy removes them.
//!
//! Whoever makes a copy holds a lock of the data folder together with others, so who gets it alone knows
//! that nobody is at work and that every unfinished copy is a leftover.

use crate::AppError;
use crate::home::Home;
use holdfast_oplog::Hash;
use holdfast_store::private_file;
use std::fs::{self, File};
use std::path::Path;
use tempfile::NamedTempFile;

/// What names of unfinished files begin with, here and in bundles.
const HIDDEN: &str = ".holdfast-";
/// The endings of an unfinished file, and of what SQLite puts beside it.
const ENDINGS: [&str; 4] = [".part", ".part-wal", ".part-shm", ".part-journal"];
/// The lock, in the data folder.
const LOCK: &str = "copies.lock";

/// The right to make unfinished files; they are nobody's leftovers as long as it is held.
#[derive(Debug)]
pub(crate) struct Parts {
    prefix: String,
    /// Given back when it is closed. None where the folder cannot be written: then nothing is removed.
    _lock: Option<File>,
}

impl Parts {
    /// Removes what killed processes left in `folder` and in the data folder, and begins.
    pub(crate) fn begin(home: &Home, folder: &Path) -> Self {
        let real = home.path().canonicalize().unwrap_or_else(|_| home.path().to_owned());
        let mut place = Hash::of(real.as_os_str().as_encoded_bytes()).to_hex();
        place.truncate(12);
        let prefix = format!("{HIDDEN}copy-{place}-");
        let lock = private_file::create(&home.path().join(LOCK)).ok();
        if let Some(lock) = &lock
            && lock.try_lock().is_ok()
        {
            // Beside the database and among the backups nobody else makes such files.
            sweep(home.path(), HIDDEN);
            sweep(&home.backups(), HIDDEN);
            // Elsewhere there may be those of other devices, at work.
            sweep(folder, &prefix);
            let _ = lock.unlock();
        }
        let lock = lock.filter(|lock| lock.lock_shared().is_ok());
        Self { prefix, _lock: lock }
    }

    /// A new unfinished file. It goes when it is dropped.
    pub(crate) fn file_in(&self, folder: &Path) -> Result<NamedTempFile, AppError> {
        tempfile::Builder::new()
            .prefix(&self.prefix)
            .suffix(".part")
            .tempfile_in(folder)
            .map_err(AppError::file(folder))
    }
}

fn sweep(folder: &Path, prefix: &str) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let is_file = entry.file_type().is_ok_and(|kind| kind.is_file());
        if is_file
            && name.starts_with(prefix)
            && ENDINGS.iter().any(|ending| name.ends_with(ending))
            && let Err(error) = fs::remove_file(entry.path())
        {
            tracing::warn!(%error, %name, "an unfinished copy could not be removed");
        }
    }
}
