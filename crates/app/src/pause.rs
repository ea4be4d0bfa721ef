//! Pausing what syncs by itself. Syncing now, when the person says so, still works.

use crate::kept::Fact;
use crate::session::Open;
use crate::view::{PauseLength, Paused, SyncStatus};
use crate::{App, AppError, view};
use serde::{Deserialize, Serialize};

/// Until when syncing by itself is paused, as it is stored.
const PAUSE: Fact<Option<KeptPause>> = Fact::new("paused", "the pause", "Pause or resume again.");
const HOUR: i64 = 3_600_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct KeptPause {
    until: Option<i64>,
}

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
            let paused = paused.map(|Paused { until }| KeptPause { until });
            PAUSE.keep(&mut open.private, &paused)
        })?;
        self.tell(view::Changed::anything(0));
        self.status()
    }
}

impl Open {
    /// The pause that is in force.
    pub(crate) fn paused(&self) -> Result<Option<Paused>, AppError> {
        let kept = PAUSE.read(&self.private)?.flatten();
        let paused = kept.map(|KeptPause { until }| Paused { until });
        Ok(paused.filter(|paused| paused.until.is_none_or(|until| until > self.now_ms())))
    }
}
