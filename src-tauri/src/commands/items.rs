//! What is the same for tasks, notes and lists: search, trash, undo.

use holdfast_app::view::{Done, Id, Position, SearchPage, TrashItem};

use super::Holdfast;
use crate::error::{Answer, ask};

/// Finds tasks, notes and lists.
#[tauri::command]
#[specta::specta]
pub(crate) async fn search(app: Holdfast<'_>, query: String, limit: u32) -> Answer<SearchPage> {
    ask(&app, move |app| app.search(&query, limit)).await
}

/// What is in the trash.
#[tauri::command]
#[specta::specta]
pub(crate) async fn trash(app: Holdfast<'_>) -> Answer<Vec<TrashItem>> {
    ask(&app, move |app| app.trash()).await
}

/// Moves items to the trash.
#[tauri::command]
#[specta::specta]
pub(crate) async fn delete_items(app: Holdfast<'_>, ids: Vec<Id>, as_of: Position) -> Answer<Done> {
    ask(&app, move |app| app.delete_items(&ids, Some(as_of))).await
}

/// Brings items back from the trash.
#[tauri::command]
#[specta::specta]
pub(crate) async fn restore_items(app: Holdfast<'_>, ids: Vec<Id>) -> Answer<Done> {
    ask(&app, move |app| app.restore_items(&ids)).await
}

/// Removes items from the trash for good.
#[tauri::command]
#[specta::specta]
pub(crate) async fn purge_items(app: Holdfast<'_>, ids: Vec<Id>) -> Answer<Done> {
    ask(&app, move |app| app.purge_items(&ids)).await
}

/// Undoes this device's last action.
#[tauri::command]
#[specta::specta]
pub(crate) async fn undo(app: Holdfast<'_>) -> Answer<Done> {
    ask(&app, move |app| app.undo()).await
}

/// Does again what was undone last.
#[tauri::command]
#[specta::specta]
pub(crate) async fn redo(app: Holdfast<'_>) -> Answer<Done> {
    ask(&app, move |app| app.redo()).await
}
