//! Actions on tasks: editing one or several, completing, cancelling, ordering.

use crate::act::{self, Work};
use crate::repeats::Ending;
use crate::{App, AppError, order, view};
use holdfast_model::entity::Seen;
use holdfast_model::fields::{DEADLINE, LIST, ORDER, PARENT, PRIORITY, STATUS, TAGS, TITLE, WHEN};
use holdfast_model::{EntityId, EntityState, Kind, Value, dates};
use holdfast_oplog::Space;
use jiff::civil::Date;
use std::collections::BTreeSet;

/// Characters of a title that are kept; more is cut off into nothing, so it is refused.
const TITLE_LIMIT: usize = 2_000;
/// Hour at which "this evening" begins.
const EVENING: i8 = 18;

impl App {
    /// Changes one or several tasks at once, as the person who read them at `as_of` meant it.
    pub fn edit_tasks(
        &self,
        ids: &[String],
        patch: &view::TaskPatch,
        as_of: Option<i64>,
    ) -> Result<view::Done, AppError> {
        let ids = act::ids(ids)?;
        let action = match patch.status {
            Some(view::TaskStatus::Done) => "task.done",
            Some(view::TaskStatus::Open) => "task.reopen",
            Some(view::TaskStatus::Cancelled) => "task.cancel",
            None => "task.edit",
        };
        self.with(|open| {
            open.act(action, |work| {
                let mut titles = Vec::new();
                for id in &ids {
                    titles.push(work.edit_task(*id, patch, as_of)?);
                }
                work.ids.clone_from(&ids);
                let what = match titles.as_slice() {
                    [title] => format!("'{title}'"),
                    several => format!("{} tasks", several.len()),
                };
                Ok(match action {
                    "task.done" => format!("{what} completed"),
                    "task.reopen" => format!("{what} reopened"),
                    "task.cancel" => format!("{what} cancelled"),
                    _ => format!("{what} changed"),
                })
            })
        })
    }

    /// Puts a task between two neighbours; `None` is the edge.
    pub fn move_task(
        &self,
        id: &str,
        after: Option<&str>,
        before: Option<&str>,
        _as_of: Option<i64>,
    ) -> Result<view::Done, AppError> {
        let id = act::id(id, "task")?;
        let neighbour = |text: Option<&str>| text.map(|t| act::id(t, "task")).transpose();
        let (after, before) = (neighbour(after)?, neighbour(before)?);
        self.with(|open| {
            open.act("task.move", |work| {
                let key = |id: Option<EntityId>| -> Result<String, AppError> {
                    Ok(match id {
                        Some(id) => work.tx.expect_entity(id, "task")?.0.text(ORDER).to_owned(),
                        None => String::new(),
                    })
                };
                let sort = order::between(&key(after)?, &key(before)?);
                let (state, space) = work.tx.expect_entity(id, "task")?;
                let mut draft = state.draft();
                draft.set(ORDER, sort, &Seen::All);
                work.push(space, draft);
                work.ids.push(id);
                Ok(format!("'{}' moved", state.text(TITLE)))
            })
        })
    }
}

impl Work<'_, '_> {
    /// The list of that name; made, where there is none.
    pub(crate) fn list_named(&mut self, name: &str) -> Result<EntityId, AppError> {
        match self.tx.list_named(name)? {
            Some(list) => Ok(list),
            None => self.add_list(name, None, Space::Everywhere),
        }
    }

    /// The space in which items of a list live; the inbox travels everywhere.
    pub(crate) fn space_of_list(&self, list: Option<EntityId>) -> Result<Space, AppError> {
        let Some(list) = list else { return Ok(Space::Everywhere) };
        match self.tx.entity(list)? {
            Some((state, space)) if state.kind == Kind::List.as_str() => Ok(space),
            // A list that is made by this very action.
            None => Ok(Space::Everywhere),
            Some(_) => Err(AppError::NoSuchItem { what: "list", given: list.to_string() }),
        }
    }

    /// Applies a patch to a task; its title before.
    fn edit_task(
        &mut self,
        id: EntityId,
        patch: &view::TaskPatch,
        as_of: Option<i64>,
    ) -> Result<String, AppError> {
        let (state, home) = self.tx.expect_entity(id, "task")?;
        if state.kind != Kind::Task.as_str() {
            return Err(AppError::NoSuchItem { what: "task", given: id.to_string() });
        }
        let list = patch.list.as_ref();
        let list = list.map(|list| list.as_deref().map(|l| act::id(l, "list")).transpose());
        let list = list.transpose()?;
        // An item goes where its list goes; one that stays in its list stays where it is.
        let same = list.is_some_and(|list| list == state.text(LIST).parse().ok());
        let space = match list {
            Some(list) if !same => self.space_of_list(list)?,
            _ => home,
        };
        let mut draft = state.draft();
        if let Some(title) = &patch.title {
            self.set(&mut draft, &state, TITLE, checked_title(title)?, as_of)?;
        }
        if let Some(status) = patch.status {
            self.set(&mut draft, &state, STATUS, status.as_str(), as_of)?;
        }
        if let Some(when) = self.planned(patch)? {
            self.set(&mut draft, &state, WHEN, when, as_of)?;
        }
        if let Some(deadline) = &patch.deadline {
            let day = deadline.as_deref().map(|text| self.day(text)).transpose()?.flatten();
            self.set(&mut draft, &state, DEADLINE, day, as_of)?;
        }
        if let Some(priority) = patch.priority {
            if !(0..=3).contains(&priority) {
                return Err(AppError::Invalid("The priority is 1, 2 or 3, or 0 for none.".into()));
            }
            self.set(&mut draft, &state, PRIORITY, i64::from(priority), as_of)?;
        }
        self.set_repeat(&mut draft, &state, patch, as_of)?;
        if let Some(parent) = &patch.parent {
            let parent = parent.as_deref().map(|p| act::id(p, "task")).transpose()?;
            self.check_parent(id, parent, space)?;
            self.set(&mut draft, &state, PARENT, parent.map(|p| p.to_string()), as_of)?;
        }
        if let Some(list) = list {
            self.set(&mut draft, &state, LIST, list.map(|l| l.to_string()), as_of)?;
            if space == home {
                self.move_subtasks(id, list, space)?;
            }
        }
        for name in patch.add_tags.iter().flatten() {
            let tag = self.tag(name, space)?;
            draft.add(TAGS, tag.to_string());
        }
        for name in patch.remove_tags.iter().flatten() {
            for tag in self.tags_called(&state, name)? {
                draft.remove(TAGS, tag);
            }
        }
        let ending = Self::ending(&state, patch)?;
        if ending == Some(Ending::Done) {
            self.fix_date(&mut draft, &state, patch, as_of)?;
        }
        let edit = draft.finish();
        let after = edit.as_ref().map_or_else(|| state.clone(), |edit| state.after(edit));
        if space == home {
            if let Some(edit) = edit {
                self.push_edit(space, edit);
            }
        } else {
            self.move_with_edit(id, space, edit)?;
        }
        match ending {
            Some(Ending::Done | Ending::This) => self.repeat_task(&after, space)?,
            Some(Ending::Following) => self.end_series(&after)?,
            None => {}
        }
        Ok(state.text(TITLE).to_owned())
    }

    /// When a patch plans a task, canonical, where it says anything of that. A date and an evening are one
    /// answer: it is the evening of the date that is named beside it, and of today where none is.
    fn planned(&self, patch: &view::TaskPatch) -> Result<Option<Option<String>>, AppError> {
        let named = match &patch.when {
            Some(when) => Some(when.as_deref().map(|text| self.when(text)).transpose()?.flatten()),
            None => None,
        };
        let day = named.as_ref().and_then(|when| day_of(when.as_deref()?));
        Ok(match (patch.evening, named) {
            (Some(true), _) => {
                let evening = Some(jiff::civil::time(EVENING, 0, 0, 0));
                let when = dates::When::new(day.unwrap_or_else(|| self.now.date()), evening);
                Some(Some(when.to_string()))
            }
            // It is for today, and not for the evening.
            (Some(false), None) => Some(Some(dates::When::new(self.now.date(), None).to_string())),
            (_, named) => named,
        })
    }

    /// The tags of an item that are called so, as values of its set.
    pub(crate) fn tags_called(
        &self,
        state: &EntityState,
        name: &str,
    ) -> Result<Vec<Value>, AppError> {
        let wanted = name.trim().trim_start_matches('@').to_lowercase();
        let mut found = Vec::new();
        for value in state.elements(TAGS) {
            let Some(id) = value.as_str().and_then(|text| text.parse().ok()) else { continue };
            if self.tx.entity(id)?.is_some_and(|(tag, _)| tag.text(TITLE).to_lowercase() == wanted)
            {
                found.push(value.clone());
            }
        }
        Ok(found)
    }

    fn check_parent(
        &self,
        id: EntityId,
        parent: Option<EntityId>,
        space: Space,
    ) -> Result<(), AppError> {
        let mut at = parent;
        while let Some(ancestor) = at {
            if ancestor == id {
                return Err(AppError::Invalid("A task cannot be a part of itself.".into()));
            }
            let (state, in_space) = self.tx.expect_entity(ancestor, "task")?;
            if in_space != space || state.kind != Kind::Task.as_str() {
                return Err(AppError::NoSuchItem { what: "task", given: ancestor.to_string() });
            }
            at = self
                .tx
                .tasks(&holdfast_store::query::TaskFilter::Ids(vec![ancestor]), 1)?
                .first()
                .and_then(|row| row.parent);
        }
        Ok(())
    }

    /// Subtasks follow their task into another list, at any depth.
    fn move_subtasks(
        &mut self,
        root: EntityId,
        list: Option<EntityId>,
        space: Space,
    ) -> Result<(), AppError> {
        let mut seen = BTreeSet::from([root]);
        let mut open = vec![root];
        while let Some(parent) = open.pop() {
            let children = holdfast_store::query::TaskFilter::Children(parent);
            for child in self.tx.tasks(&children, usize::MAX)? {
                // One whose parent is not this one any more in the projection does not follow.
                if child.parent != Some(parent) || !seen.insert(child.id) {
                    continue;
                }
                let (state, _) = self.tx.expect_entity(child.id, "task")?;
                let mut draft = state.draft();
                draft.set(LIST, list.map(|l| l.to_string()), &Seen::All);
                self.push(space, draft);
                open.push(child.id);
            }
        }
        Ok(())
    }

    fn date_context(&self) -> dates::Context {
        dates::Context::at(&self.now)
    }

    /// A `when` as a person or the interface writes it, in canonical form; empty clears it.
    pub(crate) fn when(&self, text: &str) -> Result<Option<String>, AppError> {
        dates::parse_when(text, &self.date_context())
            .map(|when| when.map(|when| when.to_string()))
            .map_err(|error| AppError::Invalid(error.to_string()))
    }

    /// A day as a person or the interface writes it, in canonical form; empty clears it.
    pub(crate) fn day(&self, text: &str) -> Result<Option<String>, AppError> {
        dates::parse_date(text, &self.date_context())
            .map(|day| day.map(|day| day.to_string()))
            .map_err(|error| AppError::Invalid(error.to_string()))
    }
}

pub(crate) fn day_of(text: &str) -> Option<Date> {
    text.get(..10)?.parse().ok()
}

/// A title without line breaks, of bearable length.
pub(crate) fn checked_title(title: &str) -> Result<String, AppError> {
    // Where a link was pasted into a title: it would name its target to whoever gets the title.
    let title = holdfast_model::markdown::without_links(title);
    let title = title.split_whitespace().collect::<Vec<_>>().join(" ");
    if title.chars().count() > TITLE_LIMIT {
        return Err(AppError::Invalid(format!(
            "A title has at most {TITLE_LIMIT} characters: put the rest into the notes."
        )));
    }
    Ok(title)
}

#[cfg(test)]
#[path = "tasks_tests.rs"]
mod tests;
