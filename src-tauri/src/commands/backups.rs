//! Backups: making, showing and restoring those in this device's own folder.

use std::path::Path;

use holdfast_app::view::{
    BackupView, BackupsView, Boot, ExportAllResult, ExportFormat, RestorePreview, RestoreResult,
    RestoreScope, SetAside,
};
use tauri::State;

use super::Holdfast;
use crate::{
    error::{Answer, ask},
    files::Files,
};

/// The backups of this device.
#[tauri::command]
#[specta::specta]
pub(crate) async fn backups(app: Holdfast<'_>) -> Answer<BackupsView> {
    ask(&app, move |app| app.backups_view()).await
}

/// Makes a backup now.
#[tauri::command]
#[specta::specta]
pub(crate) async fn back_up_now(app: Holdfast<'_>) -> Answer<BackupView> {
    ask(&app, move |app| app.backup_now()).await
}

/// What restoring a backup would do. Changes nothing.
#[tauri::command]
#[specta::specta]
pub(crate) async fn preview_restore(app: Holdfast<'_>, id: String) -> Answer<RestorePreview> {
    ask(&app, move |app| app.preview_restore(&app.known_backup(&id)?)).await
}

/// Restores a backup, on this device alone or as a change for all devices.
#[tauri::command]
#[specta::specta]
pub(crate) async fn restore_backup(
    app: Holdfast<'_>,
    id: String,
    scope: RestoreScope,
) -> Answer<RestoreResult> {
    let propagate = scope == RestoreScope::Everywhere;
    ask(&app, move |app| app.restore(&app.known_backup(&id)?, propagate, None)).await
}

/// Where the database is gone: a backup takes its place.
#[tauri::command]
#[specta::specta]
pub(crate) async fn restore_missing(
    app: Holdfast<'_>,
    id: String,
    passphrase: Option<String>,
) -> Answer<Boot> {
    ask(&app, move |app| app.restore_missing(&id, passphrase.as_deref())).await
}

/// Where the database is gone: what is left of it goes into a folder of its own.
#[tauri::command]
#[specta::specta]
pub(crate) async fn begin_anew(app: Holdfast<'_>) -> Answer<SetAside> {
    ask(&app, move |app| app.begin_anew()).await
}

/// Where keys are gone: asks for a folder and writes what the database shows, or a backup, as plain files;
/// none when the person cancelled.
#[tauri::command]
#[specta::specta]
pub(crate) async fn rescue_export(
    app: Holdfast<'_>,
    files: State<'_, Files>,
    format: ExportFormat,
    backup: Option<String>,
) -> Answer<Option<ExportAllResult>> {
    let Some(path) = files.ask(|picker| picker.folder("Write everything as files")).await? else {
        return Ok(None);
    };
    ask(&app, move |app| {
        let from = backup.map(|id| app.known_backup(&id)).transpose()?;
        app.rescue_export(format, &path, from.as_deref().map(Path::new))
    })
    .await
    .map(Some)
}
