//! How the other devices stand, and which of them may not connect.

use super::trouble::told;
use crate::session::Open;
use crate::{App, AppError, view};
use holdfast_oplog::{DeviceId, Hash};

/// A key as it is kept.
fn hex(key: &[u8; 32]) -> String {
    Hash(*key).to_hex()
}

fn retold(error: Option<view::CommandError>) -> Option<view::CommandError> {
    error.map(|error| told(&error.code, &error.message))
}

impl App {
    /// Everything about the network that the person can see.
    pub fn nearby_view(&self) -> Result<view::NearbyView, AppError> {
        let nearby = self.nearby()?;
        let asks_for_passphrase = self.asks_for_passphrase()?;
        self.with(|open| {
            let (members, here) = (open.members()?, open.device());
            let facts = open.nearby_facts()?;
            let others = members.devices().iter().filter(|device| device.id != here);
            let devices: Vec<view::NearbyDevice> = others
                .map(|device| {
                    let id = device.id.to_string();
                    let of = |peer: &&crate::PeerView| {
                        peer.device.as_ref().is_some_and(|known| known.id == id)
                    };
                    let peer = nearby.peers.iter().find(of);
                    let key = hex(&device.public.sign);
                    let code = facts.verified.iter().find(|(known, _)| *known == device.id);
                    let by = device.invited_by;
                    let (proof, time) = match (code, by) {
                        (Some((_, time)), _) => (view::Proof::Code, *time),
                        (None, Some(_)) => (view::Proof::LetIn, device.joined.cast_signed()),
                        (None, None) => (view::Proof::Founded, device.joined.cast_signed()),
                    };
                    view::NearbyDevice {
                        connected: peer.is_some_and(|peer| peer.connected),
                        address: peer.map(|peer| peer.address.clone()),
                        clock_ahead_ms: peer.and_then(|peer| peer.ahead_ms),
                        error: retold(peer.and_then(|peer| peer.error.clone())),
                        proof,
                        proof_by: by.and_then(|by| members.name(by)).map(str::to_owned),
                        proof_time: time,
                        blocked: facts.blocked.contains(&key),
                        key,
                        id,
                    }
                })
                .collect();
            let known = |key: &String| devices.iter().any(|device| device.key == *key);
            let blocked_keys = facts.blocked.iter().filter(|key| !known(key)).cloned().collect();
            let typed = nearby.typed.iter().map(|address| {
                let peer = nearby.peers.iter().find(|peer| peer.address == *address);
                view::TypedAddress {
                    address: address.clone(),
                    connected: peer.is_some_and(|peer| peer.connected),
                    error: retold(peer.and_then(|peer| peer.error.clone())),
                }
            });
            Ok(view::NearbyView {
                on: nearby.on,
                running: nearby.running,
                typed: typed.collect(),
                addresses: nearby.addresses,
                blocked_keys,
                asks_for_passphrase,
                error: retold(nearby.error),
                triggers: nearby.triggers,
                on_metered: nearby.on_metered,
                metered: nearby.metered,
                devices,
            })
        })
    }

    /// A device of this vault may neither connect nor pair any more, until it is unblocked.
    pub fn block_device(&self, id: &str) -> Result<(), AppError> {
        self.with(|open| {
            let (device, key) = open.key_of_device(id)?;
            if device == open.device() {
                return Err(AppError::Invalid("This device cannot block itself.".into()));
            }
            open.change_nearby_facts(|facts| {
                if !facts.blocked.contains(&key) {
                    facts.blocked.push(key);
                }
            })
        })?;
        self.tell(view::Changed::anything(0));
        Ok(())
    }

    /// A device of this vault may connect and pair again.
    pub fn unblock_device(&self, id: &str) -> Result<(), AppError> {
        let (_, key) = self.with(|open| open.key_of_device(id))?;
        self.unblock_key(&key)
    }

    /// A key may connect and pair again.
    pub fn unblock_key(&self, key: &str) -> Result<(), AppError> {
        self.with(|open| {
            open.change_nearby_facts(|facts| facts.blocked.retain(|known| known != key))
        })?;
        self.tell(view::Changed::anything(0));
        Ok(())
    }
}

impl Open {
    /// A device of this vault, removed ones too, and its key as it is kept.
    fn key_of_device(&mut self, id: &str) -> Result<(DeviceId, String), AppError> {
        let none = || AppError::NoSuchItem { what: "device", given: id.to_owned() };
        let device: DeviceId = id.parse().map_err(|_| none())?;
        let members = self.members()?;
        let key = hex(&members.device(device).ok_or_else(none)?.public.sign);
        Ok((device, key))
    }
}
