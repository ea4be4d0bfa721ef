//! The base of some spaces as records, for devices that do not hold the changes in it. How they are taken
//! in: [`crate::intake`].

use crate::{StoreError, Tx, columns};
use holdfast_model::EntityId;
use holdfast_oplog::{Space, VersionVector};
use serde::{Deserialize, Serialize};

/// One part of a snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum BaseRecord {
    /// The merged state of an entity; also of one that is gone, so that it stays gone.
    #[serde(rename = "e")]
    Entity {
        /// Where it lives.
        #[serde(rename = "s")]
        space: Space,
        /// Its encoded state.
        #[serde(rename = "b", with = "serde_bytes")]
        state: Vec<u8>,
    },
    /// The text of an entity with its whole history.
    #[serde(rename = "t")]
    Text {
        /// Where the entity lives.
        #[serde(rename = "s")]
        space: Space,
        /// The entity.
        #[serde(rename = "i")]
        entity: EntityId,
        /// The sequence CRDT's snapshot.
        #[serde(rename = "b", with = "serde_bytes")]
        snapshot: Vec<u8>,
    },
}

impl BaseRecord {
    /// The space that it belongs to.
    pub const fn space(&self) -> Space {
        match self {
            Self::Entity { space, .. } | Self::Text { space, .. } => *space,
        }
    }
}

/// What a base holds in numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct BaseSize {
    /// Entities.
    pub entities: u64,
    /// Bytes of states and texts.
    pub bytes: u64,
}

impl Tx<'_> {
    /// Hands over every record of the base of some spaces.
    pub fn each_base_record<E: From<StoreError>>(
        &self,
        spaces: &[Space],
        mut hand_over: impl FnMut(BaseRecord) -> Result<(), E>,
    ) -> Result<(), E> {
        for space in spaces {
            let mut statement = self
                .sql
                .prepare_cached("SELECT state FROM base_entities WHERE space = ?1 ORDER BY no")
                .map_err(StoreError::from)?;
            let mut rows = statement.query([space.as_str()]).map_err(StoreError::from)?;
            while let Some(row) = rows.next().map_err(StoreError::from)? {
                let state = row.get(0).map_err(StoreError::from)?;
                hand_over(BaseRecord::Entity { space: *space, state })?;
            }
            let mut statement = self
                .sql
                .prepare_cached(
                    "SELECT entity, snapshot FROM base_texts WHERE space = ?1 ORDER BY no",
                )
                .map_err(StoreError::from)?;
            let mut rows = statement.query([space.as_str()]).map_err(StoreError::from)?;
            while let Some(row) = rows.next().map_err(StoreError::from)? {
                let entity = columns::entity_at(row, 0).map_err(StoreError::from)?;
                let snapshot = row.get(1).map_err(StoreError::from)?;
                hand_over(BaseRecord::Text { space: *space, entity, snapshot })?;
            }
        }
        Ok(())
    }

    /// Whether changes of a log after `since` are no longer in the log, in any of the spaces: then a
    /// snapshot has to go along. The spaces where it is so.
    pub fn pruned_after(
        &self,
        since: &VersionVector,
        spaces: &[Space],
    ) -> Result<Vec<Space>, StoreError> {
        let mut pruned: Vec<Space> = self
            .base_heads()?
            .into_iter()
            .filter(|head| spaces.contains(&head.log.space) && since.get(head.log) < head.seq)
            .map(|head| head.log.space)
            .collect();
        pruned.dedup();
        Ok(pruned)
    }

    /// Size of the base of some spaces.
    pub fn base_size(&self, spaces: &[Space]) -> Result<BaseSize, StoreError> {
        let mut size = BaseSize::default();
        for space in spaces {
            let (entities, bytes): (i64, i64) = self.sql.query_row(
                "SELECT (SELECT count(*) FROM base_entities WHERE space = ?1),
                    (SELECT coalesce(sum(length(state)), 0) FROM base_entities WHERE space = ?1)
                  + (SELECT coalesce(sum(length(snapshot)), 0) FROM base_texts WHERE space = ?1)",
                [space.as_str()],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )?;
            size.entities = size.entities.saturating_add(columns::seq(entities)?);
            size.bytes = size.bytes.saturating_add(columns::seq(bytes)?);
        }
        Ok(size)
    }
}
