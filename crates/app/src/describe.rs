//! Values in the words that people read.

use crate::AppError;
use holdfast_model::entity::{ALIVE, DELETED, LEFT, PURGED, WITHDRAWN};
use holdfast_model::fields::{
    DEADLINE, LIFE, LIST, NOTES, PARENT, PRIORITY, REPEAT, STATUS, TEXT, TITLE, WHEN,
};
use holdfast_model::recurrence::Repeat;
use holdfast_model::{Value, dates, fields, markdown};
use holdfast_store::Tx;
use jiff::civil::Date;

/// A value of a field as people read it. `today` makes days readable.
pub(crate) fn value(
    tx: &Tx<'_>,
    field: &str,
    value: &Value,
    today: Date,
) -> Result<String, AppError> {
    let text = value.as_str().unwrap_or_default();
    Ok(match field {
        LIFE => match text {
            ALIVE => "Kept".into(),
            DELETED => "Deleted".into(),
            PURGED => "Deleted for good".into(),
            LEFT | WITHDRAWN => "Moved away".into(),
            other => other.to_owned(),
        },
        _ if value.is_null() || (text.is_empty() && matches!(value, Value::Text(_))) => match field
        {
            LIST => "Inbox".into(),
            PARENT => "No parent".into(),
            _ => "None".into(),
        },
        WHEN => text
            .parse::<dates::When>()
            .map_or_else(|_| text.to_owned(), |when| dates::format_when(when, today)),
        DEADLINE => text
            .parse::<Date>()
            .map_or_else(|_| text.to_owned(), |day| dates::format_relative(day, today)),
        PRIORITY => match value.as_int() {
            Some(1) => "High".into(),
            Some(2) => "Medium".into(),
            Some(3) => "Low".into(),
            _ => "None".into(),
        },
        STATUS => match text {
            "open" => "Open".into(),
            "done" => "Done".into(),
            "cancelled" => "Cancelled".into(),
            other => other.to_owned(),
        },
        REPEAT => {
            text.parse::<Repeat>().map_or_else(|_| text.to_owned(), |repeat| repeat.describe())
        }
        LIST | PARENT => match text.parse() {
            Ok(id) => match tx.entity(id)? {
                Some((state, _)) => markdown::name(state.text(TITLE), ""),
                None => "Something that is not on this device".into(),
            },
            Err(_) => text.to_owned(),
        },
        TITLE => markdown::title(text),
        _ => match value {
            Value::Text(text) => text.clone(),
            Value::Bool(true) => "Yes".into(),
            Value::Bool(false) => "No".into(),
            other => other.to_json().to_string(),
        },
    })
}

/// A value as an edit control takes it.
pub(crate) fn control(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::Text(text) if text.is_empty() => None,
        Value::Text(text) => Some(text.clone()),
        Value::Int(number) => Some(number.to_string()),
        Value::Bool(yes) => Some(yes.to_string()),
        other => Some(other.to_json().to_string()),
    }
}

/// A field in a sentence: "the title".
pub(crate) fn field(name: &str) -> String {
    match name {
        TEXT => "text".into(),
        NOTES => "notes".into(),
        other => fields::label(other).to_owned(),
    }
}

/// What an action was, for undo and history: "Add task".
pub(crate) fn action(code: &str) -> &'static str {
    match code {
        "task.add" => "Add task",
        "task.edit" => "Edit task",
        "task.done" => "Complete task",
        "task.reopen" => "Reopen task",
        "task.cancel" => "Cancel task",
        "task.move" => "Reorder task",
        "note.add" => "Add note",
        "note.edit" => "Edit note",
        "text.edit" => "Edit text",
        "list.add" => "Add list",
        "list.edit" => "Edit list",
        "space.set" => "Change how a list travels",
        "delete" => "Delete",
        "restore" => "Restore",
        "purge" => "Delete for good",
        "conflict.resolve" => "Resolve conflict",
        "policy.set" => "Change policy",
        "import" => "Import",
        "backup.restore" => "Restore backup",
        "repair" => "Repair",
        "exchange.undo" => "Undo import",
        "undo" => "Undo",
        "redo" => "Redo",
        _ => "Edit",
    }
}

/// "the title and the date", "the title, the date and the list".
pub(crate) fn enumerate(parts: &[String]) -> String {
    match parts {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}
