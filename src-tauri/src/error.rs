//! What a command answers, and where its work runs.

use std::sync::Arc;

use holdfast_app::{App, AppError};

pub use holdfast_app::view::CommandError;

/// What every command answers.
pub(crate) type Answer<T> = Result<T, CommandError>;

/// Runs `work` where it may wait for the disk without holding up the window.
pub(crate) async fn ask<T: Send + 'static>(
    app: &Arc<App>,
    work: impl FnOnce(&Arc<App>) -> Result<T, AppError> + Send + 'static,
) -> Answer<T> {
    let app = Arc::clone(app);
    aside(move || work(&app).map_err(CommandError::from)).await
}

/// Runs `work` that is not the app's alone, such as a dialog, beside the window's thread.
pub(crate) async fn aside<T: Send + 'static>(
    work: impl FnOnce() -> Answer<T> + Send + 'static,
) -> Answer<T> {
    match tauri::async_runtime::spawn_blocking(work).await {
        Ok(answer) => answer,
        Err(error) => {
            tracing::error!(%error, "a command ended before it answered");
            Err(CommandError {
                code: "internal".to_owned(),
                message: "Holdfast made a mistake and stopped this action.".to_owned(),
                remedy: Some(
                    "Nothing half-done was stored. Try again; if it happens again, restart Holdfast."
                        .to_owned(),
                ),
            })
        }
    }
}
