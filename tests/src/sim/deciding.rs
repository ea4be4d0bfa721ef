//! Texts that people type, conflicts that they decide, steps that they take back.

use super::moving::MOVED;
use super::tally::Group;
use super::world::{Action, Looking, Made, Meant, World};
use crate::oracle::Life;
use holdfast_model::change::Edit;
use holdfast_model::entity::{Draft, Seen};
use holdfast_model::fields::{LIFE, REVIEWED, TITLE, VALUE};
use holdfast_model::policy::KINDS;
use holdfast_model::text::{Splice, TextDoc, writer_of};
use holdfast_model::{Dot, EntityId, EntityState, Kind, Policies, Policy, Value};
use holdfast_oplog::{LogId, Space};
use holdfast_store::{REDO, UNDO, UndoStep};
use rand::Rng;
use rand::seq::SliceRandom;
use std::collections::BTreeMap;

impl World {
    /// Someone types, deletes, or replaces a stretch of a text.
    pub(super) fn type_text(&mut self, device: usize) {
        let Some((state, space)) = self.pick(device, &[Kind::Note, Kind::Task]) else { return };
        let writer = writer_of(&self.devices[device].actor.0);
        let id = state.id;
        let mut doc = self.devices[device].read(|tx| tx.open_text(id, writer));
        let before = doc.plain();
        let length = doc.len_chars();
        let pos = self.rng.gen_range(0..=length);
        let delete =
            if self.rng.gen_bool(0.4) { self.rng.gen_range(0..=(length - pos).min(6)) } else { 0 };
        let insert =
            if delete == 0 || self.rng.gen_bool(0.5) { self.typed(space) } else { String::new() };
        let row = match (delete, insert.is_empty()) {
            (0, _) => "text: insert",
            (_, true) => "text: delete",
            (_, false) => "text: replace",
        };
        let update = doc.splice(&[Splice::new(pos, delete, insert)]).unwrap().update;
        let after = doc.plain();
        let field = Kind::parse(&state.kind).and_then(Kind::text_field).unwrap();
        let mut draft = state.draft();
        draft.text(field, update);
        let mut meant = Meant::content(draft.finish().unwrap());
        meant.text = Some((before, after));
        meant.doc = self.rng.gen_bool(0.5).then_some(doc);
        if self.commit(device, Action::new(space, "text"), vec![meant]) {
            self.tally.count(Group::Edits, row);
        }
    }

    /// Someone looked at the merged text and is content with it.
    pub(super) fn review_text(&mut self, device: usize) {
        let Some((state, space)) = self.pick(device, &[Kind::Note, Kind::Task]) else { return };
        let id = state.id;
        let Some(text) = self.devices[device].read(|tx| tx.text(id)) else { return };
        let mut draft = state.draft();
        draft.add(REVIEWED, Value::Bytes(text.version.to_bytes()));
        if let Some(edit) = draft.finish() {
            let meant = vec![Meant::content(edit)];
            self.commit(device, Action::new(space, "conflict.resolve"), meant);
        }
    }

    /// Someone opens a conflict and takes their time.
    pub(super) fn look(&mut self, device: usize) {
        let mut open = Vec::new();
        for Made { id, .. } in self.made.clone() {
            let Some((state, space)) = self.devices[device].item(id) else { continue };
            let registers =
                state.registers.iter().map(|(field, register)| (field.as_str(), register));
            for (field, register) in registers.chain([(LIFE, &state.life)]) {
                if register.is_disputed() {
                    let mut values: Vec<Value> =
                        register.distinct().into_iter().map(|v| v.value.clone()).collect();
                    values.sort();
                    open.push((id, space, field.to_owned(), values, register.dots()));
                }
            }
        }
        let Some((item, space, field, values, saw)) = open.choose(&mut self.rng).cloned() else {
            return;
        };
        let chosen = if field == TITLE && self.rng.gen_bool(0.3) {
            self.word(space).into()
        } else {
            values.choose(&mut self.rng).unwrap().clone()
        };
        self.looking.push(Looking { device, item, space, field, chosen, saw });
    }

    /// Someone who looked at a conflict decides it, whatever has arrived since.
    pub(super) fn decide(&mut self) {
        if self.looking.is_empty() {
            return;
        }
        let at = self.rng.gen_range(0..self.looking.len());
        let Looking { device, item, space: saw_in, field, chosen, saw } =
            self.looking.swap_remove(at);
        let (state, space) = self.devices[device].read(|tx| tx.expect_entity(item, "item"));
        if space != saw_in {
            // It was moved meanwhile: what they looked at is not there any more.
            return;
        }
        let ids = saw.iter().map(|dot| (LogId { space, actor: dot.actor }, dot.seq)).collect();
        let standing: Vec<Dot> = state.register(&field).map(|r| r.dots()).unwrap_or_default();
        let unseen = standing.iter().any(|dot| !saw.contains(dot));
        let mut draft = state.draft();
        if field == LIFE {
            draft.life(chosen.as_str().unwrap(), &Seen::Versions(saw));
        } else {
            draft.set(&field, chosen, &Seen::Versions(saw));
        }
        let mut meant = Meant::content(draft.finish().unwrap());
        meant.decided.insert(field, ids);
        if self.commit(device, Action::new(space, "conflict.resolve"), vec![meant]) {
            self.tally.count(Group::Edits, "decide a conflict");
            if unseen {
                self.tally.count(Group::Edits, "decide without having seen the newest edit");
            }
        }
    }

    pub(super) fn undo(&mut self, device: usize) {
        let actor = self.devices[device].actor;
        let Some(step) = self.devices[device].read(|tx| tx.undo_step(actor)) else { return };
        if step.action() == MOVED {
            // That is taken back by moving again.
            return;
        }
        let before = self.devices[device].dump(None);
        if self.revert(device, &step, UNDO) && self.rng.gen_bool(0.4) && self.redo(device) {
            // Undone and at once done again is as it was.
            let after = self.devices[device].dump(None);
            assert_eq!(after, before, "undo and redo lost something");
        }
    }

    pub(super) fn redo(&mut self, device: usize) -> bool {
        let actor = self.devices[device].actor;
        let step = self.devices[device].read(|tx| tx.redo_step(actor));
        step.is_some_and(|step| self.revert(device, &step, REDO))
    }

    /// Whether all of it was acknowledged.
    fn revert(&mut self, device: usize, step: &UndoStep, name: &str) -> bool {
        let first = step.changes.first().unwrap().dot();
        let group = (step.changes.len() > 1).then(|| self.rng.r#gen());
        for change in &step.changes {
            let actor = self.devices[device].actor;
            let unit = std::slice::from_ref(change);
            let plan = self.devices[device].read(|tx| tx.plan_undo(unit, actor, &step.changes));
            let mut docs: BTreeMap<EntityId, TextDoc> = plan.texts.into_iter().collect();
            let mut meant = Vec::new();
            for edit in plan.edits {
                let id = edit.entity;
                let before = self.devices[device].read(|tx| tx.plain_in(id, change.space));
                let doc = docs.remove(&id);
                let text = doc.as_ref().map(|d| (before, d.plain()));
                let life = self.meaning_of_undo(device, change.space, &edit);
                meant.push(Meant { edit, life, decided: BTreeMap::new(), text, doc });
            }
            let action = Action { space: change.space, name, reverts: Some(first), group };
            if !self.commit(device, action, meant) {
                return false;
            }
        }
        true
    }

    /// An undo writes the life of an item because it undoes or does again a deletion, a decision or
    /// the like, or only because it edits content. It means it where it edits nothing else, or where
    /// an edit of content would have written something else.
    fn meaning_of_undo(&mut self, device: usize, space: Space, edit: &Edit) -> Life {
        let Some(life) = &edit.life else { return Life::Implied };
        let standing = self.oracle.values((edit.entity, space), LIFE, self.oracle.applied(device));
        let content = !edit.set.is_empty()
            || !edit.add.is_empty()
            || !edit.remove.is_empty()
            || !edit.text.is_empty();
        if !content || !standing.contains(&life.value) { Life::Meant } else { Life::Implied }
    }

    /// Someone wants to decide everything that can be decided.
    pub(super) fn ask_about_everything(&mut self) {
        if !self.by_clock {
            return;
        }
        let kinds = KINDS.iter().filter(|kind| kind.choices.contains(&Policy::Ask));
        let meant = kinds.filter_map(|kind| {
            let id = Policies::setting(kind.name);
            let mut draft = Draft::new(id, Kind::Setting.as_str());
            draft.set(VALUE, Policy::Ask.as_str(), &Seen::All);
            draft.finish().map(Meant::content)
        });
        let meant = meant.collect();
        self.commit(0, Action::new(Space::Everywhere, "policy.set"), meant);
    }

    pub(super) fn choose_policy(&mut self, device: usize) {
        if !self.by_clock {
            return;
        }
        let kind = &KINDS[self.rng.gen_range(0..KINDS.len())];
        let policy = kind.choices.choose(&mut self.rng).unwrap().as_str();
        let id = Policies::setting(kind.name);
        let state = self.devices[device].state(id);
        let mut draft = state
            .as_ref()
            .map_or_else(|| Draft::new(id, Kind::Setting.as_str()), EntityState::draft);
        draft.set(VALUE, policy, &Seen::All);
        if let Some(edit) = draft.finish() {
            let action = Action::new(Space::Everywhere, "policy.set");
            self.commit(device, action, vec![Meant::content(edit)]);
        }
    }
}
