//! Backups: making, showing and restoring those in this device's own folder.

use holdfast_app::view::{BackupView, BackupsView, RestorePreview, RestoreResult, RestoreScope};

use super::Holdfast;
use crate::error::{Answer, ask};

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
