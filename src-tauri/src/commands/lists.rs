//! Lists and the sidebar.

use holdfast_app::view::{Done, Id, ListPatch, Position, Sidebar, Space};

use super::Holdfast;
use crate::error::{Answer, ask};

/// Everything that the sidebar shows.
#[tauri::command]
#[specta::specta]
pub(crate) async fn sidebar(app: Holdfast<'_>) -> Answer<Sidebar> {
    ask(&app, move |app| app.sidebar()).await
}

/// Makes a list.
#[tauri::command]
#[specta::specta]
pub(crate) async fn add_list(
    app: Holdfast<'_>,
    title: String,
    parent: Option<Id>,
    space: Space,
) -> Answer<Done> {
    ask(&app, move |app| app.add_list(&title, parent.as_deref(), space.into())).await
}

/// Changes a list.
#[tauri::command]
#[specta::specta]
pub(crate) async fn edit_list(
    app: Holdfast<'_>,
    id: Id,
    patch: ListPatch,
    as_of: Position,
) -> Answer<Done> {
    ask(&app, move |app| app.edit_list(&id, &patch, Some(as_of))).await
}
