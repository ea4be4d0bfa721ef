/// How far a clock may go back, in milliseconds, before codes that were shown are not trusted any
/// more. Clocks that are kept right by the network go back a little.
const SLACK_MS: u64 = 2_000;

/// Time that only goes on, out of a clock that may be set back and forth.
#[derive(Debug, Default)]
pub(super) struct Watch {
    last: Option<u64>,
    passed: u64,
}

/// What the clock did since it was read last.
pub(super) struct Reading {
    /// Milliseconds that have passed since the first reading. Never less than before.
    pub(super) passed: u64,
    /// The clock was set back, and how much time really passed cannot be known.
    pub(super) set_back: bool,
}

impl Watch {
    pub(super) fn read(&mut self, now_ms: u64) -> Reading {
        let last = self.last.replace(now_ms).unwrap_or(now_ms);
        self.passed = self.passed.saturating_add(now_ms.saturating_sub(last));
        Reading { passed: self.passed, set_back: last.saturating_sub(now_ms) > SLACK_MS }
    }
}
