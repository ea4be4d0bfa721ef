use std::fmt;
use std::str::FromStr;

/// How this device exchanges changes with the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Mode {
    /// By files that the person exports and imports.
    #[default]
    Manual,
    /// Straight between devices on the same network.
    Nearby,
    /// Through a folder or a relay.
    Cloud,
}

impl Mode {
    /// All modes.
    pub const ALL: [Self; 3] = [Self::Manual, Self::Nearby, Self::Cloud];

    /// The name in the command line and in settings.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Manual => "manual",
            Self::Nearby => "nearby",
            Self::Cloud => "cloud",
        }
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Mode {
    type Err = crate::SyncError;
    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|mode| mode.as_str() == name)
            .ok_or_else(|| crate::SyncError::UnknownMode(name.to_owned()))
    }
}
