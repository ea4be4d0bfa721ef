//! How changes travel, bundles, and what happened.

use holdfast_app::view::{
    ActivityEntry, BundlePreview, Done, ExchangeView, ExportRequest, ExportResult, ImportResult,
    Mode, SyncStatus, WaitingItem, Way,
};

use tauri::State;

use super::Holdfast;
use crate::{
    error::{Answer, ask},
    files::{BUNDLE, Files},
};

/// How far changes got.
#[tauri::command]
#[specta::specta]
pub(crate) async fn status(app: Holdfast<'_>) -> Answer<SyncStatus> {
    ask(&app, move |app| app.status()).await
}

/// Chooses how changes travel.
#[tauri::command]
#[specta::specta]
pub(crate) async fn set_mode(app: Holdfast<'_>, mode: Mode) -> Answer<SyncStatus> {
    ask(&app, move |app| app.set_mode(mode)).await
}

/// Items with changes that some destination lacks.
#[tauri::command]
#[specta::specta]
pub(crate) async fn waiting(app: Holdfast<'_>) -> Answer<Vec<WaitingItem>> {
    ask(&app, move |app| app.waiting()).await
}

/// What happened, latest first.
#[tauri::command]
#[specta::specta]
pub(crate) async fn activity(app: Holdfast<'_>, limit: u32) -> Answer<Vec<ActivityEntry>> {
    ask(&app, move |app| app.activity(limit)).await
}

/// The last five exchanges of one way of the sync map, latest first.
#[tauri::command]
#[specta::specta]
pub(crate) async fn exchanges(app: Holdfast<'_>, way: Way) -> Answer<Vec<ExchangeView>> {
    ask(&app, move |app| app.exchanges(&way)).await
}

/// Takes back what an import brought, as a new change.
#[tauri::command]
#[specta::specta]
pub(crate) async fn undo_exchange(app: Holdfast<'_>, id: String) -> Answer<Done> {
    ask(&app, move |app| app.undo_exchange(&id)).await
}

/// Asks where to write a bundle and writes it; none when the person cancelled.
#[tauri::command]
#[specta::specta]
pub(crate) async fn export_bundle(
    app: Holdfast<'_>,
    files: State<'_, Files>,
    request: ExportRequest,
) -> Answer<Option<ExportResult>> {
    let (what, title) = match &request {
        ExportRequest::Update { .. } => ("update", "Export changes"),
        ExportRequest::Full => ("full", "Export everything"),
        ExportRequest::Invite { .. } => ("invitation", "Invite a device"),
    };
    let suggested =
        format!("Holdfast {what} {}.{BUNDLE}", app.clock().zoned().strftime("%Y-%m-%d %H%M%S"));
    let Some(path) = files.ask(move |picker| picker.save_bundle(title, &suggested)).await? else {
        return Ok(None);
    };
    ask(&app, move |app| app.export_bundle(&request, &path)).await.map(Some)
}

/// Asks for a bundle and tells what importing it would do; none when the person cancelled. Changes
/// nothing.
#[tauri::command]
#[specta::specta]
pub(crate) async fn inspect_bundle(
    app: Holdfast<'_>,
    files: State<'_, Files>,
) -> Answer<Option<BundlePreview>> {
    let Some(path) = files.ask(|picker| picker.open_bundle("Import changes")).await? else {
        return Ok(None);
    };
    let file = path.clone();
    let preview = ask(&app, move |app| app.inspect_bundle(&file)).await?;
    Ok(Some(BundlePreview { token: files.keep(path), ..preview }))
}

/// Imports the bundle whose preview the person has seen.
#[tauri::command]
#[specta::specta]
pub(crate) async fn import_bundle(
    app: Holdfast<'_>,
    files: State<'_, Files>,
    token: String,
) -> Answer<ImportResult> {
    let path = files.path(&token)?;
    ask(&app, move |app| app.import_bundle(&path, true)).await
}
