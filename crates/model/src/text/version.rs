//! A version of a text: which edits of which writers it holds. Never says when they were made.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::error::TextError;

/// One entry on the wire: the writer and how many of its operations are held, big endian.
const ENTRY: usize = 12;

/// A version of a text: for each writer, how many of its operations it holds.
///
/// Equal versions have equal bytes: entries are sorted by writer and none is empty.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Version(BTreeMap<u64, u32>);

impl Version {
    /// The version of an empty text.
    pub fn empty() -> Self {
        Self::default()
    }

    pub(super) fn from_entries(entries: impl IntoIterator<Item = (u64, u32)>) -> Self {
        Self(entries.into_iter().filter(|(_, count)| *count > 0).collect())
    }

    /// Every writer and how many of its operations are held.
    pub fn counts(&self) -> impl Iterator<Item = (u64, u32)> + '_ {
        self.entries()
    }

    pub(super) fn entries(&self) -> impl Iterator<Item = (u64, u32)> + '_ {
        self.0.iter().map(|(writer, count)| (*writer, *count))
    }

    /// How many operations of `writer` this version holds.
    pub fn count(&self, writer: u64) -> u32 {
        self.0.get(&writer).copied().unwrap_or(0)
    }

    /// The writer, where everything that is held is of one.
    pub fn only_writer(&self) -> Option<u64> {
        let mut writers = self.0.keys();
        writers.next().copied().filter(|_| writers.next().is_none())
    }

    /// Whether no edit at all is held.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many operations are held in all.
    pub fn len_ops(&self) -> u64 {
        self.0.values().map(|count| u64::from(*count)).sum()
    }

    /// Whether everything `other` holds is held here too.
    pub fn covers(&self, other: &Self) -> bool {
        other.0.iter().all(|(writer, count)| self.count(*writer) >= *count)
    }

    /// Whether operation number `counter` of `writer` is held.
    pub fn includes(&self, writer: u64, counter: u32) -> bool {
        self.count(writer) > counter
    }

    /// This version without a writer's operations from `counter` on.
    #[must_use]
    pub(super) fn without(mut self, writer: u64, counter: u32) -> Self {
        if counter == 0 {
            self.0.remove(&writer);
        } else if let Some(count) = self.0.get_mut(&writer) {
            *count = (*count).min(counter);
        }
        self
    }

    /// Everything that either holds.
    pub fn union(&self, other: &Self) -> Self {
        let mut all = self.clone();
        for (writer, count) in &other.0 {
            let held = all.0.entry(*writer).or_insert(0);
            *held = (*held).max(*count);
        }
        all
    }

    /// What both hold.
    pub fn intersect(&self, other: &Self) -> Self {
        Self::from_entries(
            self.0.iter().map(|(writer, count)| (*writer, (*count).min(other.count(*writer)))),
        )
    }

    /// The canonical bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.0.len() * ENTRY);
        for (writer, count) in &self.0 {
            bytes.extend_from_slice(&writer.to_be_bytes());
            bytes.extend_from_slice(&count.to_be_bytes());
        }
        bytes
    }

    /// Reads what [`Version::to_bytes`] wrote; any other spelling of a version is refused.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, TextError> {
        let malformed = || TextError::Malformed("version".into());
        let mut entries = BTreeMap::new();
        let mut chunks = bytes.chunks_exact(ENTRY);
        for chunk in &mut chunks {
            let (writer, count) = chunk.split_at_checked(8).ok_or_else(malformed)?;
            let writer = u64::from_be_bytes(writer.try_into().map_err(|_| malformed())?);
            let count = u32::from_be_bytes(count.try_into().map_err(|_| malformed())?);
            let ascending = entries.last_key_value().is_none_or(|(last, _)| *last < writer);
            if !ascending || count == 0 || i32::try_from(count).is_err() {
                return Err(malformed());
            }
            entries.insert(writer, count);
        }
        if chunks.remainder().is_empty() { Ok(Self(entries)) } else { Err(malformed()) }
    }
}

impl Serialize for Version {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serde_bytes::serialize(self.to_bytes().as_slice(), serializer)
    }
}

impl<'de> Deserialize<'de> for Version {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let bytes: serde_bytes::ByteBuf = Deserialize::deserialize(deserializer)?;
        Self::from_bytes(&bytes).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn set_operations_and_order() {
        let a = Version::from_entries([(1, 3), (2, 1)]);
        let b = Version::from_entries([(1, 2), (3, 4)]);
        assert_eq!(a.union(&b), Version::from_entries([(1, 3), (2, 1), (3, 4)]));
        assert_eq!(a.intersect(&b), Version::from_entries([(1, 2)]));
        assert!(a.union(&b).covers(&a) && !a.covers(&b) && a.covers(&Version::empty()));
        assert!(a.includes(1, 2) && !a.includes(1, 3) && !a.includes(9, 0));
    }

    #[test]
    fn bytes_are_canonical() {
        let version = Version::from_entries([(7, 3), (2, 1)]);
        assert_eq!(Version::from_bytes(&version.to_bytes()), Ok(version.clone()));
        let packed = rmp_serde::to_vec(&version).unwrap();
        assert_eq!(rmp_serde::from_slice::<Version>(&packed).unwrap(), version);
        let text = serde_json::to_string(&version).unwrap();
        assert_eq!(serde_json::from_str::<Version>(&text).unwrap(), version);

        let entry = |writer: u64, count: u32| {
            let mut bytes = writer.to_be_bytes().to_vec();
            bytes.extend(count.to_be_bytes());
            bytes
        };
        let twice = [entry(2, 1), entry(2, 1)].concat();
        let descending = [entry(2, 1), entry(1, 1)].concat();
        for bad in [twice, descending, entry(1, 0), entry(1, u32::MAX), vec![0; 11]] {
            assert!(matches!(Version::from_bytes(&bad), Err(TextError::Malformed(_))));
        }
    }
}
