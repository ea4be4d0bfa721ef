//! The exchange folder, and what waits in it.

use holdfast_app::view::{
    Arriving, BundlePreview, FolderPreview, FolderView, ImportResult, PauseLength, SyncStatus,
    Triggers,
};
use tauri::State;

use super::Holdfast;
use crate::{
    error::{Answer, ask},
    files::Files,
};

/// The exchange folder; none when none is set.
#[tauri::command]
#[specta::specta]
pub(crate) async fn folder(app: Holdfast<'_>) -> Answer<Option<FolderView>> {
    ask(&app, move |app| app.folder()).await
}

/// Asks for a folder and tells what turning it on would do; none when the person cancelled. Writes
/// nothing.
#[tauri::command]
#[specta::specta]
pub(crate) async fn pick_folder(
    app: Holdfast<'_>,
    files: State<'_, Files>,
) -> Answer<Option<FolderPreview>> {
    let Some(path) = files.ask(|picker| picker.folder("Choose the exchange folder")).await? else {
        return Ok(None);
    };
    let chosen = path.clone();
    let preview = ask(&app, move |app| app.inspect_folder(&chosen)).await?;
    Ok(Some(FolderPreview { token: files.keep(path), ..preview }))
}

/// Turns the picked folder on, in place of another, and syncs.
#[tauri::command]
#[specta::specta]
pub(crate) async fn use_folder(
    app: Holdfast<'_>,
    files: State<'_, Files>,
    token: String,
    arriving: Arriving,
    triggers: Triggers,
) -> Answer<FolderView> {
    let path = files.path(&token)?;
    ask(&app, move |app| app.use_folder(&path, arriving, triggers)).await
}

/// Changes how the folder is used.
#[tauri::command]
#[specta::specta]
pub(crate) async fn set_folder(
    app: Holdfast<'_>,
    arriving: Arriving,
    triggers: Triggers,
) -> Answer<FolderView> {
    ask(&app, move |app| app.set_folder(arriving, triggers)).await
}

/// Writes everything into an emptied or replaced folder again.
#[tauri::command]
#[specta::specta]
pub(crate) async fn republish_folder(app: Holdfast<'_>) -> Answer<FolderView> {
    ask(&app, move |app| app.republish_folder()).await
}

/// Stops using the folder. Deletes nothing, here or there.
#[tauri::command]
#[specta::specta]
pub(crate) async fn stop_folder(app: Holdfast<'_>) -> Answer<SyncStatus> {
    ask(&app, move |app| app.stop_folder()).await
}

/// One exchange by the present mode, now. Answers when it is over.
#[tauri::command]
#[specta::specta]
pub(crate) async fn sync_now(app: Holdfast<'_>) -> Answer<SyncStatus> {
    ask(&app, move |app| {
        app.sync_now()?;
        app.status()
    })
    .await
}

/// Pauses what syncs by itself.
#[tauri::command]
#[specta::specta]
pub(crate) async fn pause_sync(app: Holdfast<'_>, length: PauseLength) -> Answer<SyncStatus> {
    ask(&app, move |app| app.pause_sync(length)).await
}

/// Goes on.
#[tauri::command]
#[specta::specta]
pub(crate) async fn resume_sync(app: Holdfast<'_>) -> Answer<SyncStatus> {
    ask(&app, move |app| app.resume_sync()).await
}

/// What waiting changes would do. Changes nothing.
#[tauri::command]
#[specta::specta]
pub(crate) async fn inspect_held(app: Holdfast<'_>, id: String) -> Answer<BundlePreview> {
    ask(&app, move |app| app.inspect_held(&id)).await
}

/// Takes waiting changes in; `keep` brings back at once what they delete.
#[tauri::command]
#[specta::specta]
pub(crate) async fn accept_held(app: Holdfast<'_>, id: String, keep: bool) -> Answer<ImportResult> {
    ask(&app, move |app| app.accept_held(&id, keep)).await
}
