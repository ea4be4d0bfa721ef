//! Lists.

use clap::{Subcommand, ValueEnum};
use holdfast_app::view::ListView;
use holdfast_app::{App, Space};
use std::collections::HashMap;

use crate::context::Context;
use crate::failure::Failure;
use crate::output::{Table, count};

/// How far data may travel.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum SpaceName {
    /// By every mode that is turned on.
    Everywhere,
    /// Straight to paired devices on the same network.
    Nearby,
    /// Only in batches that you approved.
    Ask,
    /// Nowhere.
    Device,
}

impl From<SpaceName> for Space {
    fn from(name: SpaceName) -> Self {
        match name {
            SpaceName::Everywhere => Self::Everywhere,
            SpaceName::Nearby => Self::Nearby,
            SpaceName::Ask => Self::Ask,
            SpaceName::Device => Self::Device,
        }
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum ListCommand {
    /// Make a list. Prints its id.
    Add {
        /// Its title.
        title: String,
        /// The list it is in: title, or beginning of the id.
        #[arg(long, value_name = "LIST")]
        parent: Option<String>,
        /// How far what is in it may travel.
        #[arg(long, default_value = "everywhere")]
        space: SpaceName,
    },
    /// Move a list with what is in it to the trash.
    Delete {
        /// Title, or beginning of the id.
        list: String,
    },
    /// Bring a list back from the trash.
    Restore {
        /// Beginning of the id.
        id: String,
    },
}

/// `list …`
pub(crate) fn change(command: ListCommand, context: &mut Context) -> Result<(), Failure> {
    let app = context.app()?;
    match command {
        ListCommand::Add { title, parent, space } => {
            let parent = parent.map(|parent| id_of(app, &parent)).transpose()?;
            let done = app.add_list(&title, parent.as_deref(), space.into())?;
            context.made(&done)
        }
        ListCommand::Delete { list } => {
            let done = app.delete_items(&[id_of(app, &list)?], None)?;
            context.done(&done)
        }
        ListCommand::Restore { id } => {
            let done = app.restore_items(&[app.resolve_id("list", &id)?.to_string()])?;
            context.done(&done)
        }
    }
}

/// The id of a list that is given by title or by the beginning of its id.
pub(crate) fn id_of(app: &App, list: &str) -> Result<String, Failure> {
    Ok(app.resolve_list(list)?.to_string())
}

/// `lists`
pub(crate) fn lists(context: &mut Context) -> Result<(), Failure> {
    let lists = context.app()?.lists()?;
    context.answer(&lists, |lists| {
        let mut table = Table::default();
        for (list, depth) in lists.iter().zip(depths(lists)) {
            // Deeper than this a table tells nothing any more.
            let title = format!("{}{}", "  ".repeat(depth.min(DEPTH)), list.title);
            let held =
                format!("{}, {}", count(list.open_tasks, "open task"), count(list.notes, "note"));
            table.row([&list.id, list.space.as_str(), &title, &held]);
        }
        table.text()
    })
}

/// So many levels are indented.
const DEPTH: usize = 40;

/// In how many lists each list is. Cost: proportional to the lists, however deep they are nested.
fn depths(lists: &[ListView]) -> Vec<usize> {
    let places: HashMap<&str, usize> =
        lists.iter().enumerate().map(|(at, list)| (list.id.as_str(), at)).collect();
    let above = |at: usize| {
        let parent = lists.get(at).and_then(|list| list.parent.as_deref());
        parent.and_then(|id| places.get(id).copied())
    };
    let mut known: Vec<Option<usize>> = vec![None; lists.len()];
    for start in 0..lists.len() {
        let mut path = Vec::new();
        let mut at = Some(start);
        let mut depth = 0;
        while let Some(place) = at {
            if let Some(Some(found)) = known.get(place) {
                depth = found + 1;
                break;
            }
            path.push(place);
            // The backend breaks circles; this makes sure.
            at = above(place).filter(|_| path.len() <= lists.len());
        }
        for place in path.into_iter().rev() {
            if let Some(known) = known.get_mut(place) {
                *known = Some(depth);
            }
            depth += 1;
        }
    }
    known.into_iter().map(Option::unwrap_or_default).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_thousand_lists_in_each_other_have_their_depths() {
        let list = |at: usize, parent: Option<usize>| ListView {
            id: format!("{at:05}"),
            title: format!("{at}"),
            parent: parent.map(|parent| format!("{parent:05}")),
            color: None,
            space: holdfast_app::view::Space::Everywhere,
            archived: false,
            recovered: false,
            open_tasks: 0,
            notes: 0,
            conflict: false,
        };
        let chain: Vec<ListView> = (0..5_000).map(|at| list(at, at.checked_sub(1))).collect();
        assert_eq!(depths(&chain), (0..5_000).collect::<Vec<_>>());
        let reversed: Vec<ListView> = chain.into_iter().rev().collect();
        assert_eq!(depths(&reversed), (0..5_000).rev().collect::<Vec<_>>());
        // A circle ends, and what is nested in nothing that is there stands at the top.
        assert_eq!(depths(&[list(0, Some(1)), list(1, Some(0)), list(2, Some(9))]).len(), 3);
    }
}
