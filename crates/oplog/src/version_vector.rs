use crate::{LogId, OplogError, Space, limits};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::collections::BTreeMap;

/// Which changes someone holds: for each log the last sequence number, without gaps before it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct VersionVector {
    held: BTreeMap<LogId, u64>,
}

/// A run of consecutive changes of one log, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Range {
    /// The log.
    pub log: LogId,
    /// First sequence number.
    pub first: u64,
    /// Last sequence number.
    pub last: u64,
}

impl VersionVector {
    /// Holds nothing.
    pub fn new() -> Self {
        Self::default()
    }
    /// Last sequence number held of a log; 0 when none is.
    pub fn get(&self, log: LogId) -> u64 {
        self.held.get(&log).copied().unwrap_or(0)
    }
    /// Records that everything up to `seq` is held. Never goes back.
    pub fn advance(&mut self, log: LogId, seq: u64) {
        if seq > 0 {
            let held = self.held.entry(log).or_insert(0);
            *held = (*held).max(seq);
        }
    }
    /// Takes in what another holds.
    pub fn join(&mut self, other: &Self) {
        for (log, seq) in other.iter() {
            self.advance(log, seq);
        }
    }
    /// Reads what this device itself wrote down, of any length: what was written can be read.
    pub fn read_kept(bytes: &[u8]) -> Result<Self, OplogError> {
        let entries: Vec<(Space, crate::ActorId, u64)> =
            crate::decode(bytes, bytes.len(), "a version vector")?;
        Ok(entries.into_iter().map(|(space, actor, seq)| (LogId { space, actor }, seq)).collect())
    }
    /// Number of logs.
    pub fn logs(&self) -> usize {
        self.held.len()
    }
    /// What both hold.
    #[must_use]
    pub fn meet(&self, other: &Self) -> Self {
        self.iter().map(|(log, seq)| (log, seq.min(other.get(log)))).collect()
    }
    /// Whether everything that `other` holds is held here.
    pub fn includes(&self, other: &Self) -> bool {
        other.iter().all(|(log, seq)| self.get(log) >= seq)
    }
    /// The logs and their last numbers, in order.
    pub fn iter(&self) -> impl Iterator<Item = (LogId, u64)> + '_ {
        self.held.iter().map(|(log, seq)| (*log, *seq))
    }
    /// What is held here and lacking in `other`.
    pub fn missing_in(&self, other: &Self) -> Vec<Range> {
        self.iter()
            .filter_map(|(log, last)| {
                // What another claims to hold may be any number.
                let first = other.get(log).checked_add(1)?;
                (first <= last).then_some(Range { log, first, last })
            })
            .collect()
    }
    /// The part that lies in the given spaces: what a transport may know.
    #[must_use]
    pub fn within(&self, spaces: &[Space]) -> Self {
        Self { held: self.iter().filter(|(log, _)| spaces.contains(&log.space)).collect() }
    }
    /// Number of changes held.
    pub fn total(&self) -> u64 {
        self.held.values().fold(0, |sum, seq| sum.saturating_add(*seq))
    }
    /// Whether nothing is held.
    pub fn is_empty(&self) -> bool {
        self.held.is_empty()
    }
}

impl FromIterator<(LogId, u64)> for VersionVector {
    fn from_iter<T: IntoIterator<Item = (LogId, u64)>>(iter: T) -> Self {
        let mut vector = Self::new();
        for (log, seq) in iter {
            vector.advance(log, seq);
        }
        vector
    }
}

impl Serialize for VersionVector {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_seq(self.iter().map(|(log, seq)| (log.space, log.actor, seq)))
    }
}

impl<'de> Deserialize<'de> for VersionVector {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let entries: Vec<(Space, crate::ActorId, u64)> = Vec::deserialize(d)?;
        if entries.len() > limits::LOGS {
            return Err(serde::de::Error::custom(OplogError::TooLarge {
                what: "the version vector",
                size: entries.len(),
                limit: limits::LOGS,
            }));
        }
        Ok(entries.into_iter().map(|(space, actor, seq)| (LogId { space, actor }, seq)).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ActorId;

    const LAPTOP: LogId = LogId { space: Space::Everywhere, actor: ActorId([1; 16]) };
    const PHONE: LogId = LogId { space: Space::Nearby, actor: ActorId([2; 16]) };

    #[test]
    fn what_is_missing_is_the_difference() {
        let laptop: VersionVector = [(LAPTOP, 7), (PHONE, 2)].into_iter().collect();
        let phone: VersionVector = [(LAPTOP, 4), (PHONE, 2)].into_iter().collect();
        assert_eq!(laptop.missing_in(&phone), vec![Range { log: LAPTOP, first: 5, last: 7 }]);
        assert!(phone.missing_in(&laptop).is_empty());
        assert!(laptop.includes(&phone) && !phone.includes(&laptop));
    }

    #[test]
    fn an_absurd_claim_leaves_nothing_missing() {
        let laptop: VersionVector = [(LAPTOP, 7)].into_iter().collect();
        let liar: VersionVector = [(LAPTOP, u64::MAX)].into_iter().collect();
        assert!(laptop.missing_in(&liar).is_empty());
    }

    #[test]
    fn a_narrow_view_hides_other_spaces() {
        let all: VersionVector = [(LAPTOP, 7), (PHONE, 2)].into_iter().collect();
        let wide = all.within(&[Space::Everywhere]);
        assert_eq!(wide.get(PHONE), 0);
        assert_eq!(wide.get(LAPTOP), 7);
    }

    #[test]
    fn what_was_written_can_be_read_however_much_it_is() {
        let log = |number: u32| {
            let mut actor = [0; 16];
            actor[..4].copy_from_slice(&number.to_be_bytes());
            (LogId { space: Space::Everywhere, actor: ActorId(actor) }, 1)
        };
        let many: VersionVector = (0..5_000).map(log).collect();
        let bytes = crate::encode(&many).unwrap();
        assert!(crate::decode::<VersionVector>(&bytes, bytes.len(), "vector").is_err());
        assert_eq!(VersionVector::read_kept(&bytes).unwrap(), many);
        assert_eq!(many.logs(), 5_000);
    }

    #[test]
    fn survives_encoding() {
        let all: VersionVector = [(LAPTOP, u64::MAX), (PHONE, 2)].into_iter().collect();
        let bytes = crate::encode(&all).unwrap();
        assert_eq!(crate::decode::<VersionVector>(&bytes, 1000, "vector").unwrap(), all);
        assert_eq!(all.total(), u64::MAX);
    }
}
