//! The sidebar as people see it.

use crate::{App, AppError, describe, view};
use holdfast_model::Change;
use holdfast_oplog::Space;
use holdfast_store::Tx;

impl App {
    /// Lists, tags, counts, undo and the sync status: everything around the panes.
    pub fn sidebar(&self) -> Result<view::Sidebar, AppError> {
        let status = self.standing()?;
        self.with(|open| {
            let today = open.clock.today();
            let actor = open.actor;
            open.store.read(|tx| {
                let (inbox, due, overdue) = tx.task_counts(&today)?;
                let (conflicts, merged) = tx.conflict_counts()?;
                let named = |change: Option<Change>| match change {
                    Some(change) => Ok::<_, AppError>(Some(describe::action(
                        &tx.reverted_action(change.space, &change)?,
                    ))),
                    None => Ok(None),
                };
                let undo = named(tx.undo_head(actor)?)?;
                let redo = named(tx.redo_head(actor)?)?;
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
                    undo: undo.map(str::to_owned),
                    redo: redo.map(str::to_owned),
                    status,
                })
            })
        })
    }

    /// All lists.
    pub fn lists(&self) -> Result<Vec<view::ListView>, AppError> {
        self.with(|open| open.store.read(list_views))
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
