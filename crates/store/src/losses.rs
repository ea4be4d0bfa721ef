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
        self.sql
            .prepare_cached(
                "DELETE FROM losses WHERE own_ms < (
                    SELECT own_ms FROM losses ORDER BY own_ms DESC LIMIT 1 OFFSET ?1)",
            )?
            .execute([KEPT])?;
        Ok(())
    }

    /// The items that an exchange made vanish, by its number on this device.
    pub fn lost_by(&self, exchange: i64) -> Result<Vec<EntityId>, StoreError> {
        let mut statement = self
            .sql
            .prepare_cached("SELECT entity FROM losses WHERE exchange = ?1 ORDER BY entity")?;
        let rows = statement.query_map([exchange], |row| columns::entity_at(row, 0))?;
        Ok(rows.collect::<Result<_, _>>()?)
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
