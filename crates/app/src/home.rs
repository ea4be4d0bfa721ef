//! The data folder: where it is and what is in it.

use crate::AppError;
use holdfast_store::private_file;
use std::fs::File;
use std::path::{Path, PathBuf};

/// The variable that names another folder.
const VARIABLE: &str = "HOLDFAST_HOME";

/// A data folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Home(PathBuf);

impl Home {
    /// A folder chosen by the person.
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }

    /// The folder that app and command line share: `HOLDFAST_HOME`, else the system's place for it.
    pub fn default_place() -> Self {
        if let Some(path) = std::env::var_os(VARIABLE).filter(|path| !path.is_empty()) {
            return Self(path.into());
        }
        directories::ProjectDirs::from("app", "holdfast", "Holdfast").map_or_else(
            || Self(PathBuf::from("holdfast-data")),
            |dirs| Self(dirs.data_local_dir().to_owned()),
        )
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.0
    }
    pub(crate) fn database(&self) -> PathBuf {
        self.0.join("holdfast.db")
    }
    pub(crate) fn backups(&self) -> PathBuf {
        self.0.join("backups")
    }
    pub(crate) fn private(&self) -> PathBuf {
        self.0.join("private.db")
    }
    /// Vaults that this device had before it joined another one, each a data folder of its own.
    pub(crate) fn earlier(&self) -> PathBuf {
        self.0.join("earlier")
    }
    /// Where the files of a vault are made that takes the place of the present one.
    pub(crate) fn joining(&self) -> Self {
        Self(self.0.join("joining"))
    }
    pub(crate) fn key(&self) -> PathBuf {
        self.0.join("key")
    }
    /// Whether a vault is here. The database alone decides: where its key is missing there still is a
    /// vault, and no new one may take its place.
    pub fn has_vault(&self) -> bool {
        self.database().exists()
    }

    /// The database of a vault that is being made: it gets its name last.
    pub(crate) fn making(&self) -> PathBuf {
        self.0.join("holdfast.db.new")
    }

    /// What is left of a vault whose database is gone. None where there is a vault, where nothing is, and
    /// where a new one was being made.
    pub fn remains(&self) -> Option<Remains> {
        if self.has_vault() {
            return None;
        }
        let backups = crate::backup::names(&self.backups());
        let found = Remains {
            key: self.key().exists(),
            private: self.private().exists(),
            backups: u32::try_from(backups).unwrap_or(u32::MAX),
        };
        // One that is being made, or whose making was interrupted, has its key before its database.
        let is_making = self.making().exists() && found.backups == 0;
        ((found.key || found.private || found.backups > 0) && !is_making).then_some(found)
    }

    /// Holds the data folder against other processes that make, move or set aside a vault, until the
    /// file is closed.
    pub(crate) fn hold(&self) -> Result<File, AppError> {
        let path = self.0.join("joining.lock");
        let lock = private_file::create(&path).map_err(AppError::file(&path))?;
        lock.lock().map_err(AppError::file(&path))?;
        Ok(lock)
    }
}

/// What is left in a data folder whose database is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Remains {
    /// The file with the key.
    pub key: bool,
    /// The private facts of this device: its keys, sealed, and its settings.
    pub private: bool,
    /// Backups.
    pub backups: u32,
}

impl std::fmt::Display for Remains {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut parts = Vec::new();
        if self.key {
            parts.push("its key".to_owned());
        }
        if self.private {
            parts.push("its settings".to_owned());
        }
        match self.backups {
            0 => {}
            1 => parts.push("1 backup".to_owned()),
            many => parts.push(format!("{many} backups")),
        }
        match parts.split_last() {
            Some((last, [])) => f.write_str(last),
            Some((last, rest)) => write!(f, "{} and {last}", rest.join(", ")),
            None => f.write_str("nothing"),
        }
    }
}
