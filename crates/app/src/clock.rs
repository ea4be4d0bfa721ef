//! This device's clock: the one place that reads it. `HOLDFAST_TEST_CLOCK` shifts it, by an RFC 3339
//! time that counts as the moment of the start, or by an offset such as `+2h`.

use crate::AppError;
use jiff::{SignedDuration, Timestamp, Zoned, tz::TimeZone};

/// The name of the variable.
const VARIABLE: &str = "HOLDFAST_TEST_CLOCK";

/// A clock that may be shifted.
#[derive(Debug, Clone, Copy, Default)]
pub struct Clock {
    shift: SignedDuration,
}

impl Clock {
    /// The clock as the environment asks for it.
    pub fn from_environment() -> Result<Self, AppError> {
        match std::env::var(VARIABLE) {
            Ok(text) if !text.trim().is_empty() => Self::shifted(text.trim(), Timestamp::now()),
            _ => Ok(Self::default()),
        }
    }

    fn shifted(text: &str, now: Timestamp) -> Result<Self, AppError> {
        let shift = if let Ok(start) = text.parse::<Timestamp>() {
            start.duration_since(now)
        } else {
            let (sign, rest) = match text.strip_prefix('-') {
                Some(rest) => (-1, rest),
                None => (1, text.strip_prefix('+').unwrap_or(text)),
            };
            let shift: SignedDuration =
                rest.parse().map_err(|_| AppError::TestClock(text.to_owned()))?;
            if sign < 0 { -shift } else { shift }
        };
        Ok(Self { shift })
    }

    /// A clock that shows a moment (RFC 3339) and goes on from there.
    #[cfg(test)]
    pub(crate) fn starting(moment: &str) -> Self {
        Self::shifted(moment, Timestamp::now()).unwrap()
    }

    /// Now.
    pub fn now(self) -> Timestamp {
        Timestamp::now().saturating_add(self.shift).unwrap_or(Timestamp::MAX)
    }
    /// Now, in milliseconds since 1970.
    pub fn now_ms(self) -> i64 {
        self.now().as_millisecond()
    }
    /// Now, in this device's time zone.
    pub fn zoned(self) -> Zoned {
        self.now().to_zoned(TimeZone::system())
    }
    /// Today, as `YYYY-MM-DD`.
    pub fn today(self) -> String {
        self.zoned().date().to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_and_times_are_read_and_nonsense_is_refused() {
        let now = Timestamp::from_second(1_000_000).unwrap();
        let hours = |text| Clock::shifted(text, now).unwrap().shift.as_hours();
        assert_eq!((hours("+2h"), hours("-36h"), hours("1h")), (2, -36, 1));
        let fixed = Clock::shifted("1970-01-12T15:46:40Z", now).unwrap();
        assert_eq!(fixed.shift.as_hours(), 2);
        assert!(Clock::shifted("yesterday-ish", now).is_err());
    }
}
