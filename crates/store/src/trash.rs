//! The trash: what came into it together, and how long each item has been in it.
//!
//! **Invariants.** Time in the trash is counted in days on which this device ran, each once: a clock that
//! jumps makes nothing older. An item goes for good on no day before it was said in the trash that it
//! goes. An item that came out of the trash and into it again begins anew.

use crate::{StoreError, Tx, columns};
use holdfast_model::entity::DELETED;
use holdfast_model::{EntityId, EntityState, Version};
use holdfast_oplog::{Hash, Space, encode};
use std::collections::{BTreeMap, BTreeSet};

/// Days on which this device ran after which an item goes.
pub const TRASH_DAYS: i64 = 30;

/// Where the day stands on which this device ran last.
const LAST_DAY: &str = "trash.day";

/// How long an item has been in the trash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TrashAge {
    /// Days on which this device ran since then, that one left out.
    pub days: i64,
    /// Whether it is said in the trash that the item goes.
    pub told: bool,
}

impl Tx<'_> {
    /// Counts the days on which this device runs; `day` is today, as `YYYY-MM-DD`. A day counts once a
    /// later one has come; one from which the clock went back does not: it never was. Whether today is
    /// another day than when this was asked last.
    pub fn count_day(&self, day: &str) -> Result<bool, StoreError> {
        let last = self.meta(LAST_DAY)?.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        if last.as_deref() == Some(day) {
            return Ok(false);
        }
        if let Some(last) = last.filter(|last| last.as_str() < day) {
            self.sql
                .prepare_cached("INSERT INTO run_days (day) VALUES (?1) ON CONFLICT DO NOTHING")?
                .execute([last])?;
        }
        self.set_meta(LAST_DAY, day.as_bytes())?;
        Ok(true)
    }

    /// Whether a day is the one that was counted last.
    pub fn is_last_day(&self, day: &str) -> Result<bool, StoreError> {
        Ok(self.meta(LAST_DAY)?.as_deref() == Some(day.as_bytes()))
    }

    fn day_number(&self) -> Result<i64, StoreError> {
        Ok(self.sql.query_row("SELECT coalesce(max(no), 0) FROM run_days", [], |row| row.get(0))?)
    }

    /// Brings up to date since when each item is in the trash, and says of those that have been in it long
    /// enough that they go. The ones of which that was said on an earlier day. Cost: what is in the trash;
    /// meant for once a day.
    pub fn tend_trash(&self) -> Result<Vec<EntityId>, StoreError> {
        let today = self.day_number()?;
        self.sql.execute(
            "DELETE FROM trash_days WHERE entity NOT IN (SELECT id FROM entities WHERE life = 'deleted')",
            [],
        )?;
        let ids: Vec<EntityId> = {
            let mut statement = self.sql.prepare_cached(
                "SELECT id FROM entities WHERE life = 'deleted' AND kind IN ('task', 'note', 'list')",
            )?;
            let rows = statement.query_map([], |row| columns::entity_at(row, 0))?;
            rows.collect::<Result<_, _>>()?
        };
        for id in ids {
            let Some((state, _)) = self.entity(id)? else { continue };
            self.sql
                .prepare_cached(
                    "INSERT INTO trash_days (entity, since, told, deletion) VALUES (?1, ?2, NULL, ?3)
                     ON CONFLICT (entity) DO UPDATE SET since = excluded.since, told = NULL,
                        deletion = excluded.deletion WHERE trash_days.deletion <> excluded.deletion",
                )?
                .execute((id.as_bytes(), today, deletion(&state)?))?;
        }
        let due: Vec<EntityId> = {
            let mut statement = self.sql.prepare_cached(
                "SELECT entity FROM trash_days WHERE ?1 - since >= ?2 AND told < ?1 ORDER BY entity",
            )?;
            let rows =
                statement.query_map((today, TRASH_DAYS), |row| columns::entity_at(row, 0))?;
            rows.collect::<Result<_, _>>()?
        };
        self.sql
            .prepare_cached(
                "UPDATE trash_days SET told = ?1 WHERE ?1 - since >= ?2 AND told IS NULL",
            )?
            .execute((today, TRASH_DAYS))?;
        Ok(due)
    }

    /// How long items have been in the trash; one that is not known is new there.
    pub fn trash_ages(&self) -> Result<BTreeMap<EntityId, TrashAge>, StoreError> {
        let today = self.day_number()?;
        let mut statement =
            self.sql.prepare_cached("SELECT entity, since, told IS NOT NULL FROM trash_days")?;
        let rows = statement.query_map([], |row| {
            let age = TrashAge { days: today - row.get::<_, i64>(1)?, told: row.get(2)? };
            Ok((columns::entity_at(row, 0)?, age))
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Whether an item lay in the trash here for half of its time at least: that it goes is nothing unusual,
    /// since every device counts days of its own.
    pub fn was_long_in_trash(&self, id: EntityId) -> Result<bool, StoreError> {
        let mut statement = self
            .sql
            .prepare_cached("SELECT 1 FROM trash_days WHERE entity = ?1 AND ?2 - since >= ?3")?;
        Ok(statement.exists((id.as_bytes(), self.day_number()?, TRASH_DAYS / 2))?)
    }

    /// What went into the trash together with an item of it: a list with what was in it, a task with its
    /// subtasks. What was deleted on its own before stays. The item itself is left out.
    pub fn deleted_with(&self, id: EntityId) -> Result<Vec<EntityId>, StoreError> {
        let mut found = Vec::new();
        let Some(root) = self.entity(id)?.filter(|(state, _)| state.is_trashed()) else {
            return Ok(found);
        };
        let mut met = BTreeSet::from([id]);
        let mut open = vec![id];
        while let Some(at) = open.pop() {
            for inside in self.in_trash_below(at)? {
                if !met.insert(inside) {
                    continue;
                }
                let Some(item) = self.entity(inside)? else { continue };
                if item.0.is_trashed() && self.went_together(&item, &root)? {
                    found.push(inside);
                    open.push(inside);
                }
            }
        }
        Ok(found)
    }

    fn in_trash_below(&self, id: EntityId) -> Result<Vec<EntityId>, StoreError> {
        let mut statement = self.sql.prepare_cached(
            "SELECT id FROM tasks WHERE list = ?1 AND life = 'deleted'
             UNION SELECT id FROM tasks WHERE parent = ?1 AND life = 'deleted'
             UNION SELECT id FROM notes WHERE list = ?1 AND life = 'deleted'
             UNION SELECT id FROM lists WHERE parent = ?1 AND life = 'deleted'",
        )?;
        let rows = statement.query_map([id.as_bytes()], |row| columns::entity_at(row, 0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Whether every deletion of an item is one of the other's too.
    fn went_together(
        &self,
        (item, at): &(EntityState, Space),
        (root, space): &(EntityState, Space),
    ) -> Result<bool, StoreError> {
        for version in deletions(item) {
            let mut same = false;
            for other in deletions(root) {
                same |= self.same_action((version, *at), (other, *space))?;
            }
            if !same {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Whether one action made two versions: its changes have one group and one time. Where a change is
    /// past the history period, its author and time have to do.
    fn same_action(
        &self,
        (one, at): (&Version, Space),
        (other, space): (&Version, Space),
    ) -> Result<bool, StoreError> {
        if one.dot == other.dot && at == space {
            return Ok(true);
        }
        if one.dot.actor != other.dot.actor || one.time.order_ms() != other.time.order_ms() {
            return Ok(false);
        }
        let first = self.change(one.dot.in_space(at))?;
        let second = self.change(other.dot.in_space(space))?;
        Ok(match (first, second) {
            (Some(first), Some(second)) => first.group.is_some() && first.group == second.group,
            _ => true,
        })
    }
}

fn deletions(state: &EntityState) -> impl Iterator<Item = &Version> {
    state.life.live().iter().filter(|version| version.value.as_str() == Some(DELETED))
}

/// Which deletion brought an item into the trash, as a short mark.
fn deletion(state: &EntityState) -> Result<[u8; 32], StoreError> {
    let dots: Vec<_> = deletions(state).map(|version| version.dot).collect();
    Ok(Hash::of(&encode(&dots)?).0)
}
