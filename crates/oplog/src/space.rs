use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// How far data may travel. Every list lives in one space, and what is in the list with it.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Default,
)]
#[serde(rename_all = "lowercase")]
pub enum Space {
    /// Every mode that the person turns on.
    #[default]
    Everywhere,
    /// Straight to paired devices on the same network; in bundles only where ticked.
    Nearby,
    /// Leaves only in batches that the person approved.
    Ask,
    /// Never leaves this device: no transport can reach its log.
    Device,
}

impl Space {
    /// All spaces, widest first.
    pub const ALL: [Self; 4] = [Self::Everywhere, Self::Nearby, Self::Ask, Self::Device];

    /// The name used on the wire, in the command line and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Everywhere => "everywhere",
            Self::Nearby => "nearby",
            Self::Ask => "ask",
            Self::Device => "device",
        }
    }
}

impl fmt::Display for Space {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Space {
    type Err = crate::OplogError;
    fn from_str(s: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|space| space.as_str() == s)
            .ok_or_else(|| crate::OplogError::Malformed(format!("'{s}' is not a space")))
    }
}
