use crate::{StoreError, Tx, columns};
use holdfast_model::{EntityId, EntityState, Kind};
use holdfast_oplog::{Space, decode, encode_in_order};
use rusqlite::OptionalExtension;

/// States are kept by this program for itself; the bound only catches damage.
const STATE_LIMIT: usize = 64 * 1024 * 1024;

impl Tx<'_> {
    /// The merged state of an entity and the space it lives in.
    pub fn entity(&self, id: EntityId) -> Result<Option<(EntityState, Space)>, StoreError> {
        let row: Option<(Vec<u8>, String)> = self
            .sql
            .prepare_cached("SELECT state, space FROM entities WHERE id = ?1")?
            .query_row([id.as_bytes()], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        row.map(|(state, space)| Ok((decode_state(&state)?, columns::space(&space)?))).transpose()
    }

    /// The merged state of an entity that must be there. `what` names it in the error.
    pub fn expect_entity(
        &self,
        id: EntityId,
        what: &'static str,
    ) -> Result<(EntityState, Space), StoreError> {
        self.entity(id)?.ok_or_else(|| StoreError::NotFound { what, id: id.to_string() })
    }

    /// Entities of a kind (of any kind when empty) whose id, written as text, begins with `prefix`;
    /// at most three.
    pub fn find_ids(&self, kind: &str, prefix: &str) -> Result<Vec<EntityId>, StoreError> {
        let hex: String =
            prefix.chars().filter(|c| *c != '-').collect::<String>().to_ascii_lowercase();
        if hex.is_empty() || hex.len() > 32 || !hex.chars().all(|c| c.is_ascii_hexdigit()) {
            return Ok(Vec::new());
        }
        let low = format!("{hex:0<32}");
        let high = format!("{hex:f<32}");
        let mut statement = self.sql.prepare_cached(
            "SELECT id FROM entities
             WHERE id BETWEEN unhex(?1) AND unhex(?2) AND (?3 = '' OR kind = ?3) LIMIT 3",
        )?;
        let ids = statement
            .query_map((low, high, kind), |row| columns::entity_at(row, 0))?
            .collect::<Result<_, _>>()?;
        Ok(ids)
    }

    /// How many entities of three kinds are in use; counts no further than `most`.
    pub fn stand_at_most(&self, most: u64, kinds: [&str; 3]) -> Result<u64, StoreError> {
        let [a, b, c] = kinds;
        let count = self
            .sql
            .prepare_cached(
                "SELECT count(*) FROM (SELECT 1 FROM entities
                 WHERE life = 'alive' AND kind IN (?1, ?2, ?3) LIMIT ?4)",
            )?
            .query_row((a, b, c, columns::number(most)), |row| row.get(0))?;
        columns::seq(count)
    }

    /// All entities of a kind, in the order of their ids.
    pub fn entities_of(&self, kind: &str) -> Result<Vec<(EntityState, Space)>, StoreError> {
        let mut statement = self.sql.prepare_cached(&format!(
            "SELECT state, space FROM entities WHERE kind = ?1 {} ORDER BY id",
            indexed(kind)
        ))?;
        let rows = statement
            .query_map([kind], |row| Ok((row.get::<_, Vec<u8>>(0)?, row.get::<_, String>(1)?)))?;
        rows.map(|row| {
            let (state, space) = row?;
            Ok((decode_state(&state)?, columns::space(&space)?))
        })
        .collect()
    }
}

/// What a query for entities of a kind has to say for the index of the kinds with few to be used.
pub(crate) fn indexed(kind: &str) -> &'static str {
    match Kind::parse(kind) {
        Some(Kind::Task | Kind::Note) => "",
        _ => "AND kind NOT IN ('task', 'note')",
    }
}

/// A state as this database keeps it: without the names of its fields, by which it is half as large. It is
/// made anew from the log and the base whenever a build understands more than the one that wrote it.
pub(crate) fn encode_state(state: &EntityState) -> Result<Vec<u8>, StoreError> {
    Ok(encode_in_order(state)?)
}

/// Reads a state, with the names of its fields or without.
pub(crate) fn decode_state(bytes: &[u8]) -> Result<EntityState, StoreError> {
    decode(bytes, STATE_LIMIT, "the state of an item")
        .map_err(|error| StoreError::Damaged(error.to_string()))
}
