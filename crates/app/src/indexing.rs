//! Brings the search index up to date beside everything else: after a first sync or an import there is too
//! much of it to do before a search. Owns when; never what is found.

use crate::{App, AppError, view};
use holdfast_store::{Store, StoreError};
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::sync::broadcast::error::TryRecvError as NewsError;

/// So many items are indexed in one transaction: whoever writes meanwhile waits no longer than for these.
pub(crate) const AT_ONCE: usize = 100;
/// It begins when nothing changed for so long.
const QUIET: Duration = Duration::from_millis(500);
/// Between two transactions others get their turn.
const TURN: Duration = Duration::from_millis(2);

impl App {
    /// Indexes everything that waits for it. For programs that search once and end.
    pub fn index_everything(&self) -> Result<(), AppError> {
        while self.with(|open| readable(open.store.write(|tx| tx.index_search(AT_ONCE))))? > 0 {}
        Ok(())
    }
}

/// What was indexed; nothing where there is no room for it, or nothing may be written. A search finds then
/// what was indexed before, and says how much it did not look at.
pub(crate) fn readable(indexed: Result<usize, StoreError>) -> Result<usize, AppError> {
    match indexed {
        Err(StoreError::DiskFull | StoreError::ReadOnly) => Ok(0),
        indexed => Ok(indexed?),
    }
}

/// Indexes beside everything else until it is dropped.
#[derive(Debug)]
pub(crate) struct Indexer {
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Indexer {
    /// Starts.
    pub(crate) fn start(app: Arc<App>) -> Self {
        let (stop, stopped) = channel();
        let thread = std::thread::spawn(move || {
            let mut news = app.subscribe();
            // What was left the last time.
            let mut due = true;
            loop {
                match stopped.recv_timeout(QUIET) {
                    Err(RecvTimeoutError::Timeout) => {}
                    Ok(()) | Err(RecvTimeoutError::Disconnected) => return,
                }
                let mut stirred = false;
                loop {
                    match news.try_recv() {
                        // No change of data.
                        Ok(changed) if changed.as_of == 0 => {}
                        Ok(_) | Err(NewsError::Lagged(_)) => stirred = true,
                        Err(NewsError::Empty | NewsError::Closed) => break,
                    }
                }
                if stirred || !due {
                    due |= stirred;
                    continue;
                }
                let goes_on =
                    || matches!(stopped.recv_timeout(TURN), Err(RecvTimeoutError::Timeout));
                match index(&app, goes_on) {
                    // With more than a search does by itself, what was found before may be less than
                    // there is.
                    Ok(done) if done > AT_ONCE => app.tell(view::Changed::anything(0)),
                    Ok(_) => {}
                    Err(error) => tracing::warn!(%error, "what is new is not indexed yet"),
                }
                due = false;
            }
        });
        Self { stop: Some(stop), thread: Some(thread) }
    }
}

/// Over a connection of its own, so that nobody who reads waits. How many items were indexed.
fn index(app: &App, goes_on: impl Fn() -> bool) -> Result<usize, AppError> {
    let mut all = 0_usize;
    if !app.has_vault() {
        return Ok(all);
    }
    let mut store = Store::open(&app.home().database())?;
    while store.read(|tx| tx.search_due())? > 0 && goes_on() {
        all = all.saturating_add(store.write(|tx| tx.index_search(AT_ONCE))?);
    }
    Ok(all)
}

impl Drop for Indexer {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
#[path = "indexing_tests.rs"]
mod tests;
