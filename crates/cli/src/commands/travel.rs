//! How far lists travel.

use clap::{Args, ValueEnum};
use holdfast_app::view::Copies;

use super::lists::{SpaceName, id_of};
use crate::context::Context;
use crate::failure::Failure;
use crate::output::{Table, count, line};

/// What becomes of the copies that other devices have.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum CopiesName {
    /// They stay.
    Leave,
    /// The other devices remove theirs.
    Remove,
}

#[derive(Debug, Args)]
pub(crate) struct SpaceArguments {
    /// The list: title, or beginning of the id.
    list: String,
    /// How far it may travel.
    space: SpaceName,
    /// What becomes of the copies that other devices have.
    #[arg(long, default_value = "leave")]
    copies: CopiesName,
    /// Only tell what it would do.
    #[arg(long)]
    preview: bool,
}

/// `space`
pub(crate) fn space(arguments: SpaceArguments, context: &mut Context) -> Result<(), Failure> {
    let app = context.app()?;
    let list = id_of(app, &arguments.list)?;
    if arguments.preview {
        let preview = app.preview_space(&list, arguments.space.into())?;
        return context.answer(&preview, |preview| {
            let mut text = format!(
                "'{}' goes from {} to {}: {}, {}, {}\n",
                line(&preview.title),
                preview.from.as_str(),
                preview.to.as_str(),
                count(preview.tasks, "task"),
                count(preview.notes, "note"),
                count(preview.lists, "list"),
            );
            for says in &preview.says {
                text.push_str(&format!("{}\n", line(says)));
            }
            text
        });
    }
    let copies = match arguments.copies {
        CopiesName::Leave => Copies::Leave,
        CopiesName::Remove => Copies::Remove,
    };
    let done = app.set_space(&list, arguments.space.into(), copies)?;
    context.done(&done)
}

#[derive(Debug, Args)]
pub(crate) struct ApproveArguments {
    /// Only tell what waits.
    #[arg(long)]
    preview: bool,
}

/// `approve`
pub(crate) fn approve(arguments: ApproveArguments, context: &mut Context) -> Result<(), Failure> {
    let app = context.app()?;
    let approval = if arguments.preview { app.awaiting_approval()? } else { app.approve()? };
    context.answer(&approval, |approval| {
        if approval.changes == 0 {
            return "Nothing waits for your approval".into();
        }
        let said = if arguments.preview { "waiting" } else { "approved" };
        let mut table = Table::default();
        for item in &approval.items {
            table.row([&item.id, &item.title, &count(item.changes, "change")]);
        }
        format!("{} {said}\n{}", count(approval.changes, "change"), table.text())
    })
}
