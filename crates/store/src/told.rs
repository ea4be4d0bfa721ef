//! What was told, rather than held: changes that never were here, because a snapshot came in their place.
//!
//! Invariant: every change up to where a log is held was either here, signed by its author, or is named
//! here with the device that told what it led to.

use crate::{StoreError, Tx, columns};
use holdfast_model::text::Version;
use holdfast_model::{Dot, EntityId};
use holdfast_oplog::{ActorId, DeviceId, LogId, Space};
use std::collections::BTreeMap;

/// Who told of which changes of one space. Cost of reading it: as many snapshots as were taken.
#[derive(Debug, Default, Clone)]
pub struct Told(BTreeMap<ActorId, Vec<(u64, u64, DeviceId)>>);

impl Told {
    /// Who told of a change; nobody where the change itself was here.
    pub fn by(&self, dot: Dot) -> Option<DeviceId> {
        let ranges = self.0.get(&dot.actor)?;
        let found = ranges.iter().find(|(first, last, _)| (*first..=*last).contains(&dot.seq));
        found.map(|(_, _, device)| *device)
    }

    /// Whether anything was told.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Tx<'_> {
    /// Which changes of a space were told rather than held.
    pub fn told_in(&self, space: Space) -> Result<Told, StoreError> {
        let mut statement = self.sql.prepare_cached(
            "SELECT actor, first, last, device FROM told WHERE space = ?1 ORDER BY actor, first",
        )?;
        let mut rows = statement.query([space.as_str()])?;
        let mut told = Told::default();
        while let Some(row) = rows.next()? {
            let actor = columns::actor(&row.get::<_, Vec<u8>>(0)?)?;
            let device = DeviceId::from_slice(&row.get::<_, Vec<u8>>(3)?)?;
            let range = (columns::seq(row.get(1)?)?, columns::seq(row.get(2)?)?, device);
            told.0.entry(actor).or_default().push(range);
        }
        Ok(told)
    }

    /// Notes that of a log of which changes up to `held` are here, those up to `last` were told.
    pub(crate) fn note_told(
        &self,
        log: LogId,
        held: u64,
        last: u64,
        by: DeviceId,
    ) -> Result<(), StoreError> {
        if held >= last {
            return Ok(());
        }
        let first = columns::number(held.saturating_add(1));
        self.sql
            .prepare_cached(
                "INSERT INTO told (space, actor, first, last, device) VALUES (?1, ?2, ?3, ?4, ?5)
                 ON CONFLICT DO NOTHING",
            )?
            .execute((log.space.as_str(), log.actor.0, first, columns::number(last), by.0))?;
        Ok(())
    }

    /// Notes which operations a text got from a snapshot.
    pub(crate) fn note_told_text(
        &self,
        space: Space,
        entity: EntityId,
        before: &Version,
        after: &Version,
        by: DeviceId,
    ) -> Result<(), StoreError> {
        for (writer, count) in after.counts() {
            let first = before.count(writer);
            if first >= count {
                continue;
            }
            self.sql
                .prepare_cached(
                    "INSERT INTO told_texts (entity, space, writer, first, last, device)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT DO NOTHING",
                )?
                .execute((
                    entity.as_bytes(),
                    space.as_str(),
                    writer.cast_signed(),
                    first,
                    count,
                    by.0,
                ))?;
        }
        Ok(())
    }

    /// Who told of what a writer wrote into a text; nobody where all of it was here.
    pub fn text_told_by(
        &self,
        entity: EntityId,
        space: Space,
        writer: u64,
    ) -> Result<Option<DeviceId>, StoreError> {
        let mut statement = self.sql.prepare_cached(
            "SELECT device FROM told_texts WHERE entity = ?1 AND space = ?2 AND writer = ?3
             ORDER BY first DESC LIMIT 1",
        )?;
        let key = (entity.as_bytes(), space.as_str(), writer.cast_signed());
        let mut rows = statement.query(key)?;
        rows.next()?.map(|row| Ok(DeviceId::from_slice(&row.get::<_, Vec<u8>>(0)?)?)).transpose()
    }
}
