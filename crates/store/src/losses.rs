//! What other devices made vanish within the last day, however it came: counted here, because a deletion
//! that is cut into small pieces is as large as the whole.
//!
//! Time is this device's own: it goes by as far as this device's clock went forward between two looks,
//! and never by more than a day at once. So a clock that jumps ends at most one day's count, one that is set
//! back stops it, and nothing that comes from elsewhere moves it.

use crate::{StoreError, Tx, columns};
use holdfast_model::EntityId;
use holdfast_oplog::DeviceId;
use std::collections::BTreeSet;

/// How long a loss counts, in milliseconds.
const DAY_MS: i64 = 24 * 3_600_000;
/// Where this device's own time stands: the clock at the last look, and the time that went by.
const OWN_TIME: &str = "own_time";
/// Rows at most; the oldest go. More than this a day cannot pass unasked in any vault that is usual.
const KEPT: i64 = 200_000;

/// An item that a device made vanish.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Loss {
    /// Who did it.
    pub device: DeviceId,
    /// The item.
    pub entity: EntityId,
    /// The list in which it was.
    pub list: Option<EntityId>,
    /// Whether it is in use still, but emptied or hidden.
    pub alive: bool,
}

/// An item that a device made go from the trash for good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Purge {
    /// Who did it.
    pub device: DeviceId,
    /// The item.
    pub entity: EntityId,
}

impl Tx<'_> {
    /// This device's own time, in milliseconds from no point that means anything. `wall_ms` is its clock.
    pub fn own_time(&self, wall_ms: i64) -> Result<i64, StoreError> {
        let known: Option<[u8; 16]> = self.meta(OWN_TIME)?.and_then(|bytes| bytes.try_into().ok());
        let (last, own) = known.map_or((wall_ms, 0), |bytes| {
            let number = u128::from_be_bytes(bytes);
            (((number >> 64) as u64).cast_signed(), (number as u64).cast_signed())
        });
        let own = own.saturating_add(wall_ms.saturating_sub(last).clamp(0, DAY_MS));
        let number = (u128::from(wall_ms.cast_unsigned()) << 64) | u128::from(own.cast_unsigned());
        self.set_meta(OWN_TIME, &number.to_be_bytes())?;
        Ok(own)
    }

    /// What was lost within the last day and nobody agreed to; what is in use again counts no more.
    pub fn losses(&self, wall_ms: i64) -> Result<Vec<Loss>, StoreError> {
        let from = self.own_time(wall_ms)?.saturating_sub(DAY_MS);
        let mut statement = self.sql.prepare_cached(
            "SELECT l.device, l.entity, l.list, l.alive FROM losses l
             WHERE l.agreed = 0 AND l.own_ms > ?1 AND (l.alive OR NOT EXISTS (
                SELECT 1 FROM entities e WHERE e.id = l.entity AND e.life = 'alive'))
             ORDER BY l.device, l.entity",
        )?;
        let mut rows = statement.query([from])?;
        let mut losses = Vec::new();
        while let Some(row) = rows.next()? {
            losses.push(Loss {
                device: DeviceId::from_slice(&row.get::<_, Vec<u8>>(0)?)?,
                entity: columns::entity_at(row, 1)?,
                list: columns::entity_or_null(row, 2)?,
                alive: row.get(3)?,
            });
        }
        Ok(losses)
    }

    /// Keeps what was lost just now by an exchange. Where the person agreed to it, what the same devices
    /// took before was agreed to with it. Forgets what counts no more.
    pub fn note_losses(
        &self,
        losses: &[Loss],
        exchange: Option<i64>,
        agreed: bool,
        wall_ms: i64,
    ) -> Result<(), StoreError> {
        let own = self.own_time(wall_ms)?;
        if losses.is_empty() {
            return Ok(());
        }
        self.sql
            .prepare_cached("DELETE FROM losses WHERE own_ms <= ?1")?
            .execute([own.saturating_sub(DAY_MS)])?;
        let devices: BTreeSet<DeviceId> = losses.iter().map(|loss| loss.device).collect();
        for device in devices.iter().filter(|_| agreed) {
            self.sql
                .prepare_cached("UPDATE losses SET agreed = 1 WHERE device = ?1 AND agreed = 0")?
                .execute([device.0])?;
        }
        for loss in losses {
            self.sql
                .prepare_cached(
                    "INSERT INTO losses (device, entity, list, own_ms, exchange, alive, agreed)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
                     ON CONFLICT (device, entity) DO UPDATE SET list = excluded.list,
                        own_ms = excluded.own_ms, exchange = excluded.exchange,
                        alive = excluded.alive, agreed = excluded.agreed",
                )?
                .execute((
                    loss.device.0,
                    loss.entity.as_bytes(),
                    loss.list.map(|list| *list.as_bytes()),
                    own,
                    exchange,
                    loss.alive,
                    agreed,
                ))?;
        }
        self.keep_latest("losses")
    }

    /// The person agreed to everything that was lost so far.
    pub fn agree_to_losses(&self) -> Result<(), StoreError> {
        for table in ["losses", "purged_lately"] {
            self.sql.execute(&format!("UPDATE {table} SET agreed = 1 WHERE agreed = 0"), [])?;
        }
        Ok(())
    }

    /// How many losses are kept to which nobody agreed, those among them that count no more. Only reads.
    pub fn count_losses(&self) -> Result<u64, StoreError> {
        let mut statement =
            self.sql.prepare_cached("SELECT count(*) FROM losses WHERE agreed = 0")?;
        columns::seq(statement.query_row([], |row| row.get(0))?)
    }

    /// The items that an exchange made vanish, by its number on this device.
    pub fn lost_by(&self, exchange: i64) -> Result<Vec<EntityId>, StoreError> {
        let mut statement = self
            .sql
            .prepare_cached("SELECT entity FROM losses WHERE exchange = ?1 ORDER BY entity")?;
        let rows = statement.query_map([exchange], |row| columns::entity_at(row, 0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The largest size of an item within the last day, in bytes of title and text, where other devices made
    /// it smaller since.
    pub fn largest_lately(
        &self,
        entity: EntityId,
        wall_ms: i64,
    ) -> Result<Option<usize>, StoreError> {
        let from = self.own_time(wall_ms)?.saturating_sub(DAY_MS);
        let mut statement = self
            .sql
            .prepare_cached("SELECT bytes FROM largest_lately WHERE entity = ?1 AND own_ms > ?2")?;
        let mut rows = statement.query((entity.as_bytes(), from))?;
        let Some(row) = rows.next()? else { return Ok(None) };
        Ok(Some(usize::try_from(row.get::<_, i64>(0)?).unwrap_or(0)))
    }

    /// Keeps how large items were that others made smaller just now. Where the person agreed to it, they are
    /// judged from what they are.
    pub fn note_shrunk(
        &self,
        shrunk: &[(EntityId, usize)],
        agreed: bool,
        wall_ms: i64,
    ) -> Result<(), StoreError> {
        if shrunk.is_empty() {
            return Ok(());
        }
        let own = self.own_time(wall_ms)?;
        self.sql
            .prepare_cached("DELETE FROM largest_lately WHERE own_ms <= ?1")?
            .execute([own.saturating_sub(DAY_MS)])?;
        for (entity, bytes) in shrunk {
            if agreed {
                self.sql
                    .prepare_cached("DELETE FROM largest_lately WHERE entity = ?1")?
                    .execute([entity.as_bytes()])?;
                continue;
            }
            self.sql
                .prepare_cached(
                    "INSERT INTO largest_lately (entity, bytes, own_ms) VALUES (?1, ?2, ?3)
                     ON CONFLICT (entity) DO UPDATE SET bytes = excluded.bytes,
                        own_ms = excluded.own_ms WHERE excluded.bytes > bytes",
                )?
                .execute((entity.as_bytes(), columns::number(*bytes as u64), own))?;
        }
        self.keep_latest("largest_lately")
    }

    /// What other devices made go from the trash for good within the last day, and nobody agreed to.
    pub fn purges(&self, wall_ms: i64) -> Result<Vec<Purge>, StoreError> {
        let from = self.own_time(wall_ms)?.saturating_sub(DAY_MS);
        let mut statement = self.sql.prepare_cached(
            "SELECT p.device, p.entity FROM purged_lately p
             WHERE p.agreed = 0 AND p.own_ms > ?1 AND EXISTS (
                SELECT 1 FROM entities e WHERE e.id = p.entity AND e.life = 'purged')
             ORDER BY p.device, p.entity",
        )?;
        let mut rows = statement.query([from])?;
        let mut purges = Vec::new();
        while let Some(row) = rows.next()? {
            let device = DeviceId::from_slice(&row.get::<_, Vec<u8>>(0)?)?;
            purges.push(Purge { device, entity: columns::entity_at(row, 1)? });
        }
        Ok(purges)
    }

    /// [`Tx::note_losses`] for what went from the trash.
    pub fn note_purges(
        &self,
        purges: &[Purge],
        exchange: Option<i64>,
        agreed: bool,
        wall_ms: i64,
    ) -> Result<(), StoreError> {
        if purges.is_empty() {
            return Ok(());
        }
        let own = self.own_time(wall_ms)?;
        self.sql
            .prepare_cached("DELETE FROM purged_lately WHERE own_ms <= ?1")?
            .execute([own.saturating_sub(DAY_MS)])?;
        let devices: BTreeSet<DeviceId> = purges.iter().map(|purge| purge.device).collect();
        for device in devices.iter().filter(|_| agreed) {
            self.sql
                .prepare_cached("UPDATE purged_lately SET agreed = 1 WHERE device = ?1")?
                .execute([device.0])?;
        }
        for purge in purges {
            self.sql
                .prepare_cached(
                    "INSERT INTO purged_lately (device, entity, own_ms, exchange, agreed)
                     VALUES (?1, ?2, ?3, ?4, ?5)
                     ON CONFLICT (device, entity) DO UPDATE SET own_ms = excluded.own_ms,
                        exchange = excluded.exchange, agreed = excluded.agreed",
                )?
                .execute((purge.device.0, purge.entity.as_bytes(), own, exchange, agreed))?;
        }
        self.keep_latest("purged_lately")
    }

    /// The items that an exchange made go from the trash for good.
    pub fn purged_by(&self, exchange: i64) -> Result<Vec<EntityId>, StoreError> {
        let mut statement = self.sql.prepare_cached(
            "SELECT entity FROM purged_lately WHERE exchange = ?1 ORDER BY entity",
        )?;
        let rows = statement.query_map([exchange], |row| columns::entity_at(row, 0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    fn keep_latest(&self, table: &str) -> Result<(), StoreError> {
        self.sql
            .prepare_cached(&format!(
                "DELETE FROM {table} WHERE own_ms < (
                    SELECT own_ms FROM {table} ORDER BY own_ms DESC LIMIT 1 OFFSET ?1)"
            ))?
            .execute([KEPT])?;
        Ok(())
    }

    /// How many tasks, notes and lists are in the trash.
    pub fn count_trash(&self) -> Result<u64, StoreError> {
        let count: i64 = self
            .sql
            .prepare_cached(
                "SELECT (SELECT count(*) FROM tasks WHERE life = 'deleted')
                    + (SELECT count(*) FROM notes WHERE life = 'deleted')
                    + (SELECT count(*) FROM lists WHERE life = 'deleted')",
            )?
            .query_row([], |row| row.get(0))?;
        columns::seq(count)
    }

    /// How many tasks, notes and lists are in use: in all, or of one list.
    pub fn count_standing(&self, list: Option<EntityId>) -> Result<u64, StoreError> {
        let count: i64 = match list {
            None => self
                .sql
                .prepare_cached(
                    "SELECT (SELECT count(*) FROM tasks WHERE life = 'alive')
                        + (SELECT count(*) FROM notes WHERE life = 'alive')
                        + (SELECT count(*) FROM lists WHERE life = 'alive')",
                )?
                .query_row([], |row| row.get(0))?,
            Some(list) => self
                .sql
                .prepare_cached(
                    "SELECT (SELECT count(*) FROM tasks WHERE list = ?1 AND life = 'alive')
                        + (SELECT count(*) FROM notes WHERE list = ?1 AND life = 'alive')",
                )?
                .query_row([list.as_bytes()], |row| row.get(0))?,
        };
        columns::seq(count)
    }
}

#[cfg(test)]
#[path = "losses_tests.rs"]
mod tests;
