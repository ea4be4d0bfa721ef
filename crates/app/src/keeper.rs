//! Syncing by itself. In Manual mode through the exchange folder: on launch, after changes, when
//! something arrives in it, and on a timer; in Nearby mode over the network ([`crate::nearby`]). Owns
//! when; never what is exchanged. The search index is kept beside it ([`crate::indexing`]).

use crate::folder_settings::FolderSettings;
use crate::indexing::Indexer;
use crate::nearby::NearbyKeeper;
use crate::{App, AppError};
use notify::{RecursiveMode, Watcher};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tokio::sync::broadcast::error::TryRecvError;

/// How often it is looked what is due.
const TICK: Duration = Duration::from_millis(500);
/// So long after the last change or arrival it is exchanged.
const QUIET: Duration = Duration::from_secs(2);
/// Events are hints, and some get lost: without any, a local folder is looked at so often.
const RESCAN: Duration = Duration::from_secs(60);
/// Folders on other machines send no events: they are looked at so often.
const POLL: Duration = Duration::from_secs(10);
/// Pauses after failures: the first, and the longest.
const RETRY: (Duration, Duration) = (Duration::from_secs(5), Duration::from_secs(300));

/// Syncs by itself until it is dropped.
#[derive(Debug)]
pub struct Keeper {
    stop: Option<Sender<Hint>>,
    thread: Option<JoinHandle<()>>,
    _nearby: NearbyKeeper,
    _indexer: Indexer,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Hint {
    Arrived,
    Stop,
}

impl Keeper {
    /// Starts. `told` hears of every exchange.
    pub fn start(
        app: Arc<App>,
        told: impl Fn(&Result<crate::Synced, AppError>) + Send + Sync + 'static,
    ) -> Self {
        let nearby = NearbyKeeper::start(Arc::clone(&app), false);
        let indexer = Indexer::start(Arc::clone(&app));
        let (hints, inbox) = channel();
        let stop = hints.clone();
        let thread = std::thread::spawn(move || {
            let mut news = app.subscribe();
            let mut plan = Plan::new(Instant::now());
            let mut watched: Option<(PathBuf, Option<notify::RecommendedWatcher>)> = None;
            loop {
                match inbox.recv_timeout(TICK) {
                    Ok(Hint::Stop) | Err(RecvTimeoutError::Disconnected) => return,
                    Ok(Hint::Arrived) => plan.stirred(Instant::now()),
                    Err(RecvTimeoutError::Timeout) => {}
                }
                loop {
                    match news.try_recv() {
                        Ok(changed) if changed.as_of == 0 => {}
                        Ok(_) | Err(TryRecvError::Lagged(_)) => {
                            plan.stirred(Instant::now());
                        }
                        Err(_) => break,
                    }
                }
                let found = app.with(|open| {
                    // A window stands open over midnight.
                    open.tend_trash_quietly();
                    // The folder is the other half of Manual mode.
                    let on = open.mode()? == crate::view::Mode::Manual;
                    let folder = if on { open.folder_settings()? } else { None };
                    Ok((folder, open.paused()?.is_some()))
                });
                let Ok((Some(folder), paused)) = found else {
                    watched = None;
                    continue;
                };
                let root = folder.path.clone();
                if watched.as_ref().is_none_or(|(path, _)| *path != root) && root.is_dir() {
                    watched = Some((root.clone(), watch(&root, hints.clone())));
                }
                let sees = watched.as_ref().is_some_and(|(_, watcher)| watcher.is_some());
                if paused || !plan.is_due(Instant::now(), &folder, sees) {
                    continue;
                }
                let outcome = app.exchange_folder(None, false);
                plan.done(Instant::now(), outcome.is_ok(), jitter());
                if let Err(error) = &outcome {
                    tracing::warn!(%error, "could not exchange through the folder");
                }
                told(&outcome);
            }
        });
        Self { stop: Some(stop), thread: Some(thread), _nearby: nearby, _indexer: indexer }
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            // It has ended already: nobody to tell.
            let _ = stop.send(Hint::Stop);
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// When to exchange next.
#[derive(Debug)]
struct Plan {
    launched: bool,
    last: Instant,
    /// Since when it is quiet after a change or an arrival.
    stirred: Option<Instant>,
    failures: u32,
    not_before: Option<Instant>,
}

impl Plan {
    fn new(now: Instant) -> Self {
        Self { launched: false, last: now, stirred: None, failures: 0, not_before: None }
    }

    fn stirred(&mut self, now: Instant) {
        self.stirred = Some(now);
    }

    fn is_due(&self, now: Instant, folder: &FolderSettings, sees_events: bool) -> bool {
        if self.not_before.is_some_and(|time| now < time) {
            return false;
        }
        let since = |then: Instant| now.saturating_duration_since(then);
        let triggers = folder.triggers;
        let minutes = |minutes: u32| Duration::from_secs(60 * u64::from(minutes.max(1)));
        let rescan = if sees_events { RESCAN } else { POLL };
        (triggers.on_launch && !self.launched)
            || self.failures > 0
            || (triggers.on_change && self.stirred.is_some_and(|then| since(then) >= QUIET))
            || (triggers.on_change && since(self.last) >= rescan)
            || triggers.every_minutes.is_some_and(|every| since(self.last) >= minutes(every))
    }

    /// `jitter` is between 0 and 1.
    fn done(&mut self, now: Instant, ok: bool, jitter: f64) {
        self.launched = true;
        self.last = now;
        self.stirred = None;
        if ok {
            (self.failures, self.not_before) = (0, None);
        } else {
            let pause = RETRY.0.saturating_mul(1 << self.failures.min(10)).min(RETRY.1);
            self.failures = self.failures.saturating_add(1);
            self.not_before = now.checked_add(pause.mul_f64(0.75 + jitter / 2.0));
        }
    }
}

fn jitter() -> f64 {
    use rand_core::RngCore;
    f64::from(rand_core::OsRng.next_u32()) / f64::from(u32::MAX)
}

/// Watches a folder on this machine. Others are polled, and so is one that the system cannot watch.
fn watch(folder: &Path, hints: Sender<Hint>) -> Option<notify::RecommendedWatcher> {
    if is_remote(folder) {
        return None;
    }
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        // An error may mean that events were lost: then too it is looked at.
        let ours = event.as_ref().map_or(true, |event| {
            !event.kind.is_access()
                && event.paths.iter().any(|path| {
                    let name = path.file_name().map(|name| name.to_string_lossy());
                    name.is_some_and(|name| !name.starts_with('.'))
                })
        });
        if ours {
            // The keeper has ended: nobody needs the hint.
            let _ = hints.send(Hint::Arrived);
        }
    })
    .ok()?;
    watcher.watch(folder, RecursiveMode::Recursive).ok()?;
    Some(watcher)
}

/// Whether a folder lies on another machine, as far as can be told.
#[cfg(target_os = "linux")]
fn is_remote(folder: &Path) -> bool {
    let Ok(mounts) = holdfast_store::plain_file::read_text("/proc/mounts".as_ref(), 1 << 20) else {
        return false;
    };
    let folder = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    is_remote_in(&mounts, &folder)
}

#[cfg(not(target_os = "linux"))]
fn is_remote(folder: &Path) -> bool {
    folder.to_string_lossy().starts_with("\\\\")
}

#[cfg(any(target_os = "linux", test))]
fn is_remote_in(mounts: &str, folder: &Path) -> bool {
    const REMOTE: [&str; 8] = ["nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "davfs"];
    let mounted = mounts.lines().filter_map(|line| {
        let mut words = line.split(' ');
        let (_, at, kind) = (words.next()?, words.next()?, words.next()?);
        let at = at.replace("\\040", " ");
        folder.starts_with(&at).then(|| (at.len(), kind.to_owned()))
    });
    mounted
        .max_by_key(|(length, _)| *length)
        .is_some_and(|(_, kind)| REMOTE.contains(&kind.as_str()) || kind.starts_with("fuse."))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::{Arriving, Triggers};

    fn folder(triggers: Triggers) -> FolderSettings {
        FolderSettings::new("/x".into(), Arriving::AtOnce, triggers)
    }

    #[test]
    fn it_exchanges_on_launch_after_quiet_and_on_the_timer() {
        let start = Instant::now();
        let at = |seconds: u64| start + Duration::from_secs(seconds);
        let all = folder(Triggers { on_launch: true, on_change: true, every_minutes: Some(5) });
        let mut plan = Plan::new(start);
        assert!(plan.is_due(start, &all, true));
        plan.done(start, true, 0.0);
        assert!(!plan.is_due(at(1), &all, true));
        plan.stirred(at(1));
        assert!(!plan.is_due(at(2), &all, true));
        // Typing on puts it off.
        plan.stirred(at(2));
        assert!(!plan.is_due(at(3), &all, true) && plan.is_due(at(4), &all, true));
        plan.done(at(4), true, 0.0);
        assert!(!plan.is_due(at(20), &all, true) && plan.is_due(at(14), &all, false));
        let timer = folder(Triggers { on_launch: false, on_change: false, every_minutes: Some(5) });
        plan.stirred(at(20));
        assert!(!plan.is_due(at(300), &timer, false) && plan.is_due(at(304), &timer, false));
        let never = folder(Triggers { on_launch: false, on_change: false, every_minutes: None });
        assert!(!plan.is_due(at(100_000), &never, false));
        assert!(!Plan::new(start).is_due(start, &never, false));
    }

    #[test]
    fn after_failures_it_waits_longer_each_time_and_at_most_five_minutes() {
        let start = Instant::now();
        let all = folder(Triggers::default());
        let mut plan = Plan::new(start);
        let mut pauses = Vec::new();
        let mut now = start;
        for _ in 0..9 {
            plan.done(now, false, 0.5);
            let due = (1..400).find(|s| plan.is_due(now + Duration::from_secs(*s), &all, true));
            pauses.push(due.unwrap());
            now += Duration::from_secs(due.unwrap());
        }
        assert_eq!(pauses, [5, 10, 20, 40, 80, 160, 300, 300, 300]);
        plan.done(now, true, 0.5);
        assert!(!plan.is_due(now + Duration::from_secs(10), &all, true));
    }

    #[test]
    fn folders_on_other_machines_are_told_by_their_mount() {
        let mounts = "/dev/sda / ext4 rw 0 0\nnas:/x /mnt/my\\040nas nfs4 rw 0 0\n\
                      drive /home/a/cloud fuse.rclone rw 0 0\n";
        for (path, remote) in
            [("/home/a", false), ("/mnt/my nas/notes", true), ("/home/a/cloud/x", true)]
        {
            assert_eq!(is_remote_in(mounts, Path::new(path)), remote, "{path}");
        }
    }
}
