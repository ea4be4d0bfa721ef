//! What the next occurrence of a repeating task is made of: everything that the finished one holds and that
//! is not about that one occurrence. Never decides when it is due.
//!
//! Every id and every text is worked out from what is copied alone, so devices that finish an occurrence
//! apart make one next occurrence with one set of subtasks, and its notes stand there once.

use crate::AppError;
use crate::act::Work;
use crate::repeats::{is_open, repeat_of};
use crate::tasks::day_of;
use holdfast_model::entity::{Draft, Seen};
use holdfast_model::fields::{DEADLINE, LIST, PARENT, REPEAT, REVIEWED, SERIES, STATUS, WHEN};
use holdfast_model::recurrence::{Repeat, occurrence_id};
use holdfast_model::{Edit, EntityId, EntityState, Kind, Value};
use holdfast_oplog::Space;
use holdfast_store::query::TaskFilter;
use jiff::Span;
use jiff::civil::Date;

/// What is about one occurrence and is not copied. Its status is left unsaid, which means open: where
/// another device has completed the next one already, that stands.
const OWN: [&str; 4] = [STATUS, WHEN, DEADLINE, SERIES];

/// The same day so much later, with its time where it has one.
fn shifted(planned: &str, by: Span) -> Option<String> {
    let day = day_of(planned)?.checked_add(by).ok()?;
    Some(format!("{day}{}", planned.get(10..).unwrap_or_default()))
}

impl Work<'_, '_> {
    /// Makes the occurrence `id` that follows `done`, on the day `next` where `done` was on `from`.
    pub(crate) fn make_occurrence(
        &mut self,
        done: &EntityState,
        space: Space,
        id: EntityId,
        series: EntityId,
        (repeat, from, next): (&Repeat, Date, Date),
    ) -> Result<(), AppError> {
        let shift = from.until(next).unwrap_or_default();
        let mut draft = copied(done, id, |_| None);
        let all = &Seen::All;
        draft.set(REPEAT, repeat.to_string(), all);
        draft.set(SERIES, series.to_string(), all);
        let planned = done.text(WHEN);
        if !planned.is_empty() || done.text(DEADLINE).is_empty() {
            draft.set(WHEN, format!("{next}{}", planned.get(10..).unwrap_or_default()), all);
        }
        draft.set(DEADLINE, shifted(done.text(DEADLINE), shift), all);
        self.push_copy(done, space, draft)?;
        self.copy_subtasks(done, space, id, shift)
    }

    /// Makes the parts of a finished occurrence anew below the next one. Those that were still open are
    /// waited for there, and no longer here: they would be there once more with every occurrence.
    fn copy_subtasks(
        &mut self,
        done: &EntityState,
        space: Space,
        top: EntityId,
        shift: Span,
    ) -> Result<(), AppError> {
        let home = self.tx.entity(done.id)?.map_or(space, |(_, home)| home);
        let mut above = vec![(done.id, top)];
        let mut waiting = 0;
        while let Some((old, new)) = above.pop() {
            for row in self.tx.tasks(&TaskFilter::Children(old), usize::MAX)? {
                let (state, at) = self.tx.expect_entity(row.id, "task")?;
                // What goes with the task goes where the task goes; what lives elsewhere stays there.
                let space = if at == home { space } else { at };
                let name = occurrence_id(*top.as_bytes(), *state.id.as_bytes());
                let id = EntityId(name);
                let followed = repeat_of(&state).is_some() && self.has_successor(&state)?;
                if followed || self.tx.entity(id)?.is_some() {
                    continue;
                }
                let mut draft = copied(&state, id, |field| match field {
                    PARENT => Some(new.to_string().into()),
                    LIST => Some(done.value(LIST).clone()),
                    _ => None,
                });
                for field in [WHEN, DEADLINE] {
                    draft.set(field, shifted(state.text(field), shift), &Seen::All);
                }
                self.push_copy(&state, space, draft)?;
                // One that is on its way into another space with the task is written there by the move.
                if is_open(&state) && space == at {
                    waiting += 1;
                    let mut draft = state.draft();
                    draft.set(STATUS, "cancelled", &Seen::All);
                    self.push(space, draft);
                }
                above.push((state.id, id));
            }
        }
        match waiting {
            0 => {}
            1 => self.said.push("its open subtask is in the next one now".into()),
            many => self.said.push(format!("its {many} open subtasks are in the next one now")),
        }
        Ok(())
    }

    /// Takes in a copy with the notes of what it is a copy of, their checklists unticked.
    fn push_copy(
        &mut self,
        of: &EntityState,
        space: Space,
        draft: Draft<'_>,
    ) -> Result<(), AppError> {
        let Some(mut edit) = draft.finish() else { return Ok(()) };
        let field = Kind::parse(&of.kind).and_then(Kind::text_field);
        let text = self.tx.text(of.id)?.map(|text| text.plain).unwrap_or_default();
        let mut more: Vec<Edit> = Vec::new();
        if let Some(field) = field.filter(|_| !text.is_empty()) {
            let text = crate::markup::unticked(&text);
            let (texts, doc) = self.tx.text_anew(edit.entity, space, &text)?;
            let mut texts = texts.into_iter();
            edit.text.extend(texts.next().map(|text| (field.to_owned(), text)));
            more.extend(texts.map(|text| edit.only_text(field, text)));
            if let Some(doc) = doc {
                self.push_text(edit.entity, doc);
            }
        }
        self.push_edit(space, edit);
        for edit in more {
            self.push_edit(space, edit);
        }
        Ok(())
    }
}

/// A new task with every field and set of another, what a newer app wrote among them. `instead` says
/// what a field holds instead.
fn copied(
    of: &EntityState,
    id: EntityId,
    instead: impl Fn(&str) -> Option<Value>,
) -> Draft<'static> {
    let mut draft = Draft::new(id, &of.kind);
    for (field, register) in &of.registers {
        let value = instead(field).unwrap_or_else(|| register.value().clone());
        if !OWN.contains(&field.as_str()) && !value.is_null() {
            draft.set(field, value, &Seen::All);
        }
    }
    for field in of.sets.keys().filter(|field| *field != REVIEWED) {
        for value in of.elements(field) {
            draft.add(field, value.clone());
        }
    }
    draft
}
