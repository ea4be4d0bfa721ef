use crate::change::{Dot, Write};
use crate::{Hlc, Value};
use serde::{Deserialize, Serialize};

/// One value that someone wrote into a field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Version {
    /// The change that wrote it.
    pub dot: Dot,
    /// When, by its writer's hybrid clock.
    pub time: Hlc,
    /// The value.
    pub value: Value,
}

/// A field's value after merging: a multi-value register with explicit supersession.
///
/// Invariant: `live` holds exactly the versions that no applied write has superseded, ordered by dot.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Register {
    live: Vec<Version>,
}

impl Register {
    /// Applies a write: removes exactly the versions that its maker saw, adds its own.
    pub fn apply(&mut self, dot: Dot, time: Hlc, write: &Write) {
        self.live.retain(|version| !write.supersedes.contains(&version.dot));
        if let Err(at) = self.live.binary_search_by(|version| version.dot.cmp(&dot)) {
            self.live.insert(at, Version { dot, time, value: write.value.clone() });
        }
    }

    /// The versions that no one has replaced, ordered by dot.
    pub fn live(&self) -> &[Version] {
        &self.live
    }

    /// The version that is shown: the greatest by hybrid time, then by actor.
    pub fn shown(&self) -> Option<&Version> {
        self.live.iter().max_by_key(|version| (version.time, version.dot))
    }

    /// The shown value; empty when nothing was ever written.
    pub fn value(&self) -> &Value {
        self.shown().map_or(&Value::Null, |version| &version.value)
    }

    /// Whether several values stand that no one has chosen between.
    pub fn is_disputed(&self) -> bool {
        let mut values = self.live.iter().map(|version| &version.value);
        values.next().is_some_and(|first| values.any(|value| value != first))
    }

    /// The versions with distinct values, newest first; of equal values the newest stands for all.
    pub fn distinct(&self) -> Vec<&Version> {
        let mut sorted: Vec<&Version> = self.live.iter().collect();
        sorted.sort_by_key(|version| std::cmp::Reverse((version.time, version.dot)));
        let mut distinct: Vec<&Version> = Vec::with_capacity(sorted.len());
        for version in sorted {
            if distinct.iter().all(|known| known.value != version.value) {
                distinct.push(version);
            }
        }
        distinct
    }

    /// What a write that replaces all of it names.
    pub fn dots(&self) -> Vec<Dot> {
        self.live.iter().map(|version| version.dot).collect()
    }

    /// What a write that replaces only one value names: all versions that hold that value.
    pub fn dots_of(&self, value: &Value) -> Vec<Dot> {
        self.live.iter().filter(|v| &v.value == value).map(|v| v.dot).collect()
    }

    /// The live version written by a change.
    pub fn version(&self, dot: Dot) -> Option<&Version> {
        self.live.iter().find(|version| version.dot == dot)
    }
}
