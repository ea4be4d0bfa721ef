//! Conflicts as values: what several devices wrote apart, and what stood before.

use crate::{EntityId, Hlc, Value, change::Dot, fields};
use std::collections::{BTreeMap, BTreeSet};

/// What kind of question a conflict is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ConflictKind {
    /// The same field was given different values.
    Field,
    /// The same passage of a text was edited.
    Text,
    /// Deleted on one device, edited on another.
    Delete,
    /// Moved to different places, or into each other.
    Move,
    /// Edited in one space after it was moved to another.
    Space,
}

impl ConflictKind {
    /// The name in the command line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Field => "field",
            Self::Text => "text",
            Self::Delete => "delete",
            Self::Move => "move",
            Self::Space => "space",
        }
    }
    /// The kind of a disputed register.
    pub fn of_field(field: &str) -> Self {
        match field {
            fields::LIFE => Self::Delete,
            fields::LIST | fields::PARENT => Self::Move,
            fields::SPACE => Self::Space,
            _ => Self::Field,
        }
    }
}

/// The id of the conflict on one field of one entity; the same on every device.
pub fn id(entity: EntityId, field: &str) -> EntityId {
    EntityId::named(&format!("conflict/{entity}/{field}"))
}

/// One write of a field, as the log has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// The change that wrote it.
    pub dot: Dot,
    /// When.
    pub time: Hlc,
    /// The value.
    pub value: Value,
    /// What it replaced.
    pub supersedes: Vec<Dot>,
}

/// What stood before all of the given versions: of the writes that all of them descend from, the last.
/// `None` when they have nothing in common, as when both made the entity.
pub fn original<'a>(history: &'a [Written], versions: &[Dot]) -> Option<&'a Written> {
    let by_dot: BTreeMap<Dot, &Written> = history.iter().map(|w| (w.dot, w)).collect();
    let mut common: Option<BTreeSet<Dot>> = None;
    for version in versions {
        let mut ancestors = BTreeSet::new();
        let mut open: Vec<Dot> =
            by_dot.get(version).map(|w| w.supersedes.clone()).unwrap_or_default();
        while let Some(dot) = open.pop() {
            if ancestors.insert(dot)
                && let Some(written) = by_dot.get(&dot)
            {
                open.extend(&written.supersedes);
            }
        }
        common = Some(match common {
            None => ancestors,
            Some(known) => known.intersection(&ancestors).copied().collect(),
        });
    }
    common?
        .into_iter()
        .filter_map(|dot| by_dot.get(&dot).copied())
        .max_by_key(|written| (written.time, written.dot))
}

#[cfg(test)]
mod tests {
    use super::*;
    use holdfast_oplog::ActorId;

    fn written(actor: u8, seq: u64, ms: i64, value: &str, supersedes: &[(u8, u64)]) -> Written {
        let dot = |(actor, seq): (u8, u64)| Dot { actor: ActorId([actor; 16]), seq };
        Written {
            dot: dot((actor, seq)),
            time: Hlc::new(ms, 0),
            value: value.into(),
            supersedes: supersedes.iter().copied().map(dot).collect(),
        }
    }

    #[test]
    fn the_original_is_what_both_had_seen_last() {
        let history = [
            written(1, 1, 1, "Buy oak", &[]),
            written(1, 2, 2, "Buy oak soon", &[(1, 1)]),
            written(1, 3, 3, "Buy oak boards", &[(1, 2)]),
            written(2, 1, 4, "Buy ash", &[(1, 2)]),
        ];
        let versions = [history[2].dot, history[3].dot];
        assert_eq!(original(&history, &versions).unwrap().value, "Buy oak soon".into());
    }

    #[test]
    fn without_a_common_past_there_is_no_original() {
        let history = [written(1, 1, 1, "a", &[]), written(2, 1, 1, "b", &[])];
        assert!(original(&history, &[history[0].dot, history[1].dot]).is_none());
    }
}
