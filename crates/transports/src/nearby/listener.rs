//! Where other devices connect. How many may be on their way at once is bounded, in all and for each
//! address, and so is how often one address may come; what one of them does to itself does nothing to the
//! others. Strangers are answered here, and get no further before they have proved the code.

use super::codes::{Codes, Unproved};
use super::link::{Link, Who, accept};
use super::meeting::{self, Meeting, MeetingError};
use super::pace::{Paces, Rate};
use super::seats::Seats;
use super::{Identity, NearbyError, Purpose, socket};
use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until, timeout_at};

/// After the system could not accept, for want of files or memory, until it is tried again.
const PAUSE: Duration = Duration::from_millis(200);
/// How often a free port is looked for that all addresses can have.
const TRIES: usize = 16;

/// How many devices may connect at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ListenerLimits {
    /// Connections on their way to a [`Link`], in all.
    pub connecting: usize,
    /// Of these, from one address (of IPv6, from one network of 64 bits).
    pub connecting_per_address: usize,
    /// What waits to be taken by [`Listener::next`].
    pub waiting: usize,
    /// How often one address may come, whatever comes of it.
    pub knocks: Rate,
}

impl Default for ListenerLimits {
    fn default() -> Self {
        let knocks = Rate { burst: 32, every: Duration::from_millis(125) };
        Self { connecting: 64, connecting_per_address: 8, waiting: 16, knocks }
    }
}

/// Who came, and what for.
#[derive(Debug)]
pub enum Arrived {
    /// A device of the vault.
    Device {
        /// From where.
        from: SocketAddr,
        /// The connection.
        link: Box<Link>,
    },
    /// A device that tried the code, which is used up by that.
    Tried {
        /// From where.
        from: SocketAddr,
        /// The number of the code.
        number: u64,
        /// The connection on which it proved that it knows the code; or why it did not.
        outcome: Result<Box<Meeting>, MeetingError>,
    },
}

/// Listens until it is dropped; connections that were not finished then end with it.
#[derive(Debug)]
pub struct Listener {
    addresses: Vec<SocketAddr>,
    links: mpsc::Receiver<Arrived>,
    turned_away: Arc<AtomicU64>,
    _tasks: JoinSet<()>,
}

impl Listener {
    /// Listens on all given addresses that the system has. Where they name port 0, all get the same
    /// free port. To be called within a Tokio runtime.
    ///
    /// # Errors
    /// [`NearbyError::Bind`] where none of the addresses can be used.
    pub fn start(
        addresses: &[SocketAddr],
        identity: Arc<Identity>,
        who: Arc<Who>,
        codes: Arc<Codes>,
        limits: ListenerLimits,
    ) -> Result<Self, NearbyError> {
        let sockets = bind(addresses)?;
        let (sender, links) = mpsc::channel(limits.waiting.max(1));
        let turned_away = Arc::new(AtomicU64::new(0));
        let door = Door {
            identity,
            who,
            codes,
            seats: Arc::default(),
            sender,
            crowd: Arc::new(Crowd::new(limits)),
            turned_away: turned_away.clone(),
        };
        let mut tasks = JoinSet::new();
        let mut bound = Vec::new();
        for (address, socket) in sockets {
            bound.push(address);
            tasks.spawn(door.clone().stand(socket));
        }
        Ok(Self { addresses: bound, links, turned_away, _tasks: tasks })
    }

    /// The addresses on which it listens.
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// Who came next. A call that is dropped while it waits loses nothing.
    pub async fn next(&mut self) -> Option<Arrived> {
        self.links.recv().await
    }

    /// How many connections came to nothing so far.
    pub fn turned_away(&self) -> u64 {
        self.turned_away.load(Ordering::Relaxed)
    }
}

#[derive(Clone)]
struct Door {
    identity: Arc<Identity>,
    who: Arc<Who>,
    codes: Arc<Codes>,
    seats: Arc<Seats>,
    sender: mpsc::Sender<Arrived>,
    crowd: Arc<Crowd>,
    turned_away: Arc<AtomicU64>,
}

impl Door {
    async fn stand(self, socket: TcpListener) {
        let mut connecting = JoinSet::new();
        loop {
            tokio::select! {
                accepted = socket.accept() => match accepted {
                    Ok((stream, from)) => match self.crowd.enter(from.ip()) {
                        Some(place) => {
                            connecting.spawn(self.clone().answer(stream, from, place));
                        }
                        None => self.turn_away(),
                    },
                    Err(_) => tokio::time::sleep(PAUSE).await,
                },
                Some(ended) = connecting.join_next(), if !connecting.is_empty() => {
                    if ended.is_err() {
                        self.turn_away();
                    }
                }
            }
        }
    }

    async fn answer(self, stream: TcpStream, from: SocketAddr, place: Place) {
        socket::tune(&stream);
        // For all of it: TLS, the hello, and what proves the code.
        let until = Instant::now() + self.identity.deadline;
        let arrived = match accept(stream, &self.identity, &*self.who).await {
            Ok(link) if link.purpose == Purpose::Pair => self.meet(link, from, until).await,
            Ok(link) => Some(Arrived::Device { from, link: Box::new(link) }),
            Err(_) => None,
        };
        match arrived {
            Some(arrived) => {
                // Whoever is not fetched keeps its place, so the crowd stays bounded.
                let _ = self.sender.send(arrived).await;
            }
            None => self.turn_away(),
        }
        drop(place);
    }

    /// Answers a stranger. Only one that used the code up is anybody's business.
    async fn meet(&self, link: Link, from: SocketAddr, until: Instant) -> Option<Arrived> {
        let seat = match self.codes.why_not() {
            Some(why) => Err(MeetingError::from(why)),
            None => self.seats.take(from.ip()).ok_or(MeetingError::Busy),
        };
        let mut seat = match seat {
            Ok(seat) => seat,
            Err(why) => {
                let _ = timeout_at(until, meeting::decline(link, &why)).await;
                return None;
            }
        };
        let begun = seat.begun();
        let ended = async {
            tokio::select! {
                () = seat.replaced() => MeetingError::Busy,
                () = sleep_until(until) => NearbyError::SlowHandshake.into(),
            }
        };
        match meeting::offering(link, self.identity.key(), &self.codes, begun, ended).await {
            Ok(meeting) => {
                let (number, outcome) = (meeting.number(), Ok(Box::new(meeting)));
                Some(Arrived::Tried { from, number, outcome })
            }
            Err(Unproved { error, burned }) => {
                burned.map(|number| Arrived::Tried { from, number, outcome: Err(error) })
            }
        }
    }

    fn turn_away(&self) {
        self.turned_away.fetch_add(1, Ordering::Relaxed);
    }
}

/// Who is connecting just now.
struct Crowd {
    limits: ListenerLimits,
    inside: Mutex<HashMap<IpAddr, usize>>,
    knocks: Mutex<Paces<IpAddr>>,
}

struct Place {
    crowd: Arc<Crowd>,
    from: IpAddr,
}

impl Crowd {
    fn new(limits: ListenerLimits) -> Self {
        let knocks = Mutex::new(Paces::new(limits.knocks));
        Self { limits, inside: Mutex::default(), knocks }
    }

    fn enter(self: &Arc<Self>, from: IpAddr) -> Option<Place> {
        let from = neighbourhood(from);
        let mut knocks = self.knocks.lock().unwrap_or_else(PoisonError::into_inner);
        if !knocks.take(from, std::time::Instant::now()) {
            return None;
        }
        drop(knocks);
        let mut inside = self.inside.lock().unwrap_or_else(PoisonError::into_inner);
        let total: usize = inside.values().sum();
        let here = inside.get(&from).copied().unwrap_or_default();
        if total >= self.limits.connecting || here >= self.limits.connecting_per_address {
            return None;
        }
        inside.insert(from, here + 1);
        drop(inside);
        Some(Place { crowd: self.clone(), from })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut inside = self.crowd.inside.lock().unwrap_or_else(PoisonError::into_inner);
        let left = inside.get(&self.from).copied().unwrap_or_default().saturating_sub(1);
        if left == 0 {
            inside.remove(&self.from);
        } else {
            inside.insert(self.from, left);
        }
    }
}

/// What counts as one address: of IPv6, whoever has one has all of its network.
pub(super) fn neighbourhood(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX)))
        }
        v4 @ IpAddr::V4(_) => v4,
    }
}

/// All sockets, with one port where port 0 is asked for.
fn bind(addresses: &[SocketAddr]) -> Result<Vec<(SocketAddr, TcpListener)>, NearbyError> {
    let mut result = bind_once(addresses);
    for _ in 1..TRIES {
        match &result {
            // Somebody has the port that was free for the first address on another one.
            Err(NearbyError::Bind { address, error })
                if address.port() != 0 && error.kind() == io::ErrorKind::AddrInUse =>
            {
                result = bind_once(addresses);
            }
            _ => break,
        }
    }
    result
}

fn bind_once(addresses: &[SocketAddr]) -> Result<Vec<(SocketAddr, TcpListener)>, NearbyError> {
    let mut sockets: Vec<(SocketAddr, TcpListener)> = Vec::new();
    let mut failed = None;
    for address in addresses {
        let mut address = *address;
        if let (0, Some((first, _))) = (address.port(), sockets.first()) {
            address.set_port(first.port());
        }
        let listening = socket::listen(address)
            .and_then(|socket| socket.local_addr().map(|bound| (bound, socket)));
        match listening {
            Ok(socket) => sockets.push(socket),
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
                return Err(NearbyError::Bind { address, error });
            }
            // A system without IPv6, an address that is gone: the others serve.
            Err(error) => failed = Some(NearbyError::Bind { address, error }),
        }
    }
    match (sockets.is_empty(), failed) {
        (false, _) => Ok(sockets),
        (true, Some(error)) => Err(error),
        (true, None) => Err(NearbyError::Bind {
            address: SocketAddr::from(([0, 0, 0, 0], 0)),
            error: io::ErrorKind::InvalidInput.into(),
        }),
    }
}
