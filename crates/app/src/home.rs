//! The data folder: where it is and what is in it.

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
}
