//! Backups: complete copies of this device's database, each in one file. The keys are not in them.
//!
//! A backup is written under a hidden name, opened and compared, flushed, and only then gets its name;
//! a full disk leaves the older ones as they are. What is kept how long: see [`crate::rotation`].

use crate::home::Home;
use crate::notices::kind;
use crate::parts::Parts;
use crate::session::Open;
use crate::view::BackupKind;
use crate::{App, AppError, rotation, view};
use holdfast_oplog::Hash;
use holdfast_store::{Access, Store, StoreError, private_file};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::json;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::PoisonError;

/// The ending of backups in the folder of backups.
const ENDING: &str = "db";
/// Their times, as they stand in names: UTC, to the millisecond.
const TIME: &str = "%Y%m%dT%H%M%S%3fZ";
/// How often a copy is tried again, where another process writes meanwhile.
const TRIES: usize = 3;

/// A backup in the folder.
#[derive(Debug, Clone)]
pub(crate) struct BackupFile {
    pub(crate) path: PathBuf,
    pub(crate) time: Timestamp,
    pub(crate) kind: BackupKind,
}

impl BackupFile {
    pub(crate) fn id(&self) -> String {
        self.path.file_stem().map_or_else(String::new, |name| name.to_string_lossy().into_owned())
    }
}

fn word(kind: BackupKind) -> &'static str {
    match kind {
        BackupKind::Daily => "daily",
        BackupKind::BeforeMigration => "before-migration",
        BackupKind::BeforeRepair => "before-repair",
        BackupKind::BeforeRestore => "before-restore",
        BackupKind::Manual => "manual",
    }
}

impl App {
    /// Writes a consistent copy of the vault's database into a new file and checks that it opens and
    /// shows the same. Its size.
    pub fn backup(&self, path: &Path) -> Result<u64, AppError> {
        if path.exists() {
            return Err(AppError::Invalid(format!(
                "{} exists already: choose another name.",
                path.display()
            )));
        }
        self.with(|open| {
            let size = write(&self.home, path, |to| copy_compared(&mut open.store, to))?;
            // The backup counts, not that it is in the list: there may be no room for that.
            if let Err(error) =
                open.note(kind::BACKUP, &json!({ "file": path.display().to_string() }))
            {
                tracing::warn!(%error, "the backup is not in the activity list");
            }
            Ok(size)
        })
    }

    /// Makes a backup in the folder of backups now, because the person asks for it.
    pub fn backup_now(&self) -> Result<view::BackupView, AppError> {
        self.with(|_| Ok(()))?;
        let file = self.make_backup(BackupKind::Manual)?;
        self.with(|open| open.note(kind::BACKUP, &json!({ "file": file.id() })))?;
        self.tell(view::Changed::anything(0));
        Ok(shown(&file))
    }

    /// The backups on this device, newest first.
    pub fn backups(&self) -> Result<Vec<view::BackupView>, AppError> {
        let mut files = self.backup_files()?;
        files.sort_by_key(|file| std::cmp::Reverse((file.time, file.id())));
        Ok(files.iter().map(shown).collect())
    }

    /// The backups with where they are, which are kept, and what went wrong.
    pub fn backups_view(&self) -> Result<view::BackupsView, AppError> {
        Ok(view::BackupsView {
            backups: self.backups()?,
            folder: self.home.backups().display().to_string(),
            rule: rotation::rule(),
            error: self.backup_failure.lock().unwrap_or_else(PoisonError::into_inner).clone(),
        })
    }

    /// Makes the backup of this day, where there is none yet and there is something to keep, and
    /// deletes those that are kept no longer. Whether one was made. Nobody has to wait for it: it reads
    /// the database beside the open one.
    pub fn backup_if_due(&self) -> Result<bool, AppError> {
        let made = self.backup_of_the_day();
        let failure = made.as_ref().err().map(view::CommandError::from);
        *self.backup_failure.lock().unwrap_or_else(PoisonError::into_inner) = failure;
        made.inspect(|made| {
            if *made {
                self.tell(view::Changed::anything(0));
            }
        })
    }

    fn backup_of_the_day(&self) -> Result<bool, AppError> {
        if !self.is_open() {
            return Ok(false);
        }
        let now = self.clock.now();
        let day = |time: Timestamp| time.to_zoned(TimeZone::UTC).date();
        let files = self.backup_files()?;
        // One from the future was made with a clock that was off, and does not hold today's off.
        let done =
            files.iter().any(|file| file.kind == BackupKind::Daily && day(file.time) == day(now));
        if done {
            return Ok(false);
        }
        let mut store = Store::open(&self.home.database())?;
        if store.access() == Access::Read || store.read(|tx| tx.position())? == 0 {
            return Ok(false);
        }
        drop(store);
        self.make_backup(BackupKind::Daily)?;
        self.rotate(now)?;
        Ok(true)
    }

    /// Deletes the backups that are kept no longer.
    fn rotate(&self, now: Timestamp) -> Result<(), AppError> {
        let files = self.backup_files()?;
        let times: Vec<_> = files.iter().map(|file| (file.time, file.kind)).collect();
        for (file, keep) in files.iter().zip(rotation::kept(&times, now)) {
            if !keep {
                fs::remove_file(&file.path).map_err(AppError::file(&file.path))?;
            }
        }
        Ok(())
    }

    /// Makes a backup of the database as it is on the disk now.
    pub(crate) fn make_backup(&self, kind: BackupKind) -> Result<BackupFile, AppError> {
        let folder = self.home.backups();
        private_file::create_folder(&folder).map_err(AppError::file(&folder))?;
        let (time, path) = self.free_name(&folder, kind);
        let database = self.home.database();
        write(&self.home, &path, |to| {
            if kind == BackupKind::BeforeMigration {
                // Opening it would change what is to be kept.
                return Store::copy_as_it_is(&database, to).map_err(AppError::from);
            }
            let mut store = Store::open(&database)?;
            copy_compared(&mut store, to)
        })?;
        Ok(BackupFile { path, time, kind })
    }

    /// Makes a backup of an open database whose file was deleted or moved away, and which nobody can open
    /// any more when this process has closed it.
    pub(crate) fn save_what_is_gone(&self, open: &mut Open) {
        let folder = self.home.backups();
        let made =
            private_file::create_folder(&folder).map_err(AppError::file(&folder)).and_then(|()| {
                let (_, path) = self.free_name(&folder, BackupKind::Manual);
                write(&self.home, &path, |to| copy_compared(&mut open.store, to))
            });
        if let Err(error) = made {
            tracing::error!(%error, "the database is gone, and no backup of it could be made");
        }
    }

    fn free_name(&self, folder: &Path, kind: BackupKind) -> (Timestamp, PathBuf) {
        let mut time = self.clock.now();
        loop {
            let name = format!("{}-{}.{ENDING}", time.strftime(TIME), word(kind));
            let path = folder.join(name);
            match time.checked_add(jiff::SignedDuration::from_millis(1)) {
                Ok(next) if path.exists() => time = next,
                _ => return (time, path),
            }
        }
    }

    pub(crate) fn backup_files(&self) -> Result<Vec<BackupFile>, AppError> {
        let folder = self.home.backups();
        files_in(&folder).map_err(AppError::file(&folder))
    }

    /// The backup of that id. What the window names is an id, never a path.
    pub fn known_backup(&self, id: &str) -> Result<PathBuf, AppError> {
        let known = self.backup_files()?.into_iter().find(|file| file.id() == id);
        known
            .map(|file| file.path)
            .ok_or_else(|| AppError::NoSuchItem { what: "backup", given: id.to_owned() })
    }

    /// The backup of that id, or the file of that name.
    pub fn backup_path(&self, given: &Path) -> Result<PathBuf, AppError> {
        let id = given.to_string_lossy();
        let known = self.backup_files()?.into_iter().find(|file| file.id() == id);
        Ok(known.map_or_else(|| given.to_owned(), |file| file.path))
    }
}

fn files_in(folder: &Path) -> std::io::Result<Vec<BackupFile>> {
    match fs::read_dir(folder) {
        Ok(entries) => {
            Ok(entries.filter_map(Result::ok).filter_map(|entry| parse(entry.path())).collect())
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

/// How many backups are in a folder, as far as it can be read.
pub(crate) fn names(folder: &Path) -> usize {
    files_in(folder).map_or(0, |files| files.len())
}

/// A backup by its name; other files are none.
fn parse(path: PathBuf) -> Option<BackupFile> {
    let name = path.file_name()?.to_str()?;
    let (time, kind) = name.strip_suffix(&format!(".{ENDING}"))?.split_once('-')?;
    let time = jiff::civil::DateTime::strptime(TIME, time).ok()?;
    let time = time.to_zoned(TimeZone::UTC).ok()?.timestamp();
    let kinds = [
        BackupKind::Daily,
        BackupKind::BeforeMigration,
        BackupKind::BeforeRepair,
        BackupKind::BeforeRestore,
        BackupKind::Manual,
    ];
    let kind = kinds.into_iter().find(|known| word(*known) == kind)?;
    Some(BackupFile { path, time, kind })
}

pub(crate) fn shown(file: &BackupFile) -> view::BackupView {
    let bytes = fs::metadata(&file.path).map_or(0, |data| data.len());
    view::BackupView {
        id: file.id(),
        time: file.time.as_millisecond(),
        bytes: i64::try_from(bytes).unwrap_or(i64::MAX),
        kind: file.kind,
        verified: file.kind != BackupKind::BeforeMigration,
    }
}

/// Copies a database and compares what the copy shows and holds with the original.
fn copy_compared(store: &mut Store, to: &Path) -> Result<(), AppError> {
    for _ in 0..TRIES {
        let before = sum(store)?;
        fs::write(to, []).map_err(AppError::file(to))?;
        store.copy_to(to)?;
        let mut copy = Store::open(to)?;
        let copied = sum(&mut copy)?;
        if copied == before || copied == sum(store)? {
            return Ok(());
        }
    }
    Err(AppError::Invalid("The copy does not show the same as the original: run the check.".into()))
}

fn sum(store: &mut Store) -> Result<Hash, StoreError> {
    store.read(|tx| {
        let held = holdfast_oplog::encode(&tx.held()?)?;
        Ok(Hash::of(&[tx.dump(None)?.to_string().as_bytes(), &held].concat()))
    })
}

/// Lets `make` write a file under a hidden name and gives it its name once it is on the disk. Its size.
pub(crate) fn write(
    home: &Home,
    path: &Path,
    make: impl FnOnce(&Path) -> Result<(), AppError>,
) -> Result<u64, AppError> {
    let folder = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let parts = Parts::begin(home, folder);
    let hidden = parts.file_in(folder)?;
    let made = make(hidden.path());
    for sidecar in crate::session::sidecars(hidden.path()) {
        let _ = fs::remove_file(sidecar);
    }
    made?;
    let failed = AppError::file(path);
    let size = (|| {
        hidden.as_file().sync_all()?;
        let size = fs::metadata(hidden.path())?.len();
        hidden.persist_noclobber(path).map_err(|error| error.error)?;
        sync_folder(folder)?;
        Ok(size)
    })();
    size.map_err(failed)
}

/// Makes a new name last through a loss of power; Windows does so itself.
pub(crate) fn sync_folder(folder: &Path) -> std::io::Result<()> {
    holdfast_store::plain_file::flush_folder(folder)
}

#[cfg(test)]
#[path = "backup_tests.rs"]
mod tests;
