//! The review of texts: which edits made apart wait for the person, and which merged by themselves.
//!
//! **Invariant.** What is listed is what [`TextDoc::review`] says of the text as it stands. It is asked
//! only when its answer can have changed: when an edit came in whose writer had not seen everything, or
//! when a decision was made or taken back. The merge itself is not listed but read from the text.

use crate::{StoreError, Tx};
use holdfast_model::fields::{REVIEWED, policy_kind};
use holdfast_model::text::{ReviewCache, TextDoc, Version};
use holdfast_model::{EntityId, EntityState, Policies, Policy, Value, conflict};
use holdfast_oplog::{decode, encode};
use rusqlite::OptionalExtension;

/// What this program wrote itself; the bound only catches damage.
const LOCAL_LIMIT: usize = 256 * 1024 * 1024;

impl Tx<'_> {
    /// What earlier reviews found. It is only a short cut: damaged, it is made anew.
    fn review_cache(&self, id: EntityId) -> Result<ReviewCache, StoreError> {
        let bytes: Option<Vec<u8>> = self
            .sql
            .prepare_cached("SELECT review FROM text_reviews WHERE entity = ?1")?
            .query_row([id.as_bytes()], |row| row.get(0))
            .optional()?;
        Ok(bytes
            .and_then(|bytes| decode(&bytes, LOCAL_LIMIT, "the review of a text").ok())
            .unwrap_or_default())
    }

    /// Lists the text's conflict or automatic merge, if there is one.
    pub(crate) fn review_text(
        &self,
        state: &EntityState,
        field: &str,
        doc: &TextDoc,
        policies: &Policies,
    ) -> Result<(), StoreError> {
        let policy = policies.of(policy_kind(&state.kind, field));
        let conflict_id = conflict::id(state.id, field);
        if policy == Policy::Newest {
            // Nothing is listed, so nothing needs to be found. The row says that there is something to
            // look at when another policy is chosen.
            self.sql
                .prepare_cached(
                    "INSERT INTO text_reviews (entity, review) VALUES (?1, x'') ON CONFLICT DO NOTHING",
                )?
                .execute([state.id.as_bytes()])?;
            return self.unlist_conflict(conflict_id);
        }
        let decisions = decisions(state);
        let mut cache = self.review_cache(state.id)?;
        let found = doc.review(&decisions, &mut cache)?;
        let row = match (found.conflict, found.merged_automatically) {
            (Some(conflict), _) => Some(("open", conflict)),
            (None, Some(merge)) if policy == Policy::Ask => Some(("open", merge)),
            (None, Some(merge)) => Some(("merged", merge)),
            (None, None) => None,
        };
        match row {
            Some((listed, mut found)) => {
                found.merged.clear();
                self.list_conflict(
                    conflict_id,
                    state.id,
                    conflict::ConflictKind::Text,
                    field,
                    listed,
                    &encode(&found)?,
                )?;
            }
            None => self.unlist_conflict(conflict_id)?,
        }
        self.sql
            .prepare_cached(
                "INSERT INTO text_reviews (entity, review) VALUES (?1, ?2)
                 ON CONFLICT (entity) DO UPDATE SET review = excluded.review",
            )?
            .execute((state.id.as_bytes(), encode(&cache)?))?;
        Ok(())
    }
}

/// The decisions on an item's text. One in a form that is not understood decides nothing here.
pub(crate) fn decisions(state: &EntityState) -> Vec<Version> {
    let decided = state.elements(REVIEWED).into_iter();
    decided
        .filter_map(|value| match value {
            Value::Bytes(bytes) => Version::from_bytes(bytes).ok(),
            _ => None,
        })
        .collect()
}
