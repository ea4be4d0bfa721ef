use crate::change::{Dot, Write};
use crate::{Hlc, Value};
#[cfg(feature = "planted")]
use holdfast_oplog::planted;
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
    /// Where a decision was taken back: the change that wrote the value first.
    pub origin: Option<Dot>,
}

impl Version {
    /// The change that wrote the value first.
    pub fn author(&self) -> Dot {
        self.origin.unwrap_or(self.dot)
    }
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
        if self.live.iter().any(|version| version.dot == dot) {
            return;
        }
        if write.again.is_empty() {
            self.live.push(Version { dot, time, value: write.value.clone(), origin: None });
        }
        self.live.extend(write.again.iter().map(|again| Version {
            dot,
            time: again.time,
            value: again.value.clone(),
            origin: Some(again.origin),
        }));
        #[cfg(feature = "planted")]
        if planted::is(planted::Bug::ClockForDispute) {
            let newest = self.live.iter().map(|version| version.time.ms).max().unwrap_or_default();
            self.live.retain(|version| version.time.ms > newest.saturating_sub(3_600_000));
        }
        self.live.sort_by_key(|version| (version.dot, version.author()));
    }

    /// The register without the versions of some changes.
    #[must_use]
    pub fn only(&self, keep: impl Fn(Dot) -> bool) -> Self {
        Self { live: self.live.iter().filter(|version| keep(version.dot)).cloned().collect() }
    }

    /// The versions that no one has replaced, ordered by dot.
    pub fn live(&self) -> &[Version] {
        &self.live
    }

    /// The version that is shown: the greatest by hybrid time, then by actor.
    pub fn shown(&self) -> Option<&Version> {
        self.live.iter().max_by_key(|version| (version.time, version.author(), version.dot))
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
        sorted.sort_by_key(|version| {
            std::cmp::Reverse((version.time, version.author(), version.dot))
        });
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
        let mut dots: Vec<Dot> = self.live.iter().map(|version| version.dot).collect();
        dots.dedup();
        dots
    }

    /// What a write that replaces only one value names: all writes that left that value and no other.
    /// One that took a decision back left several, and naming it would decide between them.
    pub fn dots_of_only(&self, value: &Value) -> Vec<Dot> {
        let mut dots = self.dots();
        dots.retain(|dot| self.live.iter().all(|v| v.dot != *dot || &v.value == value));
        dots
    }

    /// The live version that a change wrote first. What a change wrote itself comes before what another
    /// says that it wrote.
    pub fn version(&self, author: Dot) -> Option<&Version> {
        let of = |version: &&Version| version.author() == author;
        let mut own = self.live.iter().filter(of).filter(|version| version.dot == author);
        own.next().or_else(|| self.live.iter().find(of))
    }

    /// The register after the changes of two sets, each of which holds with a change everything that it
    /// depends on. `here` and `there` tell which changes the sets hold.
    ///
    /// A version that one side holds as live and the other side knows and does not, was replaced there.
    #[must_use]
    pub fn merge(
        &self,
        here: &dyn Fn(Dot) -> bool,
        other: &Self,
        there: &dyn Fn(Dot) -> bool,
    ) -> Self {
        let in_both = |version: &Version| other.live.iter().any(|known| known.dot == version.dot);
        let mine = self.live.iter().filter(|v| in_both(v) || !there(v.dot));
        let theirs = other.live.iter().filter(|v| !here(v.dot));
        let mut live: Vec<Version> = mine.chain(theirs).cloned().collect();
        live.sort_by_key(|version| (version.dot, version.author()));
        Self { live }
    }

    /// After [`Register::merge`] with what somebody else says that a register is: brings back what was in
    /// `before` and is gone although nothing took its place. Every write leaves a version, so what is gone
    /// without one was left out of what was said. `closed` is a part of what is held here that holds with a
    /// change everything that it depends on.
    pub fn keep_unreplaced(&mut self, before: &Self, told: &Self, closed: &dyn Fn(Dot) -> bool) {
        if told.live.iter().any(|version| !closed(version.dot)) {
            return;
        }
        for version in &before.live {
            if !self.live.contains(version) {
                self.live.push(version.clone());
            }
        }
        self.live.sort_by_key(|version| (version.dot, version.author()));
    }

    /// The changes that wrote what is live.
    pub(crate) fn writers(&self) -> impl Iterator<Item = Dot> + '_ {
        self.live.iter().map(|version| version.dot)
    }
}
