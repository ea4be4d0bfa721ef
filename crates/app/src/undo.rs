//! Undo and redo: forward changes that put back what an action replaced.

use crate::act::Work;
use crate::session::Open;
use crate::{App, AppError, describe, view};
use holdfast_model::Dot;
use holdfast_model::change::Change;
use holdfast_store::{REDO, UNDO, UndoStep, units};

impl App {
    /// Undoes the last action of this device that is not undone.
    pub fn undo(&self) -> Result<view::Done, AppError> {
        self.with(|open| {
            let actor = open.actor;
            let (step, barrier) = open.store.read(|tx| {
                let step = tx.undo_step(actor)?;
                let barrier = tx.barrier_before(step.as_ref().map(|step| step.position))?;
                Ok::<_, AppError>((step, barrier))
            })?;
            if let Some(barrier) = barrier {
                open.store.write(|tx| tx.told_barrier(&barrier))?;
                return Err(AppError::NotUndoable(barrier.what));
            }
            let step = step.ok_or(AppError::NothingTo("undo"))?;
            open.revert(&step, UNDO)
        })
    }

    /// Does the last undone action again.
    pub fn redo(&self) -> Result<view::Done, AppError> {
        self.with(|open| {
            let actor = open.actor;
            let step = open.store.read(|tx| tx.redo_step(actor))?;
            let step = step.ok_or(AppError::NothingTo("redo"))?;
            open.revert(&step, REDO)
        })
    }

    /// Takes back what an exchange brought, as one action of this device.
    pub fn undo_exchange(&self, id: &str) -> Result<view::Done, AppError> {
        let unknown = || AppError::NoSuchItem { what: "exchange", given: id.to_owned() };
        let number: i64 = id.parse().map_err(|_| unknown())?;
        self.with(|open| {
            let (exchange, changes, cut) = open.store.read(|tx| {
                let changes = tx.changes_of_exchange(number)?;
                Ok::<_, AppError>((tx.exchange(number)?, changes, tx.is_exchange_cut(number)?))
            })?;
            let exchange = exchange.ok_or_else(unknown)?;
            if cut {
                return Err(AppError::Invalid(
                    "Some of what this exchange brought is past the history period, so it cannot be taken back as a whole.".into(),
                ));
            }
            if changes.is_empty() {
                return Err(AppError::NothingTo("take back in this exchange"));
            }
            let mut done = open.reverse(&changes, "exchange.undo", None)?;
            done.label = format!("What '{}' brought was taken back", exchange.name);
            Ok(done)
        })
    }
}

impl Open {
    fn revert(&mut self, step: &UndoStep, action: &str) -> Result<view::Done, AppError> {
        let Some(first) = step.changes.first() else {
            return Err(AppError::NothingTo("undo"));
        };
        let original = self.store.read(|tx| tx.reverted_action(first.space, first))?;
        let moved = crate::move_back::moves_in(&step.changes);
        let mut done = if moved.is_empty() {
            self.reverse(&step.changes, action, Some(first.dot()))?
        } else {
            self.move_back(&step.changes, &moved, action)?
        };
        let what = describe::action(&original);
        done.label =
            if action == UNDO { format!("Undone: {what}") } else { format!("Done again: {what}") };
        Ok(done)
    }

    /// Reverses changes, newest first, as one action. Each is planned on the state that the reversal
    /// of the newer ones leaves behind.
    pub(crate) fn reverse(
        &mut self,
        changes: &[Change],
        action: &str,
        reverts: Option<Dot>,
    ) -> Result<view::Done, AppError> {
        self.reverse_within(changes, action, reverts, None)
    }

    /// [`Open::reverse`] as a part of an action that has begun, which goes under the number of its group.
    pub(crate) fn reverse_within(
        &mut self,
        changes: &[Change],
        action: &str,
        reverts: Option<Dot>,
        group: Option<u64>,
    ) -> Result<view::Done, AppError> {
        let now = self.clock.zoned();
        self.write(|tx, author| {
            let group = group.or_else(|| {
                (units(changes).len() > 1)
                    .then(|| rand_core::RngCore::next_u64(&mut rand_core::OsRng))
            });
            let mut total =
                view::Done { ids: Vec::new(), label: String::new(), skipped: Vec::new() };
            for unit in units(changes) {
                let Some(change) = unit.first() else { continue };
                let plan = tx.plan_undo(unit, author.actor, changes)?;
                let mut work = Work::new(tx, author.actor, now.clone());
                work.ids = plan.edits.iter().map(|edit| edit.entity).collect();
                for edit in plan.edits {
                    work.push_edit(change.space, edit);
                }
                for (id, doc) in plan.texts {
                    work.push_text(id, doc);
                }
                work.group = group;
                // What is reverted is named once: a name means something within its space alone.
                let first = changes.first().map(|first| first.space);
                let reverts = reverts.filter(|_| first == Some(change.space));
                work.noted_in = reverts.map(|_| change.space);
                let done = work.commit(author, action, reverts)?.done("");
                total.ids.extend(done.ids);
                total.skipped.extend(plan.skipped);
            }
            total.ids.sort();
            total.ids.dedup();
            Ok(total)
        })
    }
}
