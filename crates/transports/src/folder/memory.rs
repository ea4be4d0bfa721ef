use super::limits;
use super::name::parse_writer;
use holdfast_oplog::{ActorId, VersionVector};
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
    /// Files there that this device wrote or opened, by their names and sizes. A name that is not among them is
    /// a claim of whoever can write there, and counts for nothing.
    #[serde(default)]
    pub verified: BTreeSet<String>,
    /// Files of logs of which others hold another branch, that this device took in or refused since: they are
    /// not read again for that.
    #[serde(default)]
    pub compared: BTreeSet<String>,
    /// Files there that this device wrote itself.
    #[serde(default)]
    pub written: BTreeSet<String>,
    /// Contents of attachments that are wholly in such files, by hash: how many pieces each has.
    #[serde(default)]
    pub contents: BTreeMap<String, u32>,
    /// What there was found to be no use.
    #[serde(default)]
    pub useless: Useless,
    /// Which keys some member lacks, by a hash; none where it is told of none.
    #[serde(default)]
    pub lacked: Option<String>,
    /// Files under these that this device can open: they do not count, since that member cannot.
    #[serde(default)]
    pub closed: BTreeSet<String>,
}

/// Files that were read for nothing: they are not read at each look, so that whoever fills the folder with
/// them does not take the place of what can be read.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Useless {
    /// How many looks there were.
    pub looks: u64,
    /// Files that were not whole, by place and size: how often they were read.
    pub unfinished: BTreeMap<String, u32>,
    /// Files that are whole and do not open, by place and size.
    pub refused: BTreeSet<String>,
    /// With which keys and members these were tried: with others they may open.
    pub tried_with: String,
}

impl Useless {
    /// Begins a look with these keys and members.
    pub(super) fn begin(&mut self, tried_with: String) {
        self.looks = self.looks.saturating_add(1);
        if self.tried_with != tried_with {
            self.tried_with = tried_with;
            self.refused.clear();
        }
    }

    /// Whether a file is not looked at this time.
    pub(super) fn passes_over(&self, place: &str) -> bool {
        let Some(times) = self.unfinished.get(place) else { return false };
        let every = 1_u64 << times.saturating_sub(limits::OFTEN).min(limits::LEAST_OFTEN);
        !self.looks.is_multiple_of(every)
    }

    /// Whose directories hold files that stay as they are and are not whole: nobody is writing them any more.
    pub fn damaged(&self) -> BTreeSet<ActorId> {
        let stay = self.unfinished.iter().filter(|(_, times)| **times >= limits::DAMAGED_AFTER);
        stay.filter_map(|(place, _)| parse_writer(place.split('/').next()?)).collect()
    }

    /// A file was read and is not whole.
    pub(super) fn not_whole(&mut self, place: String) {
        if self.unfinished.len() < limits::REMEMBERED || self.unfinished.contains_key(&place) {
            let times = self.unfinished.entry(place).or_default();
            *times = times.saturating_add(1);
        }
    }

    /// A file was read, is whole and does not open.
    pub(super) fn does_not_open(&mut self, place: String) {
        if self.refused.len() < limits::REMEMBERED {
            self.refused.insert(place);
        }
    }

    /// Forgets what is not there any more.
    pub(super) fn keep(&mut self, there: &BTreeSet<String>) {
        self.unfinished.retain(|place, _| there.contains(place));
        self.refused.retain(|place| there.contains(place));
    }
}
