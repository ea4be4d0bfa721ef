//! Restoring a backup. Before anything is replaced the backup is verified and a restore point is made.
//!
//! Two ways: this device alone goes back and then catches up with the others, under a new writing
//! identity, since its old numbers may be used elsewhere; or, when the person says so, what the backup
//! shows is written as one ordinary change on top of what is there, which all devices get and which can
//! be undone.

use crate::difference::{self, Picture};
use crate::notices::kind;
use crate::parts::Parts;
use crate::session::Open;
use crate::view::BackupKind;
use crate::{App, AppError, backup, view};
use holdfast_oplog::VersionVector;
use holdfast_store::{CheckLine, Store, StoreError, plain_file, private_file};
use serde_json::json;
use std::fs;
use std::path::{Path, PathBuf};

/// Action code of a restored state that all devices get.
pub(crate) const RESTORE: &str = "backup.restore";

/// A backup that was verified, as a copy that may be opened. Removed when dropped.
struct Verified {
    store: Store,
    file: tempfile::TempPath,
    _parts: Parts,
}

impl App {
    /// What restoring a backup would do. Changes nothing.
    pub fn preview_restore(&self, path: &Path) -> Result<view::RestorePreview, AppError> {
        self.with(|open| {
            let mut backup = self.verify_backup(open, path)?;
            let (wanted, held, last) = backup.store.read(|tx| {
                Ok::<_, AppError>((Picture::of(tx)?, tx.held()?, tx.last_change_ms()?))
            })?;
            let (now, here, others) = open
                .store
                .read(|tx| Ok::<_, AppError>((Picture::of(tx)?, tx.held()?, tx.destinations()?)))?;
            let mut elsewhere = VersionVector::new();
            for known in others.iter().filter(|known| !holdfast_sync::is_place(known.device)) {
                elsewhere.join(&known.holds);
            }
            let newer = here.missing_in(&held);
            let mut only_here = 0;
            for range in &newer {
                let known = elsewhere.get(range.log).max(range.first.saturating_sub(1));
                only_here += range.last.saturating_sub(known);
            }
            let counts = wanted.counts_from(&now);
            let people = open.people()?;
            let devices = open.others()?.into_iter().map(|(id, _)| people.device(id)).collect();
            Ok(view::RestorePreview {
                last_change: last,
                adds: counts.added,
                updates: counts.changed,
                deletes: counts.deleted,
                items: wanted.items_from(&now),
                devices,
                newer_here: bounded(
                    newer.iter().map(|range| range.last.saturating_sub(range.first) + 1).sum(),
                ),
                only_here: bounded(only_here),
            })
        })
    }

    /// Restores a backup, on this device alone or, with `propagate`, as a change for all devices.
    /// `passphrase` unlocks the key where the damaged database cannot be opened for it.
    pub fn restore(
        &self,
        path: &Path,
        propagate: bool,
        passphrase: Option<&str>,
    ) -> Result<view::RestoreResult, AppError> {
        match self.with(|_| Ok(())) {
            Ok(()) if propagate => self.restore_for_all(path),
            Ok(()) => self.restore_here(path),
            Err(
                AppError::DataMissing { .. }
                | AppError::Store(
                    StoreError::Damaged(_)
                    | StoreError::DiskFailed(_)
                    | StoreError::NotFound { .. },
                ),
            ) if !propagate => self.restore_over_damage(path, passphrase),
            Err(error) => Err(error),
        }
    }

    fn restore_for_all(&self, path: &Path) -> Result<view::RestoreResult, AppError> {
        self.with(|open| {
            let mut backup = self.verify_backup(open, path)?;
            let wanted = backup.store.read(Picture::of)?;
            let foreign = crate::notices::taken_out(&backup.store);
            let point = self.make_backup(BackupKind::BeforeRestore)?;
            let now = open.store.read(Picture::of)?;
            let counts = wanted.counts_from(&now);
            let clock = open.clock.zoned();
            let outcome = open.write(|tx, author| {
                for hash in wanted.contents() {
                    if !tx.has_blob(hash)?
                        && let Some(bytes) = backup.store.read(|old| old.blob(hash))?
                    {
                        tx.add_blob(&bytes)?;
                    }
                }
                tx.add_notice(
                    author.wall_ms,
                    kind::RESTORE,
                    &json!({ "scope": "everywhere", "skipped": foreign }),
                )?;
                difference::lead_to(&wanted, tx, author, &clock, RESTORE)
            })?;
            Ok(restored(&point, view::RestoreScope::Everywhere, counts, outcome.skipped))
        })
    }

    fn restore_here(&self, path: &Path) -> Result<view::RestoreResult, AppError> {
        let restored = self.with(|open| {
            let mut backup = self.verify_backup(open, path)?;
            let wanted = backup.store.read(Picture::of)?;
            let now = open.store.read(Picture::of)?;
            let point = self.make_backup(BackupKind::BeforeRestore)?;
            let members = open.store.read(|tx| tx.membership())?;
            let foreign = crate::notices::taken_out(&backup.store);
            let Verified { store, file, _parts } = backup;
            drop(store);
            // First the new identity: whenever the power goes after this, nothing is written under the
            // old one.
            open.distrust()?;
            open.store.replace_with(&file)?;
            open.after_restore(&members)?;
            open.note(kind::RESTORE, &json!({ "scope": "here", "skipped": foreign }))?;
            open.nothing_before_can_be_undone("Restoring a backup on this device");
            Ok(restored(&point, view::RestoreScope::Here, wanted.counts_from(&now), Vec::new()))
        })?;
        self.tell(view::Changed::anything(0));
        Ok(restored)
    }

    /// Where the database cannot even be opened, or is gone: what there is of it is set aside as it is, and
    /// the backup takes its place.
    fn restore_over_damage(
        &self,
        path: &Path,
        passphrase: Option<&str>,
    ) -> Result<view::RestoreResult, AppError> {
        let mut secrets = self.secrets_without_database(passphrase)?;
        let (file, _parts) = self.copy_of_backup(path)?;
        let looked = || -> Result<_, AppError> {
            let mut store = Store::open(&file)?;
            let members = secrets.members_in(&mut store)?;
            refuse_damage(path, &mut store, &members, secrets.keyring.vault())?;
            Ok(difference::Counts {
                added: store.read(Picture::of)?.counts_from(&Picture::default()).added,
                ..difference::Counts::default()
            })
        };
        let counts = looked().map_err(of_backup(path))?;
        // Nobody may make another vault here meanwhile.
        let held = self.home.hold()?;
        let aside = self.set_aside()?;
        secrets.distrust()?;
        let database = self.home.database();
        // A write-ahead log that lost its database must not be taken for the new one's.
        for sidecar in crate::session::sidecars(&database) {
            let _ = fs::remove_file(sidecar);
        }
        file.persist(&database).map_err(|error| AppError::file(&database)(error.error))?;
        backup::sync_folder(self.home.path()).map_err(AppError::file(self.home.path()))?;
        drop(held);
        self.open(passphrase)?;
        self.with(|open| {
            open.after_restore(&[])?;
            open.note(kind::RESTORE, &json!({ "scope": "here", "over_damage": true }))
        })?;
        self.tell(view::Changed::anything(0));
        Ok(view::RestoreResult {
            point: None,
            aside: aside.map(|folder| folder.display().to_string()),
            scope: view::RestoreScope::Here,
            adds: counts.added,
            updates: 0,
            deletes: 0,
            skipped: Vec::new(),
        })
    }

    /// Copies the files of a database that cannot be opened into a folder of their own; none where there
    /// are none.
    fn set_aside(&self) -> Result<Option<PathBuf>, AppError> {
        let database = self.home.database();
        let files = crate::session::sidecars(&database).into_iter().chain([database]);
        let files: Vec<PathBuf> = files.filter(|path| path.exists()).collect();
        if files.is_empty() {
            return Ok(None);
        }
        let folder = self.home.path().join("damaged").join(self.clock.now_ms().to_string());
        private_file::create_folder(&folder).map_err(AppError::file(&folder))?;
        for path in files {
            if let Some(name) = path.file_name() {
                let to = folder.join(name);
                let copied = plain_file::open(&path, u64::MAX).and_then(|mut file| {
                    let mut copy = private_file::create_new(&to)?;
                    std::io::copy(&mut file, &mut copy)?;
                    copy.sync_all()
                });
                copied.map_err(AppError::file(&to))?;
            }
        }
        Ok(Some(folder))
    }

    /// A copy of a backup beside the database, which may be opened and brought up to date.
    fn copy_of_backup(&self, path: &Path) -> Result<(tempfile::TempPath, Parts), AppError> {
        if !path.is_file() {
            let given = path.display().to_string();
            return Err(AppError::NoSuchItem { what: "backup", given });
        }
        let mut backup = plain_file::open(path, u64::MAX).map_err(AppError::file(path))?;
        refuse_no_database(path, &mut backup)?;
        let parts = Parts::begin(&self.home, self.home.path());
        let mut file = parts.file_in(self.home.path())?;
        let copied = std::io::copy(&mut backup, file.as_file_mut());
        let flushed = copied.and_then(|_| file.as_file().sync_all());
        flushed.map_err(AppError::file(self.home.path()))?;
        Ok((file.into_temp_path(), parts))
    }

    fn verify_backup(&self, open: &mut Open, path: &Path) -> Result<Verified, AppError> {
        let (file, parts) = self.copy_of_backup(path)?;
        let mut records = open.store.read(|tx| tx.membership())?;
        let mut looked = || -> Result<_, AppError> {
            let mut store = Store::open(&file)?;
            // Where a restore was interrupted, the backup made before it may know of an identity of this
            // device of which the restored data do not. Its records are signed like all others.
            records.extend(store.read(|tx| tx.membership())?);
            records.sort_unstable();
            records.dedup();
            let members = holdfast_vault::Membership::from_records(open.vault(), &records);
            refuse_damage(path, &mut store, &members, open.vault())?;
            Ok(store)
        };
        let store = looked().map_err(of_backup(path))?;
        Ok(Verified { store, file, _parts: parts })
    }
}

/// Refuses a file that is no database, or has not the size that a database says of itself, before it is
/// copied: it may be larger than the disk.
fn refuse_no_database(path: &Path, file: &mut fs::File) -> Result<(), AppError> {
    use std::io::{Read, Seek, SeekFrom};
    let mut header = [0_u8; 100];
    let read = file.read_exact(&mut header);
    let size = file.metadata().map_err(AppError::file(path))?.len();
    file.seek(SeekFrom::Start(0)).map_err(AppError::file(path))?;
    let number = |at: usize, len: usize| {
        let bytes = header.get(at..at + len).unwrap_or_default();
        bytes.iter().fold(0_u64, |number, byte| (number << 8) | u64::from(*byte))
    };
    // The SQLite file format, 1.3: the page's size (1 stands for 65,536) and how many there are.
    let page = match number(16, 2) {
        1 => 65_536,
        size => size,
    };
    if read.is_err() || !header.starts_with(b"SQLite format 3\0") {
        return Err(unusable(path, "it is no backup of Holdfast: choose another file".into()));
    }
    // What it says of its size counts where it was written by the same as its change counter.
    let counts = number(24, 4) == number(92, 4) && number(28, 4) > 0;
    if counts && size != page.saturating_mul(number(28, 4)) {
        return Err(unusable(
            path,
            "it is damaged: it has not the size that it should have".into(),
        ));
    }
    Ok(())
}

/// Refuses a backup of another vault, and one whose changes are not whole.
fn refuse_damage(
    path: &Path,
    store: &mut Store,
    members: &holdfast_vault::Membership,
    vault: holdfast_oplog::VaultId,
) -> Result<(), AppError> {
    if store.vault() != vault {
        return Err(AppError::Invalid(
            "This is a backup of another vault: choose one that was made on a device of this vault."
                .into(),
        ));
    }
    let verify = crate::check::verifier(members, vault);
    let mut found = store.read(|tx| tx.check(&verify, &|_| true))?;
    found.extend(store.read(|tx| Ok::<_, StoreError>(tx.check_rows()))?);
    let wrong: Vec<&CheckLine> = found.iter().filter(|line| !line.ok).collect();
    // The first sums up what the second tells.
    match wrong.get(1).or(wrong.first()) {
        None => {
            // What it shows is made of what was verified.
            store.write(|tx| tx.rebuild())?;
            Ok(())
        }
        Some(line) => Err(unusable(path, format!("it is damaged: {}", line.text))),
    }
}

fn unusable(path: &Path, why: String) -> AppError {
    AppError::BackupUnusable { file: path.display().to_string(), why }
}

/// What goes wrong with the copy of a backup is said of the backup, never of the person's own database. A
/// disk that is full or fails is neither.
pub(crate) fn of_backup(path: &Path) -> impl Fn(AppError) -> AppError + '_ {
    move |error| match error {
        AppError::Store(StoreError::Damaged(why)) => {
            unusable(path, format!("it is damaged: {why}"))
        }
        AppError::Store(StoreError::NewerDatabase { .. }) => {
            unusable(path, "it was made by a newer version of Holdfast: update the app".into())
        }
        AppError::Store(StoreError::Sqlite(_)) => {
            unusable(path, "it is damaged: it cannot be read".into())
        }
        AppError::Store(error @ (StoreError::Model(_) | StoreError::Oplog(_))) => {
            unusable(path, format!("it is damaged: {error}"))
        }
        other => other,
    }
}

fn restored(
    point: &backup::BackupFile,
    scope: view::RestoreScope,
    counts: difference::Counts,
    skipped: Vec<String>,
) -> view::RestoreResult {
    view::RestoreResult {
        point: Some(backup::shown(point)),
        aside: None,
        scope,
        adds: counts.added,
        updates: counts.changed,
        deletes: counts.deleted,
        skipped,
    }
}

fn bounded(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

#[cfg(test)]
#[path = "restore_tests.rs"]
mod tests;
