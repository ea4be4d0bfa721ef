//! Stays connected to the paired devices on this network, until it is dropped.
//!
//! Owns when a device is dialled, that there is one connection to each, and the threads of all of it.

use super::connection::{Timing, run};
use super::discovery::{Discovery, DiscoveryConfig, DiscoveryEvent};
use super::link::{Expected, Link, connect};
use super::listener::{Arrived, Listener, ListenerLimits};
use super::places::places;
use super::{Backoff, Candidates, Host, Identity, NearbyError, Neighbour, Tag};
use crate::peer::{Message, PeerError};
use holdfast_oplog::DeviceId;
use rand_core::{OsRng, RngCore};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};
use tokio::runtime::Runtime;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinSet;

/// How often it is looked what is due.
const TICK: Duration = Duration::from_millis(250);
/// The clock went on so much further than this process: the machine slept.
const SLEPT: Duration = Duration::from_secs(10);
/// While nobody is connected it is asked anew so often who is there.
const BROWSE: Duration = Duration::from_secs(15);
/// Threads that wait for the database or for a person, at most. Strangers never have one.
const THREADS: usize = 128;
/// How long ending may take.
const END: Duration = Duration::from_secs(3);

/// How to take part in a network.
#[derive(Debug, Clone)]
pub struct NodeConfig {
    /// The port to listen on; another one where somebody has it. 0 for any.
    pub port: u16,
    /// The one network interface to use, such as `eth0`; all where there is none.
    pub interface: Option<String>,
    /// Whether to look for devices and be found, or use typed addresses alone.
    pub discover: bool,
    /// Addresses that the person typed.
    pub typed: Vec<SocketAddr>,
    /// When a connection counts as dead.
    pub timing: Timing,
    /// Pauses after failures.
    pub backoff: Backoff,
}

enum Command {
    Typed(Vec<SocketAddr>),
    Anew,
    Again,
    Stop,
}

/// The running network; ends when it is dropped.
#[derive(Debug)]
pub struct Node {
    runtime: Option<Runtime>,
    commands: mpsc::UnboundedSender<Command>,
    changed: watch::Sender<u64>,
    addresses: Vec<SocketAddr>,
    done: Option<oneshot::Receiver<()>>,
}

impl Node {
    /// Begins to listen, to be found and to connect.
    ///
    /// # Errors
    /// [`NearbyError::Bind`], [`NearbyError::Lost`] where no thread can be made.
    pub fn start(
        config: NodeConfig,
        identity: Arc<Identity>,
        host: Arc<dyn Host>,
    ) -> Result<Self, NearbyError> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .max_blocking_threads(THREADS)
            .thread_name("nearby")
            .enable_all()
            .build()
            .map_err(NearbyError::Lost)?;
        let (commands, inbox) = mpsc::unbounded_channel();
        let (changed, watched) = watch::channel(0);
        let (ended, done) = oneshot::channel();
        let listener = {
            let _inside = runtime.enter();
            listen(&config, &identity, host.clone())?
        };
        let addresses = listener.addresses().to_vec();
        let discovery = {
            let _inside = runtime.enter();
            config.discover.then(|| look(&config, &addresses, &*host)).and_then(Result::ok)
        };
        let running = Running {
            candidates: Candidates::new(config.backoff),
            config,
            identity,
            host,
            changed: watched,
            connections: BTreeMap::new(),
            troubles: BTreeMap::new(),
            next: 0,
            links: JoinSet::new(),
            dials: JoinSet::new(),
        };
        runtime.spawn(async move {
            running.run(listener, discovery, inbox).await;
            // Whoever waited may have gone.
            let _ = ended.send(());
        });
        Ok(Self { runtime: Some(runtime), commands, changed, addresses, done: Some(done) })
    }

    /// Where other devices can connect to this one.
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// This device holds something else than before: all who are connected are told.
    pub fn changed(&self) {
        self.changed.send_modify(|count| *count = count.wrapping_add(1));
    }

    /// The person typed these addresses, in place of those before.
    pub fn typed(&self, addresses: Vec<SocketAddr>) {
        let _ = self.commands.send(Command::Typed(addresses));
    }

    /// All connections are made anew: what waited for the person is asked for again.
    pub fn again(&self) {
        let _ = self.commands.send(Command::Again);
    }

    /// Everything is tried again at once.
    pub fn anew(&self) {
        let _ = self.commands.send(Command::Anew);
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        let _ = self.commands.send(Command::Stop);
        if let (Some(runtime), Some(done)) = (self.runtime.take(), self.done.take()) {
            // In a thread of its own: this one may belong to another runtime.
            let ended = std::thread::spawn(move || {
                runtime.block_on(async {
                    let _ = tokio::time::timeout(END, done).await;
                });
                runtime.shutdown_timeout(END);
            });
            let _ = ended.join();
        }
    }
}

fn listen(
    config: &NodeConfig,
    identity: &Arc<Identity>,
    host: Arc<dyn Host>,
) -> Result<Listener, NearbyError> {
    let codes = host.codes();
    let who = Arc::new(move |key: &[u8; 32]| host.admission(key));
    let start = |port| {
        let (identity, who, codes) = (identity.clone(), who.clone(), codes.clone());
        Listener::start(&places(config, port), identity, who, codes, ListenerLimits::default())
    };
    match start(config.port) {
        Err(_) if config.port != 0 => start(0),
        other => other,
    }
}

fn look(
    config: &NodeConfig,
    addresses: &[SocketAddr],
    host: &dyn Host,
) -> Result<Discovery, NearbyError> {
    let port = addresses.first().map_or(0, SocketAddr::port);
    let tag = host.tag().unwrap_or_else(nobodys_tag);
    Discovery::start(DiscoveryConfig {
        port,
        interface: config.interface.clone(),
        tag,
        announce: true,
    })
}

fn nobodys_tag() -> Tag {
    let mut bytes = [0; 16];
    OsRng.fill_bytes(&mut bytes);
    Tag::random(bytes)
}

/// A connection that runs.
struct Connection {
    number: u64,
    address: SocketAddr,
    /// Whether this side dialled.
    dialled: bool,
    end: Option<oneshot::Sender<Message>>,
}

/// How a connection or a dial ended.
struct Ended {
    device: DeviceId,
    number: u64,
    address: SocketAddr,
    dialled: bool,
    why: PeerError,
}

struct Running {
    config: NodeConfig,
    identity: Arc<Identity>,
    host: Arc<dyn Host>,
    changed: watch::Receiver<u64>,
    candidates: Candidates,
    connections: BTreeMap<DeviceId, Connection>,
    /// Why it did not work, by address; with the device where it is known.
    troubles: BTreeMap<SocketAddr, (Option<DeviceId>, String, String)>,
    next: u64,
    links: JoinSet<Ended>,
    dials: JoinSet<(SocketAddr, Result<Link, NearbyError>)>,
}

impl Running {
    async fn run(
        mut self,
        mut listener: Listener,
        mut discovery: Option<Discovery>,
        mut inbox: mpsc::UnboundedReceiver<Command>,
    ) {
        let mut events = discovery.as_mut().and_then(Discovery::events);
        let mut ticks = tokio::time::interval(TICK);
        let mut clocks = (Instant::now(), SystemTime::now());
        let (mut browsed, mut tag) = (Instant::now(), self.host.tag());
        self.candidates.typed(&self.config.typed, Instant::now());
        loop {
            tokio::select! {
                Some(arrived) = listener.next() => self.arrived(arrived),
                event = next_event(&mut events) => match event {
                    Some(event) => self.found(event),
                    // Discovery failed: it is begun anew with the next look.
                    None => events = None,
                },
                Some(Ok((address, outcome))) = self.dials.join_next(), if !self.dials.is_empty() => {
                    if let Some(name) = self.dialled(address, outcome)
                        && let Some(discovery) = &discovery
                    {
                        let _ = discovery.verify(&name);
                    }
                }
                Some(ended) = self.links.join_next(), if !self.links.is_empty() => {
                    if let Ok(ended) = ended {
                        self.ended(ended);
                    }
                }
                command = inbox.recv() => match command {
                    Some(Command::Typed(addresses)) => {
                        self.candidates.typed(&addresses, Instant::now());
                    }
                    Some(Command::Anew) => self.candidates.anew(Instant::now()),
                    Some(Command::Again) => self.part("again", "the connection is made anew"),
                    Some(Command::Stop) | None => break,
                },
                _ = ticks.tick() => {
                    if slept(&mut clocks) {
                        self.candidates.anew(Instant::now());
                        browsed = Instant::now().checked_sub(BROWSE).unwrap_or(browsed);
                    }
                    if self.config.discover && events.is_none() {
                        discovery = look(&self.config, listener.addresses(), &*self.host).ok();
                        events = discovery.as_mut().and_then(Discovery::events);
                    }
                    let now_tag = self.host.tag();
                    if let Some(discovery) = &discovery {
                        if now_tag != tag {
                            let _ = discovery.set_tag(now_tag.clone().unwrap_or_else(nobodys_tag));
                            discovery.rebrowse();
                            tag = now_tag;
                        } else if self.connections.is_empty() && browsed.elapsed() >= BROWSE {
                            discovery.rebrowse();
                            browsed = Instant::now();
                        }
                    }
                    self.dial();
                }
            }
        }
        self.end(discovery).await;
    }

    /// Ends all connections in due form.
    fn part(&mut self, code: &str, text: &str) {
        for connection in self.connections.values_mut() {
            if let Some(end) = connection.end.take() {
                let _ = end.send(Message::Bye { code: code.to_owned(), text: text.to_owned() });
            }
        }
    }

    /// Ends all connections, and says goodbye.
    async fn end(mut self, discovery: Option<Discovery>) {
        self.part("gone", "the app was closed");
        let all = async { while self.links.join_next().await.is_some() {} };
        let _ = tokio::time::timeout(Duration::from_secs(1), all).await;
        if let Some(discovery) = discovery {
            discovery.stop().await;
        }
    }

    fn found(&mut self, event: DiscoveryEvent) {
        match event {
            DiscoveryEvent::Found { instance, addresses, tag_matches: true, .. } => {
                self.candidates.announced(&instance, &addresses, Instant::now());
            }
            DiscoveryEvent::Found { instance, .. } | DiscoveryEvent::Lost { instance } => {
                self.candidates.gone(&instance);
            }
        }
    }

    fn dial(&mut self) {
        let keys = self.host.keys();
        if keys.is_empty() {
            return;
        }
        let connected: Vec<DeviceId> = self.connections.keys().copied().collect();
        for address in self.candidates.due(Instant::now(), &connected) {
            let (identity, keys) = (self.identity.clone(), keys.clone());
            self.dials.spawn(async move {
                (address, connect(address, &identity, Expected::OneOf(keys)).await)
            });
        }
    }

    /// A dial ended. The name of the announcement that led nowhere.
    fn dialled(
        &mut self,
        address: SocketAddr,
        outcome: Result<Link, NearbyError>,
    ) -> Option<String> {
        match outcome {
            Ok(link) => {
                let device = self.host.device(&link.peer_key);
                match device {
                    Some(device) => self.candidates.reached(address, device),
                    None => self.candidates.failed(address, Instant::now()),
                }
                if let Some(device) = device {
                    self.connected(device, link, address, true);
                }
                None
            }
            Err(error) => {
                self.candidates.failed(address, Instant::now());
                let own = matches!(error, NearbyError::SameDevice);
                if !own {
                    let before = self.troubles.get(&address).and_then(|(device, ..)| *device);
                    // Of whom it is told: who answered there as long as all went well.
                    let device = before.or_else(|| self.candidates.device_at(&address));
                    let trouble = (device, error.code().to_owned(), error.to_string());
                    if self.troubles.get(&address) != Some(&trouble) {
                        self.troubles.insert(address, trouble);
                        // Of addresses that anybody announced and took back nothing is kept.
                        let candidates = &self.candidates;
                        self.troubles.retain(|at, (of, ..)| of.is_some() || candidates.knows(at));
                        self.tell();
                    }
                }
                self.candidates.name_of(&address)
            }
        }
    }

    fn arrived(&mut self, arrived: Arrived) {
        match arrived {
            Arrived::Tried { from, number, outcome } => {
                let host = self.host.clone();
                // It waits for the person: in a thread of its own, one for each code that was shown.
                tokio::task::spawn_blocking(move || {
                    host.tried(from, number, outcome.map(|meeting| *meeting));
                });
            }
            Arrived::Device { from, link } => {
                if let Some(device) = self.host.device(&link.peer_key) {
                    self.connected(device, *link, from, false);
                }
            }
        }
    }

    /// A connection to a device was made. Of two, both sides keep the one that the device with the
    /// smaller key dialled.
    fn connected(&mut self, device: DeviceId, link: Link, address: SocketAddr, dialled: bool) {
        let mine_is_smaller = *self.identity.key() < link.peer_key;
        if let Some(known) = self.connections.get_mut(&device) {
            let keep = known.dialled == mine_is_smaller && dialled != known.dialled;
            if keep {
                return;
            }
            if let Some(end) = known.end.take() {
                let text = "another connection took its place".to_owned();
                let _ = end.send(Message::Bye { code: "replaced".into(), text });
            }
        }
        self.next = self.next.wrapping_add(1);
        let number = self.next;
        let (end, ended) = oneshot::channel();
        let (host, changed, timing) = (self.host.clone(), self.changed.clone(), self.config.timing);
        self.connections.insert(device, Connection { number, address, dialled, end: Some(end) });
        self.troubles.retain(|at, (of, ..)| *at != address && *of != Some(device));
        self.links.spawn(async move {
            let ended = async {
                match ended.await {
                    Ok(message) => message,
                    // Nobody will ever end it from here.
                    Err(_) => std::future::pending().await,
                }
            };
            let why = run(link.reader, link.writer, device, host, changed, timing, ended).await;
            Ended { device, number, address, dialled, why }
        });
        self.tell();
    }

    fn ended(&mut self, ended: Ended) {
        let Ended { device, number, address, dialled, why } = ended;
        if dialled {
            self.candidates.failed(address, Instant::now());
        }
        // Another one took its place long ago.
        if self.connections.get(&device).is_none_or(|known| known.number != number) {
            return;
        }
        self.connections.remove(&device);
        if !matches!(why, PeerError::Gone) && !is_ordinary(&why) {
            let trouble = (Some(device), why.code().to_owned(), why.to_string());
            // It may come from another port each time.
            self.troubles.retain(|_, (of, ..)| *of != Some(device));
            self.troubles.insert(address, trouble);
        }
        self.tell();
    }

    fn tell(&self) {
        let connected = self.connections.iter().map(|(device, connection)| Neighbour {
            device: Some(*device),
            address: connection.address,
            connected: true,
            trouble: None,
        });
        let troubled = self.troubles.iter().map(|(address, (device, code, text))| Neighbour {
            device: *device,
            address: *address,
            connected: false,
            trouble: Some((code.clone(), text.clone())),
        });
        self.host.neighbours(&connected.chain(troubled).collect::<Vec<_>>());
    }
}

/// Whether a connection ended as they do: the app was closed there, or a better one is there.
fn is_ordinary(why: &PeerError) -> bool {
    matches!(why, PeerError::Refused { code, .. } if ["gone", "replaced", "again"].contains(&code.as_str()))
}

async fn next_event(events: &mut Option<mpsc::Receiver<DiscoveryEvent>>) -> Option<DiscoveryEvent> {
    match events {
        Some(events) => events.recv().await,
        None => std::future::pending().await,
    }
}

/// Whether the machine slept since the last look.
fn slept(clocks: &mut (Instant, SystemTime)) -> bool {
    let passed = clocks.0.elapsed();
    let by_clock = clocks.1.elapsed().unwrap_or(passed);
    *clocks = (Instant::now(), SystemTime::now());
    by_clock.saturating_sub(passed) > SLEPT || passed > SLEPT
}

#[cfg(test)]
#[path = "node_tests.rs"]
mod tests;
