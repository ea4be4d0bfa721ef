use holdfast_oplog::VersionVector;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// A snapshot that this device put into the folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublishedSnapshot {
    /// Its name there.
    pub id: u64,
    /// Which changes are in it.
    pub holds: VersionVector,
}

/// What this device remembers of an exchange folder between two looks at it. Never leaves the device.
/// Losing it costs one question too few about an emptied folder, and reading each file there once more.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct FolderMemory {
    /// What this device itself put there, or found there and opened: from it an emptied or replaced folder is told.
    pub published: VersionVector,
    /// The number of its last head.
    pub counter: u64,
    /// Its last snapshot there, where it pruned what the folder lacked.
    #[serde(default)]
    pub snapshot: Option<PublishedSnapshot>,
    /// Files there that this device wrote or opened, by the beginning of their hash and their size. A
    /// name that is not among them is a claim of whoever can write there, and counts for nothing.
    #[serde(default)]
    pub verified: BTreeSet<String>,
    /// Contents of attachments that are wholly in such files, by hash: how many pieces each has.
    #[serde(default)]
    pub contents: BTreeMap<String, u32>,
}
