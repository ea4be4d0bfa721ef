//! Notes.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use holdfast_app::App;
use holdfast_app::view::{Done, HistoryEntry, NoteQuery, NoteView};

use super::lists;
use crate::context::{Context, read_text};
use crate::failure::Failure;
use crate::output::{Table, count, line, lines, time};

#[derive(Debug, Subcommand)]
pub(crate) enum NoteCommand {
    /// Add a note. Prints its id.
    Add {
        /// Its title; where nothing is said, its first heading or line serves as one.
        #[arg(long, default_value = "")]
        title: String,
        /// Its list: title, or beginning of the id.
        #[arg(long)]
        list: Option<String>,
        /// Its text: a file, or - for standard input.
        #[arg(value_name = "FILE")]
        file: Option<PathBuf>,
    },
    /// Show a note.
    Show {
        /// Beginning of the id.
        id: String,
        /// Print its text alone, as it is stored.
        #[arg(long, conflicts_with = "json")]
        markdown: bool,
    },
    /// Replace the text of a note; what is the same stays.
    Edit {
        /// Beginning of the id.
        id: String,
        /// The new text: a file, or - for standard input.
        #[arg(default_value = "-", value_name = "FILE")]
        file: PathBuf,
    },
    /// Take characters out of a note's text and put others in.
    Splice {
        /// Beginning of the id.
        id: String,
        /// Where, in Unicode code points.
        pos: usize,
        /// How many go.
        delete: usize,
        /// What comes in their place.
        #[arg(allow_hyphen_values = true)]
        text: String,
    },
    /// Show what happened to a note.
    History {
        /// Beginning of the id.
        id: String,
    },
    /// Move notes to the trash.
    Delete {
        /// Beginnings of ids.
        #[arg(required = true, value_name = "ID")]
        ids: Vec<String>,
    },
    /// Bring notes back from the trash.
    Restore {
        /// Beginnings of ids.
        #[arg(required = true, value_name = "ID")]
        ids: Vec<String>,
    },
}

/// `note …`
pub(crate) fn change(command: NoteCommand, context: &mut Context) -> Result<(), Failure> {
    let app = context.app()?;
    let done = match command {
        NoteCommand::Add { title, list, file } => {
            return add(&title, list, file.as_deref(), context);
        }
        NoteCommand::Show { id, markdown } => return show(&id, markdown, context),
        NoteCommand::History { id } => return history(&id, context),
        NoteCommand::Edit { id, file } => {
            // A wrong id is told before the text is typed.
            let id = id_of(app, &id)?;
            replace_text(app, "note", &id, &read_text(&file)?)?
        }
        NoteCommand::Splice { id, pos, delete, text } => {
            app.splice_chars(app.resolve_id("note", &id)?, pos, delete, &text)?
        }
        NoteCommand::Delete { ids } => app.delete_items(&ids_of(app, &ids)?, None)?,
        NoteCommand::Restore { ids } => app.restore_items(&ids_of(app, &ids)?)?,
    };
    context.done(&done)
}

fn add(
    title: &str,
    list: Option<String>,
    file: Option<&Path>,
    context: &mut Context,
) -> Result<(), Failure> {
    let app = context.app()?;
    let list = list.map(|list| lists::id_of(app, &list)).transpose()?;
    let text = file.map(read_text).transpose()?.unwrap_or_default();
    let done = app.add_note(title, list.as_deref(), &text)?;
    context.made(&done)
}

fn id_of(app: &App, prefix: &str) -> Result<String, Failure> {
    Ok(app.resolve_id("note", prefix)?.to_string())
}

fn ids_of(app: &App, prefixes: &[String]) -> Result<Vec<String>, Failure> {
    prefixes.iter().map(|prefix| id_of(app, prefix)).collect()
}

/// Replaces the text of the item of `kind` whose id begins with `prefix`.
pub(crate) fn replace_text(
    app: &App,
    kind: &'static str,
    prefix: &str,
    text: &str,
) -> Result<Done, Failure> {
    Ok(app.replace_text(app.resolve_id(kind, prefix)?, text)?)
}

fn show(prefix: &str, markdown: bool, context: &mut Context) -> Result<(), Failure> {
    let app = context.app()?;
    let id = app.resolve_id("note", prefix)?;
    if context.json() {
        let item = app.item_json(id)?;
        return context.answer(&item, |_| String::new());
    }
    let detail = app.note(&id.to_string())?;
    let written = app.spelled_out(&detail.text.text)?;
    if markdown {
        return crate::terminal::content(&written);
    }
    let note = &detail.note;
    let mut text = format!("{}\n", line(&note.title));
    let place = note.list_title.as_deref().unwrap_or("no list");
    text.push_str(&format!(
        "{}, {}, edited {}\n\n",
        line(place),
        count(detail.words, "word"),
        time(note.edited)
    ));
    text.push_str(&lines(&written));
    context.answer(&(), |()| text)
}

fn history(prefix: &str, context: &mut Context) -> Result<(), Failure> {
    let app = context.app()?;
    let detail = app.note(&id_of(app, prefix)?)?;
    context.answer(&detail.history, |history| history_lines(history))
}

/// A history, one entry a line.
pub(crate) fn history_lines(history: &[HistoryEntry]) -> String {
    let mut table = Table::default();
    for entry in history {
        table.row([&time(entry.time), &entry.device.name, &entry.summary]);
    }
    table.text()
}

#[derive(Debug, Args)]
pub(crate) struct NotesArguments {
    /// Those of one list: title, or beginning of the id.
    #[arg(long)]
    list: Option<String>,
    /// Those with a tag.
    #[arg(long)]
    tag: Option<String>,
    /// At most this many.
    #[arg(long, default_value_t = 100_000, value_name = "N")]
    limit: u32,
}

/// `notes`
pub(crate) fn notes(arguments: NotesArguments, context: &mut Context) -> Result<(), Failure> {
    let app = context.app()?;
    let list = arguments.list.map(|list| lists::id_of(app, &list)).transpose()?;
    let page = app.notes(&NoteQuery { list, tag: arguments.tag, limit: arguments.limit })?;
    context.answer(&page.notes, |notes| {
        let mut table = Table::default();
        for note in notes {
            table.row([&note.id, &time(note.edited), &note.title, &details(note)]);
        }
        table.text()
    })
}

fn details(note: &NoteView) -> String {
    let mut parts: Vec<String> = Vec::new();
    parts.extend(note.list_title.clone());
    if note.pinned {
        parts.push("pinned".to_owned());
    }
    parts.extend(note.tags.iter().map(|tag| format!("@{tag}")));
    if note.conflict {
        parts.push("2 versions".to_owned());
    }
    parts.join(", ")
}
