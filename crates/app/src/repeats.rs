//! Repeating tasks: what completing one does.
//!
//! **Invariants.** One occurrence has one successor, whoever completes it and whenever: the successor's
//! id follows from the series and the finished occurrence, so devices that complete it apart make one
//! task. Completing says nothing that another device could have meant differently: only where the date
//! itself differs (moved there, completed on another day) is there a question, and it is about the date.

use crate::AppError;
use crate::act::Work;
use crate::tasks::day_of;
use crate::view;
use holdfast_model::entity::{Draft, Seen};
use holdfast_model::fields::{
    DEADLINE, LIST, ORDER, PARENT, PRIORITY, REPEAT, SERIES, TAGS, TITLE, WHEN,
};
use holdfast_model::recurrence::{self, Repeat};
use holdfast_model::{EntityId, EntityState, Kind};
use holdfast_oplog::Space;

fn repeat_of(state: &EntityState) -> Option<Repeat> {
    state.text(REPEAT).parse().ok()
}

impl Work<'_, '_> {
    /// Completing an occurrence says that it took place on its date: a device that moved it meanwhile
    /// to another date makes that a question, and one that also completed it agrees.
    pub(crate) fn fix_date(
        &self,
        draft: &mut Draft<'_>,
        state: &EntityState,
        patch: &view::TaskPatch,
        as_of: Option<i64>,
    ) -> Result<(), AppError> {
        let (field, moves) = if state.text(WHEN).is_empty() {
            (DEADLINE, patch.deadline.is_some())
        } else {
            (WHEN, patch.when.is_some() || patch.evening.is_some())
        };
        let Some(register) = state.register(field).filter(|r| !r.is_disputed() && !moves) else {
            return Ok(());
        };
        if repeat_of(state).is_some() && !state.text(field).is_empty() {
            let seen = match self.seen(state, field, as_of)? {
                Seen::All => Seen::Versions(register.dots()),
                then @ Seen::Versions(_) => then,
            };
            draft.set(field, state.value(field).clone(), &seen);
        }
        Ok(())
    }

    /// Makes the next occurrence of a task that was just completed.
    ///
    /// Its status is left unsaid, which means open: where another device has completed it already,
    /// that stands.
    pub(crate) fn repeat_task(
        &mut self,
        state: &EntityState,
        space: Space,
    ) -> Result<(), AppError> {
        let Some(repeat) = repeat_of(state) else { return Ok(()) };
        let today = self.now.date();
        let planned = state.text(WHEN);
        let from = day_of(planned).or_else(|| day_of(state.text(DEADLINE))).unwrap_or(today);
        let Some(next) = recurrence::next(&repeat, from, today) else { return Ok(()) };
        let series = state.text(SERIES).parse().unwrap_or(state.id);
        let id = EntityId(recurrence::occurrence_id(*series.as_bytes(), *state.id.as_bytes()));
        if self.tx.entity(id)?.is_some() {
            return Ok(());
        }
        let mut draft = Draft::new(id, Kind::Task.as_str());
        let all = &Seen::All;
        for field in [TITLE, LIST, PARENT, PRIORITY, REPEAT, ORDER] {
            draft.set(field, state.value(field).clone(), all);
        }
        draft.set(SERIES, series.to_string(), all);
        let time = planned.get(10..).unwrap_or_default();
        if !planned.is_empty() || state.text(DEADLINE).is_empty() {
            draft.set(WHEN, format!("{next}{time}"), all);
        }
        if let (Some(deadline), Ok(shift)) = (day_of(state.text(DEADLINE)), from.until(next)) {
            let moved = deadline.checked_add(shift).unwrap_or(next);
            draft.set(DEADLINE, moved.to_string(), all);
        }
        for tag in state.elements(TAGS) {
            draft.add(TAGS, tag.clone());
        }
        self.push(space, draft);
        Ok(())
    }
}
