//! Noticing what another process, such as holdfastctl beside the window, writes to the same folder.
//!
//! File events are hints that make it fast; a slow poll makes it certain.

use crate::App;
use notify::{RecursiveMode, Watcher};
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// How often is looked without a hint.
const POLL: Duration = Duration::from_secs(2);
/// How long hints are collected, so that a burst of writes is one look.
const QUIET: Duration = Duration::from_millis(40);

/// How long after the start the first backup is looked after.
const QUIET_START: Duration = Duration::from_secs(60);
/// How often is looked whether the backup of the day is due.
const BACKUP: Duration = Duration::from_secs(15 * 60);

/// Watches until it is dropped.
#[derive(Debug)]
pub struct Watch {
    stop: Option<Sender<Hint>>,
    thread: Option<JoinHandle<()>>,
}

enum Hint {
    Changed,
    Stop,
}

impl Watch {
    /// Starts to watch the app's data folder.
    pub fn start(app: Arc<App>) -> Self {
        let (hints, inbox) = channel();
        let stop = hints.clone();
        let thread = std::thread::spawn(move || {
            let folder = app.home().path().to_owned();
            let mut watcher = None;
            // Not in the first moments, which belong to the person who opened the window.
            let mut backup = Instant::now() + QUIET_START;
            loop {
                if watcher.is_none() && folder.exists() {
                    watcher = watch(&folder, hints.clone());
                }
                match inbox.recv_timeout(POLL) {
                    Ok(Hint::Stop) | Err(RecvTimeoutError::Disconnected) => return,
                    Ok(Hint::Changed) => {
                        while let Ok(hint) = inbox.recv_timeout(QUIET) {
                            if matches!(hint, Hint::Stop) {
                                return;
                            }
                        }
                    }
                    Err(RecvTimeoutError::Timeout) => {}
                }
                if Instant::now() >= backup {
                    backup = Instant::now() + BACKUP;
                    if let Err(error) = app.backup_if_due() {
                        tracing::warn!(%error, "the backup of this day could not be made");
                    }
                }
                if let Err(error) = app.notice_changes() {
                    tracing::warn!(%error, "could not look for changes of other processes");
                }
            }
        });
        Self { stop: Some(stop), thread: Some(thread) }
    }
}

/// Where the system cannot watch a folder, the poll alone has to do.
fn watch(folder: &std::path::Path, hints: Sender<Hint>) -> Option<notify::RecommendedWatcher> {
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        let database = event.is_ok_and(|event| {
            event.paths.iter().any(|path| {
                path.file_name()
                    .is_some_and(|name| name.to_string_lossy().starts_with("holdfast.db"))
            })
        });
        if database {
            // The watch has ended: nobody needs the hint.
            let _ = hints.send(Hint::Changed);
        }
    })
    .ok()?;
    watcher.watch(folder, RecursiveMode::NonRecursive).ok()?;
    Some(watcher)
}

impl Drop for Watch {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(Hint::Stop);
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
