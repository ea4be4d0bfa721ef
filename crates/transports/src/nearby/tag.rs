use holdfast_vault::{Keyring, VaultError};
use std::fmt::Write;
use std::time::Duration;

/// How long a tag is announced.
const PERIOD: Duration = Duration::from_secs(3600);

/// The tag by which devices of one vault know each other on a network without naming the vault to
/// anybody else. It follows from the vault's discovery key and the hour, so it has to be set anew each
/// hour. It is a hint and proves nothing: anyone can repeat a tag that was announced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tag {
    announced: [u8; 16],
    /// Tags of the same vault, with clocks an hour apart.
    known: Vec<[u8; 16]>,
}

impl Tag {
    /// The vault's tag at a time in milliseconds since 1970.
    ///
    /// # Errors
    /// Those of [`Keyring::discovery_tag`].
    pub fn of(keyring: &Keyring, now_ms: u64) -> Result<Self, VaultError> {
        let hour = now_ms / PERIOD.as_millis() as u64;
        let announced = keyring.discovery_tag(hour)?;
        let known = [hour.saturating_sub(1), hour, hour.saturating_add(1)]
            .into_iter()
            .map(|hour| keyring.discovery_tag(hour))
            .collect::<Result<_, _>>()?;
        Ok(Self { announced, known })
    }

    /// For a device that has no vault to be found by: it looks like any other and matches none.
    pub const fn random(bytes: [u8; 16]) -> Self {
        Self { announced: bytes, known: Vec::new() }
    }

    /// How long from a time (milliseconds since 1970) until the tag is to be set anew.
    pub fn good_for(now_ms: u64) -> Duration {
        let period = PERIOD.as_millis() as u64;
        Duration::from_millis(period - now_ms % period)
    }

    /// Whether an announced tag is of the same vault, by clocks that differ by up to an hour.
    pub fn matches(&self, announced: &[u8; 16]) -> bool {
        self.known.contains(announced)
    }

    pub(super) fn text(&self) -> String {
        self.announced.iter().fold(String::new(), |mut text, byte| {
            // Writing to a string does not fail.
            let _ = write!(text, "{byte:02x}");
            text
        })
    }
}
