//! Who is who: devices by the actors that write for them.

use crate::view::DeviceRef;
use holdfast_model::Dot;
use holdfast_model::text::writer_of;
use holdfast_oplog::{ActorId, DeviceId};
use holdfast_vault::membership::Membership;
use std::collections::BTreeMap;

/// Names for what was written.
#[derive(Debug)]
pub(crate) struct People {
    here: DeviceId,
    /// Whether this device belongs to the vault still.
    belongs: bool,
    by_actor: BTreeMap<ActorId, DeviceRef>,
    by_writer: BTreeMap<u64, DeviceRef>,
    by_device: BTreeMap<DeviceId, DeviceRef>,
}

impl People {
    pub(crate) fn new(members: &Membership, here: DeviceId) -> Self {
        let mut people = Self {
            here,
            belongs: members.is_active(here),
            by_actor: BTreeMap::new(),
            by_writer: BTreeMap::new(),
            by_device: BTreeMap::new(),
        };
        for device in members.devices() {
            let name = DeviceRef {
                id: device.id.to_string(),
                name: device.name.clone(),
                here: device.id == here,
            };
            for actor in &device.actors {
                people.by_actor.insert(*actor, name.clone());
                people.by_writer.insert(writer_of(&actor.0), name.clone());
            }
            people.by_device.insert(device.id, name);
        }
        people
    }

    /// Whoever writes as `actor` wrote a branch of its log too, which goes under `name`, in texts under
    /// `writer`.
    pub(crate) fn also_writes(&mut self, actor: ActorId, name: ActorId, writer: u64) {
        if let Some(device) = self.by_actor.get(&actor).cloned() {
            self.by_writer.insert(writer, device.clone());
            self.by_actor.insert(name, device);
        }
    }

    /// Who wrote a change.
    pub(crate) fn of(&self, dot: Dot) -> DeviceRef {
        self.by_actor.get(&dot.actor).cloned().unwrap_or_else(unknown)
    }
    /// Who wrote a part of a text.
    pub(crate) fn writer(&self, writer: u64) -> DeviceRef {
        self.by_writer.get(&writer).cloned().unwrap_or_else(unknown)
    }
    /// A device by its id.
    pub(crate) fn device(&self, id: DeviceId) -> DeviceRef {
        self.by_device.get(&id).cloned().unwrap_or_else(unknown)
    }
    /// Whether this device belongs to the vault still, as far as it knows.
    pub(crate) const fn here_belongs(&self) -> bool {
        self.belongs
    }
    /// This device.
    pub(crate) fn here(&self) -> DeviceRef {
        self.device(self.here)
    }
}

fn unknown() -> DeviceRef {
    DeviceRef { id: String::new(), name: "Unknown device".into(), here: false }
}
