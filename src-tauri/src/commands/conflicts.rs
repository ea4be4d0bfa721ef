//! Conflicts and their review.

use holdfast_app::view::{
    ConflictRow, ConflictTab, Decision, Done, Id, Position, Review, SetAsideRow, TextBlock,
};

use super::Holdfast;
use crate::error::{Answer, ask};

/// Items with conflicts.
#[tauri::command]
#[specta::specta]
pub(crate) async fn conflicts(app: Holdfast<'_>, tab: ConflictTab) -> Answer<Vec<ConflictRow>> {
    ask(&app, move |app| app.conflicts(tab)).await
}

/// Everything to be decided on one item.
#[tauri::command]
#[specta::specta]
pub(crate) async fn review(app: Holdfast<'_>, entity: Id) -> Answer<Review> {
    ask(&app, move |app| app.review(&entity)).await
}

/// Aligned blocks of two versions of a text.
#[tauri::command]
#[specta::specta]
pub(crate) async fn text_blocks(
    app: Holdfast<'_>,
    entity: Id,
    field: String,
    left: String,
    right: String,
    as_of: Position,
) -> Answer<Vec<TextBlock>> {
    ask(&app, move |app| app.text_blocks(&entity, &field, &left, &right, Some(as_of))).await
}

/// Decides the conflicts of one item, as one action.
#[tauri::command]
#[specta::specta]
pub(crate) async fn resolve(
    app: Holdfast<'_>,
    entity: Id,
    decisions: Vec<Decision>,
    as_of: Position,
) -> Answer<Done> {
    ask(&app, move |app| app.resolve(&entity, &decisions, Some(as_of))).await
}

/// Takes a decision back.
#[tauri::command]
#[specta::specta]
pub(crate) async fn reopen(app: Holdfast<'_>, entity: Id) -> Answer<Done> {
    ask(&app, move |app| app.reopen(&entity)).await
}

/// What was put aside, and how it comes back.
#[tauri::command]
#[specta::specta]
pub(crate) async fn set_aside(app: Holdfast<'_>) -> Answer<Vec<SetAsideRow>> {
    ask(&app, move |app| app.put_aside()).await
}

/// Brings back what was put aside.
#[tauri::command]
#[specta::specta]
pub(crate) async fn bring_back(app: Holdfast<'_>, id: String) -> Answer<Done> {
    ask(&app, move |app| app.bring_aside_back(&id)).await
}
