//! Tasks and quick add.

use holdfast_app::view::{
    Done, Id, Position, QuickAddDefaults, QuickAddView, Range, TaskDetail, TaskPage, TaskPatch,
    TaskQuery, When,
};

use super::Holdfast;
use crate::error::{Answer, ask};

/// The tasks of one view.
#[tauri::command]
#[specta::specta]
pub(crate) async fn tasks(app: Holdfast<'_>, query: TaskQuery) -> Answer<TaskPage> {
    ask(&app, move |app| app.tasks(&query)).await
}

/// One task with everything about it.
#[tauri::command]
#[specta::specta]
pub(crate) async fn task(app: Holdfast<'_>, id: Id) -> Answer<TaskDetail> {
    ask(&app, move |app| app.task(&id)).await
}

/// How a typed line is read.
#[tauri::command]
#[specta::specta]
pub(crate) async fn parse_quick_add(
    app: Holdfast<'_>,
    text: String,
    ignore: Vec<Range>,
) -> Answer<QuickAddView> {
    ask(&app, move |app| app.parse_quick_add(&text, &ignore)).await
}

/// A date in words, such as "fri 9am": null where the whole of it is none.
#[tauri::command]
#[specta::specta]
pub(crate) async fn read_when(app: Holdfast<'_>, text: String) -> Answer<Option<When>> {
    ask(&app, move |app| app.read_when(&text)).await
}

/// Makes a task of a typed line.
#[tauri::command]
#[specta::specta]
pub(crate) async fn quick_add(
    app: Holdfast<'_>,
    text: String,
    ignore: Vec<Range>,
    defaults: QuickAddDefaults,
) -> Answer<Done> {
    ask(&app, move |app| app.quick_add(&text, &ignore, &defaults)).await
}

/// Changes tasks.
#[tauri::command]
#[specta::specta]
pub(crate) async fn edit_tasks(
    app: Holdfast<'_>,
    ids: Vec<Id>,
    patch: TaskPatch,
    as_of: Position,
) -> Answer<Done> {
    ask(&app, move |app| app.edit_tasks(&ids, &patch, Some(as_of))).await
}

/// Puts a task between two neighbours.
#[tauri::command]
#[specta::specta]
pub(crate) async fn move_task(
    app: Holdfast<'_>,
    id: Id,
    after: Option<Id>,
    before: Option<Id>,
    as_of: Position,
) -> Answer<Done> {
    ask(&app, move |app| app.move_task(&id, after.as_deref(), before.as_deref(), Some(as_of))).await
}
