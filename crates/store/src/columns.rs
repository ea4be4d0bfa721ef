//! How ids and hashes stand in columns.

use crate::StoreError;
use holdfast_model::EntityId;
use holdfast_oplog::{ActorId, Hash, Space};
use rusqlite::Row;
use uuid::Uuid;

fn damaged(what: &str) -> StoreError {
    StoreError::Damaged(format!("a column does not hold {what}"))
}

/// An entity id from a column of a row; for use where rusqlite wants its own error.
pub(crate) fn entity_at(row: &Row<'_>, column: usize) -> rusqlite::Result<EntityId> {
    let bytes: [u8; 16] = row.get(column)?;
    Ok(EntityId(Uuid::from_bytes(bytes)))
}
/// An optional entity id from a column of a row.
pub(crate) fn entity_or_null(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<EntityId>> {
    let bytes: Option<[u8; 16]> = row.get(column)?;
    Ok(bytes.map(|bytes| EntityId(Uuid::from_bytes(bytes))))
}
/// An actor.
pub(crate) fn actor(bytes: &[u8]) -> Result<ActorId, StoreError> {
    ActorId::from_slice(bytes).map_err(|_| damaged("an actor"))
}
/// A hash.
pub(crate) fn hash(bytes: &[u8]) -> Result<Hash, StoreError> {
    Hash::from_slice(bytes).map_err(|_| damaged("a hash"))
}
/// A space.
pub(crate) fn space(name: &str) -> Result<Space, StoreError> {
    name.parse().map_err(|_| damaged("a space"))
}
/// A sequence number; SQLite's numbers are signed.
pub(crate) fn seq(number: i64) -> Result<u64, StoreError> {
    u64::try_from(number).map_err(|_| damaged("a sequence number"))
}
/// A sequence number as SQLite keeps it.
pub(crate) fn number(seq: u64) -> i64 {
    i64::try_from(seq).unwrap_or(i64::MAX)
}
