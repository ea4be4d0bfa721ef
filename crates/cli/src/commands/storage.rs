//! How much room the data takes, and pruning old history.

use clap::Args;
use holdfast_app::view::PruneView;

use crate::context::Context;
use crate::failure::Failure;
use crate::output::{Table, count, line};

#[derive(Debug, Args)]
pub(crate) struct PruneArguments {
    /// Prune what is older than so many days, instead of the history period.
    #[arg(long, value_name = "DAYS")]
    older_than: Option<u32>,
    /// Only say what would go.
    #[arg(long)]
    dry_run: bool,
}

#[derive(Debug, Args)]
pub(crate) struct HistoryArguments {
    /// A number of days, or `forever`.
    #[arg(value_parser = period)]
    period: Period,
}

/// For how long history is kept; none means for ever.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Period(Option<u32>);

fn period(text: &str) -> Result<Period, String> {
    if text == "forever" {
        return Ok(Period(None));
    }
    let days = text.parse().map_err(|_| "give a number of days, or 'forever'".to_owned())?;
    Ok(Period(Some(days)))
}

/// `history`
pub(crate) fn history(arguments: HistoryArguments, context: &mut Context) -> Result<(), Failure> {
    let done = context.app()?.set_history_days(arguments.period.0)?;
    context.done(&done)
}

/// `prune`
pub(crate) fn prune(arguments: PruneArguments, context: &mut Context) -> Result<(), Failure> {
    let report = context.app()?.prune(arguments.older_than, arguments.dry_run)?;
    context.answer(&report, text)
}

fn text(report: &PruneView) -> String {
    let what = if report.dry_run { "would be pruned" } else { "pruned" };
    let mut lines = vec![format!("{} {what}", count(report.pruned, "change"))];
    for device in &report.waiting_for {
        let changes = count(device.changes, "old change");
        lines.push(line(&format!("{} ({changes})", device.text)).into_owned());
    }
    lines.extend(report.notices.iter().cloned());
    let mut table = Table::default();
    let live = report.storage.live.max(1);
    for (name, bytes) in [
        ("live data", report.storage.live),
        ("history", report.storage.log),
        ("base of the history", report.storage.base),
        ("texts with their versions", report.storage.texts),
        ("attachments", report.storage.attachments),
        ("database", report.storage.database),
        ("bundle of everything", report.full_bundle),
        ("snapshot", report.snapshot),
    ] {
        let times = format!("{}.{:02}", bytes / live, bytes % live * 100 / live);
        table.row([name, &bytes.to_string(), &format!("{times} × live data")]);
    }
    lines.push(table.text());
    lines.join("\n")
}
