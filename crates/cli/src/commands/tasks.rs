//! Tasks.

use std::io::{BufRead, Read};

use clap::{Args, Subcommand, ValueEnum};
use holdfast_app::view::{
    Done, ItemKind, Occurrences, QuickAddDefaults, TaskDetail, TaskGroup, TaskPatch, TaskQuery,
    TaskStatus, TaskView,
};
use holdfast_app::{App, AppError};

use super::lists;
use super::notes::{history_lines, replace_text};
use super::task_fields::read_fields;
use crate::context::Context;
use crate::failure::Failure;
use crate::output::{Table, line, lines, time};
use crate::terminal;

/// Bytes of an answer at the terminal.
const LONGEST_ANSWER: u64 = 1_000;

#[derive(Debug, Args)]
pub(crate) struct AddArguments {
    /// What is to be done, with dates, #list, @tag, p1, !deadline, *repeat and //notes.
    #[arg(required = true, value_name = "TEXT")]
    words: Vec<String>,
    /// The list, where the text names none: title, or beginning of the id.
    #[arg(long)]
    list: Option<String>,
    /// The task it is a part of: beginning of the id.
    #[arg(long, value_name = "ID")]
    parent: Option<String>,
}

/// `add`
pub(crate) fn add(arguments: AddArguments, context: &mut Context) -> Result<(), Failure> {
    let app = context.app()?;
    let defaults = QuickAddDefaults {
        list: arguments.list.map(|list| lists::id_of(app, &list)).transpose()?,
        when: None,
        parent: arguments.parent.map(|task| id_of(app, &task)).transpose()?,
    };
    let done = app.quick_add(&arguments.words.join(" "), &[], &defaults)?;
    context.made(&done)
}

/// Views of tasks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ViewName {
    /// Open ones in no list.
    Inbox,
    /// Overdue, today, this evening, done today.
    Today,
    /// From tomorrow on.
    Upcoming,
    /// Open ones without a day.
    Someday,
    /// Done and cancelled ones.
    Completed,
    /// Those in the trash; `trash` lists everything that is in it.
    Trash,
}

#[derive(Debug, Args)]
pub(crate) struct TasksArguments {
    /// Those of one list: title, or beginning of the id.
    #[arg(long)]
    list: Option<String>,
    /// With --list: done ones too.
    #[arg(long, requires = "list")]
    completed: bool,
    /// Those of one view; the trash takes no list.
    #[arg(long)]
    view: Option<ViewName>,
    /// Only those that a search finds.
    #[arg(long)]
    query: Option<String>,
}

/// `tasks`
pub(crate) fn tasks(arguments: TasksArguments, context: &mut Context) -> Result<(), Failure> {
    let view = arguments.view.map(query_of);
    if view == Some(None) {
        return match arguments.list {
            Some(_) => Err(Failure::Usage("The trash has no lists: leave --list away.".to_owned())),
            None => trash(arguments.query.as_deref(), context),
        };
    }
    let view = view.flatten();
    let app = context.app()?;
    let list = arguments.list.map(|list| lists::id_of(app, &list)).transpose()?;
    let mut groups = match (&list, &view, &arguments.query) {
        (_, Some(view), _) => app.tasks(view)?.groups,
        (Some(list), None, _) => {
            let with_completed = arguments.completed;
            app.tasks(&TaskQuery::List { list: list.clone(), with_completed })?.groups
        }
        (None, None, Some(query)) => vec![found(app, query)?],
        (None, None, None) => all_open(app)?,
    };
    let found = match &arguments.query {
        Some(query) if list.is_some() || view.is_some() => Some(ids_found(app, query)?),
        _ => None,
    };
    for group in &mut groups {
        group.tasks.retain(|task| {
            (list.is_none() || task.list == list)
                && found.as_ref().is_none_or(|ids| ids.contains(&task.id))
        });
    }
    groups.retain(|group| !group.tasks.is_empty());
    if context.json() {
        let tasks: Vec<&TaskView> = groups.iter().flat_map(|group| &group.tasks).collect();
        context.answer(&tasks, |_| String::new())
    } else {
        crate::terminal::say(&groups.iter().map(group_text).collect::<String>())
    }
}

/// What to ask for; none for the trash, which is asked for what it says of its items besides.
fn query_of(view: ViewName) -> Option<TaskQuery> {
    Some(match view {
        ViewName::Inbox => TaskQuery::Inbox,
        ViewName::Today => TaskQuery::Today,
        ViewName::Upcoming => TaskQuery::Upcoming,
        ViewName::Someday => TaskQuery::Someday,
        ViewName::Completed => TaskQuery::Completed,
        ViewName::Trash => return None,
    })
}

/// The inbox, then every list.
fn all_open(app: &App) -> Result<Vec<TaskGroup>, Failure> {
    let mut groups = Vec::new();
    let mut take = |title: &str, query: &TaskQuery| -> Result<(), Failure> {
        let tasks = app.tasks(query)?.groups.into_iter().flat_map(|group| group.tasks).collect();
        groups.push(TaskGroup { group: String::new(), label: title.to_owned(), tasks });
        Ok(())
    };
    take("Inbox", &TaskQuery::Inbox)?;
    for list in app.lists()? {
        take(&list.title, &TaskQuery::List { list: list.id, with_completed: false })?;
    }
    Ok(groups)
}

/// More than one search is read.
const FOUND: u32 = 10_000;

fn ids_found(app: &App, query: &str) -> Result<Vec<String>, Failure> {
    let hits = app.search_whole(query, FOUND)?.hits;
    Ok(hits.into_iter().filter(|hit| hit.kind == ItemKind::Task).map(|hit| hit.id).collect())
}

fn found(app: &App, query: &str) -> Result<TaskGroup, Failure> {
    let mut tasks = Vec::new();
    for hit in app.search_whole(query, FOUND)?.hits {
        if hit.kind == ItemKind::Task && !hit.trashed {
            tasks.push(app.task(&hit.id)?.task);
        }
    }
    Ok(TaskGroup { group: String::new(), label: String::new(), tasks })
}

fn trash(query: Option<&str>, context: &mut Context) -> Result<(), Failure> {
    let app = context.app()?;
    let mut items = app.trash()?;
    items.retain(|item| item.kind == ItemKind::Task);
    if let Some(query) = query {
        let ids = ids_found(app, query)?;
        items.retain(|item| ids.contains(&item.id));
    }
    super::trash::answer(items, context)
}

fn group_text(group: &TaskGroup) -> String {
    let mut table = Table::default();
    for task in &group.tasks {
        table.row([&task.id, mark(task), &title(task), &details(task)]);
    }
    if group.label.is_empty() {
        table.text()
    } else {
        format!("{}\n{}", line(&group.label), table.text())
    }
}

fn mark(task: &TaskView) -> &'static str {
    match task.status.as_str() {
        "done" => "[x]",
        "cancelled" => "[-]",
        _ => "[ ]",
    }
}

fn title(task: &TaskView) -> String {
    let indent = "  ".repeat(usize::try_from(task.depth.min(20)).unwrap_or_default());
    format!("{indent}{}", task.title)
}

/// What is set on a task, in a few words.
fn details(task: &TaskView) -> String {
    let mut parts: Vec<String> = Vec::new();
    parts.extend(task.when.as_ref().map(|when| when.replace('T', " ")));
    parts.extend(task.deadline.as_ref().map(|day| format!("due {day}")));
    if task.priority > 0 {
        parts.push(format!("p{}", task.priority));
    }
    parts.extend(task.repeat.clone());
    parts.extend(task.tags.iter().map(|tag| format!("@{tag}")));
    if task.conflict {
        parts.push("2 versions".to_owned());
    }
    parts.join(", ")
}

#[derive(Debug, Subcommand)]
pub(crate) enum TaskCommand {
    /// Show a task with everything about it.
    Show {
        /// Beginning of the id.
        id: String,
    },
    /// Change fields: title=, notes=, status=, when=, deadline=, priority=, list=, parent=, repeat=,
    /// tags=+a,-b. An empty value empties the field.
    Set {
        /// Beginning of the id.
        id: String,
        /// What to set.
        #[arg(required = true, value_name = "FIELD=VALUE")]
        fields: Vec<String>,
    },
    /// Mark tasks as done.
    Done {
        /// Beginnings of ids.
        #[arg(required = true, value_name = "ID")]
        ids: Vec<String>,
    },
    /// Cancel tasks. Of one that repeats, say how much is meant.
    Cancel {
        /// Beginnings of ids.
        #[arg(required = true, value_name = "ID")]
        ids: Vec<String>,
        /// Of a task that repeats, this one alone: the next one comes on its day.
        #[arg(long, conflicts_with = "following")]
        this: bool,
        /// Of a task that repeats, this one and all that follow.
        #[arg(long)]
        following: bool,
    },
    /// Mark tasks as open again.
    Reopen {
        /// Beginnings of ids.
        #[arg(required = true, value_name = "ID")]
        ids: Vec<String>,
    },
    /// Move tasks to the trash.
    Delete {
        /// Beginnings of ids.
        #[arg(required = true, value_name = "ID")]
        ids: Vec<String>,
    },
    /// Bring tasks back from the trash.
    Restore {
        /// Beginnings of ids.
        #[arg(required = true, value_name = "ID")]
        ids: Vec<String>,
    },
}

/// `task …`
pub(crate) fn change(command: TaskCommand, context: &mut Context) -> Result<(), Failure> {
    let app = context.app()?;
    let done = match command {
        TaskCommand::Show { id } => return show(&id, context),
        TaskCommand::Set { id, fields } => return set(&id, &fields, context),
        TaskCommand::Done { ids } => {
            app.edit_tasks(&ids_of(app, &ids)?, &with(TaskStatus::Done), None)?
        }
        TaskCommand::Reopen { ids } => {
            app.edit_tasks(&ids_of(app, &ids)?, &with(TaskStatus::Open), None)?
        }
        TaskCommand::Cancel { ids, this, following } => {
            let said = match (this, following) {
                (true, _) => Some(Occurrences::This),
                (_, true) => Some(Occurrences::Following),
                _ => None,
            };
            cancel(app, &ids_of(app, &ids)?, said)?
        }
        TaskCommand::Delete { ids } => app.delete_items(&ids_of(app, &ids)?, None)?,
        TaskCommand::Restore { ids } => app.restore_items(&ids_of(app, &ids)?)?,
    };
    context.done(&done)
}

/// Cancels tasks. Where one repeats and nothing was said of it, a person at a terminal is asked.
fn cancel(app: &App, ids: &[String], said: Option<Occurrences>) -> Result<Done, Failure> {
    let patch = |occurrences| TaskPatch { occurrences, ..with(TaskStatus::Cancelled) };
    match app.edit_tasks(ids, &patch(said), None) {
        Err(AppError::WhichOccurrences(title)) if terminal::can_ask() => {
            let asked = format!(
                "{} repeats. Cancel this one (t), all that follow (f), or nothing? ",
                line(&format!("'{title}'"))
            );
            terminal::tell(&asked);
            let mut answer = String::new();
            std::io::stdin().lock().take(LONGEST_ANSWER).read_line(&mut answer)?;
            let occurrences = match answer.trim().to_lowercase().as_str() {
                "t" | "this" => Occurrences::This,
                "f" | "following" => Occurrences::Following,
                _ => return Err(AppError::WhichOccurrences(title).into()),
            };
            Ok(app.edit_tasks(ids, &patch(Some(occurrences)), None)?)
        }
        done => Ok(done?),
    }
}

fn with(status: TaskStatus) -> TaskPatch {
    TaskPatch { status: Some(status), ..TaskPatch::default() }
}

fn id_of(app: &App, prefix: &str) -> Result<String, Failure> {
    Ok(app.resolve_id("task", prefix)?.to_string())
}

fn ids_of(app: &App, prefixes: &[String]) -> Result<Vec<String>, Failure> {
    prefixes.iter().map(|prefix| id_of(app, prefix)).collect()
}

fn show(prefix: &str, context: &mut Context) -> Result<(), Failure> {
    let app = context.app()?;
    let id = app.resolve_id("task", prefix)?;
    if context.json() {
        let item = context.app()?.item_json(id)?;
        return context.answer(&item, |_| String::new());
    }
    let mut detail = app.task(&id.to_string())?;
    detail.notes.text = app.spelled_out(&detail.notes.text)?;
    crate::terminal::say(&detail_text(&detail))
}

fn detail_text(detail: &TaskDetail) -> String {
    let task = &detail.task;
    let mut table = Table::default();
    table.row(["id", &task.id]);
    table.row(["title", &task.title]);
    table.row(["status", &task.status]);
    for (name, value) in [
        ("when", &task.when),
        ("deadline", &task.deadline),
        ("repeat", &task.repeat),
        ("list", &task.list_title),
        ("parent", &task.parent),
    ] {
        if let Some(value) = value {
            table.row([name, value]);
        }
    }
    if task.priority > 0 {
        table.row(["priority", &task.priority.to_string()]);
    }
    if !task.tags.is_empty() {
        table.row(["tags", &task.tags.join(", ")]);
    }
    for disputed in &detail.disputed {
        for version in &disputed.versions {
            let from =
                format!("{} ({}, {})", version.display, version.device.name, time(version.time));
            table.row([&format!("2 versions of {}", disputed.label), &from]);
        }
    }
    let mut text = table.text();
    if !detail.notes.text.is_empty() {
        text.push_str(&format!("\n{}\n", lines(&detail.notes.text).trim_end()));
    }
    if !detail.children.is_empty() {
        let tasks = detail.children.clone();
        text.push('\n');
        text.push_str(&group_text(&TaskGroup {
            group: String::new(),
            label: String::new(),
            tasks,
        }));
    }
    text.push('\n');
    text.push_str(&history_lines(&detail.history));
    text
}

fn set(prefix: &str, fields: &[String], context: &mut Context) -> Result<(), Failure> {
    let app = context.app()?;
    let id = id_of(app, prefix)?;
    let (patch, notes) =
        read_fields(fields, &|list| lists::id_of(app, list), &|task| id_of(app, task))?;
    let mut done = None;
    if patch != TaskPatch::default() {
        done = Some(app.edit_tasks(&[id], &patch, None)?);
    }
    if let Some(notes) = notes {
        let replaced = replace_text(app, "task", prefix, &notes)?;
        done = Some(done.unwrap_or(replaced));
    }
    done.map_or(Ok(()), |done| context.done(&done))
}
