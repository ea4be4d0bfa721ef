//! Which file a database was when it was opened, so that another one in its place is noticed.

use crate::home::Home;

/// A database's file, as the system tells files apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct DatabaseFile(Option<(u64, u64)>);

impl DatabaseFile {
    /// The database that is in a data folder now.
    #[cfg(unix)]
    pub(crate) fn of(home: &Home) -> Self {
        use std::os::unix::fs::MetadataExt;
        Self(std::fs::metadata(home.database()).ok().map(|found| (found.dev(), found.ino())))
    }

    /// Elsewhere a file cannot be replaced while it is open.
    #[cfg(not(unix))]
    pub(crate) fn of(_: &Home) -> Self {
        Self(None)
    }

    /// Whether the database that was opened is in the data folder no more, and no other one is.
    pub(crate) fn is_gone(self, home: &Home) -> bool {
        self.0.is_some() && Self::of(home).0.is_none()
    }

    /// Whether another database is in the data folder by now. One that is missing is not another.
    pub(crate) fn is_replaced(self, home: &Home) -> bool {
        let now = Self::of(home);
        now.0.is_some() && self.0.is_some() && now != self
    }
}
