//! What is the same for tasks and notes: search, undo, redo.

use clap::Args;
use holdfast_app::view::{Done, ItemKind};

use crate::context::Context;
use crate::failure::Failure;
use crate::output::Table;

#[derive(Debug, Args)]
pub(crate) struct SearchArguments {
    /// Words, a "phrase" in quotes, and in:LIST tag:TAG is:conflict is:done.
    #[arg(required = true, value_name = "QUERY")]
    words: Vec<String>,
    /// At most this many.
    #[arg(long, default_value_t = 50, value_name = "N")]
    limit: u32,
}

/// `search`
pub(crate) fn search(arguments: SearchArguments, context: &mut Context) -> Result<(), Failure> {
    let page = context.app()?.search_whole(&arguments.words.join(" "), arguments.limit)?;
    context.answer(&page, |page| {
        let mut table = Table::default();
        for hit in &page.hits {
            let kind = match hit.kind {
                ItemKind::Task => "task",
                ItemKind::Note => "note",
                ItemKind::List => "list",
            };
            let snippet = hit.snippet.replace(['\u{1}', '\u{2}'], "");
            let trashed = if hit.trashed { "trash" } else { "" };
            table.row([&hit.id, kind, trashed, &hit.title, &snippet]);
        }
        let mut text = table.text();
        let left = page.total.saturating_sub(u32::try_from(page.hits.len()).unwrap_or(u32::MAX));
        if left > 0 {
            text.push_str(&format!("and {left} more; --limit shows them\n"));
        }
        text
    })
}

/// `undo`: as many actions as are asked for; fails where there are fewer, after what could be undone.
pub(crate) fn undo(count: u32, context: &mut Context) -> Result<(), Failure> {
    let app = context.app()?;
    let mut undone: Vec<Done> = Vec::new();
    let mut failed = None;
    for _ in 0..count {
        match app.undo() {
            Ok(done) => undone.push(done),
            Err(error) => {
                failed = Some(error);
                break;
            }
        }
    }
    if !undone.is_empty() || failed.is_none() {
        context.answer(&undone, |undone| undone.iter().map(crate::context::did).collect())?;
    }
    failed.map_or(Ok(()), |error| Err(error.into()))
}

/// `redo`
pub(crate) fn redo(context: &mut Context) -> Result<(), Failure> {
    let done = context.app()?.redo()?;
    context.done(&done)
}
