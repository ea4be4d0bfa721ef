//! The trash: lists, notes and tasks, how long each stays, and the ways out of it.

use clap::Subcommand;
use holdfast_app::AppError;
use holdfast_app::view::{ItemKind, TrashItem};

use crate::context::Context;
use crate::failure::Failure;
use crate::output::{Table, count, time};

#[derive(Debug, Subcommand)]
pub(crate) enum TrashCommand {
    /// Bring items back, each with what went there together with it.
    Restore {
        /// Beginnings of ids.
        #[arg(required = true, value_name = "ID")]
        ids: Vec<String>,
    },
    /// Delete items for good: it cannot be undone, here or on another device.
    Purge {
        /// Beginnings of ids.
        #[arg(required = true, value_name = "ID")]
        ids: Vec<String>,
    },
}

/// `trash …`
pub(crate) fn trash(command: Option<TrashCommand>, context: &mut Context) -> Result<(), Failure> {
    let app = context.app()?;
    let done = match command {
        None => return answer(app.trash()?, context),
        Some(TrashCommand::Restore { ids }) => app.restore_items(&ids_of(&app.trash()?, &ids)?)?,
        Some(TrashCommand::Purge { ids }) => app.purge_items(&ids_of(&app.trash()?, &ids)?)?,
    };
    context.done(&done)
}

/// Shows items of the trash.
pub(crate) fn answer(items: Vec<TrashItem>, context: &mut Context) -> Result<(), Failure> {
    context.answer(&items, |items| {
        let mut table = Table::default();
        for item in items {
            let kind = match item.kind {
                ItemKind::Task => "task",
                ItemKind::Note => "note",
                ItemKind::List => "list",
            };
            let deleted = format!("deleted {} on {}", time(item.deleted), item.device.name);
            table.row([&item.id, kind, &item.title, &deleted, &goes(item)]);
        }
        table.text()
    })
}

fn goes(item: &TrashItem) -> String {
    if item.goes_next {
        "deleted for good on the next day".to_owned()
    } else {
        format!("{} left", count(item.days_left, "day"))
    }
}

/// The items of the trash whose ids begin so; each beginning names one.
fn ids_of(items: &[TrashItem], prefixes: &[String]) -> Result<Vec<String>, Failure> {
    let one = |prefix: &String| {
        let plain = |id: &str| id.replace('-', "");
        let wanted = plain(&prefix.to_lowercase());
        let mut found = items.iter().filter(|item| plain(&item.id).starts_with(&wanted));
        match (found.next(), found.next()) {
            (Some(item), None) if !wanted.is_empty() => Ok(item.id.clone()),
            _ => {
                let given = prefix.clone();
                Err(AppError::NoSuchItem { what: "item in the trash", given }.into())
            }
        }
    };
    prefixes.iter().map(one).collect()
}
