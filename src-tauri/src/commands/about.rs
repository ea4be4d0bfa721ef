//! What this copy of the app is.

/// The version of the running app, such as `0.1.0`.
#[tauri::command]
#[specta::specta]
pub(crate) fn app_version(app: tauri::AppHandle) -> String {
    app.package_info().version.to_string()
}
