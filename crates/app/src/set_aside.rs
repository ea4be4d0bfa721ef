//! What was put aside and how it comes back: values over which a newer one is shown, values that a
//! decision or an edit in passing replaced, and texts that were decided or merged.
//!
//! Cost follows what is listed: items that have several values, decisions, merges. The history of the
//! others is not looked at.

use crate::conflicts::{RESOLVE, is_taken_back};
use crate::people::People;
use crate::{App, AppError, describe, items, review, view};
use holdfast_model::entity::{ALIVE, DELETED, Seen};
use holdfast_model::fields::{DEADLINE, LIFE, LIST, ORDER, PARENT, PRIORITY, STATUS, TITLE, WHEN};
use holdfast_model::{Dot, EntityId, EntityState, Kind, Policies, Policy, Register, Value};
use holdfast_store::{ConflictState, Tx};
use jiff::civil::Date;
use std::collections::BTreeSet;

/// So many rows are listed, the latest first.
const ROWS: usize = 500;
/// Items with several values that are looked through: of most of them nothing was put aside.
const DISPUTED: usize = ROWS * 20;

/// A row with what bringing it back needs.
struct Aside {
    row: view::SetAsideRow,
    entity: EntityId,
    value: Value,
}

impl App {
    /// What was put aside and can come back, the latest first.
    pub fn put_aside(&self) -> Result<Vec<view::SetAsideRow>, AppError> {
        Ok(self.all_aside()?.into_iter().map(|aside| aside.row).collect())
    }

    /// Brings back what was put aside, by the beginning of its id: a change like any other, which can
    /// be undone.
    pub fn bring_aside_back(&self, id: &str) -> Result<view::Done, AppError> {
        let wanted = id.to_lowercase().replace('-', "");
        let mut found = self.all_aside()?.into_iter().filter(|aside| {
            !wanted.is_empty() && aside.row.id.replace('-', "").starts_with(&wanted)
        });
        let none = || AppError::NoSuchItem { what: "set-aside value", given: id.to_owned() };
        let (Some(aside), None) = (found.next(), found.next()) else { return Err(none()) };
        match aside.row.way {
            view::SetAsideWay::BringBack => self.write_again(&aside),
            view::SetAsideWay::Reopen => self.reopen(&aside.row.entity),
            view::SetAsideWay::Review => Err(AppError::Invalid(
                "Nothing of it is lost: look at the merge, and change it there.".into(),
            )),
        }
    }

    fn all_aside(&self) -> Result<Vec<Aside>, AppError> {
        self.with(|open| {
            let people = open.people()?;
            let today = open.clock.zoned().date();
            open.store.read(|tx| {
                let look = Look { tx, people: &people, today, policies: tx.policies()? };
                let mut rows = look.shadowed()?;
                rows.extend(look.decided()?);
                rows.extend(look.texts()?);
                rows.sort_by_key(|aside| std::cmp::Reverse(aside.row.aside_time));
                rows.truncate(ROWS);
                Ok(rows)
            })
        })
    }

    /// The value in place of what stands, by the edit that a person would make.
    fn write_again(&self, aside: &Aside) -> Result<view::Done, AppError> {
        let (ids, field) = (vec![aside.row.entity.clone()], aside.row.field.as_str());
        let text = describe::control(&aside.value);
        if field == LIFE {
            return match aside.value.as_str() {
                Some(ALIVE) => self.restore_items(&ids),
                Some(DELETED) => self.delete_items(&ids, None),
                _ => Err(AppError::Invalid("What was deleted for good stays so.".into())),
            };
        }
        if aside.row.entity_kind == view::EntityKind::Task {
            let none = view::TaskPatch::default();
            let patch = match field {
                TITLE => view::TaskPatch { title: text.clone(), ..none },
                WHEN => view::TaskPatch { when: Some(text.clone()), ..none },
                DEADLINE => view::TaskPatch { deadline: Some(text.clone()), ..none },
                LIST => view::TaskPatch { list: Some(text.clone()), ..none },
                PARENT => view::TaskPatch { parent: Some(text.clone()), ..none },
                PRIORITY => {
                    let number = aside.value.as_int().and_then(|n| u8::try_from(n).ok());
                    view::TaskPatch { priority: Some(number.unwrap_or(0)), ..none }
                }
                STATUS => view::TaskPatch {
                    status: Some(match text.as_deref() {
                        Some("done") => view::TaskStatus::Done,
                        Some("cancelled") => view::TaskStatus::Cancelled,
                        _ => view::TaskStatus::Open,
                    }),
                    // What was put aside was said of this one.
                    occurrences: Some(view::Occurrences::This),
                    ..none
                },
                _ => none,
            };
            if patch != view::TaskPatch::default() {
                return self.edit_tasks(&ids, &patch, None);
            }
        }
        match (field, aside.row.entity_kind) {
            (LIST, view::EntityKind::Note) => {
                let patch = view::NotePatch { list: Some(text), ..view::NotePatch::default() };
                self.edit_notes(&ids, &patch, None)
            }
            (PARENT, view::EntityKind::List) => {
                let patch = view::ListPatch { parent: Some(text), ..view::ListPatch::default() };
                self.edit_list(&aside.row.entity, &patch, None)
            }
            _ => self.with(|open| {
                open.act("set_aside.back", |work| {
                    let (state, space) = work.tx.expect_entity(aside.entity, "item")?;
                    let mut draft = state.draft();
                    draft.set(field, aside.value.clone(), &Seen::All);
                    work.push(space, draft);
                    work.ids.push(aside.entity);
                    Ok(format!("{} brought back", headed(&aside.row.label)))
                })
            }),
        }
    }
}

/// A value that was put aside.
struct Put<'v> {
    value: &'v Value,
    /// The change that wrote it first, as far as it says so itself: a name for it, and nothing to believe.
    author: Dot,
    /// Who wrote it, where that can be said.
    device: Option<view::DeviceRef>,
    time: i64,
}

/// Whatever is listed is read at one moment.
struct Look<'a, 's> {
    tx: &'a Tx<'s>,
    people: &'a People,
    today: Date,
    policies: Policies,
}

impl Look<'_, '_> {
    /// Values that stand behind a newer one.
    fn shadowed(&self) -> Result<Vec<Aside>, AppError> {
        let mut rows = Vec::new();
        for state in self.tx.disputed(DISPUTED)?.iter().filter(|state| state.is_alive()) {
            let Some(space) = self.tx.home(state.id)? else { continue };
            for (field, register) in &state.registers {
                let newest = self.policies.of_field(&state.kind, field) == Policy::Newest;
                if !newest || field == ORDER || !register.is_disputed() {
                    continue;
                }
                let Some(shown) = register.shown() else { continue };
                let at = (state.id, space);
                let by = self.people.author(self.tx, at, field, shown)?;
                for version in register.distinct().into_iter().skip(1) {
                    let author = self.people.author(self.tx, at, field, version)?;
                    rows.push(self.row(
                        state,
                        field,
                        Put {
                            value: &version.value,
                            author: version.author(),
                            device: Some(author),
                            time: version.time.shown_ms(),
                        },
                        (view::SetAsideHow::Newest, by.clone(), shown.time.shown_ms()),
                    )?);
                }
            }
        }
        Ok(rows)
    }

    /// Values that a decision or an edit in passing replaced, unless they stand again.
    fn decided(&self) -> Result<Vec<Aside>, AppError> {
        let mut rows = Vec::new();
        // Put aside twice, it is listed once: as of the last time.
        let mut listed = BTreeSet::new();
        for decided in self.tx.decided(None, ROWS)? {
            let Some((state, space)) = self.tx.entity(decided.entity)? else { continue };
            let here = state.is_alive() || (state.is_trashed() && decided.field == LIFE);
            if space != decided.space || !here || decided.field == ORDER {
                continue;
            }
            let how = if decided.action == RESOLVE {
                view::SetAsideHow::Decision
            } else {
                view::SetAsideHow::Edit
            };
            let live = state.register(&decided.field).map(Register::live);
            let stands = |value: &Value| live.unwrap_or_default().iter().any(|v| v.value == *value);
            for again in decided.put_aside().into_iter().filter(|again| !stands(&again.value)) {
                let field = decided.field.clone();
                if !listed.insert((state.id, field, again.origin, again.value.clone())) {
                    continue;
                }
                let by = self.people.of_told(self.tx, space, decided.by)?;
                rows.push(self.row(
                    &state,
                    &decided.field,
                    Put {
                        value: &again.value,
                        author: again.origin,
                        device: self.people.replaced_author(self.tx, &decided, again)?,
                        time: again.time.shown_ms(),
                    },
                    (how, by, decided.time_ms),
                )?);
            }
        }
        Ok(rows)
    }

    /// Texts that were decided or merged.
    fn texts(&self) -> Result<Vec<Aside>, AppError> {
        let mut rows = Vec::new();
        let mut seen = BTreeSet::new();
        for decision in self.tx.decisions(i64::MIN, ROWS)? {
            let change = &decision.change;
            let Some(edit) = change.edits().next() else { continue };
            if change.action != RESOLVE
                || !self.tx.is_text_decided(change)?
                || !seen.insert(edit.entity)
                || is_taken_back(self.tx, edit.entity, change)?
            {
                continue;
            }
            let Some((state, _)) = self.tx.entity(edit.entity)? else { continue };
            let Some(field) = Kind::parse(&state.kind).and_then(Kind::text_field) else { continue };
            if !state.is_alive() {
                continue;
            }
            let by = self.people.of_told(self.tx, change.space, change.dot())?;
            let by = (view::SetAsideHow::Decision, by, change.time.shown_ms());
            let what = ("The versions of the text before it was decided", change.dot());
            rows.push(self.text_row(&state, field, what, by, view::SetAsideWay::Reopen)?);
        }
        let merged = self.tx.conflicts(None)?;
        for record in merged.into_iter().filter(|one| one.state == ConflictState::Merged) {
            let Some((state, space)) = self.tx.entity(record.entity)? else { continue };
            let by = self.people.of_told(self.tx, space, state.edited.1)?;
            let by = (view::SetAsideHow::Merge, by, state.edited.0.shown_ms());
            let what = ("Each device's text before they were merged", state.edited.1);
            let way = view::SetAsideWay::Review;
            rows.push(self.text_row(&state, &record.field, what, by, way)?);
        }
        Ok(rows)
    }

    fn text_row(
        &self,
        state: &EntityState,
        field: &str,
        (what, author): (&str, Dot),
        by: (view::SetAsideHow, view::DeviceRef, i64),
        way: view::SetAsideWay,
    ) -> Result<Aside, AppError> {
        let none = Put { value: &Value::Null, author, device: None, time: by.2 };
        let mut aside = self.row(state, field, none, by)?;
        aside.row =
            view::SetAsideRow { display: what.to_owned(), stands: String::new(), way, ..aside.row };
        Ok(aside)
    }

    fn row(
        &self,
        state: &EntityState,
        field: &str,
        Put { value, author, device, time }: Put<'_>,
        (how, by, aside_time): (view::SetAsideHow, view::DeviceRef, i64),
    ) -> Result<Aside, AppError> {
        let text = self.tx.text(state.id)?.map(|text| text.plain).unwrap_or_default();
        Ok(Aside {
            entity: state.id,
            value: value.clone(),
            row: view::SetAsideRow {
                id: row_id(state.id, field, author, how, value),
                entity: state.id.to_string(),
                entity_kind: review::entity_kind(&state.kind),
                title: items::note_name(state.text(TITLE), &text),
                field: field.to_owned(),
                label: describe::field(field),
                how,
                display: describe::value(self.tx, field, value, self.today)?,
                device,
                time,
                stands: describe::value(self.tx, field, state.value(field), self.today)?,
                by,
                aside_time,
                way: view::SetAsideWay::BringBack,
            },
        })
    }
}

/// One change can bring several values of one field back, so that its name alone is none of a row.
fn row_id(
    entity: EntityId,
    field: &str,
    author: Dot,
    how: view::SetAsideHow,
    value: &Value,
) -> String {
    let said = describe::control(value).unwrap_or_default();
    EntityId::named(&format!("set-aside/{entity}/{field}/{author}/{how:?}/{said}")).to_string()
}

fn headed(label: &str) -> String {
    let mut letters = label.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

#[cfg(test)]
#[path = "set_aside_tests.rs"]
mod tests;
