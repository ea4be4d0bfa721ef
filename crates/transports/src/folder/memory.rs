use holdfast_oplog::VersionVector;
use serde::{Deserialize, Serialize};

/// What this device remembers of an exchange folder between two looks at it. Never leaves the device.
/// Losing it costs one question too few about an emptied folder, and nothing else.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct FolderMemory {
    /// What this device itself put there: from it an emptied or replaced folder is told.
    pub published: VersionVector,
    /// The number of its last head.
    pub counter: u64,
}
