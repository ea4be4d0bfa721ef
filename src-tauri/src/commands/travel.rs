//! What travels where.

use holdfast_app::view::{Approval, ApprovalView, Copies, Done, Id, Space, SpacePreview, Travel};

use super::Holdfast;
use crate::error::{Answer, ask};

/// Every list and how far it travels, what waits for an approval, and what never syncs.
#[tauri::command]
#[specta::specta]
pub(crate) async fn travel(app: Holdfast<'_>) -> Answer<Travel> {
    ask(&app, move |app| app.travel()).await
}

/// What moving a list to another space would do.
#[tauri::command]
#[specta::specta]
pub(crate) async fn preview_space(app: Holdfast<'_>, list: Id, to: Space) -> Answer<SpacePreview> {
    ask(&app, move |app| app.preview_space(&list, to.into())).await
}

/// Moves a list with everything in it to another space.
#[tauri::command]
#[specta::specta]
pub(crate) async fn set_space(
    app: Holdfast<'_>,
    list: Id,
    to: Space,
    copies: Copies,
) -> Answer<Done> {
    ask(&app, move |app| app.set_space(&list, to.into(), copies)).await
}

/// What waits for an approval, list by list.
#[tauri::command]
#[specta::specta]
pub(crate) async fn approvals(app: Holdfast<'_>) -> Answer<Vec<ApprovalView>> {
    ask(&app, move |app| app.approvals()).await
}

/// Lets everything leave that waits for an approval.
#[tauri::command]
#[specta::specta]
pub(crate) async fn approve(app: Holdfast<'_>) -> Answer<Approval> {
    ask(&app, move |app| app.approve()).await
}
