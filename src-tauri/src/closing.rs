//! Closing the window: the interface is told first, so that what was typed in the last moments is
//! stored before the window is gone.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tauri::{Window, WindowEvent};

use crate::events;

/// The action that tells the interface to store what it holds.
const ACTION: &str = "app.closing";
/// How long the interface has. Storing takes milliseconds; the rest is for a slow disk.
const GRACE: Duration = Duration::from_millis(800);

static CLOSING: AtomicBool = AtomicBool::new(false);

/// Holds the first request to close back, tells the interface, and closes a moment later.
pub(crate) fn on_window_event(window: &Window, event: &WindowEvent) {
    let WindowEvent::CloseRequested { api, .. } = event else { return };
    if CLOSING.swap(true, Ordering::SeqCst) {
        return;
    }
    api.prevent_close();
    let window = window.clone();
    events::action(tauri::Manager::app_handle(&window), ACTION);
    tauri::async_runtime::spawn(async move {
        tokio::time::sleep(GRACE).await;
        if let Err(error) = window.destroy() {
            tracing::warn!(%error, "the window did not close");
        }
    });
}
