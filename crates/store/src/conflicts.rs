use crate::{StoreError, Tx, columns};
use holdfast_model::conflict::{self, ConflictKind};
use holdfast_model::text::Divergence;
use holdfast_model::{EntityId, EntityState, Policies};
use holdfast_oplog::decode;
#[cfg(feature = "planted")]
use holdfast_oplog::planted;
use rusqlite::Row;

/// What this program wrote itself; the bound only catches damage.
const DETAIL_LIMIT: usize = 256 * 1024 * 1024;

/// Whether a person has to decide.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConflictState {
    /// A person has to decide.
    Open,
    /// It merged by itself and may be looked at.
    Merged,
}

/// A conflict as it is listed.
#[derive(Debug, Clone)]
pub struct ConflictRecord {
    /// The same on every device.
    pub id: EntityId,
    /// The item.
    pub entity: EntityId,
    /// `field`, `text`, `delete` or `move`.
    pub kind: String,
    /// The field.
    pub field: String,
    /// Whether a person has to decide.
    pub state: ConflictState,
    /// For texts: the original and the versions.
    pub text: Option<Divergence>,
}

impl Tx<'_> {
    pub(crate) fn list_conflict(
        &self,
        id: EntityId,
        entity: EntityId,
        kind: ConflictKind,
        field: &str,
        state: &str,
        detail: &[u8],
    ) -> Result<(), StoreError> {
        self.sql
            .prepare_cached(
                "INSERT INTO conflicts (id, entity, kind, field, state, detail)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6)
                 ON CONFLICT (id) DO UPDATE SET state = excluded.state, detail = excluded.detail",
            )?
            .execute((id.as_bytes(), entity.as_bytes(), kind.as_str(), field, state, detail))?;
        Ok(())
    }

    pub(crate) fn unlist_conflict(&self, id: EntityId) -> Result<(), StoreError> {
        self.sql.prepare_cached("DELETE FROM conflicts WHERE id = ?1")?.execute([id.as_bytes()])?;
        Ok(())
    }

    /// Lists the disputed fields of an entity, and no others. Texts, circles and copies in
    /// several spaces are listed apart.
    pub(crate) fn list_disputes(
        &self,
        state: &EntityState,
        policies: &Policies,
    ) -> Result<(), StoreError> {
        // What is in the trash asks nothing.
        let disputes = if state.is_alive() { state.disputes(policies) } else { Vec::new() };
        let listed: Vec<String> = {
            let mut statement = self.sql.prepare_cached(
                "SELECT field FROM conflicts WHERE entity = ?1 AND kind NOT IN ('text', 'space')",
            )?;
            let rows = statement.query_map([state.id.as_bytes()], |row| row.get(0))?;
            rows.collect::<Result<_, _>>()?
        };
        for field in listed.iter().filter(|field| !disputes.contains(&field.as_str())) {
            self.unlist_conflict(conflict::id(state.id, field))?;
        }
        for field in disputes {
            let kind = ConflictKind::of_field(field);
            self.list_conflict(conflict::id(state.id, field), state.id, kind, field, "open", &[])?;
        }
        // Its move may give way although nothing is disputed, and it may just have come back to life.
        if self.is_cut(state.id)? {
            let only = std::iter::once(state.id).collect();
            self.break_circles(&only, policies)?;
        }
        Ok(())
    }

    fn is_cut(&self, id: EntityId) -> Result<bool, StoreError> {
        Ok(self
            .sql
            .prepare_cached("SELECT 1 FROM cut_moves WHERE entity = ?1")?
            .exists([id.as_bytes()])?)
    }

    /// Lists everything again after the policies changed. Cost: the items with several versions.
    pub(crate) fn list_all_disputes(&self, policies: &Policies) -> Result<(), StoreError> {
        let states: Vec<Vec<u8>> = {
            let mut statement = self.sql.prepare_cached(
                "SELECT state FROM entities WHERE disputed = 1
                 UNION SELECT e.state FROM entities e JOIN text_reviews t ON t.entity = e.id",
            )?;
            let rows = statement.query_map([], |row| row.get(0))?;
            rows.collect::<Result<_, _>>()?
        };
        for bytes in states {
            let state = crate::entities::decode_state(&bytes)?;
            self.list_disputes(&state, policies)?;
            self.review_again(&state, policies)?;
        }
        // Moves that give way are asked about under one policy and not under another.
        self.break_circles(&std::collections::BTreeSet::new(), policies)
    }

    /// Whether anything at all is listed.
    pub(crate) fn has_conflicts(&self) -> Result<bool, StoreError> {
        Ok(self.sql.prepare_cached("SELECT 1 FROM conflicts LIMIT 1")?.exists([])?)
    }

    /// How many conflicts of an item a person has to decide.
    pub fn open_conflicts_of(&self, entity: EntityId) -> Result<usize, StoreError> {
        let count: i64 = self
            .sql
            .prepare_cached("SELECT count(*) FROM conflicts WHERE entity = ?1 AND state = 'open'")?
            .query_row([entity.as_bytes()], |row| row.get(0))?;
        Ok(usize::try_from(count).unwrap_or(0))
    }

    /// How many items need a decision, and how many merged by themselves and were not looked at.
    pub fn conflict_counts(&self) -> Result<(u64, u64), StoreError> {
        let (open, merged): (i64, i64) = self.sql.query_row(
            "SELECT count(DISTINCT CASE state WHEN 'open' THEN entity END),
                    count(DISTINCT CASE state WHEN 'merged' THEN entity END) FROM conflicts",
            [],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?;
        Ok((columns::seq(open)?, columns::seq(merged)?))
    }

    /// All conflicts, of one item where it is named.
    pub fn conflicts(&self, entity: Option<EntityId>) -> Result<Vec<ConflictRecord>, StoreError> {
        let order = "entity, field";
        #[cfg(feature = "planted")]
        let order = if planted::is(planted::Bug::ConflictsByArrival) { "c.rowid" } else { order };
        let mut statement = self.sql.prepare_cached(&format!(
            "SELECT id, entity, kind, field, state, detail,
                CASE kind WHEN 'text' THEN (SELECT plain FROM texts t WHERE t.entity = c.entity) END
             FROM conflicts c WHERE ?1 IS NULL OR entity = ?1 ORDER BY {order}",
        ))?;
        let mut rows = statement.query([entity.map(|id| *id.as_bytes())])?;
        let mut conflicts = Vec::new();
        while let Some(row) = rows.next()? {
            conflicts.push(record(row)?);
        }
        Ok(conflicts)
    }
}

fn record(row: &Row<'_>) -> Result<ConflictRecord, StoreError> {
    let kind: String = row.get(2)?;
    let detail: Vec<u8> = row.get(5)?;
    let text = if kind == ConflictKind::Text.as_str() {
        let mut text: Divergence = decode(&detail, DETAIL_LIMIT, "a text conflict")
            .map_err(|error| StoreError::Damaged(error.to_string()))?;
        text.merged = row.get::<_, Option<String>>(6)?.unwrap_or_default();
        Some(text)
    } else {
        None
    };
    let state: String = row.get(4)?;
    Ok(ConflictRecord {
        id: columns::entity_at(row, 0)?,
        entity: columns::entity_at(row, 1)?,
        kind,
        field: row.get(3)?,
        state: if state == "merged" { ConflictState::Merged } else { ConflictState::Open },
        text,
    })
}
