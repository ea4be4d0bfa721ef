//! The one place where files are opened: plain files of a bounded size, and nothing else.
//!
//! What stands where a file is expected comes from anybody who can write there. A pipe without a writer
//! would be waited for for ever, a device never ends, a link leads elsewhere, and a file may be larger
//! than memory. Nothing else in the product opens a file for reading (`tests/tests/directions.rs`).

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read};
use std::path::Path;

/// Opens a plain file of at most `most` bytes. A link to one will do.
///
/// # Errors
/// Of kind [`ErrorKind::InvalidInput`] where it is a pipe, a device, a folder or a socket,
/// [`ErrorKind::FileTooLarge`], and those of the system.
pub fn open(path: &Path, most: u64) -> io::Result<File> {
    check(&fs::metadata(path)?, most)?;
    let file = reading(false).open(path)?;
    // What was looked at may be another one by now.
    check(&file.metadata()?, most)?;
    Ok(file)
}

/// The same where nothing that is no plain file itself is followed.
///
/// # Errors
/// Those of [`open`]; a link is none.
pub fn open_unlinked(path: &Path, most: u64) -> io::Result<File> {
    check(&fs::symlink_metadata(path)?, most)?;
    let file = reading(true).open(path)?;
    check(&file.metadata()?, most)?;
    Ok(file)
}

/// The content of a plain file of at most `most` bytes.
///
/// # Errors
/// Those of [`open`].
pub fn read(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    bounded(open(path, most)?, most)
}

/// The same where no link is followed.
///
/// # Errors
/// Those of [`open_unlinked`].
pub fn read_unlinked(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    bounded(open_unlinked(path, most)?, most)
}

/// The text in a plain file of at most `most` bytes.
///
/// # Errors
/// Those of [`open`], and [`ErrorKind::InvalidData`] where it is not UTF-8.
pub fn read_text(path: &Path, most: u64) -> io::Result<String> {
    text(read(path, most)?)
}

/// The text that a person hands in by name, of at most `most` bytes: here a pipe will do, as in
/// `--passphrase-file <(pass show holdfast)`, and it is waited for.
///
/// # Errors
/// Those of [`open`] but for a pipe, and [`ErrorKind::InvalidData`] where it is not UTF-8.
pub fn read_handed_in(path: &Path, most: u64) -> io::Result<String> {
    text(bounded(File::open(path)?, most)?)
}

/// Makes sure that a plain file stands at a path, or nothing.
///
/// # Errors
/// Of kind [`ErrorKind::InvalidInput`].
pub fn require(path: &Path) -> io::Result<()> {
    match fs::metadata(path) {
        Ok(found) => check(&found, u64::MAX),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

/// Opens a file that is only ever locked, and makes it where there is none.
///
/// # Errors
/// Those of [`open`].
pub fn open_lock(path: &Path) -> io::Result<File> {
    require(path)?;
    let mut options = OpenOptions::new();
    let file =
        without_waiting(&mut options, false).create(true).truncate(false).write(true).open(path)?;
    check(&file.metadata()?, u64::MAX)?;
    Ok(file)
}

/// Makes what was written into a file last through a loss of power.
///
/// # Errors
/// Those of [`open`], and those of the disk.
pub fn flush(path: &Path) -> io::Result<()> {
    require(path)?;
    let mut options = OpenOptions::new();
    // Windows flushes only what is open for writing.
    without_waiting(&mut options, false).read(cfg!(unix)).write(!cfg!(unix)).open(path)?.sync_all()
}

/// Makes a change of names in a folder last through a loss of power. Windows does so itself.
///
/// # Errors
/// Those of the system.
pub fn flush_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

fn bounded(file: File, most: u64) -> io::Result<Vec<u8>> {
    let mut content = Vec::new();
    // It may grow while it is read.
    file.take(most.saturating_add(1)).read_to_end(&mut content)?;
    if u64::try_from(content.len()).unwrap_or(u64::MAX) > most {
        Err(too_large(most))
    } else {
        Ok(content)
    }
}

fn text(bytes: Vec<u8>) -> io::Result<String> {
    let not_text = || io::Error::new(ErrorKind::InvalidData, "it is not a text in UTF-8");
    String::from_utf8(bytes).map_err(|_| not_text())
}

fn check(found: &fs::Metadata, most: u64) -> io::Result<()> {
    if !found.is_file() {
        let what = if found.is_dir() {
            "it is a folder, and a file is expected"
        } else if found.is_symlink() {
            "it is a link, and a file itself is expected"
        } else {
            "it is a pipe or a device, and a file is expected"
        };
        return Err(io::Error::new(ErrorKind::InvalidInput, what));
    }
    if found.len() > most { Err(too_large(most)) } else { Ok(()) }
}

fn too_large(most: u64) -> io::Error {
    let text = format!("it has more than {most} bytes, which is more than can be meant");
    io::Error::new(ErrorKind::FileTooLarge, text)
}

fn reading(unlinked: bool) -> OpenOptions {
    let mut options = OpenOptions::new();
    without_waiting(&mut options, unlinked).read(true);
    options
}

/// Opening a pipe that took the file's place meanwhile returns at once.
fn without_waiting(options: &mut OpenOptions, unlinked: bool) -> &mut OpenOptions {
    #[cfg(unix)]
    {
        use rustix::fs::OFlags;
        use std::os::unix::fs::OpenOptionsExt;
        let flags = if unlinked { OFlags::NONBLOCK | OFlags::NOFOLLOW } else { OFlags::NONBLOCK };
        options.custom_flags(flags.bits().cast_signed());
    }
    #[cfg(windows)]
    if unlinked {
        use std::os::windows::fs::OpenOptionsExt;
        // FILE_FLAG_OPEN_REPARSE_POINT: the link itself, which is then refused.
        options.custom_flags(0x0020_0000);
    }
    options
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_file_is_read_as_far_as_it_may_be_large() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        fs::write(&file, "oak").unwrap();
        assert_eq!(read(&file, 3).unwrap(), b"oak");
        assert_eq!(read_unlinked(&file, 3).unwrap(), b"oak");
        assert_eq!(read_text(&file, 3).unwrap(), "oak");
        assert_eq!(read(&file, 2).unwrap_err().kind(), ErrorKind::FileTooLarge);
        assert_eq!(read(folder.path(), 9).unwrap_err().kind(), ErrorKind::InvalidInput);
        assert_eq!(read(&folder.path().join("none"), 9).unwrap_err().kind(), ErrorKind::NotFound);
        fs::write(&file, [0xff]).unwrap();
        assert_eq!(read_text(&file, 9).unwrap_err().kind(), ErrorKind::InvalidData);
        require(&file).unwrap();
        require(&folder.path().join("none")).unwrap();
    }

    #[cfg(unix)]
    #[test]
    fn pipes_devices_and_sockets_are_refused_at_once_and_links_where_they_must_not_be() {
        let folder = tempfile::tempdir().unwrap();
        let (pipe, socket) = (folder.path().join("pipe"), folder.path().join("socket"));
        let made = std::process::Command::new("mkfifo").arg(&pipe).status().unwrap();
        assert!(made.success());
        let _bound = std::os::unix::net::UnixListener::bind(&socket).unwrap();
        for odd in [&pipe, &socket, Path::new("/dev/zero"), Path::new("/dev/null")] {
            for refused in [
                open(odd, 9).map(drop),
                open_unlinked(odd, 9).map(drop),
                read(odd, 9).map(drop),
                require(odd),
                flush(odd),
                open_lock(odd).map(drop),
            ] {
                let error = refused.unwrap_err();
                assert_eq!(error.kind(), ErrorKind::InvalidInput, "{}: {error}", odd.display());
            }
        }
        let (file, link) = (folder.path().join("file"), folder.path().join("link"));
        fs::write(&file, "oak").unwrap();
        std::os::unix::fs::symlink(&file, &link).unwrap();
        assert_eq!(read(&link, 9).unwrap(), b"oak");
        assert_eq!(read_unlinked(&link, 9).unwrap_err().kind(), ErrorKind::InvalidInput);
        std::os::unix::fs::symlink(&pipe, folder.path().join("to a pipe")).unwrap();
        let error = read(&folder.path().join("to a pipe"), 9).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
    }
}
