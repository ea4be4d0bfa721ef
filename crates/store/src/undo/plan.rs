//! Working out the forward edits that take changes back.

use super::standing::{Place, Standing, write_of};
use crate::{StoreError, Tx};
use holdfast_model::change::{Change, Edit, TextEdit, Write};
use holdfast_model::entity::{DELETED, Draft, Seen};
use holdfast_model::fields::{self, LIFE, REVIEWED};
use holdfast_model::text::TextDoc;
use holdfast_model::{Dot, EntityId, EntityState, Kind, Value};
use holdfast_oplog::{ActorId, Space};
use std::collections::{BTreeMap, BTreeSet};

/// The edits that put back what a change replaced.
#[derive(Debug, Default)]
pub struct UndoPlan {
    /// Forward edits.
    pub edits: Vec<Edit>,
    /// Texts that hold the edits already.
    pub texts: Vec<(EntityId, TextDoc)>,
    /// Items and fields that someone has changed since and that are left alone, in words.
    pub skipped: Vec<String>,
}

/// The edits of one text in the changes that are taken back together, oldest first.
pub(super) type TextEdits<'c> = BTreeMap<EntityId, Vec<(Dot, &'c str, &'c TextEdit)>>;

/// What is taken back, and what it is told apart from.
struct Taking<'p, 't, 's> {
    standing: &'p mut Standing<'t, 's>,
    /// Everything that is taken back in the same action.
    all: &'p BTreeSet<(Space, Dot)>,
    actor: ActorId,
}

impl Tx<'_> {
    /// Works out the forward edits that take back a unit of changes (see [`super::units`]), newest first,
    /// on the state as it is now. `actor` writes them. `all` is what the same action takes back: what
    /// anybody else did to an item that it made keeps that item.
    pub fn plan_undo(
        &self,
        unit: &[Change],
        actor: ActorId,
        all: &[Change],
    ) -> Result<UndoPlan, StoreError> {
        let mut plan = UndoPlan::default();
        let mut texts = TextEdits::new();
        for change in unit.iter().rev() {
            for edit in change.edits() {
                for (field, text) in &edit.text {
                    texts.entry(edit.entity).or_default().push((change.dot(), field, text));
                }
            }
        }
        let mut standing = Standing::new(self, actor)?;
        let all = all.iter().map(|change| (change.space, change.dot())).collect();
        let mut taking = Taking { standing: &mut standing, all: &all, actor };
        for change in unit {
            for edit in change.edits() {
                taking.edit(change, edit, &texts, &mut plan)?;
            }
        }
        Ok(plan)
    }
}

impl Taking<'_, '_, '_> {
    fn edit(
        &mut self,
        change: &Change,
        edit: &Edit,
        texts: &TextEdits<'_>,
        plan: &mut UndoPlan,
    ) -> Result<(), StoreError> {
        let tx = self.standing.tx;
        let place = (edit.entity, change.space);
        let Some(state) = tx.entity_in(place.0, place.1)? else { return Ok(()) };
        let name = crate::apply::title_or(&state, &tx.plain_in(place.0, place.1)?);
        let dot = change.dot();
        let mut draft = state.draft();
        if self.made_it(edit, place, dot)? {
            if self.others_touched(place, dot)? {
                plan.skipped.push(format!("'{name}' was changed since and stays"));
            } else if state.is_alive() {
                draft.life(DELETED, &Seen::All).takes_back(dot);
                plan.edits.extend(draft.finish());
            }
            return Ok(());
        }
        let life_first = edit.life.as_ref().map(|_| LIFE);
        for field in edit.set.keys().map(String::as_str).chain(life_first) {
            let Some(write) = write_of(edit, field) else { continue };
            self.put_back((&state, place.1), &mut draft, (field, write), dot, &name, plan)?;
        }
        for (field, values) in &edit.add {
            for value in values {
                let seen = self.additions(&state, place, field, value, dot)?;
                draft.remove_additions(field, value.clone(), seen);
            }
        }
        for (field, removals) in &edit.remove {
            for removal in removals {
                draft.add_anew(field, removal.value.clone());
            }
        }
        let pieces = texts.get(&edit.entity).map(Vec::as_slice).unwrap_or_default();
        let field = Kind::parse(&state.kind).and_then(Kind::text_field);
        let mut more = Vec::new();
        // A text that went into several changes is taken back whole, by the first of them.
        if let (Some((first, name_of, _)), Some(field)) = (pieces.first(), field)
            && *first == dot
            && *name_of == field
            && edit.text.contains_key(field)
        {
            let back = self.standing.text_back(place, pieces, self.actor)?;
            if back.skipped {
                plan.skipped.push(format!(
                    "Part of the {} of '{name}' was changed since and stays",
                    fields::label(field)
                ));
            }
            let mut updates = back.updates.into_iter();
            if let Some(update) = updates.next() {
                draft.text(field, update);
                plan.texts.push((edit.entity, back.doc));
            }
            more.extend(updates);
        }
        if let Some(mut edit) = draft.finish() {
            edit.takes_back = Some(dot);
            let rest = more.into_iter().map(|update| TextEdit { update, copied: None });
            let rest: Vec<Edit> =
                rest.map(|text| edit.only_text(field.unwrap_or_default(), text)).collect();
            plan.edits.push(edit);
            plan.edits.extend(rest);
        }
        Ok(())
    }

    /// The additions of an element that stand for what a change put in.
    fn additions(
        &mut self,
        state: &EntityState,
        place: Place,
        field: &str,
        value: &Value,
        dot: Dot,
    ) -> Result<Vec<Dot>, StoreError> {
        let mut seen = state.sets.get(field).map(|set| set.seen(value)).unwrap_or_default();
        if field == REVIEWED {
            return Ok(seen);
        }
        let wanted = self.standing.of_element(place, field, value, vec![dot])?;
        let mut kept = Vec::new();
        for dot in seen.drain(..) {
            if self.standing.of_element(place, field, value, vec![dot])?.is_subset(&wanted) {
                kept.push(dot);
            }
        }
        Ok(kept)
    }

    /// Whether an edit made its item, and no other device made the same one apart. Clocks do not tell:
    /// an edit on a device that is behind can carry an earlier time than the change that made the item.
    fn made_it(&self, edit: &Edit, place: Place, dot: Dot) -> Result<bool, StoreError> {
        let makes = |life: &Write| life.supersedes.is_empty() && life.again.is_empty();
        if !edit.life.as_ref().is_some_and(makes) {
            return Ok(false);
        }
        let writes = self.standing.tx.writes_of(place.0, place.1, LIFE)?;
        Ok(writes.iter().all(|written| written.dot == dot || !written.supersedes.is_empty()))
    }

    /// Whether anybody touched an entity after the change that made it: anything but what is taken back
    /// now, and what takes back or was taken back before.
    fn others_touched(&mut self, place: Place, made: Dot) -> Result<bool, StoreError> {
        let own_step = self.standing.is_own(made.actor);
        let history = self.standing.tx.history_since(place.0, place.1, made)?;
        Ok(history.iter().any(|item| {
            let change = &item.change;
            let own = self.standing.is_own(change.actor);
            let neutral =
                own && (own_step || item.edits_of(place.0).all(|e| e.takes_back.is_some()));
            !neutral && !self.all.contains(&(change.space, change.dot()))
        }))
    }

    /// Puts one register back to what the change replaced, if nobody has written it since.
    fn put_back(
        &mut self,
        (state, space): (&EntityState, Space),
        draft: &mut Draft<'_>,
        (field, written): (&str, &Write),
        dot: Dot,
        name: &str,
        plan: &mut UndoPlan,
    ) -> Result<(), StoreError> {
        let Some(register) = state.register(field) else { return Ok(()) };
        let place = (state.id, space);
        let replaced = self.standing.replaced(place, field, &written.supersedes)?;
        // A decision that was taken back wrote several values: never the same as what it replaced.
        let same =
            written.again.is_empty() && replaced.iter().all(|again| again.value == written.value);
        if field == LIFE && same {
            // An edit only said that the item is as alive as it was.
            return Ok(());
        }
        let now = self.standing.of_field(place, field, register.dots())?;
        if now != self.standing.of_field(place, field, vec![dot])? {
            plan.skipped.push(format!(
                "The {} of '{name}' was changed since and stays",
                fields::label(field)
            ));
            return Ok(());
        }
        // Written even where the value is the same: it stands for another write then.
        let all = Seen::Versions(register.dots());
        let mut values: Vec<&Value> = replaced.iter().map(|again| &again.value).collect();
        values.dedup();
        match (values.as_slice(), field) {
            ([], LIFE) => {}
            ([], _) => {
                draft.set(field, Value::Null, &all);
            }
            ([value], LIFE) => {
                draft.life(value.as_str().unwrap_or_default(), &all);
            }
            ([value], _) => {
                draft.set(field, (*value).clone(), &all);
            }
            // A decision between several: they stand beside each other again.
            _ => {
                draft.again(field, replaced);
            }
        }
        Ok(())
    }
}
