//! Taking back an edit of a text under what came after it.

use super::standing::{Place, Standing};
use crate::history::HistoryItem;
use crate::{StoreError, Tx};
use holdfast_model::change::TextEdit;
use holdfast_model::text::{Inverse, Later, TextDoc, Version, writer_of};
use holdfast_model::{Dot, EntityId};
use holdfast_oplog::ActorId;
use std::collections::BTreeMap;

/// What takes an edit of a text back.
pub(super) struct TextBack {
    /// The text that holds it already.
    pub(super) doc: TextDoc,
    /// Its pieces; none where nothing is left to take back.
    pub(super) updates: Vec<Vec<u8>>,
    /// Whether a part was changed since and stays.
    pub(super) skipped: bool,
}

/// One edit of the text since, in one change or several.
struct Since {
    /// The first change of it.
    dot: Dot,
    before: Version,
    after: Version,
    takes_back: Option<Dot>,
}

impl Standing<'_, '_> {
    /// Takes back an edit of a text that came in `pieces`, oldest first; `actor` writes.
    pub(super) fn text_back(
        &mut self,
        place: Place,
        pieces: &[(Dot, &str, &TextEdit)],
        actor: ActorId,
    ) -> Result<TextBack, StoreError> {
        let mut doc = self.tx.open_text_in(place.0, place.1, writer_of(&actor.0))?;
        let (Some((first, field, from)), Some((last, _, to))) = (pieces.first(), pieces.last())
        else {
            return Ok(TextBack { doc, updates: Vec::new(), skipped: false });
        };
        let writers = self.tx.writers(place.1)?;
        let writer =
            |text: &TextEdit, dot: &Dot| writers.of_text(text, place.0, place.1, dot.actor);
        let (before, _) = doc.span_of(&from.update, writer(from, first))?;
        let (_, after) = doc.span_of(&to.update, writer(to, last))?;
        let later = if self.is_own(first.actor) && doc.version() != after {
            self.since(place, field, *last, &doc, &after)?
        } else {
            None
        };
        let Inverse { splices, skipped } = doc.inverse(&before, &after, later.as_deref())?;
        let updates = doc.splice_in_pieces(&splices)?;
        Ok(TextBack { doc, updates, skipped })
    }

    /// The edits of a text since one of this device, as they were taken in here. Those that cancel each
    /// other with nothing between them are left out. `None` where none takes another back.
    fn since(
        &mut self,
        place: Place,
        field: &str,
        last: Dot,
        doc: &TextDoc,
        after: &Version,
    ) -> Result<Option<Vec<Later>>, StoreError> {
        let mut steps: Vec<Since> = Vec::new();
        let mut at = after.clone();
        let mut linked = false;
        for edit in self.tx.text_edits_since(place, field, last, doc)? {
            let before = at.clone();
            at = at.union(&edit.after);
            let own = self.is_own(edit.dot.actor);
            let takes_back = edit.takes_back.filter(|_| own);
            linked |= takes_back.is_some();
            if takes_back.is_some() && takes_back == steps.last().map(|step| step.dot) {
                steps.pop();
                continue;
            }
            steps.push(Since { before, after: at.clone(), takes_back, ..edit });
        }
        if !linked {
            return Ok(None);
        }
        let places: BTreeMap<Dot, usize> =
            steps.iter().enumerate().map(|(index, step)| (step.dot, index)).collect();
        let later = steps.iter().map(|step| Later {
            before: step.before.clone(),
            after: step.after.clone(),
            takes_back: step.takes_back.and_then(|dot| places.get(&dot).copied()),
        });
        Ok(Some(later.collect()))
    }
}

impl Tx<'_> {
    /// The edits of a text that came after a change, in the order in which they were taken in.
    fn text_edits_since(
        &self,
        (entity, space): Place,
        field: &str,
        after: Dot,
        doc: &TextDoc,
    ) -> Result<Vec<Since>, StoreError> {
        let history = self.history_since(entity, space, after)?;
        let mut edits: Vec<Since> = Vec::new();
        let writers = self.writers(space)?;
        // Where the change before goes on with the same text: who wrote it, and the number that follows.
        let mut goes_on: Option<Dot> = None;
        for item in &history {
            let change = &item.change;
            let dot = change.dot();
            let continues = goes_on == Some(dot);
            goes_on = change.more.then(|| Dot { seq: dot.seq.saturating_add(1), ..dot });
            for (text, takes_back) in texts_of(item, entity, field) {
                // What the text did not take over has no place in it.
                let writer = writers.of_text(text, entity, space, dot.actor);
                let Ok((before, after)) = doc.span_of(&text.update, writer) else { continue };
                match edits.last_mut() {
                    Some(last) if continues && last.dot.actor == dot.actor => last.after = after,
                    _ => edits.push(Since { dot, before, after, takes_back }),
                }
            }
        }
        Ok(edits)
    }
}

fn texts_of<'i>(
    item: &'i HistoryItem,
    entity: EntityId,
    field: &str,
) -> impl Iterator<Item = (&'i TextEdit, Option<Dot>)> {
    let field = field.to_owned();
    item.edits_of(entity)
        .filter_map(move |edit| edit.text.get(&field).map(|text| (text, edit.takes_back)))
}
