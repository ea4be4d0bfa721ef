//! What a person had seen who read a view at a position of this device's log: the versions of a field,
//! and the version of a text, that stood then. Never what came meanwhile.

use crate::base::holds;
use crate::{ConflictRecord, StoreError, Tx};
use holdfast_model::fields::LIFE;
use holdfast_model::text::{Divergence, ReviewCache, TextDoc, Version};
use holdfast_model::{Dot, EntityId, EntityState, Register};

impl Tx<'_> {
    /// A field as it stood at a position of this device's log. Of what was pruned meanwhile, the
    /// versions that stood last.
    pub fn register_at(
        &self,
        entity: EntityId,
        field: &str,
        position: i64,
    ) -> Result<Register, StoreError> {
        let space = self.home(entity)?.unwrap_or_default();
        let mut register = Register::default();
        if let Some(state) = self.base_state(space, entity)? {
            let seen = self.base_seen_at(position)?;
            let has = holds(&seen, space);
            register = state.register(field).map(|known| known.only(has)).unwrap_or_default();
        }
        for item in self.history_in(entity, space)? {
            if item.position > position {
                break;
            }
            for edit in item.edits_of(entity) {
                let write = if field == LIFE { edit.life.as_ref() } else { edit.set.get(field) };
                if let Some(write) = write {
                    register.apply(item.change.dot(), item.change.time, write);
                }
            }
        }
        Ok(register)
    }

    /// The versions of a field that stood at a position of this device's log, ordered.
    pub fn versions_at(
        &self,
        entity: EntityId,
        field: &str,
        position: i64,
    ) -> Result<Vec<Dot>, StoreError> {
        Ok(self.register_at(entity, field, position)?.dots())
    }

    /// The version of an item's text that stood at a position of this device's log; none where that
    /// cannot be told any more, because history was pruned meanwhile. `doc` is the text as it is now.
    pub fn text_version_at(
        &self,
        entity: EntityId,
        field: &str,
        doc: &TextDoc,
        position: i64,
    ) -> Result<Option<Version>, StoreError> {
        if self.last_touched(entity)? <= position {
            return Ok(Some(doc.version()));
        }
        let space = self.home(entity)?.unwrap_or_default();
        if self.base_state(space, entity)?.is_some() && self.base_position()? > position {
            return Ok(None);
        }
        let history = self.history_in(entity, space)?;
        let writers = self.writers(space)?;
        let writer = |text, actor| writers.of_text(text, entity, space, actor);
        let later = history.iter().filter(|item| item.position > position).flat_map(|item| {
            let texts = item.edits_of(entity).filter_map(|edit| edit.text.get(field));
            texts.map(|text| (text.update.as_slice(), writer(text, item.change.actor)))
        });
        Ok(Some(doc.version_without(later)))
    }
}

impl ConflictRecord {
    /// What a person compares who reads a text conflict: the original, every writer's text and the
    /// merge, as they stood at version `at` of the text `doc`. None where it is no text conflict, or
    /// where there was none then.
    pub fn text_at(
        &self,
        state: &EntityState,
        doc: &TextDoc,
        at: &Version,
    ) -> Result<Option<Divergence>, StoreError> {
        let Some(listed) = &self.text else { return Ok(None) };
        if *at == doc.version() {
            return Ok(Some(doc.columns(listed.clone())?));
        }
        let then = doc.back_to(at)?;
        let mut decisions = crate::text_reviews::decisions(state);
        decisions.retain(|decision| at.covers(decision));
        let found = then.review(&decisions, &mut ReviewCache::default())?;
        let found = found.conflict.or(found.merged_automatically);
        Ok(found.map(|found| then.columns(found)).transpose()?)
    }
}
