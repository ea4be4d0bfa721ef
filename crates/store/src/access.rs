//! Opening a database file as far as its disk lets it be used.
//!
//! SQLite wants to put files beside a database even to read it, and so cannot read at all on a disk that is
//! full or read-only. Here it falls back, in this order:
//! - as usual, shared with other processes;
//! - where there is no room for the shared index of the write-ahead log: that index is kept in memory, and no
//!   other process may use the database meanwhile. What fits can still be written;
//! - where the folder cannot be written: for reading alone. Nobody can change it there meanwhile.

use crate::db::BUSY;
use crate::{StoreError, private_file};
use rusqlite::{Connection, ErrorCode, MAIN_DB, OpenFlags, ffi};
use std::path::{Path, PathBuf};

/// What may be done with an open database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// All.
    Full,
    /// Reading alone: its disk or folder cannot be written.
    Read,
}

/// What is done with a connection before its first use; with each that is tried.
type Settle<'a> = &'a dyn Fn(&Connection, Access) -> Result<(), StoreError>;

/// Opens a database that is there, or makes it where `create` is set.
pub(crate) fn open(
    path: &Path,
    create: bool,
    settle: Settle<'_>,
) -> Result<(Connection, Access), StoreError> {
    let failed = match shared(path, create, settle) {
        Ok(opened) => return Ok(opened),
        Err(failed) => failed,
    };
    if is_out_of_room(&failed) {
        return match alone(path, settle) {
            Ok(conn) => Ok((conn, Access::Full)),
            Err(Tried::Store(error)) => Err(error),
            Err(_) => Err(StoreError::DiskFull),
        };
    }
    if !create
        && failed.is_about_place()
        && is_read_only(path)
        && let Ok(conn) = for_reading(path, settle)
    {
        return Ok((conn, Access::Read));
    }
    Err(failed.into())
}

/// Why an attempt failed: with SQLite's own words still, where it was SQLite.
enum Tried {
    Sqlite(rusqlite::Error),
    Store(StoreError),
}

impl From<rusqlite::Error> for Tried {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}
impl From<StoreError> for Tried {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}
impl From<Tried> for StoreError {
    fn from(tried: Tried) -> Self {
        match tried {
            Tried::Sqlite(error) => error.into(),
            Tried::Store(error) => error,
        }
    }
}

impl Tried {
    fn is_about_place(&self) -> bool {
        match self {
            Self::Sqlite(error) => matches!(
                error.sqlite_error_code(),
                Some(
                    ErrorCode::CannotOpen
                        | ErrorCode::ReadOnly
                        | ErrorCode::PermissionDenied
                        | ErrorCode::SystemIoFailure
                )
            ),
            Self::Store(error) => {
                matches!(error, StoreError::NoAccess(_) | StoreError::DiskFailed(_))
            }
        }
    }
}

fn shared(path: &Path, create: bool, settle: Settle<'_>) -> Result<(Connection, Access), Tried> {
    let mut flags = OpenFlags::default();
    flags.set(OpenFlags::SQLITE_OPEN_CREATE, create);
    let conn = Connection::open_with_flags(path, flags)?;
    let access = if conn.is_readonly(MAIN_DB)? { Access::Read } else { Access::Full };
    ready(&conn, access, settle)?;
    Ok((conn, access))
}

/// With the index of the write-ahead log in memory, and the database for this process alone.
fn alone(path: &Path, settle: Settle<'_>) -> Result<Connection, Tried> {
    let conn = if cfg!(unix) {
        Connection::open_with_flags_and_vfs(path, existing(), "unix-excl")?
    } else {
        let conn = Connection::open_with_flags(path, existing())?;
        conn.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
        conn
    };
    conn.pragma_update(None, "temp_store", "MEMORY")?;
    ready(&conn, Access::Full, settle)?;
    Ok(conn)
}

/// For reading alone, without a lock: nobody can write where this is used.
fn for_reading(path: &Path, settle: Settle<'_>) -> Result<Connection, Tried> {
    let has_log = std::fs::metadata(beside(path, "-wal")).is_ok_and(|log| log.len() > 0);
    let conn = if has_log && cfg!(unix) {
        let conn = Connection::open_with_flags_and_vfs(path, reading(), "unix-none")?;
        conn.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
        conn
    } else {
        Connection::open_with_flags(address(path), reading() | OpenFlags::SQLITE_OPEN_URI)?
    };
    conn.pragma_update(None, "temp_store", "MEMORY")?;
    ready(&conn, Access::Read, settle)?;
    Ok(conn)
}

fn existing() -> OpenFlags {
    OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX
}

fn reading() -> OpenFlags {
    OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX
}

/// Settles a connection and reads from it once: only then SQLite opens all that it needs.
fn ready(conn: &Connection, access: Access, settle: Settle<'_>) -> Result<(), Tried> {
    conn.busy_timeout(BUSY)?;
    settle(conn, access)?;
    conn.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))?;
    Ok(())
}

/// A file as SQLite's address for it, marked as one that nobody changes.
fn address(path: &Path) -> String {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let mut address = String::from("file:");
    for byte in absolute.as_os_str().as_encoded_bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'-' | b'_' | b'.' => {
                address.push(char::from(*byte));
            }
            other => address.push_str(&format!("%{other:02X}")),
        }
    }
    address + "?immutable=1"
}

fn is_out_of_room(failed: &Tried) -> bool {
    match failed {
        Tried::Sqlite(error) => {
            error.sqlite_error_code() == Some(ErrorCode::DiskFull)
                || error.sqlite_error().is_some_and(|error| {
                    matches!(
                        error.extended_code,
                        ffi::SQLITE_IOERR_SHMSIZE | ffi::SQLITE_IOERR_SHMMAP
                    )
                })
        }
        Tried::Store(error) => matches!(error, StoreError::DiskFull),
    }
}

/// Whether a database, or the folder that it is in, cannot be written.
fn is_read_only(path: &Path) -> bool {
    use std::io::ErrorKind::{PermissionDenied, ReadOnlyFilesystem};
    let refused =
        |error: &std::io::Error| matches!(error.kind(), PermissionDenied | ReadOnlyFilesystem);
    if private_file::create(path).is_err_and(|error| refused(&error)) {
        return true;
    }
    let probe = path.with_file_name(format!(".holdfast-{}.part", std::process::id()));
    match private_file::create_new(&probe) {
        Ok(_) => {
            let _ = std::fs::remove_file(&probe);
            false
        }
        Err(error) => refused(&error),
    }
}

pub(crate) fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}
