//! The trash: putting items there, bringing them back with what went with them, and emptying it.
//!
//! It is emptied of what was in it for 30 days on which this device ran, and never of anything that was
//! not said to go on an earlier day.

use crate::act::{self, Work};
use crate::session::Open;
use crate::{App, AppError, view};
use holdfast_model::EntityId;
use holdfast_model::entity::{ALIVE, PURGED, Seen};
use holdfast_model::fields::LIFE;
use holdfast_store::query::TaskFilter;
use holdfast_store::{Access, PURGE, TRASH_DAYS};
use std::collections::{BTreeMap, BTreeSet};

/// Items that the trash shows.
const SHOWN: usize = 5_000;

impl App {
    /// What is in the trash, who put it there, and when it goes.
    pub fn trash(&self) -> Result<Vec<view::TrashItem>, AppError> {
        self.with(|open: &mut Open| {
            let people = open.people()?;
            open.store.read(|tx| {
                let ages = tx.trash_ages()?;
                let mut items = Vec::new();
                for row in tx.trash(SHOWN)? {
                    let Some((state, space)) = tx.entity(row.id)? else { continue };
                    let kind = match row.kind.as_str() {
                        "task" => view::ItemKind::Task,
                        "note" => view::ItemKind::Note,
                        _ => view::ItemKind::List,
                    };
                    let life = state.register(LIFE).and_then(holdfast_model::Register::shown);
                    let (deleted, device) = if let Some(v) = life {
                        (v.time.shown_ms(), people.author(tx, (row.id, space), LIFE, v)?)
                    } else {
                        let (time, dot) = state.edited;
                        (time.shown_ms(), people.of_told(tx, space, dot)?)
                    };
                    let age = ages.get(&row.id);
                    let left = TRASH_DAYS.saturating_sub(age.map_or(0, |age| age.days));
                    items.push(view::TrashItem {
                        id: row.id.to_string(),
                        kind,
                        title: if row.title.trim().is_empty() {
                            "Untitled".into()
                        } else {
                            row.title
                        },
                        deleted,
                        device,
                        days_left: u32::try_from(left).unwrap_or(0),
                        goes_next: age.is_some_and(|age| age.told),
                    });
                }
                Ok(items)
            })
        })
    }

    /// Puts items into the trash: a list with what is visible in it, a task with its subtasks.
    pub fn delete_items(&self, ids: &[String], as_of: Option<i64>) -> Result<view::Done, AppError> {
        let ids = act::ids(ids)?;
        self.with(|open| {
            open.act("delete", |work| {
                let mut all = BTreeSet::new();
                for id in &ids {
                    work.tx.expect_entity(*id, "item")?;
                    work.with_contents(*id, &mut all)?;
                }
                for id in &all {
                    work.delete(*id, as_of)?;
                }
                work.ids.clone_from(&ids);
                work.what(&ids, "deleted")
            })
        })
    }

    /// Takes items out of the trash, each with what went there together with it.
    pub fn restore_items(&self, ids: &[String]) -> Result<view::Done, AppError> {
        let ids = act::ids(ids)?;
        self.with(|open| {
            open.act("restore", |work| {
                let mut all: BTreeSet<EntityId> = ids.iter().copied().collect();
                let named = all.len();
                for id in &ids {
                    work.tx.expect_entity(*id, "item")?;
                    all.extend(work.tx.deleted_with(*id)?);
                }
                let along = match all.len().saturating_sub(named) {
                    0 => String::new(),
                    1 => " with 1 item".into(),
                    more => format!(" with {more} items"),
                };
                some_in_trash(work.relive(&all, ALIVE)?)?;
                work.ids.clone_from(&ids);
                work.what(&ids, &format!("restored{along}"))
            })
        })
    }

    /// Removes items from the trash for good; a tombstone stays.
    pub fn purge_items(&self, ids: &[String]) -> Result<view::Done, AppError> {
        let ids = act::ids(ids)?;
        self.with(|open| {
            open.act(PURGE, |work| {
                let label = work.what(&ids, "deleted for good")?;
                some_in_trash(work.relive(&ids.iter().copied().collect(), PURGED)?)?;
                work.ids.clone_from(&ids);
                work.for_good = Some("Deleting for good");
                Ok(label)
            })
        })
    }

    /// Once a day: counts the day, says in the trash what goes, and removes what that was said of on an
    /// earlier day. Costs next to nothing on the same day. How many items went.
    pub fn tend_trash(&self) -> Result<usize, AppError> {
        self.with(Open::tend_trash)
    }
}

impl Open {
    /// See [`App::tend_trash`].
    pub(crate) fn tend_trash(&mut self) -> Result<usize, AppError> {
        if self.store.access() != Access::Full {
            return Ok(0);
        }
        let today = self.clock.today();
        if self.store.read(|tx| tx.is_last_day(&today))? {
            return Ok(0);
        }
        let due = self.store.write(|tx| {
            tx.count_day(&today)?;
            tx.tend_trash()
        })?;
        if due.is_empty() {
            return Ok(0);
        }
        let count = due.len();
        self.act(PURGE, |work| {
            work.relive(&due.into_iter().collect(), PURGED)?;
            Ok(String::new())
        })?;
        Ok(count)
    }

    /// [`Open::tend_trash`] beside something that must not fail because of it.
    pub(crate) fn tend_trash_quietly(&mut self) {
        if let Err(error) = self.tend_trash() {
            tracing::warn!(%error, "the trash was not looked after; nothing was changed");
        }
    }
}

impl Work<'_, '_> {
    /// An item and what is visible in it.
    fn with_contents(&self, id: EntityId, all: &mut BTreeSet<EntityId>) -> Result<(), AppError> {
        let mut nested: BTreeMap<EntityId, Vec<EntityId>> = BTreeMap::new();
        for list in self.tx.lists()? {
            if let Some(parent) = list.parent {
                nested.entry(parent).or_default().push(list.id);
            }
        }
        let mut open = vec![id];
        while let Some(id) = open.pop() {
            if !all.insert(id) {
                continue;
            }
            let tasks = [TaskFilter::Children(id), TaskFilter::List(id)];
            for filter in &tasks {
                open.extend(self.tx.tasks(filter, usize::MAX)?.into_iter().map(|task| task.id));
            }
            let notes = self.tx.notes(Some(id), None, None, usize::MAX)?.0;
            open.extend(notes.into_iter().map(|note| note.id));
            open.extend(nested.remove(&id).unwrap_or_default());
        }
        Ok(())
    }

    /// Takes items out of the trash; what is not in it stays as it is. How many were.
    fn relive(&mut self, ids: &BTreeSet<EntityId>, life: &str) -> Result<usize, AppError> {
        let mut count = 0;
        for id in ids {
            let (state, space) = self.tx.expect_entity(*id, "item")?;
            if state.is_trashed() {
                let mut draft = state.draft();
                draft.life(life, &Seen::All);
                self.push(space, draft);
                count += 1;
            }
        }
        Ok(count)
    }
}

/// Nobody is told that something was restored or deleted for good where nothing was.
fn some_in_trash(count: usize) -> Result<(), AppError> {
    if count == 0 { Err(AppError::Invalid("It is not in the trash.".into())) } else { Ok(()) }
}
