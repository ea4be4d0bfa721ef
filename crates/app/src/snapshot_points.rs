//! Restore points before a snapshot of another device is taken in: what it covers can then not be taken
//! back change by change.

use crate::clock::Clock;
use crate::home::Home;
use crate::view::BackupKind;
use crate::{App, AppError};
use holdfast_store::Store;

/// Points that are made within a day at most: a device that sends snapshots without end must not fill the
/// disk. Those that were made stay.
const A_DAY: usize = 6;
const DAY_MS: i64 = 24 * 3_600_000;

/// Opens the database of a data folder, so that a point is made before a snapshot is taken in.
pub(crate) fn open(home: &Home, clock: Clock) -> Result<Store, AppError> {
    let mut store = Store::open(&home.database())?;
    let home = home.clone();
    store.make_points_with(Box::new(move || {
        App::beside(home.clone(), clock).point_before_snapshot().map_err(|error| error.to_string())
    }));
    Ok(store)
}

impl App {
    fn point_before_snapshot(&self) -> Result<(), AppError> {
        let now = self.clock.now_ms();
        let recent = |ms: i64| (now.saturating_sub(DAY_MS)..=now).contains(&ms);
        let points = self.backup_files()?.into_iter().filter(|file| {
            file.kind == BackupKind::BeforeRestore && recent(file.time.as_millisecond())
        });
        if points.count() < A_DAY {
            self.make_backup(BackupKind::BeforeRestore)?;
        }
        Ok(())
    }
}
