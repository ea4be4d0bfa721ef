//! Files and folders that the person's own account alone may open, whatever the umask is. Where the system
//! has no such permissions, the folder's own protection counts.

use crate::plain_file;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::Path;

/// Opens a file for writing and makes it where it is missing: readable and writable by the account alone
/// (0600). What is in it stays.
///
/// # Errors
/// What the system says.
pub fn create(path: &Path) -> io::Result<File> {
    match create_new(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => plain_file::open_lock(path),
        made => made,
    }
}

/// The same for a file that must not be there yet.
///
/// # Errors
/// What the system says.
pub fn create_new(path: &Path) -> io::Result<File> {
    let file = closed(OpenOptions::new().create_new(true).write(true)).open(path)?;
    // A umask that takes from the account too must not make a file that nobody can use.
    #[cfg(unix)]
    if mode(&file.metadata()?) & 0o600 != 0o600 {
        set(path, 0o600)?;
    }
    Ok(file)
}

/// The same for a file that grows at its end.
///
/// # Errors
/// What the system says.
pub fn append(path: &Path) -> io::Result<File> {
    closed(OpenOptions::new().create(true).append(true)).open(path)
}

/// Makes a folder, and those above it that are missing, each open to the account alone (0700). One that is
/// there stays as it is.
///
/// # Errors
/// What the system says.
pub fn create_folder(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt;
        builder.mode(0o700);
    }
    builder.create(path)?;
    // A umask that takes from the account too must not make a folder that nobody can use.
    #[cfg(unix)]
    if fs::metadata(path).is_ok_and(|found| mode(&found) & 0o700 != 0o700) {
        let _ = set(path, 0o700);
    }
    Ok(())
}

#[cfg(unix)]
fn closed(options: &mut OpenOptions) -> &mut OpenOptions {
    use std::os::unix::fs::OpenOptionsExt;
    options.mode(0o600)
}
#[cfg(not(unix))]
fn closed(options: &mut OpenOptions) -> &mut OpenOptions {
    options
}

/// Takes from everybody else what they may do with a file or folder of this account, and keeps at most the
/// bits `most` for the account itself. Links are left alone. Whether anything was to change.
///
/// # Errors
/// What the system says: the file is another account's, or its disk cannot be written.
#[cfg(unix)]
pub fn close(path: &Path, most: u32) -> io::Result<bool> {
    let found = fs::symlink_metadata(path)?;
    if found.is_symlink() || mode(&found) & 0o7777 & !most == 0 {
        return Ok(false);
    }
    set(path, mode(&found) & most).map(|()| true)
}

/// Elsewhere there is nothing to take.
///
/// # Errors
/// None.
#[cfg(not(unix))]
pub fn close(_path: &Path, _most: u32) -> io::Result<bool> {
    Ok(false)
}

#[cfg(unix)]
fn mode(found: &fs::Metadata) -> u32 {
    use std::os::unix::fs::PermissionsExt;
    found.permissions().mode()
}

#[cfg(unix)]
fn set(path: &Path, mode: u32) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(mode))
}
