//! What comes in and goes out as plain files, and what happened.

use std::path::PathBuf;

use super::lists::SpaceName;
use crate::context::Context;
use crate::failure::Failure;
use crate::output::{Table, count, line, time};
use clap::{Args, Subcommand, ValueEnum};
use holdfast_app::view::{ExportAllResult, ExportFormat};

#[derive(Debug, Subcommand)]
pub(crate) enum ImportCommand {
    /// A folder of Markdown: files become notes, folders lists.
    Markdown {
        /// The folder.
        path: PathBuf,
    },
}

/// `import`
pub(crate) fn import(command: ImportCommand, context: &mut Context) -> Result<(), Failure> {
    let ImportCommand::Markdown { path } = command;
    let done = context.app()?.import_markdown(&path)?;
    context.done(&done)
}

/// How everything is written.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum FormatName {
    /// Markdown files, and a JSON file beside them.
    Markdown,
    /// One JSON file.
    Json,
    /// A table of tasks and one of notes.
    Csv,
    /// Tasks with a date or deadline, for calendars.
    Ics,
}

#[derive(Debug, Args)]
pub(crate) struct ExportArguments {
    /// The folder.
    folder: PathBuf,
    /// How.
    #[arg(long, default_value = "markdown")]
    format: FormatName,
    /// Take along what is marked never to leave this device.
    #[arg(long)]
    include_device_only: bool,
    /// Where the key of this device is gone: write what the database shows all the same, as Markdown or
    /// JSON, with what is marked never to leave this device.
    #[arg(long)]
    rescue: bool,
    /// With --rescue: write what a backup shows, by its name in 'holdfastctl backups' or its file.
    #[arg(long, value_name = "BACKUP", requires = "rescue")]
    from: Option<PathBuf>,
}

fn rescue(arguments: &ExportArguments, context: &mut Context) -> Result<(), Failure> {
    let format = match arguments.format {
        FormatName::Markdown => ExportFormat::Markdown,
        FormatName::Json => ExportFormat::Json,
        FormatName::Csv | FormatName::Ics => {
            return Err(Failure::Usage(
                "A rescue writes Markdown (with a JSON file of everything) or JSON.".to_owned(),
            ));
        }
    };
    let app = context.app_without_vault();
    let result = app.rescue_export(format, &arguments.folder, arguments.from.as_deref())?;
    context.answer(&result, written)
}

/// What an export wrote, and what it did not.
fn written(result: &ExportAllResult) -> String {
    let mut text = format!("{} in {}\n", count(result.files, "file"), line(&result.folder));
    for failure in &result.failed {
        text.push_str(&format!(
            "Not written: {} ({})\n",
            line(&failure.title),
            line(&failure.reason)
        ));
    }
    if let Some(earlier) = &result.earlier {
        text.push_str(&format!("An earlier export stays as it is in {}\n", line(earlier)));
    }
    if result.left_out > 0 {
        text.push_str(&format!(
            "Left out: {} marked never to leave this device (--include-device-only takes them along)\n",
            count(result.left_out, "item")
        ));
    }
    text
}

/// `export`
pub(crate) fn export(arguments: ExportArguments, context: &mut Context) -> Result<(), Failure> {
    if arguments.rescue {
        return rescue(&arguments, context);
    }
    let app = context.app()?;
    let folder = &arguments.folder;
    let all = arguments.include_device_only;
    let result = match arguments.format {
        FormatName::Markdown => app.export_all(ExportFormat::Markdown, folder, all)?,
        FormatName::Json => app.export_all(ExportFormat::Json, folder, all)?,
        FormatName::Csv => app.export_csv(folder, all)?,
        FormatName::Ics => app.export_ics(folder, all)?,
    };
    context.answer(&result, written)
}

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct ActivityArguments {
    /// At most this many entries.
    #[arg(long, default_value_t = 100, value_name = "N")]
    limit: u32,
    #[command(subcommand)]
    command: Option<ActivityCommand>,
}

#[derive(Debug, Subcommand)]
enum ActivityCommand {
    /// Take back what an import brought, as a new change.
    Undo {
        /// The entry's id.
        exchange: String,
    },
}

/// Counts that are not zero, then what else there is to say.
fn what_it_did(entry: &holdfast_app::view::ActivityEntry) -> String {
    let counts = entry.counts.unwrap_or_default();
    let named = [
        ("sent", counts.sent),
        ("added", counts.adds),
        ("updated", counts.updates),
        ("deleted", counts.deletes),
        ("conflicts", counts.conflicts),
        ("merged automatically", counts.merged),
    ];
    let counted = named.iter().filter(|(_, n)| *n > 0).map(|(what, n)| format!("{what} {n}"));
    let items = entry.items.iter().map(|item| format!("'{}'", item.title));
    counted.chain(entry.details.iter().cloned()).chain(items).collect::<Vec<_>>().join("; ")
}

/// `activity`
pub(crate) fn activity(arguments: ActivityArguments, context: &mut Context) -> Result<(), Failure> {
    let app = context.app()?;
    if let Some(ActivityCommand::Undo { exchange }) = arguments.command {
        let done = app.undo_exchange(&exchange)?;
        return context.done(&done);
    }
    let entries = app.activity(arguments.limit)?;
    context.answer(&entries, |entries| {
        let mut table = Table::default();
        for entry in entries {
            table.row([&entry.id, &time(entry.time), &entry.title, &what_it_did(entry)]);
        }
        table.text()
    })
}

#[derive(Debug, Args)]
pub(crate) struct DumpArguments {
    /// Only what lives in this space.
    #[arg(long)]
    space: Option<SpaceName>,
}

/// `dump`: always JSON, canonical.
pub(crate) fn dump(arguments: DumpArguments, context: &mut Context) -> Result<(), Failure> {
    let document = context.app()?.dump(arguments.space.map(Into::into))?;
    let mut text = document.to_string();
    text.push('\n');
    crate::terminal::json(&text)
}
