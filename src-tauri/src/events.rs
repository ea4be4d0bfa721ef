//! What the backend tells the interface without being asked: event `changed` with a
//! [`view::Changed`], and event `menu` with an action of the keyboard map.

use std::sync::Arc;

use holdfast_app::{App, view};
use tauri::{AppHandle, Emitter};
use tokio::sync::broadcast::error::RecvError;

/// Passes every change on to the interface for as long as the app runs.
pub(crate) fn forward_changes(app: &Arc<App>, shell: &AppHandle) {
    let mut changes = app.subscribe();
    let shell = shell.clone();
    tauri::async_runtime::spawn(async move {
        let mut latest = 0;
        loop {
            let changed = match changes.recv().await {
                Ok(changed) => changed,
                // Too many to name: anything may have changed.
                Err(RecvError::Lagged(_)) => view::Changed { as_of: latest, ids: Vec::new() },
                Err(RecvError::Closed) => break,
            };
            latest = latest.max(changed.as_of);
            emit(&shell, "changed", changed);
        }
    });
}

/// Asks the interface to carry out an action of the keyboard map.
pub(crate) fn action(shell: &AppHandle, id: &str) {
    emit(shell, "menu", id.to_owned());
}

fn emit<T: serde::Serialize + Clone>(shell: &AppHandle, event: &str, payload: T) {
    if let Err(error) = shell.emit(event, payload) {
        tracing::warn!(%error, event, "the window could not be told");
    }
}
