//! Devices for the tests of connections.

use super::meeting::{Meeting, MeetingError};
use super::{Admission, Codes, Host, HostSession, Identity, Neighbour, Tag};
use crate::bundle::fixture_tests::Device;
use crate::peer::{Answer, Answering, Ask, Call, Came, News, PeerError, Receiving};
use holdfast_model::EntityId;
use holdfast_oplog::DeviceId;
use holdfast_sync::membership;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::watch;

/// A device whose database the connection's threads share.
pub(super) struct Shared {
    device: Arc<Mutex<Device>>,
    pub(super) changed: watch::Sender<u64>,
    neighbours: Mutex<Vec<Neighbour>>,
    pub(super) codes: Arc<Codes>,
    /// The numbers of codes that were tried, and whether that was a proof.
    pub(super) tried: Mutex<Vec<(u64, bool)>>,
}

impl Shared {
    pub(super) fn new(device: Device) -> Arc<Self> {
        let device = Arc::new(Mutex::new(device.on_disk()));
        Arc::new(Self {
            device,
            changed: watch::channel(0).0,
            neighbours: Mutex::default(),
            codes: Arc::default(),
            tried: Mutex::default(),
        })
    }

    pub(super) fn with<T>(&self, work: impl FnOnce(&mut Device) -> T) -> T {
        work(&mut self.device.lock().unwrap())
    }

    pub(super) fn add(&self, title: &str) -> EntityId {
        let id = self.with(|device| device.add(title));
        self.changed.send_modify(|count| *count += 1);
        id
    }

    pub(super) fn connected(&self) -> usize {
        self.neighbours.lock().unwrap().iter().filter(|neighbour| neighbour.connected).count()
    }

    pub(super) fn identity(&self) -> Arc<Identity> {
        self.with(|device| Arc::new(Identity::new(&device.keys).unwrap()))
    }

    pub(super) async fn waits_for(&self, id: EntityId) {
        while !self.with(|device| device.has(id)) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

struct Way {
    shared: Arc<Mutex<Device>>,
    changed: watch::Sender<u64>,
    from: DeviceId,
    answering: Answering,
}

impl Host for Shared {
    fn admission(&self, key: &[u8; 32]) -> Admission {
        self.device(key).map_or(Admission::Stranger, |_| Admission::Known)
    }

    fn device(&self, key: &[u8; 32]) -> Option<DeviceId> {
        let members = self.with(|device| device.write(|tx| membership(tx).unwrap()));
        members.active().find(|device| device.public.sign == *key).map(|device| device.id)
    }

    fn keys(&self) -> Vec<[u8; 32]> {
        let me = self.with(|device| device.id());
        let members = self.with(|device| device.write(|tx| membership(tx).unwrap()));
        members.active().filter(|d| d.id != me).map(|d| d.public.sign).collect()
    }

    fn tag(&self) -> Option<Tag> {
        self.with(|device| Tag::of(&device.keyring, device.wall_ms as u64)).ok()
    }

    fn codes(&self) -> Arc<Codes> {
        self.codes.clone()
    }

    fn tried(&self, _: SocketAddr, number: u64, outcome: Result<Meeting, MeetingError>) {
        self.tried.lock().unwrap().push((number, outcome.is_ok()));
    }

    fn neighbours(&self, neighbours: &[Neighbour]) {
        *self.neighbours.lock().unwrap() = neighbours.to_vec();
    }

    fn session(&self, from: DeviceId) -> Result<Box<dyn HostSession>, PeerError> {
        let folder = self.with(|device| device.folder().to_owned());
        Ok(Box::new(Way {
            shared: self.device.clone(),
            changed: self.changed.clone(),
            from,
            answering: Answering::new(folder),
        }))
    }
}

impl HostSession for Way {
    fn news(&mut self) -> Result<News, PeerError> {
        crate::peer::news(&mut self.shared.lock().unwrap().session(), self.from)
    }

    fn answer(&mut self, ask: Ask) -> Answer {
        self.answering.answer(&mut self.shared.lock().unwrap().session(), ask)
    }

    fn receive(&mut self, call: &mut dyn Call, news: &News) -> Result<(), PeerError> {
        // Not held while the other side is asked, which asks in turn.
        let mut twin = self.shared.lock().unwrap().twin();
        let folder = twin.folder().join("incoming");
        let receiving = Receiving { from: self.from, confirmed: false, folder: &folder };
        let came: Came =
            crate::peer::receive(&mut twin.session(), call, news, receiving, &mut |_| {})?;
        if came.preview.is_some() {
            self.changed.send_modify(|count| *count += 1);
        }
        Ok(())
    }
}
