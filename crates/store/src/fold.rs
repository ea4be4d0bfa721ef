use crate::{StoreError, Tx};
use holdfast_model::change::Change;
use holdfast_model::text::TextDoc;
use holdfast_model::{EntityId, EntityState, Kind};
use holdfast_oplog::Space;
use std::collections::BTreeMap;

/// Texts that are held open at a time; a loaded text is large.
const TEXTS: usize = 128;
/// States that are held at a time.
const STATES: usize = 4096;
/// The writer id of documents that are only read from.
const READER: u64 = 1;

/// Applies changes to the base, as [`crate::apply`] does to the views, and to nothing else.
pub(crate) struct Fold<'t, 's> {
    tx: &'t Tx<'s>,
    states: BTreeMap<(Space, EntityId), EntityState>,
    texts: BTreeMap<(Space, EntityId), TextDoc>,
}

impl<'t, 's> Fold<'t, 's> {
    pub(crate) fn new(tx: &'t Tx<'s>) -> Self {
        Self { tx, states: BTreeMap::new(), texts: BTreeMap::new() }
    }

    pub(crate) fn take(&mut self, change: &Change) -> Result<(), StoreError> {
        for edit in change.edits() {
            let key = (change.space, edit.entity);
            if !self.states.contains_key(&key) {
                let known = self.tx.base_state(change.space, edit.entity)?;
                let fresh = || EntityState::new(edit.entity, &edit.kind, change.time, change.dot());
                self.states.insert(key, known.unwrap_or_else(fresh));
            }
            let Some(state) = self.states.get_mut(&key) else { continue };
            state.apply(edit, change.dot(), change.time);
            let text_field = Kind::parse(&state.kind).and_then(Kind::text_field);
            for (field, text) in &edit.text {
                if text_field != Some(field.as_str()) {
                    continue;
                }
                if !self.texts.contains_key(&key) {
                    let doc = match self.tx.base_text(change.space, edit.entity)? {
                        Some(snapshot) => TextDoc::load(&snapshot, READER)?,
                        None => TextDoc::new(READER),
                    };
                    self.texts.insert(key, doc);
                }
                let writer = text.writer(edit.entity, change.space, change.actor);
                if let Some(doc) = self.texts.get_mut(&key)
                    && let Err(error) = doc.import(&text.update, writer)
                {
                    // It was not taken over when it was applied either, and that was said then.
                    tracing::debug!(%error, "an edit of a text is not in the base");
                }
            }
        }
        if self.texts.len() > TEXTS || self.states.len() > STATES {
            self.write()?;
        }
        Ok(())
    }

    fn write(&mut self) -> Result<(), StoreError> {
        for ((space, _), state) in std::mem::take(&mut self.states) {
            self.tx.set_base_state(space, &state)?;
        }
        for ((space, id), text) in std::mem::take(&mut self.texts) {
            self.tx.set_base_text(space, id, &text)?;
        }
        Ok(())
    }

    pub(crate) fn finish(mut self) -> Result<(), StoreError> {
        self.write()
    }
}
