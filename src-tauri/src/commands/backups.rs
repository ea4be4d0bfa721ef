//! Backups: making, showing and restoring those in this device's own folder.

use holdfast_app::view::{BackupView, RestorePreview, Restored};

use super::Holdfast;
use crate::error::{Answer, ask};

/// The backups on this device, newest first.
#[tauri::command]
#[specta::specta]
pub(crate) async fn backups(app: Holdfast<'_>) -> Answer<Vec<BackupView>> {
    ask(&app, move |app| app.backups()).await
}

/// Makes a backup now.
#[tauri::command]
#[specta::specta]
pub(crate) async fn backup_now(app: Holdfast<'_>) -> Answer<BackupView> {
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
pub(crate) async fn restore(app: Holdfast<'_>, id: String, propagate: bool) -> Answer<Restored> {
    ask(&app, move |app| app.restore(&app.known_backup(&id)?, propagate, None)).await
}
