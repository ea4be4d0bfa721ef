//! Finding other devices of the same network by mDNS (RFC 6762, RFC 6763), and being found.
//!
//! What is found is a hint from anybody: an address to try. Who is there shows only on a [`super::Link`].

use super::found::{addresses_of, instance_of};
use super::hello::Versions;
use super::onlink::OnLink;
use super::{NearbyError, Tag, txt};
use mdns_sd::{
    IfKind, Receiver, ResolvedService, ServiceDaemon, ServiceEvent, ServiceInfo,
    VERIFY_TIMEOUT_DEFAULT,
};
use rand_core::{OsRng, RngCore};
use std::net::SocketAddr;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::AbortHandle;
use tokio::time::{sleep, timeout};

/// The service's type.
pub const SERVICE: &str = "_holdfast._tcp.local.";

/// Events that wait to be taken.
const EVENTS: usize = 64;
/// Until a command is tried again for which the daemon had no room.
const PAUSE: Duration = Duration::from_millis(200);
/// How long the goodbye may take.
const GOODBYE: Duration = Duration::from_secs(2);

/// How to look and how to be seen.
#[derive(Debug, Clone)]
pub struct DiscoveryConfig {
    /// The port on which this device listens.
    pub port: u16,
    /// The one network interface to use, such as `eth0`; all where there is none.
    pub interface: Option<String>,
    /// The tag by which devices of the same vault know this one.
    pub tag: Tag,
    /// Whether to be seen, or only to look.
    pub announce: bool,
}

/// What happened in the network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DiscoveryEvent {
    /// A device is there, or what it announces has changed.
    Found {
        /// Its name, random with each start of the app there.
        instance: String,
        /// Where it may be reached, the likeliest first: on networks of this device alone.
        addresses: Vec<SocketAddr>,
        /// Whether its tag is that of this device's vault.
        tag_matches: bool,
        /// The highest version of the protocol that it speaks.
        protocol: u32,
    },
    /// It said goodbye, or was not heard of for too long.
    Lost {
        /// Its name.
        instance: String,
    },
}

/// Looks for devices until it is stopped. Dropped without [`Discovery::stop`] it may say no goodbye.
pub struct Discovery {
    daemon: ServiceDaemon,
    name: String,
    port: u16,
    announce: bool,
    interfaces: IfKind,
    tag: Arc<RwLock<Tag>>,
    events: Option<mpsc::Receiver<DiscoveryEvent>>,
    again: mpsc::Sender<()>,
    forwarding: AbortHandle,
}

impl Discovery {
    /// Begins to look, and to be seen. To be called within a Tokio runtime.
    ///
    /// # Errors
    /// [`NearbyError::Discovery`].
    pub fn start(config: DiscoveryConfig) -> Result<Self, NearbyError> {
        let daemon = ServiceDaemon::new().map_err(failed)?;
        let interfaces = match &config.interface {
            Some(name) => {
                daemon.disable_interface(IfKind::All).map_err(failed)?;
                daemon.enable_interface(name.as_str()).map_err(failed)?;
                IfKind::Name(name.clone())
            }
            None => IfKind::All,
        };
        let name = random_name();
        let tag = Arc::new(RwLock::new(config.tag));
        let (sender, events) = mpsc::channel(EVENTS);
        let (again, asked) = mpsc::channel(1);
        let found = daemon.browse(SERVICE).map_err(failed)?;
        let forward = Forward {
            daemon: daemon.clone(),
            own: name.clone(),
            tag: tag.clone(),
            on_link: OnLink::new(config.interface.clone()),
            sender,
        };
        let forwarding = tokio::spawn(forward.run(found, asked)).abort_handle();
        let discovery = Self {
            daemon,
            name,
            port: config.port,
            announce: config.announce,
            interfaces,
            tag,
            events: Some(events),
            again,
            forwarding,
        };
        discovery.register()?;
        Ok(discovery)
    }

    /// The name under which this device is announced.
    pub fn instance(&self) -> &str {
        &self.name
    }

    /// What happens in the network; the first call has it. When it ends, discovery has failed: start
    /// it anew. Who takes events too slowly hears of everything once more.
    pub fn events(&mut self) -> Option<mpsc::Receiver<DiscoveryEvent>> {
        self.events.take()
    }

    /// Announces another tag, and knows others by it from here on. To be followed by
    /// [`Discovery::rebrowse`] where what was found before shall be told by the new tag.
    ///
    /// # Errors
    /// [`NearbyError::Discovery`].
    pub fn set_tag(&self, tag: Tag) -> Result<(), NearbyError> {
        *self.tag.write().unwrap_or_else(PoisonError::into_inner) = tag;
        self.register()
    }

    /// Asks anew who is there, as after sleep or a change of network. What is there is told again.
    pub fn rebrowse(&self) {
        // One that waits already will do.
        let _ = self.again.try_send(());
    }

    /// Makes sure that a device is still there; [`DiscoveryEvent::Lost`] follows where it is not. For a
    /// device that does not answer: one that crashed says no goodbye.
    ///
    /// # Errors
    /// [`NearbyError::Discovery`].
    pub fn verify(&self, instance: &str) -> Result<(), NearbyError> {
        self.daemon.verify(format!("{instance}.{SERVICE}"), VERIFY_TIMEOUT_DEFAULT).map_err(failed)
    }

    /// Says goodbye and ends.
    pub async fn stop(self) {
        if let (true, Ok(said)) = (self.announce, self.daemon.unregister(&self.full_name())) {
            let _ = timeout(GOODBYE, said.recv_async()).await;
        }
        if let Ok(ended) = self.daemon.shutdown() {
            let _ = timeout(GOODBYE, ended.recv_async()).await;
        }
    }

    fn full_name(&self) -> String {
        format!("{}.{SERVICE}", self.name)
    }

    fn register(&self) -> Result<(), NearbyError> {
        if !self.announce {
            return Ok(());
        }
        let tag = self.tag.read().unwrap_or_else(PoisonError::into_inner).text();
        let version = Versions::default().highest.to_string();
        let entries = [("v", version.as_str()), ("n", &self.name), ("t", &tag)];
        // A name of its own in place of the computer's, which often is a person's.
        let host = format!("{}.local.", self.name);
        let mut info = ServiceInfo::new(SERVICE, &self.name, &host, "", self.port, &entries[..])
            .map_err(failed)?
            .enable_addr_auto();
        info.set_interfaces(vec![self.interfaces.clone()]);
        self.daemon.register(info).map_err(failed)
    }
}

impl Drop for Discovery {
    fn drop(&mut self) {
        self.forwarding.abort();
        // Nothing to tell whoever dropped it.
        let _ = self.daemon.shutdown();
    }
}

impl std::fmt::Debug for Discovery {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Discovery").field("name", &self.name).finish_non_exhaustive()
    }
}

/// Hands on what the daemon finds, less what is not of Holdfast and what is this device itself.
struct Forward {
    daemon: ServiceDaemon,
    own: String,
    tag: Arc<RwLock<Tag>>,
    on_link: OnLink,
    sender: mpsc::Sender<DiscoveryEvent>,
}

impl Forward {
    async fn run(mut self, mut found: Receiver<ServiceEvent>, mut asked: mpsc::Receiver<()>) {
        loop {
            let event = tokio::select! {
                event = found.recv_async() => event.ok(),
                Some(()) = asked.recv() => None,
                () = self.sender.closed() => return,
            };
            let Some(event) = event else {
                // Asked to, or the daemon has closed the channel because too much waited in it.
                match self.browse().await {
                    Some(anew) => found = anew,
                    None => return,
                }
                continue;
            };
            if let Some(event) = self.tell(event)
                && self.sender.send(event).await.is_err()
            {
                return;
            }
        }
    }

    async fn browse(&self) -> Option<Receiver<ServiceEvent>> {
        loop {
            match self.daemon.browse(SERVICE) {
                Ok(found) => return Some(found),
                Err(mdns_sd::Error::Again) => sleep(PAUSE).await,
                Err(_) => return None,
            }
        }
    }

    fn tell(&mut self, event: ServiceEvent) -> Option<DiscoveryEvent> {
        match event {
            ServiceEvent::ServiceResolved(service) => self.found(&service),
            ServiceEvent::ServiceRemoved(_, full_name) => {
                let instance = instance_of(&full_name)?;
                (instance != self.own).then_some(DiscoveryEvent::Lost { instance })
            }
            _ => None,
        }
    }

    fn found(&mut self, service: &ResolvedService) -> Option<DiscoveryEvent> {
        let instance = instance_of(service.get_fullname())?;
        let said = txt::read(service.get_properties())?;
        if instance == self.own || said.name == self.own {
            return None;
        }
        let addresses = addresses_of(service, &mut self.on_link);
        if addresses.is_empty() {
            return None;
        }
        let tag_matches =
            self.tag.read().unwrap_or_else(PoisonError::into_inner).matches(&said.tag);
        Some(DiscoveryEvent::Found { instance, addresses, tag_matches, protocol: said.protocol })
    }
}

/// 80 random bits: no two devices that can hear each other have the same.
fn random_name() -> String {
    format!("{:016x}{:04x}", OsRng.next_u64(), OsRng.next_u32() & 0xffff)
}

fn failed(error: mdns_sd::Error) -> NearbyError {
    NearbyError::Discovery(error.to_string())
}
