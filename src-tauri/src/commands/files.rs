//! Folders that come in and go out as plain files.

use holdfast_app::view::{Done, ExportAllResult, ExportFormat, MarkdownPreview};
use tauri::State;

use super::Holdfast;
use crate::{
    error::{Answer, ask},
    files::Files,
};

/// Asks for a folder of Markdown and tells what it holds; none when the person cancelled. Changes
/// nothing.
#[tauri::command]
#[specta::specta]
pub(crate) async fn pick_markdown(
    app: Holdfast<'_>,
    files: State<'_, Files>,
) -> Answer<Option<MarkdownPreview>> {
    let Some(path) = files.ask(|picker| picker.folder("Import a folder of Markdown")).await? else {
        return Ok(None);
    };
    let folder = path.clone();
    let preview = ask(&app, move |app| app.scan_markdown(&folder)).await?;
    Ok(Some(MarkdownPreview { token: files.keep(path), ..preview }))
}

/// Imports the folder of Markdown whose preview the person has seen.
#[tauri::command]
#[specta::specta]
pub(crate) async fn import_markdown(
    app: Holdfast<'_>,
    files: State<'_, Files>,
    token: String,
) -> Answer<Done> {
    let path = files.path(&token)?;
    ask(&app, move |app| app.import_markdown(&path)).await
}

/// Asks for a folder and writes everything into it; none when the person cancelled.
#[tauri::command]
#[specta::specta]
pub(crate) async fn export_all(
    app: Holdfast<'_>,
    files: State<'_, Files>,
    format: ExportFormat,
) -> Answer<Option<ExportAllResult>> {
    let Some(path) = files.ask(|picker| picker.folder("Export everything as files")).await? else {
        return Ok(None);
    };
    ask(&app, move |app| app.export_all(format, &path, false)).await.map(Some)
}
