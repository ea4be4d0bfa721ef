//! The thread that runs the network while Nearby is on, in one process at a time.

use super::facts::NearbyState;
use super::neighbourhood::{Handle, Neighbourhood};
use crate::{App, AppError, view};
use holdfast_transports::nearby::{Backoff, Node, NodeConfig, Timing};
use std::fs::{File, TryLockError};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tokio::sync::broadcast::{self, error::RecvError};
use tokio::sync::oneshot;

/// How often notes of other processes, the mode and the hour are looked at.
const LOOK: Duration = Duration::from_millis(300);
/// How often the system is asked whether the network is metered.
const ASK: Duration = Duration::from_secs(15);
/// After the network could not be begun, until it is tried again.
const AGAIN: Duration = Duration::from_secs(5);
/// Restricts Nearby to one network interface.
const INTERFACE: &str = "HOLDFAST_LAN_INTERFACE";
/// `off`: nothing is announced and nothing is looked for; typed addresses alone lead to other devices.
const DISCOVERY: &str = "HOLDFAST_LAN_DISCOVERY";
/// Held by the process that runs the network.
const LOCK: &str = "nearby.lock";

/// Runs the network until it is dropped.
#[derive(Debug)]
pub(crate) struct NearbyKeeper {
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl NearbyKeeper {
    /// Starts; does nothing as long as the mode is another one, or another process runs the network. With
    /// `at_once` the person asks for it now: it begins whatever was chosen for the start of the app and for
    /// metered networks.
    pub(crate) fn start(app: Arc<App>, at_once: bool) -> Self {
        let (stop, mut stopped) = oneshot::channel();
        let thread = std::thread::spawn(move || {
            let waiting = match tokio::runtime::Builder::new_current_thread().enable_time().build()
            {
                Ok(waiting) => waiting,
                Err(error) => {
                    tracing::warn!(%error, "Nearby cannot be run");
                    return;
                }
            };
            let mut keeping = Keeping::new(app, at_once);
            let mut news = keeping.app.subscribe();
            keeping.tick(false);
            while let Some(changed) =
                waiting.block_on(woken(&mut stopped, &mut news, keeping.next_look()))
            {
                keeping.tick(changed);
            }
            keeping.end();
        });
        Self { stop: Some(stop), thread: Some(thread) }
    }
}

/// Waits until something changed here or it is time to look; none where it is to end. Says whether
/// something changed.
async fn woken(
    stopped: &mut oneshot::Receiver<()>,
    news: &mut broadcast::Receiver<view::Changed>,
    due: Instant,
) -> Option<bool> {
    tokio::select! {
        biased;
        _ = stopped => None,
        told = news.recv() => match told {
            Ok(what) => Some(what.as_of != 0),
            Err(RecvError::Lagged(_)) => Some(true),
            Err(RecvError::Closed) => None,
        },
        () = tokio::time::sleep_until(due.into()) => Some(false),
    }
}

impl Drop for NearbyKeeper {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            // It has ended already: nobody to tell.
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl App {
    /// Whether some process runs the network for this data folder.
    pub(crate) fn nearby_runs(&self) -> bool {
        let Ok(file) = lock_file(self.home().path()) else { return false };
        // Shared, so that two that ask at once do not take each other for it; free again when closed.
        matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock))
    }
}

/// The one network interface to use; all where there is none. Tests of this crate stay on this machine.
pub(super) fn interface() -> Option<String> {
    if cfg!(test) {
        return Some("lo".to_owned());
    }
    std::env::var(INTERFACE).ok().filter(|name| !name.is_empty())
}

fn lock_file(home: &Path) -> std::io::Result<File> {
    holdfast_store::private_file::create(&home.join(LOCK))
}

struct Keeping {
    app: Arc<App>,
    running: Option<Running>,
    looked: Option<Instant>,
    not_before: Option<Instant>,
    /// Whether the person asks for it now.
    at_once: bool,
    /// Whether anything gave reason to begin yet: the start of the app, a change, the clock, the person.
    stirred: bool,
    /// When the others were told last by the clock; first, when this began.
    told: Instant,
    /// Notes of the person when it began.
    notes: Option<(u64, u64)>,
    metered: Option<(Instant, bool)>,
}

struct Running {
    around: Arc<Neighbourhood>,
    node: Node,
    /// Given back when it is dropped.
    _lock: File,
    typed: Vec<String>,
    poked: u64,
    offered: u64,
    withdrawn: u64,
}

/// What the person wants of the network now.
struct Wanted {
    on: bool,
    triggers: view::Triggers,
    on_metered: bool,
    notes: (u64, u64),
}

impl Wanted {
    fn look(open: &crate::session::Open) -> Result<Self, AppError> {
        let facts = open.nearby_facts()?;
        Ok(Self {
            on: open.mode()? == view::Mode::Nearby && open.paused()?.is_none(),
            triggers: facts.triggers.into(),
            on_metered: facts.on_metered,
            notes: (open.poked_nearby(), open.wanted_offer()),
        })
    }
}

impl Keeping {
    fn new(app: Arc<App>, at_once: bool) -> Self {
        Self {
            app,
            running: None,
            looked: None,
            not_before: None,
            at_once,
            stirred: at_once,
            told: Instant::now(),
            notes: None,
            metered: None,
        }
    }

    /// When to look again, whatever else wakes this up before.
    fn next_look(&self) -> Instant {
        let now = Instant::now();
        let due = self.looked.map(|then| then + LOOK).filter(|due| *due > now);
        due.unwrap_or(now + LOOK)
    }

    /// Whether something happened at which the person wants the others to be told.
    fn is_stirred(&mut self, wanted: &Wanted, changed: bool) -> bool {
        let noted = self.notes.replace(wanted.notes).is_some_and(|before| before != wanted.notes);
        let minutes = |minutes: u32| Duration::from_secs(60 * u64::from(minutes.max(1)));
        let due = wanted.triggers.every_minutes.is_some_and(|m| self.told.elapsed() >= minutes(m));
        if due {
            self.told = Instant::now();
        }
        noted || due || (changed && wanted.triggers.on_change)
    }

    /// Whether the network is metered, as far as the system says. Not asked all the time.
    fn is_metered(&mut self) -> bool {
        if let Some((asked, metered)) = self.metered
            && asked.elapsed() < ASK
        {
            return metered;
        }
        let metered = super::metered::is_metered().unwrap_or(false);
        self.metered = Some((Instant::now(), metered));
        metered
    }

    fn tick(&mut self, changed: bool) {
        let Ok(wanted) = self.app.with(|open| Wanted::look(open)) else { return };
        let first = self.notes.is_none();
        let stirred = self.is_stirred(&wanted, changed);
        // Where it is off now, it is the person who turns it on.
        self.stirred |= stirred || !wanted.on || (first && wanted.triggers.on_launch);
        // Another process may have chosen another mode, and then written what is to go by that.
        let ends = self.running.is_some() && !wanted.on;
        if let Some(running) = &self.running
            && stirred
            && !ends
        {
            running.node.changed();
        }
        if !ends && self.looked.is_some_and(|then| then.elapsed() < LOOK) {
            return;
        }
        self.looked = Some(Instant::now());
        let waits = wanted.on && !self.at_once && !wanted.on_metered && self.is_metered();
        if self.running.is_none()
            && !self.at_once
            && self.app.with(|open| Ok(open.nearby_state().metered != waits)).unwrap_or(false)
        {
            self.keep(NearbyState { metered: waits, ..NearbyState::default() });
        }
        match (&mut self.running, wanted.on && !waits && self.stirred) {
            (Some(_), false) => self.end(),
            (Some(running), true) if running.around.is_over() => self.end(),
            (Some(running), true) => {
                // What the command line wrote beside this process.
                if let Err(error) = self.app.notice_changes() {
                    tracing::warn!(%error, "cannot look what changed");
                }
                if let Err(error) = running.look() {
                    tracing::warn!(%error, "cannot look what Nearby is to do");
                }
                if let Err(error) = self.app.bring_along_when_settled() {
                    tracing::warn!(%error, "what the earlier vault has cannot come along yet");
                }
            }
            (None, true) => self.begin(),
            (None, false) => self.not_before = None,
        }
    }

    fn begin(&mut self) {
        if self.not_before.is_some_and(|time| Instant::now() < time) {
            return;
        }
        match Running::begin(&self.app) {
            Ok(running) => self.running = running,
            Err(error) => {
                tracing::warn!(%error, "Nearby could not be begun");
                self.not_before = Instant::now().checked_add(AGAIN);
                let trouble = Some((error.code().to_owned(), error.to_string()));
                self.keep(NearbyState { trouble, ..NearbyState::default() });
            }
        }
    }

    fn end(&mut self) {
        if let Some(running) = self.running.take() {
            drop(running);
            self.keep(NearbyState::default());
        }
    }

    fn keep(&self, state: NearbyState) {
        if let Err(error) = self.app.with(|open| open.keep_nearby_state(&state)) {
            tracing::warn!(%error, "how the network stands is not kept");
        }
        self.app.tell(view::Changed::anything(0));
    }
}

impl Running {
    /// Begins, where no other process runs the network.
    fn begin(app: &Arc<App>) -> Result<Option<Self>, AppError> {
        let home = app.home().path().to_owned();
        let lock = lock_file(&home).map_err(AppError::file(&home))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(None),
            Err(TryLockError::Error(error)) => return Err(AppError::file(&home)(error)),
        }
        let around = Neighbourhood::new(app.clone())?;
        let (facts, poked, offered) =
            app.with(|open| Ok((open.nearby_facts()?, open.poked_nearby(), open.wanted_offer())))?;
        let withdrawn = app.with(|open| Ok(open.withdrawn_offer()))?;
        let config = NodeConfig {
            port: facts.port,
            interface: interface(),
            discover: std::env::var(DISCOVERY).map_or(true, |found| found != "off"),
            typed: socket_addresses(&facts.addresses),
            timing: Timing::default(),
            backoff: Backoff::default(),
        };
        let host = Arc::new(Handle(around.clone()));
        let node = Node::start(config, around.identity.clone(), host)?;
        around.listens(node.addresses());
        let port = node.addresses().first().map_or(0, SocketAddr::port);
        app.with(|open| {
            // A wish of before is nobody's any more.
            open.keep_offer(None)?;
            open.change_nearby_facts(|facts| facts.port = port)
        })?;
        Ok(Some(Self {
            around,
            node,
            _lock: lock,
            typed: facts.addresses,
            poked,
            offered,
            withdrawn,
        }))
    }

    /// Does what other processes and the hour ask for.
    fn look(&mut self) -> Result<(), AppError> {
        let (facts, poked, wanted) = self
            .around
            .app
            .with(|open| Ok((open.nearby_facts()?, open.poked_nearby(), open.wanted_offer())))?;
        self.around.refresh();
        if self.around.is_to_be_told() {
            self.node.changed();
        }
        let confirmed = !facts.confirmed.is_empty();
        if facts.addresses != self.typed {
            self.node.typed(socket_addresses(&facts.addresses));
            self.typed = facts.addresses;
        }
        if poked != self.poked {
            self.poked = poked;
            self.node.anew();
            if confirmed {
                self.node.again();
            }
        }
        if wanted != self.offered {
            self.offered = wanted;
            if let Err(error) = self.around.show(wanted) {
                let failed = Some((error.code().to_owned(), error.to_string()));
                self.around.app.with(|open| {
                    open.keep_offer(Some(&super::PairingOffer {
                        code: String::new(),
                        address: String::new(),
                        name: String::new(),
                        expires: 0,
                        number: wanted,
                        met: None,
                        paired: None,
                        failed,
                    }))
                })?;
            }
        }
        let withdrawn = self.around.app.with(|open| Ok(open.withdrawn_offer()))?;
        if withdrawn != self.withdrawn {
            self.withdrawn = withdrawn;
            if withdrawn == self.offered {
                self.around.withdraw();
            }
        }
        self.around.look_at_offer();
        Ok(())
    }
}

/// Typed addresses; a name is looked up, and what is none is left out.
fn socket_addresses(typed: &[String]) -> Vec<SocketAddr> {
    use std::net::ToSocketAddrs;
    typed.iter().filter_map(|address| address.to_socket_addrs().ok()).flatten().collect()
}
