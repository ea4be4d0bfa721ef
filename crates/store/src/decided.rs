//! What decisions and edits in passing put aside: writes that replaced several values at once.
//!
//! **Invariant.** Whether a write is listed follows from the write and from what its writer had seen,
//! never from the order in which changes arrived: every device that applied it lists it. The list is
//! kept with the versions themselves, so that they can be brought back after their changes were pruned.
//! Never decides which of them is shown where.

use crate::history::change_at;
use crate::{StoreError, Tx, columns};
use holdfast_model::change::{Again, Change, Dot, Edit, Write};
use holdfast_model::fields::{LIFE, REVIEWED};
use holdfast_model::{EntityId, EntityState, Register, Value, Version};
use holdfast_oplog::{Space, decode, encode};
use rusqlite::Row;
use std::collections::BTreeSet;

/// What this program wrote itself; the bound only catches damage.
const LIMIT: usize = 16 * 1024 * 1024;

/// Of one change, so many versions at most are looked for that it replaced, and so many bytes of values kept.
/// It is a device's word how many they are, and each may be as large as a change.
const OF_CHANGE: Room = Room { versions: 2048, bytes: 4 * 1024 * 1024 };
/// The same of one write.
const OF_WRITE: Room = Room { versions: 256, bytes: 1024 * 1024 };

/// How much of what was put aside is still kept. What is over is in the history all the same. It is used up
/// by what a change names, never by what of it is here, so that every device keeps the same.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Room {
    versions: usize,
    bytes: usize,
}

impl Room {
    /// What one change may take.
    pub(crate) const fn of_change() -> Self {
        OF_CHANGE
    }

    fn of_write(self) -> Self {
        Self {
            versions: self.versions.min(OF_WRITE.versions),
            bytes: self.bytes.min(OF_WRITE.bytes),
        }
    }

    /// Takes one version; whether there was room for it.
    fn take(&mut self, bytes: usize) -> bool {
        let left = self.bytes.checked_sub(bytes);
        self.bytes = left.unwrap_or(0);
        left.is_some()
    }
}

/// Action code of a decision made in the review.
pub(crate) const RESOLVE: &str = "conflict.resolve";

/// A field for which a write replaced several values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decided {
    /// The item.
    pub entity: EntityId,
    /// The field.
    pub field: String,
    /// In which space.
    pub space: Space,
    /// The change that wrote.
    pub by: Dot,
    /// What was done, as an action code.
    pub action: String,
    /// When, by its writer's clock, in milliseconds since 1970.
    pub time_ms: i64,
    /// What it wrote.
    pub value: Value,
    /// Every version that it replaced, ordered by time.
    pub replaced: Vec<Again>,
}

impl Decided {
    /// The versions whose value was put aside: of equal ones, the newest.
    pub fn put_aside(&self) -> Vec<&Again> {
        let mut found: Vec<&Again> = Vec::new();
        for again in self.replaced.iter().rev().filter(|again| again.value != self.value) {
            if found.iter().all(|known| known.value != again.value) {
                found.push(again);
            }
        }
        found
    }
}

/// What an edit wrote into a field.
#[derive(Clone, Copy)]
struct Written<'a> {
    entity: EntityId,
    field: &'a str,
    write: &'a Write,
}

/// A change that ended disagreements, and which.
#[derive(Debug, Clone)]
pub struct Decision {
    /// Where it stands on this device.
    pub position: i64,
    /// The change.
    pub change: Change,
    /// The fields for which it replaced several values.
    pub fields: Vec<Decided>,
}

impl Tx<'_> {
    /// Notes which fields of an entity, as it is before the edit, the edit decides. Cost: that of the
    /// edit; one look-up for each version that somebody else replaced meanwhile; `room` at most, which is
    /// that of the change.
    pub(crate) fn note_decisions(
        &self,
        change: &Change,
        edit: &Edit,
        state: &EntityState,
        room: &mut Room,
    ) -> Result<(), StoreError> {
        // What takes a change back ends no disagreement of its own.
        if change.reverts.is_some() {
            return Ok(());
        }
        for (field, write) in &edit.set {
            let written = Written { entity: edit.entity, field, write };
            self.note_decision(change, written, state.register(field), room)?;
        }
        // An edit of content says by the way that the item is as alive as it was: that decides nothing.
        let content = !(edit.set.is_empty()
            && edit.add.is_empty()
            && edit.remove.is_empty()
            && edit.text.is_empty());
        match &edit.life {
            Some(life) if !content || change.action == RESOLVE => {
                let written = Written { entity: edit.entity, field: LIFE, write: life };
                self.note_decision(change, written, Some(&state.life), room)
            }
            _ => Ok(()),
        }
    }

    fn note_decision(
        &self,
        change: &Change,
        Written { entity, field, write }: Written<'_>,
        register: Option<&Register>,
        room: &mut Room,
    ) -> Result<(), StoreError> {
        // What brings several versions back ends no disagreement.
        if write.supersedes.is_empty() || !write.again.is_empty() {
            return Ok(());
        }
        let live = register.map(Register::live).unwrap_or_default();
        let mut replaced: Vec<Again> = Vec::new();
        let mut left = room.of_write();
        // A list may name one a thousand times.
        let named: BTreeSet<&Dot> = write.supersedes.iter().collect();
        for dot in named.into_iter().take(left.versions) {
            room.versions = room.versions.saturating_sub(1);
            let mut standing = live.iter().filter(|version| version.dot == *dot).peekable();
            let found: Vec<Again> = if standing.peek().is_some() {
                let again = |version: &Version| Again {
                    value: version.value.clone(),
                    origin: version.author(),
                    time: version.time,
                };
                standing.map(again).collect()
            } else {
                self.written_by(change.space, *dot, entity, field)?
            };
            for again in found {
                let bytes = encode(&again)?.len();
                if left.take(bytes) && room.take(bytes) {
                    replaced.push(again);
                }
            }
        }
        let disagree = replaced
            .first()
            .is_some_and(|first| replaced.iter().any(|again| again.value != first.value));
        if !disagree {
            return Ok(());
        }
        replaced.sort_by_key(|again| (again.time, again.origin));
        replaced.dedup();
        let (value, replaced) = (encode(&write.value)?, encode(&replaced)?);
        if value.len().max(replaced.len()) > LIMIT {
            return Ok(());
        }
        self.sql
            .prepare_cached(
                "INSERT INTO decided
                 (space, actor, seq, entity, field, time_ms, action, value, replaced)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT DO NOTHING",
            )?
            .execute((
                change.space.as_str(),
                change.actor.0,
                columns::number(change.seq),
                entity.as_bytes(),
                field,
                change.time.shown_ms(),
                &change.action,
                value,
                replaced,
            ))?;
        Ok(())
    }

    /// The versions of a field that a change wrote, whatever became of them.
    fn written_by(
        &self,
        space: Space,
        dot: Dot,
        entity: EntityId,
        field: &str,
    ) -> Result<Vec<Again>, StoreError> {
        let Some(change) = self.change(dot.in_space(space))? else {
            // Pruned: of what it wrote, the base has what stood last.
            let base = self.base_state(space, entity)?;
            let register = base.as_ref().and_then(|state| state.register(field));
            let live = register.map(Register::live).unwrap_or_default().iter();
            return Ok(live
                .filter(|version| version.dot == dot)
                .map(|version| Again {
                    value: version.value.clone(),
                    origin: version.author(),
                    time: version.time,
                })
                .collect());
        };
        let mut versions = Vec::new();
        for edit in change.edits().filter(|edit| edit.entity == entity) {
            let write = if field == LIFE { edit.life.as_ref() } else { edit.set.get(field) };
            match write {
                Some(write) if write.again.is_empty() => versions.push(Again {
                    value: write.value.clone(),
                    origin: dot,
                    time: change.time,
                }),
                Some(write) => versions.extend(write.again.iter().cloned()),
                None => {}
            }
        }
        Ok(versions)
    }

    /// The latest fields, of one item where it is named, for which a write replaced several values; the
    /// newest first, at most `limit`.
    pub fn decided(
        &self,
        entity: Option<EntityId>,
        limit: usize,
    ) -> Result<Vec<Decided>, StoreError> {
        let condition = if entity.is_some() { "entity = ?1" } else { "?1 IS NULL" };
        let mut statement = self.sql.prepare_cached(&format!(
            "SELECT entity, field, space, actor, seq, action, time_ms, value, replaced FROM decided
             WHERE {condition} ORDER BY time_ms DESC, no DESC LIMIT ?2",
        ))?;
        let mut rows =
            statement.query((entity.map(|id| *id.as_bytes()), columns::number(limit as u64)))?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            found.push(decided_at(row)?);
        }
        Ok(found)
    }

    /// Changes since a time that ended disagreements, the newest first, at most `limit`: decisions made
    /// in the review, and edits that replaced several values.
    pub fn decisions(&self, since_ms: i64, limit: usize) -> Result<Vec<Decision>, StoreError> {
        self.decisions_where(
            "SELECT c.pos FROM changes c WHERE c.action = 'conflict.resolve' AND c.time_ms >= ?1
             UNION
             SELECT c.pos FROM decided d
             JOIN changes c ON c.space = d.space AND c.actor = d.actor AND c.seq = d.seq
             WHERE d.time_ms >= ?1",
            rusqlite::params![since_ms, columns::number(limit as u64)],
        )
    }

    /// The changes that ended disagreements about one item, the newest first.
    pub fn decisions_on(&self, entity: EntityId) -> Result<Vec<Decision>, StoreError> {
        self.decisions_where(
            "SELECT c.pos FROM touched t JOIN changes c ON c.pos = t.pos
             WHERE t.entity = ?1 AND c.action = 'conflict.resolve'
             UNION
             SELECT c.pos FROM decided d
             JOIN changes c ON c.space = d.space AND c.actor = d.actor AND c.seq = d.seq
             WHERE d.entity = ?1",
            rusqlite::params![entity.as_bytes(), columns::number(u64::from(u16::MAX))],
        )
    }

    fn decisions_where(
        &self,
        positions: &str,
        params: &[&dyn rusqlite::ToSql],
    ) -> Result<Vec<Decision>, StoreError> {
        let mut statement = self.sql.prepare_cached(&format!(
            "SELECT pos, space, actor, seq, body FROM changes WHERE pos IN ({positions})
             ORDER BY pos DESC LIMIT ?2",
        ))?;
        let mut rows = statement.query(params)?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            found.push((row.get("pos")?, change_at(row)?));
        }
        drop(rows);
        found
            .into_iter()
            .map(|(position, change)| {
                let fields = self.decided_by(&change)?;
                Ok(Decision { position, change, fields })
            })
            .collect()
    }

    /// The fields for which a change replaced several values.
    pub fn decided_by(&self, change: &Change) -> Result<Vec<Decided>, StoreError> {
        let mut statement = self.sql.prepare_cached(
            "SELECT entity, field, space, actor, seq, action, time_ms, value, replaced FROM decided
             WHERE space = ?1 AND actor = ?2 AND seq = ?3 ORDER BY entity, field",
        )?;
        let mut rows = statement.query((
            change.space.as_str(),
            change.actor.0,
            columns::number(change.seq),
        ))?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            found.push(decided_at(row)?);
        }
        Ok(found)
    }

    /// Whether a decision on a text still counts.
    pub fn is_text_decided(&self, change: &Change) -> Result<bool, StoreError> {
        for edit in change.edits() {
            let Some(added) = edit.add.get(REVIEWED) else { continue };
            let Some((state, _)) = self.entity(edit.entity)? else { continue };
            if added.iter().any(|value| state.elements(REVIEWED).contains(&value)) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The items that have several values for a field, whatever the policies say of it; at most `limit`.
    pub fn disputed(&self, limit: usize) -> Result<Vec<EntityState>, StoreError> {
        let mut statement = self.sql.prepare_cached(
            "SELECT state FROM entities WHERE disputed = 1 ORDER BY no DESC LIMIT ?1",
        )?;
        let mut rows = statement.query([columns::number(limit as u64)])?;
        let mut states = Vec::new();
        while let Some(row) = rows.next()? {
            states.push(crate::entities::decode_state(&row.get::<_, Vec<u8>>(0)?)?);
        }
        Ok(states)
    }
}

fn decided_at(row: &Row<'_>) -> Result<Decided, StoreError> {
    let damaged = |error: holdfast_oplog::OplogError| StoreError::Damaged(error.to_string());
    Ok(Decided {
        entity: columns::entity_at(row, 0)?,
        field: row.get(1)?,
        space: columns::space(&row.get::<_, String>(2)?)?,
        by: Dot {
            actor: columns::actor(&row.get::<_, Vec<u8>>(3)?)?,
            seq: columns::seq(row.get(4)?)?,
        },
        action: row.get(5)?,
        time_ms: row.get(6)?,
        value: decode(&row.get::<_, Vec<u8>>(7)?, LIMIT, "a decided value").map_err(damaged)?,
        replaced: decode(&row.get::<_, Vec<u8>>(8)?, LIMIT, "replaced versions")
            .map_err(damaged)?,
    })
}

#[cfg(test)]
#[path = "decided_tests.rs"]
mod tests;
