//! Lists.

use clap::{Subcommand, ValueEnum};
use holdfast_app::view::ListView;
use holdfast_app::{App, Space};

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
        for list in lists {
            let title = format!("{}{}", "  ".repeat(depth(list, lists)), list.title);
            let held =
                format!("{}, {}", count(list.open_tasks, "open task"), count(list.notes, "note"));
            table.row([&list.id, list.space.as_str(), &title, &held]);
        }
        table.text()
    })
}

/// How many lists a list is in.
fn depth(list: &ListView, all: &[ListView]) -> usize {
    let mut parent = list.parent.as_deref();
    let mut depth = 0;
    while let Some(above) = parent.and_then(|id| all.iter().find(|list| list.id == id)) {
        depth += 1;
        parent = above.parent.as_deref();
        // The backend breaks circles; this makes sure.
        if depth > all.len() {
            break;
        }
    }
    depth
}
