//! Under which writer ids branches stand in texts.
//!
//! The name of a branch holds the writer id that it has, which follows from its author and its first change
//! and lies beside the author's. Whoever looks long enough finds two changes, or an identity and a change, whose
//! ids are the same, and a text cannot tell two writers of one id apart.
//!
//! Invariant: no two logs of a space stand in its texts under one writer id, and which one a branch has
//! follows from the set of logs that are applied, never from which of them came first. Where ids meet,
//! identities keep theirs, then branches in the order of their names, each with the next id that is free.

use crate::{StoreError, Tx, columns};
use holdfast_model::EntityId;
use holdfast_model::change::TextEdit;
use holdfast_model::text::writer_of;
use holdfast_oplog::{ActorId, Space};
use std::collections::{BTreeMap, BTreeSet};

/// The writer ids of the logs of one space.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Writers {
    /// Of those that do not have the one that follows from their name.
    other: BTreeMap<ActorId, u64>,
}

impl Writers {
    /// Of these logs.
    pub(crate) fn among(names: impl IntoIterator<Item = ActorId>) -> Self {
        let names: BTreeSet<ActorId> = names.into_iter().collect();
        let is_branch = |name: &&ActorId| name.branch_number().is_some();
        let identities = names.iter().filter(|name| !is_branch(name));
        let mut taken: BTreeSet<u64> = identities.map(|name| writer_of(&name.0)).collect();
        let mut other = BTreeMap::new();
        for name in names.iter().filter(is_branch) {
            let first = writer_of(&name.0);
            let mut writer = first;
            while !taken.insert(writer) {
                writer = beside(writer);
            }
            if writer != first {
                other.insert(*name, writer);
            }
        }
        Self { other }
    }

    /// The id under which an edit stands in the text of an item in a space.
    pub(crate) fn of_text(
        &self,
        text: &TextEdit,
        entity: EntityId,
        space: Space,
        actor: ActorId,
    ) -> u64 {
        if text.copied.is_some() { text.writer(entity, space, actor) } else { self.of(actor) }
    }

    /// The id of a log.
    pub fn of(&self, name: ActorId) -> u64 {
        self.other.get(&name).copied().unwrap_or_else(|| writer_of(&name.0))
    }
}

/// The next id, on the side that has room.
const fn beside(writer: u64) -> u64 {
    if writer > u64::MAX / 2 { writer.wrapping_sub(1) } else { writer.wrapping_add(1) }
}

impl Tx<'_> {
    /// The writer ids of the logs of a space.
    pub fn writers(&self, space: Space) -> Result<Writers, StoreError> {
        let mut statement = self.sql.prepare_cached(
            "SELECT l.actor FROM logs l
             LEFT JOIN branches b ON b.space = l.space AND b.name = l.actor
             WHERE l.space = ?1 AND l.applied >= coalesce(b.first, 1)
             UNION SELECT actor FROM branches WHERE space = ?1",
        )?;
        let mut rows = statement.query([space.as_str()])?;
        let mut names = Vec::new();
        while let Some(row) = rows.next()? {
            names.push(columns::actor(&row.get::<_, Vec<u8>>(0)?)?);
        }
        Ok(Writers::among(names))
    }

    /// The id under which an edit stands in the text of an item in a space.
    pub(crate) fn text_writer(
        &self,
        text: &TextEdit,
        entity: EntityId,
        space: Space,
        actor: ActorId,
    ) -> Result<u64, StoreError> {
        // All others have the one that follows from their name.
        let is_branch = actor.branch_number().is_some();
        let writers = if is_branch { self.writers(space)? } else { Writers::default() };
        Ok(writers.of_text(text, entity, space, actor))
    }

    /// The writer ids of all spaces in which a log parts.
    fn all_writers(&self) -> Result<BTreeMap<Space, Writers>, StoreError> {
        let spaces = self.parted_spaces()?.into_iter();
        spaces.map(|space| Ok((space, self.writers(space)?))).collect()
    }

    /// Does something by which logs may come, and makes the texts anew where a log that was there before has
    /// another writer id by it.
    pub(crate) fn with_writers<T>(
        &self,
        work: impl FnOnce() -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let before = self.all_writers()?;
        let done = work()?;
        let is_other = |(space, writers): (Space, Writers)| {
            let before = before.get(&space).cloned().unwrap_or_default();
            writers != before
        };
        if self.all_writers()?.into_iter().any(is_other) {
            self.read_anew()?;
        }
        Ok(done)
    }
}

#[cfg(test)]
#[path = "writers_tests.rs"]
mod tests;
