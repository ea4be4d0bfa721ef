use super::FolderError;
use crate::bundle::format::{Readers, write_readable};
use holdfast_oplog::VaultId;
use holdfast_store::plain_file;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// A file as a directory shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its name, as it is written there.
    pub name: String,
    /// Its size in bytes, as far as the directory tells.
    pub size: u64,
}

/// The directories of one vault in an exchange folder, as they can be seen from this device right now.
/// Names are handed on as they are found; nothing here decides what they mean.
pub trait Files {
    /// Whether the folder itself is there.
    fn is_there(&self) -> bool;
    /// The writers' directories.
    fn writers(&self) -> Result<Vec<String>, FolderError>;
    /// The files in one of them. One that is not there has none.
    fn list(&self, writer: &str) -> Result<Vec<Entry>, FolderError>;
    /// The content of a file; `None` where it is not there, cannot be read now, or has more than
    /// `limit` bytes.
    fn read(&self, writer: &str, name: &str, limit: usize) -> Result<Option<Vec<u8>>, FolderError>;
    /// Writes a new file, so that its name never holds a part of it. When this returns it lasts.
    fn put(&mut self, writer: &str, name: &str, content: &[u8]) -> Result<(), FolderError>;
    /// Removes a file of this device's own directory. One that is not there is no error.
    fn remove(&mut self, writer: &str, name: &str) -> Result<(), FolderError>;
    /// Removes what a writing that was killed left in this device's own directory.
    fn sweep(&mut self, _writer: &str) {}
}

/// How old an unfinished file is before nobody can be writing it any more.
const LEFTOVER: std::time::Duration = std::time::Duration::from_secs(24 * 60 * 60);

/// A folder of the operating system.
#[derive(Debug)]
pub struct OsFiles {
    folder: PathBuf,
    root: PathBuf,
}

impl OsFiles {
    /// The part of an exchange folder that belongs to a vault.
    pub fn new(folder: impl Into<PathBuf>, vault: VaultId) -> Self {
        let folder = folder.into();
        let root = folder.join(format!("holdfast-{}", vault.uuid().simple()));
        Self { folder, root }
    }

    /// Where the writers' directories are.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// This device's own directory, which leads nowhere else: whoever can write into the folder could put
    /// a link in its place, and this device would write where that leads.
    fn own(&self, writer: &str) -> Result<PathBuf, FolderError> {
        let directory = self.root.join(writer);
        for part in [&self.root, &directory] {
            match fs::symlink_metadata(part) {
                Ok(found) if !found.is_dir() => return Err(FolderError::Linked(part.clone())),
                Err(error) if error.kind() != ErrorKind::NotFound => {
                    return Err(FolderError::io(part)(error));
                }
                _ => {}
            }
        }
        Ok(directory)
    }

    /// The file of a name; names are one plain part each, by construction of both.
    fn path(&self, writer: &str, name: &str) -> PathBuf {
        self.root.join(writer).join(name)
    }
}

fn entries(path: &Path, folders: bool) -> Result<Vec<Entry>, FolderError> {
    let listing = match fs::read_dir(path) {
        Ok(listing) => listing,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(FolderError::io(path)(error)),
    };
    let mut found = Vec::new();
    for entry in listing {
        // What vanishes while it is listed, or cannot be looked at, is not there now.
        let Ok(entry) = entry else { continue };
        let Ok(kind) = entry.file_type() else { continue };
        // Links are never followed out of the folder.
        if (folders && !kind.is_dir()) || (!folders && !kind.is_file()) {
            continue;
        }
        let Ok(name) = entry.file_name().into_string() else { continue };
        let size = if folders { 0 } else { entry.metadata().map_or(0, |meta| meta.len()) };
        found.push(Entry { name, size });
    }
    found.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(found)
}

impl Files for OsFiles {
    fn is_there(&self) -> bool {
        self.folder.is_dir()
    }

    fn writers(&self) -> Result<Vec<String>, FolderError> {
        if fs::symlink_metadata(&self.root).is_ok_and(|found| !found.is_dir()) {
            return Err(FolderError::Linked(self.root.clone()));
        }
        Ok(entries(&self.root, true)?.into_iter().map(|entry| entry.name).collect())
    }

    fn list(&self, writer: &str) -> Result<Vec<Entry>, FolderError> {
        entries(&self.root.join(writer), false)
    }

    fn read(&self, writer: &str, name: &str, limit: usize) -> Result<Option<Vec<u8>>, FolderError> {
        // A placeholder that cannot be fetched now, a file in use: looked at again later.
        let bound = u64::try_from(limit).unwrap_or(u64::MAX);
        Ok(plain_file::read_unlinked(&self.path(writer, name), bound).ok())
    }

    fn put(&mut self, writer: &str, name: &str, content: &[u8]) -> Result<(), FolderError> {
        if !self.is_there() {
            return Err(FolderError::Missing(self.folder.clone()));
        }
        let directory = self.own(writer)?;
        fs::create_dir_all(&directory).map_err(FolderError::io(&directory))?;
        let path = directory.join(name);
        write_readable(&path, Readers::Umask, |out| Ok(std::io::Write::write_all(out, content)?))
            .map_err(|error| match error {
                crate::bundle::BundleError::Io(error) => FolderError::io(&path)(error),
                other => other.into(),
            })
    }

    fn sweep(&mut self, writer: &str) {
        let Ok(directory) = self.own(writer) else { return };
        for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
            let name = entry.file_name();
            let name = name.to_string_lossy();
            let is_part = name.starts_with(".holdfast-") && name.ends_with(".part");
            let is_old = entry.metadata().ok().filter(fs::Metadata::is_file).is_some_and(|there| {
                let age = there.modified().ok().and_then(|then| then.elapsed().ok());
                age.is_some_and(|age| age > LEFTOVER)
            });
            if is_part && is_old {
                // What cannot be removed now is tried again the next time.
                let _ = fs::remove_file(entry.path());
            }
        }
    }

    fn remove(&mut self, writer: &str, name: &str) -> Result<(), FolderError> {
        let path = self.own(writer)?.join(name);
        // A directory of that name is none of ours.
        if fs::symlink_metadata(&path).is_ok_and(|there| there.is_dir()) {
            return Ok(());
        }
        match fs::remove_file(&path) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(FolderError::io(&path)(error)),
            _ => Ok(()),
        }
    }
}
