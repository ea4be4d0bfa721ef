use crate::{StoreError, Tx, columns};
use holdfast_model::change::{Change, Edit};
use holdfast_model::conflict::Written;
use holdfast_model::fields::LIFE;
use holdfast_model::{Dot, EntityId, Register, Version};
use holdfast_oplog::{ChangeId, LogId, Space};
use rusqlite::{OptionalExtension, Row};

/// One change in the history of an item.
#[derive(Debug, Clone)]
pub struct HistoryItem {
    /// Where it stands on this device.
    pub position: i64,
    /// The change, with everything that it did.
    pub change: Change,
}

impl HistoryItem {
    /// What it did to one item.
    pub fn edits_of(&self, entity: EntityId) -> impl Iterator<Item = &Edit> {
        self.change.edits().filter(move |edit| edit.entity == entity)
    }
}

pub(crate) fn change_at(row: &Row<'_>) -> Result<Change, StoreError> {
    let space: String = row.get("space")?;
    let log = LogId {
        space: columns::space(&space)?,
        actor: columns::actor(&row.get::<_, Vec<u8>>("actor")?)?,
    };
    let place =
        ChangeId { space: log.space, actor: log.actor, seq: columns::seq(row.get("seq")?)? };
    let body: Vec<u8> = row.get("body")?;
    Change::decode_kept(&body, place).map_err(|error| StoreError::Damaged(error.to_string()))
}

impl Tx<'_> {
    /// The changes of an item in the order in which they were applied here.
    pub fn history(&self, entity: EntityId) -> Result<Vec<HistoryItem>, StoreError> {
        let mut statement = self.sql.prepare_cached(
            "SELECT c.pos, c.space, c.actor, c.seq, c.body FROM touched t JOIN changes c ON c.pos = t.pos
             WHERE t.entity = ?1 ORDER BY t.pos",
        )?;
        let mut rows = statement.query([entity.as_bytes()])?;
        let mut items = Vec::new();
        while let Some(row) = rows.next()? {
            items.push(HistoryItem { position: row.get("pos")?, change: change_at(row)? });
        }
        Ok(items)
    }

    /// When the latest change was made, by its writer's clock; none where there are no changes.
    pub fn last_change_ms(&self) -> Result<Option<i64>, StoreError> {
        Ok(self.sql.query_row("SELECT max(time_ms) FROM changes", [], |row| row.get(0))?)
    }

    /// A change that was applied here.
    pub fn change(&self, id: ChangeId) -> Result<Option<Change>, StoreError> {
        let mut statement = self.sql.prepare_cached(
            "SELECT space, actor, seq, body FROM changes WHERE space = ?1 AND actor = ?2 AND seq = ?3",
        )?;
        let mut rows = statement.query((id.space.as_str(), id.actor.0, columns::number(id.seq)))?;
        rows.next()?.map(change_at).transpose()
    }

    /// The changes of an item in one space: names of changes mean something within a space alone.
    pub(crate) fn history_in(
        &self,
        entity: EntityId,
        space: Space,
    ) -> Result<Vec<HistoryItem>, StoreError> {
        let mut items = self.history(entity)?;
        items.retain(|item| item.change.space == space);
        Ok(items)
    }

    /// The changes of an item in one space that were taken in here after one of them.
    pub(crate) fn history_since(
        &self,
        entity: EntityId,
        space: Space,
        after: Dot,
    ) -> Result<Vec<HistoryItem>, StoreError> {
        let mut statement = self.sql.prepare_cached(
            "SELECT c.pos, c.space, c.actor, c.seq, c.body FROM touched t JOIN changes c ON c.pos = t.pos
             WHERE t.entity = ?1 AND c.space = ?2 AND t.pos > coalesce(
                (SELECT pos FROM changes WHERE space = ?2 AND actor = ?3 AND seq = ?4), 0)
             ORDER BY t.pos",
        )?;
        let of = (entity.as_bytes(), space.as_str(), after.actor.0, columns::number(after.seq));
        let mut rows = statement.query(of)?;
        let mut items = Vec::new();
        while let Some(row) = rows.next()? {
            items.push(HistoryItem { position: row.get("pos")?, change: change_at(row)? });
        }
        Ok(items)
    }

    /// The writes of one field in the space from which the entity is shown, in the order in which they
    /// were applied here. Of those that were pruned, the ones that stood last.
    pub fn writes(&self, entity: EntityId, field: &str) -> Result<Vec<Written>, StoreError> {
        let space = self.home(entity)?.unwrap_or_default();
        self.writes_of(entity, space, field)
    }

    pub(crate) fn writes_of(
        &self,
        entity: EntityId,
        space: Space,
        field: &str,
    ) -> Result<Vec<Written>, StoreError> {
        let mut writes = Vec::new();
        if let Some(state) = self.base_state(space, entity)? {
            writes.extend(state.register(field).map(standing).unwrap_or_default());
        }
        let history = self.history_in(entity, space)?;
        writes.extend(writes_in(&history, entity, field).into_iter().map(|(_, w)| w));
        Ok(writes)
    }

    /// The position of the last change of an item.
    pub fn last_touched(&self, entity: EntityId) -> Result<i64, StoreError> {
        let last: Option<i64> = self
            .sql
            .prepare_cached("SELECT max(pos) FROM touched WHERE entity = ?1")?
            .query_row([entity.as_bytes()], |row| row.get(0))
            .optional()?
            .flatten();
        let last = last.unwrap_or(0);
        let in_base = self
            .sql
            .prepare_cached("SELECT 1 FROM base_entities WHERE id = ?1")?
            .exists([entity.as_bytes()])?;
        Ok(if in_base { last.max(self.base_position()?) } else { last })
    }

    /// How many changes of a run touched each item; at most `limit` changes are looked at.
    pub fn touched_in(
        &self,
        range: holdfast_oplog::Range,
        limit: usize,
    ) -> Result<std::collections::BTreeMap<EntityId, u32>, StoreError> {
        let after = self.branch_of(range.log)?.map_or(0, |of| of.after);
        let mut statement = self.sql.prepare_cached(
            "SELECT space, actor, seq, body FROM changes
             WHERE space = ?1 AND actor = ?2 AND seq BETWEEN ?3 AND ?4 ORDER BY seq DESC LIMIT ?5",
        )?;
        let mut rows = statement.query((
            range.log.space.as_str(),
            range.log.actor.0,
            columns::number(range.first.saturating_add(after)),
            columns::number(range.last.saturating_add(after)),
            columns::number(limit as u64),
        ))?;
        let mut counts = std::collections::BTreeMap::new();
        while let Some(row) = rows.next()? {
            for edit in change_at(row)?.edits() {
                *counts.entry(edit.entity).or_insert(0) += 1;
            }
        }
        Ok(counts)
    }

    /// Items touched after a position, and the position now; `None` when they are more than `limit`.
    pub fn touched_since(
        &self,
        position: i64,
        limit: usize,
    ) -> Result<(Option<Vec<EntityId>>, i64), StoreError> {
        let now = self.position()?;
        // What was pruned or came with a snapshot meanwhile cannot be told one by one.
        if now.saturating_sub(position) > limit as i64 || self.base_position()? > position {
            return Ok((None, now));
        }
        let mut ids = Vec::new();
        let mut statement = self.sql.prepare_cached(
            "SELECT space, actor, seq, body FROM changes WHERE pos > ?1 ORDER BY pos",
        )?;
        let mut rows = statement.query([position])?;
        while let Some(row) = rows.next()? {
            ids.extend(change_at(row)?.edits().map(|edit| edit.entity));
            if ids.len() > limit {
                return Ok((None, now));
            }
        }
        ids.sort_unstable();
        ids.dedup();
        Ok((Some(ids), now))
    }
}

/// The versions that stand in the base as writes: whose past is not known any more.
fn standing(register: &Register) -> Vec<Written> {
    let mut writes = Vec::new();
    for version in register.live() {
        let (author, value) = (version.author(), version.value.clone());
        writes.push(Written { dot: author, time: version.time, value, supersedes: Vec::new() });
    }
    // A decision that was taken back stands for all versions that it brought again.
    for dot in register.dots() {
        let again: Vec<&Version> =
            register.live().iter().filter(|v| v.dot == dot && v.origin.is_some()).collect();
        if let Some(first) = again.first() {
            let supersedes = again.iter().map(|version| version.author()).collect();
            let (time, value) = (first.time, first.value.clone());
            writes.push(Written { dot, time, value, supersedes });
        }
    }
    writes
}

fn writes_in(history: &[HistoryItem], entity: EntityId, field: &str) -> Vec<(i64, Written)> {
    let mut writes = Vec::new();
    for item in history {
        for edit in item.edits_of(entity) {
            let write = if field == LIFE { edit.life.as_ref() } else { edit.set.get(field) };
            if let Some(write) = write {
                // What a taken-back decision brings again was written first elsewhere in this history.
                let value = write.again.first().map_or(&write.value, |again| &again.value);
                writes.push((
                    item.position,
                    Written {
                        dot: item.change.dot(),
                        time: item.change.time,
                        value: value.clone(),
                        supersedes: write.supersedes.clone(),
                    },
                ));
            }
        }
    }
    writes
}
