//! One vault takes the place of another in the data folder. What was there becomes a data folder of its
//! own below `earlier`, whole, with its keys and backups; nothing is deleted.
//!
//! The new files are finished before anything moves, and a mark says how far it is: an interrupted swap
//! is completed at the next start.

use crate::AppError;
use crate::home::Home;
use crate::session::sidecars;
use holdfast_store::{plain_file, private_file};
use serde::{Deserialize, Serialize};
use std::fs;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

/// The mark, in the folder of the new files.
const MARK: &str = "ready";
/// Its largest size in bytes.
const MARK_SIZE: u64 = 64 * 1024;

/// How far the swap is.
#[derive(Debug, Serialize, Deserialize)]
struct Mark {
    /// The folder below `earlier` that takes the old files.
    earlier: String,
    /// Whether all old files are there.
    is_cleared: bool,
}

impl Mark {
    fn keep(&self, joining: &Home) -> Result<(), AppError> {
        let path = joining.path().join(MARK);
        let bytes = serde_json::to_vec(self)
            .map_err(|error| AppError::Invalid(format!("This cannot be kept: {error}.")))?;
        let failed = || AppError::file(&path);
        let mut file = tempfile::NamedTempFile::new_in(joining.path()).map_err(failed())?;
        file.write_all(&bytes).and_then(|()| file.as_file().sync_all()).map_err(failed())?;
        file.persist(&path).map_err(|error| failed()(error.error))?;
        crate::backup::sync_folder(joining.path()).map_err(failed())
    }

    fn read(joining: &Home) -> Result<Option<Self>, AppError> {
        let path = joining.path().join(MARK);
        match plain_file::read(&path, MARK_SIZE) {
            Ok(bytes) => serde_json::from_slice(&bytes).map(Some).map_err(|error| {
                AppError::Invalid(format!(
                    "{} cannot be read ({error}): move the folder that it is in aside, then start again.",
                    path.display()
                ))
            }),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(AppError::file(&path)(error)),
        }
    }
}

/// What belongs to a vault in a data folder, the database first: without it nobody opens the others.
fn files(home: &Home) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for database in [home.database(), home.private()] {
        files.push(database.clone());
        files.extend(sidecars(&database));
    }
    files.extend([home.key(), home.backups()]);
    files
}

/// A name below `earlier` that is free.
pub(crate) fn free_name(home: &Home, now_ms: i64) -> String {
    (0..=u32::MAX)
        .map(|again| if again == 0 { now_ms.to_string() } else { format!("{now_ms}-{again}") })
        .find(|name| !home.earlier().join(name).exists())
        .unwrap_or_default()
}

/// The finished files in the folder for them take the place of what is in the data folder, which goes to
/// `earlier` under a name that is free. The database must be closed.
pub(super) fn swap(home: &Home, earlier: &str) -> Result<(), AppError> {
    let _held = home.hold()?;
    swap_held(home, earlier)
}

/// [`swap`], where the data folder is held already ([`Home::hold`]).
pub(crate) fn swap_held(home: &Home, earlier: &str) -> Result<(), AppError> {
    let to = home.earlier().join(earlier);
    private_file::create_folder(&to).map_err(AppError::file(&to))?;
    let joining = home.joining();
    Mark { earlier: earlier.to_owned(), is_cleared: false }.keep(&joining)?;
    move_all(home, &joining)
}

/// Completes a swap that was begun. Does nothing where there is none.
pub(crate) fn complete(home: &Home) -> Result<(), AppError> {
    let joining = home.joining();
    if !joining.path().join(MARK).exists() {
        return Ok(());
    }
    let _held = home.hold()?;
    move_all(home, &joining)
}

/// Moves what is left of a vault whose database is gone into a folder of its own below `earlier`, under its
/// own names. That folder, which is a data folder as well.
pub(crate) fn put_aside(home: &Home, now_ms: i64) -> Result<PathBuf, AppError> {
    let to = home.earlier().join(free_name(home, now_ms));
    private_file::create_folder(&to).map_err(AppError::file(&to))?;
    for file in files(home) {
        move_into(&file, &to)?;
    }
    for folder in [&to, home.path()] {
        crate::backup::sync_folder(folder).map_err(AppError::file(folder))?;
    }
    Ok(to)
}

fn move_all(home: &Home, joining: &Home) -> Result<(), AppError> {
    // Another process may have done it meanwhile.
    let Some(mut mark) = Mark::read(joining)? else { return Ok(()) };
    let earlier = home.earlier().join(&mark.earlier);
    if !mark.is_cleared {
        for file in files(home) {
            move_into(&file, &earlier)?;
        }
        crate::backup::sync_folder(&earlier).map_err(AppError::file(&earlier))?;
        mark.is_cleared = true;
        mark.keep(joining)?;
    }
    for file in files(joining).into_iter().rev() {
        move_into(&file, home.path())?;
    }
    crate::backup::sync_folder(home.path()).map_err(AppError::file(home.path()))?;
    let path = joining.path().join(MARK);
    fs::remove_file(&path).map_err(AppError::file(&path))?;
    // What else is in it belongs to nobody and harms nobody.
    let _ = fs::remove_dir(joining.path());
    Ok(())
}

fn move_into(file: &Path, folder: &Path) -> Result<(), AppError> {
    let Some(name) = file.file_name() else { return Ok(()) };
    match fs::rename(file, folder.join(name)) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        moved => moved.map_err(AppError::file(file)),
    }
}

#[cfg(test)]
#[path = "swap_tests.rs"]
mod tests;
