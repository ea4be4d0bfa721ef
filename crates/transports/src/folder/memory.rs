use holdfast_oplog::VersionVector;
use serde::{Deserialize, Serialize};

/// A snapshot that this device put into the folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublishedSnapshot {
    /// Its name there.
    pub id: u64,
    /// Which changes are in it.
    pub holds: VersionVector,
}

/// What this device remembers of an exchange folder between two looks at it. Never leaves the device.
/// Losing it costs one question too few about an emptied folder, and nothing else.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct FolderMemory {
    /// What this device itself put there: from it an emptied or replaced folder is told.
    pub published: VersionVector,
    /// The number of its last head.
    pub counter: u64,
    /// Its last snapshot there, where it pruned what the folder lacked.
    #[serde(default)]
    pub snapshot: Option<PublishedSnapshot>,
}
