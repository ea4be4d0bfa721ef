//! Pausing what syncs by itself. Syncing now, when the person says so, still works.

use crate::session::Open;
use crate::view::{PauseLength, Paused, SyncStatus};
use crate::{App, AppError, view};

/// Name of the private fact.
const FACT: &str = "paused";
const HOUR: i64 = 3_600_000;

impl App {
    /// Pauses.
    pub fn pause_sync(&self, length: PauseLength) -> Result<SyncStatus, AppError> {
        let until = match length {
            PauseLength::Hour => Some(self.clock.now_ms().saturating_add(HOUR)),
            PauseLength::Tomorrow => {
                let tomorrow = self.clock.zoned().tomorrow().and_then(|day| day.start_of_day());
                // Where no such day exists a day from now is as good.
                Some(tomorrow.map_or_else(
                    |_| self.clock.now_ms().saturating_add(24 * HOUR),
                    |day| day.timestamp().as_millisecond(),
                ))
            }
            PauseLength::Resume => None,
        };
        self.keep_pause(Some(Paused { until }))
    }

    /// Goes on.
    pub fn resume_sync(&self) -> Result<SyncStatus, AppError> {
        self.keep_pause(None)
    }

    fn keep_pause(&self, paused: Option<Paused>) -> Result<SyncStatus, AppError> {
        self.with(|open| {
            let bytes = paused.map(|paused| serde_json::to_vec(&paused)).transpose();
            let bytes = bytes.map_err(|error| {
                AppError::Invalid(format!("The pause cannot be kept: {error}."))
            })?;
            Ok(open.private.set(FACT, &bytes.unwrap_or_default())?)
        })?;
        self.tell(view::Changed::anything(0));
        self.status()
    }
}

impl Open {
    /// The pause that is in force.
    pub(crate) fn paused(&self) -> Option<Paused> {
        let bytes = self.private.get(FACT).ok().flatten()?;
        // A pause that cannot be read is none.
        let paused: Paused = serde_json::from_slice(&bytes).ok()?;
        paused.until.is_none_or(|until| until > self.now_ms()).then_some(paused)
    }
}
