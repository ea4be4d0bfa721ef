//! Repeating tasks: what completing, cancelling and moving one does. What the next occurrence is made of
//! is in [`crate::next_occurrence`].
//!
//! **Invariants.** One occurrence has one successor, whoever completes it and whenever: the successor's
//! id follows from the series and the finished occurrence, so devices that complete it apart make one
//! task. Completing says nothing that another device could have meant differently: only where the date
//! itself differs (moved there, completed on another day) is there a question, and it is about the date.
//! A series ends where a person ends it (the repeat is taken away, all that follow are cancelled, the only
//! open occurrence is deleted), and never by the way. The day of the month that it keeps comes from the
//! task's own date, and only a person who moves that date moves it.

use crate::act::Work;
use crate::tasks::day_of;
use crate::{AppError, view};
use holdfast_model::entity::{Draft, Seen};
use holdfast_model::fields::{DEADLINE, REPEAT, SERIES, STATUS, TITLE, WHEN};
use holdfast_model::recurrence::{self, Repeat};
use holdfast_model::{EntityId, EntityState, Value};
use jiff::civil::Date;

/// How an occurrence ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    /// It is done.
    Done,
    /// It is cancelled, and the series goes on.
    This,
    /// It is cancelled with all that follow.
    Following,
}

/// What stands after an occurrence.
enum After {
    /// One that was made and not deleted.
    Made,
    /// Nothing: the id of the one that may be made.
    Free(EntityId),
    /// More deleted ones than are looked through.
    TooMany,
}

/// Most occurrences of a series that are looked through for one.
const LONGEST: usize = 100_000;

pub(crate) fn repeat_of(state: &EntityState) -> Option<Repeat> {
    state.text(REPEAT).parse().ok()
}

/// The day from which a task's next occurrence is counted: when it is planned, else its deadline.
pub(crate) fn own_day(state: &EntityState) -> Option<Date> {
    own_day_of(|field| state.value(field))
}

/// [`own_day`] of a task with these values.
fn own_day_of<'v>(value: impl Fn(&str) -> &'v Value) -> Option<Date> {
    [WHEN, DEADLINE].iter().find_map(|field| day_of(value(field).as_str().unwrap_or_default()))
}

/// The first task of the series that a task is in.
fn series(state: &EntityState) -> EntityId {
    state.text(SERIES).parse().unwrap_or(state.id)
}

/// The id of the occurrence that follows one.
fn successor(series: EntityId, of: EntityId) -> EntityId {
    EntityId(recurrence::occurrence_id(*series.as_bytes(), *of.as_bytes()))
}

pub(crate) fn is_open(state: &EntityState) -> bool {
    !matches!(state.text(STATUS), "done" | "cancelled")
}

impl Work<'_, '_> {
    /// How a patch ends an occurrence of a repeating task, if it does.
    pub(crate) fn ending(
        state: &EntityState,
        patch: &view::TaskPatch,
    ) -> Result<Option<Ending>, AppError> {
        let repeats = match &patch.repeat {
            Some(repeat) => repeat.as_deref().is_some_and(|text| !text.trim().is_empty()),
            None => repeat_of(state).is_some(),
        };
        Ok(match patch.status {
            Some(view::TaskStatus::Done) if state.text(STATUS) != "done" => Some(Ending::Done),
            Some(view::TaskStatus::Cancelled) if repeats && is_open(state) => {
                Some(match patch.occurrences {
                    Some(view::Occurrences::This) => Ending::This,
                    Some(view::Occurrences::Following) => Ending::Following,
                    None => return Err(AppError::WhichOccurrences(state.text(TITLE).to_owned())),
                })
            }
            _ => None,
        })
    }

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

    /// Writes the repeat that a patch asks for, counted from the date that the task has after it. Where
    /// the patch moves the date alone, a day of the month that came from it moves along.
    pub(crate) fn set_repeat(
        &self,
        draft: &mut Draft<'_>,
        state: &EntityState,
        patch: &view::TaskPatch,
        as_of: Option<i64>,
    ) -> Result<(), AppError> {
        let day = own_day_of(|field| draft.written(field).unwrap_or_else(|| state.value(field)));
        let repeat = if let Some(text) = &patch.repeat {
            let text = text.as_deref().unwrap_or_default();
            let repeat =
                Repeat::parse(text).map_err(|error| AppError::Invalid(error.to_string()))?;
            repeat.map(|repeat| match day {
                Some(day) => repeat.anchored(day),
                None => repeat,
            })
        } else {
            let moved = day.filter(|day| own_day(state) != Some(*day));
            let (Some(day), Some(repeat)) = (moved, repeat_of(state)) else { return Ok(()) };
            let now = state.register(REPEAT).filter(|register| !register.is_disputed());
            let moved = repeat.clone().moved(day);
            // Moving a date decides nothing about a repeat that is disputed.
            if now.is_none() || moved == repeat {
                return Ok(());
            }
            Some(moved)
        };
        self.set(draft, state, REPEAT, repeat.map(|repeat| repeat.to_string()), as_of)
    }

    /// Makes the next occurrence of a task that was just completed or left out. `state` is what the task
    /// is after that.
    pub(crate) fn repeat_task(
        &mut self,
        state: &EntityState,
        space: holdfast_oplog::Space,
    ) -> Result<(), AppError> {
        let Some(repeat) = repeat_of(state) else { return Ok(()) };
        let today = self.now.date();
        let from = own_day(state).unwrap_or(today);
        let repeat = repeat.anchored(from);
        let Some(next) = recurrence::next(&repeat, from, today) else { return Ok(()) };
        match self.after(state)? {
            After::Free(id) => {
                self.make_occurrence(state, space, id, series(state), (&repeat, from, next))
            }
            After::Made | After::TooMany => Ok(()),
        }
    }

    /// Whether the occurrence after this one was made already.
    pub(crate) fn has_successor(&self, state: &EntityState) -> Result<bool, AppError> {
        Ok(matches!(self.after(state)?, After::Made))
    }

    /// What stands after an occurrence. One that was deleted was not wanted beside it: it is passed over, and
    /// no reason to end the series.
    fn after(&self, state: &EntityState) -> Result<After, AppError> {
        let series = series(state);
        let mut id = successor(series, state.id);
        for _ in 0..LONGEST {
            match self.tx.entity(id)? {
                None => return Ok(After::Free(id)),
                Some((there, _)) if there.is_alive() => return Ok(After::Made),
                Some(_) => id = successor(series, id),
            }
        }
        Ok(After::TooMany)
    }

    /// Cancels what follows an occurrence and is open: it was made when this one was finished before
    /// and taken up again.
    pub(crate) fn end_series(&mut self, state: &EntityState) -> Result<(), AppError> {
        let series = series(state);
        let mut id = successor(series, state.id);
        for _ in 0..LONGEST {
            let Some((there, space)) = self.tx.entity(id)? else { break };
            if there.is_alive() && is_open(&there) {
                let mut draft = there.draft();
                draft.set(STATUS, Value::from("cancelled"), &Seen::All);
                self.push(space, draft);
            }
            id = successor(series, id);
        }
        Ok(())
    }
}
