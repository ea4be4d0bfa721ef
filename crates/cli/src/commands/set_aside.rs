//! What was put aside: showing it and bringing it back.

use clap::{Args, Subcommand};
use holdfast_app::view::{SetAsideHow, SetAsideRow, SetAsideWay};

use crate::context::Context;
use crate::failure::Failure;
use crate::output::{line, time};

#[derive(Debug, Args)]
pub(crate) struct SetAsideArguments {
    #[command(subcommand)]
    command: Option<SetAsideCommand>,
}

#[derive(Debug, Subcommand)]
enum SetAsideCommand {
    /// Bring one back in place of what stands.
    #[command(alias = "bring-back")]
    Restore {
        /// Beginning of its id, as `holdfastctl set-aside` shows it.
        id: String,
    },
}

/// `set-aside`
pub(crate) fn set_aside(
    arguments: SetAsideArguments,
    context: &mut Context,
) -> Result<(), Failure> {
    let app = context.app()?;
    match arguments.command {
        Some(SetAsideCommand::Restore { id }) => {
            let done = app.bring_aside_back(&id)?;
            context.done(&done)
        }
        None => {
            let rows = app.put_aside()?;
            context.answer(&rows, |rows| rows.iter().map(row_text).collect())
        }
    }
}

fn row_text(row: &SetAsideRow) -> String {
    let short = row.id.get(..8).unwrap_or(&row.id);
    let from = row.device.as_ref().map(|device| format!(" ({}, {})", device.name, time(row.time)));
    let why = match row.how {
        SetAsideHow::Newest => format!("{} set a newer value", row.by.name),
        SetAsideHow::Decision => format!("decided on {}", row.by.name),
        SetAsideHow::Edit => format!("edited on {}", row.by.name),
        SetAsideHow::Merge => "merged automatically".to_owned(),
    };
    let way = match row.way {
        SetAsideWay::BringBack if row.stands.is_empty() => String::new(),
        SetAsideWay::BringBack => format!("; now {}", line(&row.stands)),
        SetAsideWay::Reopen => "; bringing it back reopens the decision".to_owned(),
        SetAsideWay::Review => "; see `holdfastctl conflicts --merged`".to_owned(),
    };
    format!(
        "{short}  {}\n    {}: {}{}\n    {}, {}{way}\n",
        line(&row.title),
        line(&row.label),
        line(&row.display),
        line(&from.unwrap_or_default()),
        line(&why),
        time(row.aside_time),
    )
}
