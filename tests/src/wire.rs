//! A wire between two devices that a test listens to, slows down, and cuts: a proxy on the loopback
//! interface. The devices only know its address, so that every byte between them goes through it.

use anyhow::Result;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::io::{ErrorKind, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

/// How often a thread that waits looks whether it is to go on.
const LOOK: Duration = Duration::from_millis(20);
/// What is passed on at once at most.
const PART: usize = 16 * 1024;

/// What a wire does with what comes.
#[derive(Debug, Clone)]
pub enum Weather {
    /// Everything is passed on at once.
    Fair,
    /// Connections are taken, and nothing is passed on; nobody is told.
    Hole,
    /// So many bytes a second each way.
    Slow(usize),
    /// Each connection is cut after a random number of bytes up to this one, both ways together.
    Cuts(u64),
}

/// A wire that leads to one address.
#[derive(Debug)]
pub struct Wire {
    address: SocketAddr,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    to: SocketAddr,
    weather: Mutex<Weather>,
    random: Mutex<ChaCha8Rng>,
    /// What went, one entry for each connection and direction.
    heard: Mutex<Vec<Vec<u8>>>,
    passed: AtomicU64,
    cuts: AtomicUsize,
    over: AtomicBool,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Wire {
    /// A wire to `to`, in fair weather. What is random in it comes from `seed`.
    pub fn to(to: SocketAddr, seed: u64) -> Result<Self> {
        Self::at(IpAddr::V4(Ipv4Addr::LOCALHOST), to, seed)
    }

    /// The same, its own end at another address of this machine.
    pub fn at(here: IpAddr, to: SocketAddr, seed: u64) -> Result<Self> {
        let listener = TcpListener::bind((here, 0))?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            to,
            weather: Mutex::new(Weather::Fair),
            random: Mutex::new(ChaCha8Rng::seed_from_u64(seed)),
            heard: Mutex::default(),
            passed: AtomicU64::new(0),
            cuts: AtomicUsize::new(0),
            over: AtomicBool::new(false),
        });
        let taking = shared.clone();
        thread::spawn(move || {
            for arrived in listener.incoming() {
                if taking.over.load(Ordering::SeqCst) {
                    return;
                }
                if let Ok(arrived) = arrived {
                    taking.clone().join(arrived);
                }
            }
        });
        Ok(Self { address, shared })
    }

    /// Where its near end is.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// From now on, for connections that stand as well.
    pub fn set(&self, weather: Weather) {
        *locked(&self.shared.weather) = weather;
    }

    /// Everything that went, each connection and direction by itself.
    pub fn heard(&self) -> Vec<Vec<u8>> {
        locked(&self.shared.heard).clone()
    }

    /// How many bytes were passed on.
    pub fn passed(&self) -> u64 {
        self.shared.passed.load(Ordering::SeqCst)
    }

    /// How often a connection was cut.
    pub fn cuts(&self) -> usize {
        self.shared.cuts.load(Ordering::SeqCst)
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.shared.over.store(true, Ordering::SeqCst);
        // Wakes the thread that waits for connections.
        let _ = TcpStream::connect(self.address);
    }
}

/// One connection over a wire.
struct Connection {
    near: TcpStream,
    far: TcpStream,
    /// How many bytes it has left, where it is to be cut.
    left: Mutex<Option<u64>>,
    ended: AtomicBool,
}

impl Connection {
    fn end(&self) {
        self.ended.store(true, Ordering::SeqCst);
        // Whoever ended it first has done the same.
        let _ = self.near.shutdown(Shutdown::Both);
        let _ = self.far.shutdown(Shutdown::Both);
    }

    /// How many of so many bytes may still go.
    fn take(&self, wanted: usize) -> usize {
        match &mut *locked(&self.left) {
            None => wanted,
            Some(left) => {
                let taken = wanted.min(usize::try_from(*left).unwrap_or(usize::MAX));
                *left -= taken as u64;
                taken
            }
        }
    }
}

impl Shared {
    fn join(self: Arc<Self>, near: TcpStream) {
        // Nobody at the other end: the near one finds out by the connection's end.
        let Ok(far) = TcpStream::connect(self.to) else { return };
        let most = match &*locked(&self.weather) {
            Weather::Cuts(most) => Some(*most),
            _ => None,
        };
        let left = most.map(|most| locked(&self.random).gen_range(1..=most));
        let connection =
            Connection { near, far, left: Mutex::new(left), ended: AtomicBool::new(false) };
        let connection = Arc::new(connection);
        for outward in [true, false] {
            let (shared, connection) = (self.clone(), connection.clone());
            thread::spawn(move || {
                // An error is the end of the connection, as a pulled cable is.
                let _ = shared.pass(&connection, outward);
            });
        }
    }

    fn pass(&self, connection: &Connection, outward: bool) -> std::io::Result<()> {
        let (mut from, mut to) = if outward {
            (&connection.near, &connection.far)
        } else {
            (&connection.far, &connection.near)
        };
        from.set_read_timeout(Some(LOOK))?;
        to.set_nodelay(true)?;
        let place = {
            let mut heard = locked(&self.heard);
            heard.push(Vec::new());
            heard.len() - 1
        };
        let mut part = vec![0; PART];
        loop {
            if connection.ended.load(Ordering::SeqCst) || self.over.load(Ordering::SeqCst) {
                connection.end();
                return Ok(());
            }
            let weather = locked(&self.weather).clone();
            let most = match weather {
                Weather::Hole => {
                    thread::park_timeout(LOOK);
                    continue;
                }
                Weather::Slow(rate) => (rate / 20).clamp(1, PART),
                Weather::Fair | Weather::Cuts(_) => PART,
            };
            let room = part.get_mut(..most).unwrap_or_default();
            let came = match from.read(room) {
                Ok(0) => {
                    connection.end();
                    return Ok(());
                }
                Ok(came) => came,
                Err(error)
                    if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) =>
                {
                    continue;
                }
                Err(error) => {
                    connection.end();
                    return Err(error);
                }
            };
            let may = connection.take(came);
            let passed = part.get(..may).unwrap_or_default();
            if let Some(heard) = locked(&self.heard).get_mut(place) {
                heard.extend_from_slice(passed);
            }
            let written = to.write_all(passed);
            self.passed.fetch_add(may as u64, Ordering::SeqCst);
            if may < came {
                self.cuts.fetch_add(1, Ordering::SeqCst);
                connection.end();
            }
            if written.is_err() {
                connection.end();
            }
            if let Weather::Slow(rate) = weather {
                thread::park_timeout(Duration::from_secs_f64(came as f64 / rate.max(1) as f64));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Answers each byte with the same byte.
    fn echo() -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let mut byte = [0];
                while stream.read(&mut byte).is_ok_and(|read| read == 1) {
                    if stream.write_all(&byte).is_err() {
                        break;
                    }
                }
            }
        });
        address
    }

    fn say(wire: &Wire, words: &[u8]) -> Vec<u8> {
        let mut stream = TcpStream::connect(wire.address()).unwrap();
        stream.set_read_timeout(Some(Duration::from_millis(500))).unwrap();
        stream.write_all(words).unwrap();
        let mut answer = Vec::new();
        let mut part = [0; 64];
        while answer.len() < words.len() {
            match stream.read(&mut part) {
                Ok(read) if read > 0 => answer.extend_from_slice(&part[..read]),
                _ => break,
            }
        }
        answer
    }

    #[test]
    fn it_passes_on_and_hears_what_is_said_both_ways() {
        let wire = Wire::to(echo(), 1).unwrap();
        assert_eq!(say(&wire, b"in clear"), b"in clear");
        assert_eq!(wire.heard(), [b"in clear".to_vec(), b"in clear".to_vec()]);
        assert_eq!((wire.passed(), wire.cuts()), (16, 0));
    }

    #[test]
    fn it_swallows_and_it_cuts() {
        let wire = Wire::to(echo(), 1).unwrap();
        wire.set(Weather::Hole);
        assert_eq!(say(&wire, b"into the hole"), b"");
        wire.set(Weather::Cuts(9));
        assert!(say(&wire, b"cut somewhere in this").len() < 9);
        assert_eq!(wire.cuts(), 1);
    }
}
