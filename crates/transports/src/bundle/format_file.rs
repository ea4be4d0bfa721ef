use super::format::BundleError;
use super::format::MAGIC;
use holdfast_store::plain_file;
use std::fs::File;
use std::io::{BufWriter, ErrorKind, Read, Write};
use std::path::Path;

/// Writes a file so that its final name never holds a part of it: to a temporary file in the same
/// folder, flushed to the disk, then renamed, then the folder flushed. A file of that name is
/// replaced as a whole. When `write` fails the temporary file is removed and the old file stands;
/// after a crash a hidden `.part` file may be left, which nothing reads. The person's own account alone
/// may open it.
pub fn write_atomically<T>(
    path: &Path,
    write: impl FnOnce(&mut BufWriter<&mut File>) -> Result<T, BundleError>,
) -> Result<T, BundleError> {
    write_readable(path, Readers::Account, write)
}

/// Refuses a place where something stands that is not an earlier bundle: another file of the person's, a
/// link, a device. An empty file is nothing.
///
/// # Errors
/// [`BundleError::Occupied`], and those of the system.
pub(super) fn refuse_occupied(path: &Path) -> Result<(), BundleError> {
    let occupied = || BundleError::Occupied(path.to_owned());
    match std::fs::symlink_metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error.into()),
        Ok(there) if !there.is_file() => return Err(occupied()),
        Ok(there) if there.len() == 0 => return Ok(()),
        Ok(_) => {}
    }
    let mut begins = [0; MAGIC.len()];
    let mut file = plain_file::open_unlinked(path, u64::MAX)?;
    match file.read_exact(&mut begins) {
        Ok(()) if begins == MAGIC => Ok(()),
        _ => Err(occupied()),
    }
}

/// Who may open a new file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Readers {
    /// The person's own account (0600), whatever the umask.
    Account,
    /// Whom the umask lets: what is in the exchange folder may have to be read by a program of another
    /// account that carries it.
    Umask,
}

/// [`write_atomically`] with a choice of who may open the file.
pub fn write_readable<T>(
    path: &Path,
    readers: Readers,
    write: impl FnOnce(&mut BufWriter<&mut File>) -> Result<T, BundleError>,
) -> Result<T, BundleError> {
    let folder = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let mut builder = tempfile::Builder::new();
    builder.prefix(".holdfast-").suffix(".part");
    #[cfg(unix)]
    if readers == Readers::Umask {
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(std::fs::Permissions::from_mode(0o666));
    }
    let mut temporary = builder.tempfile_in(folder)?;
    let value = {
        let mut buffered = BufWriter::new(temporary.as_file_mut());
        let value = write(&mut buffered)?;
        buffered.flush()?;
        value
    };
    temporary.as_file().sync_all()?;
    temporary.persist(path).map_err(|error| error.error)?;
    holdfast_store::plain_file::flush_folder(folder)?;
    Ok(value)
}
