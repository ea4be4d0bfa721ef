//! The sidebar and the trash as people see them.

use crate::session::Open;
use crate::{App, AppError, describe, view};
use holdfast_model::fields::LIFE;
use holdfast_oplog::Space;
use holdfast_store::Tx;

/// Items that the trash shows.
const TRASH: usize = 5_000;

impl App {
    /// Lists, tags, counts, undo and the sync status: everything around the panes.
    pub fn sidebar(&self) -> Result<view::Sidebar, AppError> {
        self.with(|open| {
            let status = open.status()?;
            let today = open.clock.today();
            let actor = open.actor;
            open.store.read(|tx| {
                let (inbox, due, overdue) = tx.task_counts(&today)?;
                let (conflicts, merged) = tx.conflict_counts()?;
                let undo = tx.undo_step(actor)?;
                let redo = tx.redo_step(actor)?;
                let redo = match redo.as_ref().and_then(|step| step.changes.first()) {
                    Some(change) => Some(tx.reverted_action(change.space, change)?),
                    None => None,
                };
                Ok(view::Sidebar {
                    as_of: tx.position()?,
                    lists: list_views(tx)?,
                    tags: tx
                        .tags()?
                        .into_iter()
                        .filter(|tag| tag.count > 0)
                        .map(|tag| view::TagView {
                            id: tag.id.to_string(),
                            title: tag.title,
                            count: tag.count as u32,
                        })
                        .collect(),
                    counts: view::SidebarCounts {
                        inbox: inbox as u32,
                        today: due as u32,
                        overdue: overdue as u32,
                        conflicts: conflicts as u32,
                        merged: merged as u32,
                        trash: tx.trash_count()? as u32,
                    },
                    undo: undo.map(|step| describe::action(step.action()).to_owned()),
                    redo: redo.map(|action| describe::action(&action).to_owned()),
                    status,
                })
            })
        })
    }

    /// All lists.
    pub fn lists(&self) -> Result<Vec<view::ListView>, AppError> {
        self.with(|open| open.store.read(list_views))
    }

    /// What is in the trash, and who put it there.
    pub fn trash(&self) -> Result<Vec<view::TrashItem>, AppError> {
        self.with(|open: &mut Open| {
            let people = open.people()?;
            open.store.read(|tx| {
                let mut items = Vec::new();
                for row in tx.trash(TRASH)? {
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
                    });
                }
                Ok(items)
            })
        })
    }
}

fn list_views(tx: &Tx<'_>) -> Result<Vec<view::ListView>, AppError> {
    Ok(tx
        .lists()?
        .into_iter()
        .map(|row| view::ListView {
            id: row.id.to_string(),
            title: if row.recovered { format!("Recovered from {}", row.title) } else { row.title },
            parent: row.parent.map(|id| id.to_string()),
            color: row.color,
            space: space(row.space),
            archived: row.archived,
            recovered: row.recovered,
            open_tasks: row.open_tasks as u32,
            notes: row.notes as u32,
            conflict: row.conflict,
        })
        .collect())
}

/// A space as a view.
pub(crate) fn space(space: Space) -> view::Space {
    match space {
        Space::Everywhere => view::Space::Everywhere,
        Space::Nearby => view::Space::Nearby,
        Space::Ask => view::Space::Ask,
        Space::Device => view::Space::Device,
    }
}
