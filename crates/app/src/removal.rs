//! Removing a device from the vault: what it does, and what it cannot do.

use crate::session::Open;
use crate::{App, AppError, view};
use holdfast_oplog::DeviceId;
use holdfast_sync::devices::{ready_keys, remove_device};
use holdfast_vault::{Device, Membership};
use rand_core::OsRng;

impl App {
    /// What removing a device would do.
    pub fn inspect_removal(&self, id: &str) -> Result<view::DeviceRemoval, AppError> {
        let device = device_id(id)?;
        self.with(|open| {
            let here = open.device();
            let members = open.members()?;
            let name = members
                .name(device)
                .filter(|_| device != here && members.is_active(device))
                .ok_or_else(|| AppError::NoSuchItem { what: "other device", given: id.to_owned() })?
                .to_owned();
            let stay = members.active().filter(|other| other.id != device).count();
            Ok(view::DeviceRemoval {
                id: id.to_owned(),
                does: vec![
                    format!("The vault gets a new key, which {stay} of your devices receive and {name} does not."),
                    format!("What {name} wrote and what arrived here stays. What it writes later is set aside and counted, never mixed in."),
                    format!("{name} can join again with a new invitation, as a new device."),
                ],
                cannot: format!(
                    "{name} keeps everything that it has read: nothing can be erased from a device that is out of reach."
                ),
                name,
            })
        })
    }

    /// Removes a device from the vault.
    pub fn remove_device(&self, id: &str) -> Result<view::Done, AppError> {
        let device = device_id(id)?;
        self.inspect_removal(id)?;
        self.with(|open| {
            open.before_writing()?;
            let name = open.people()?.device(device).name;
            let mut rng = OsRng;
            let keyring = remove_device(&mut open.session(&mut rng), device)?;
            // Should this fail, the key is found again in the record that was kept before it.
            open.keep_keyring(keyring)?;
            open.nothing_before_can_be_undone("Removing a device");
            Ok(view::Done {
                ids: vec![id.to_owned()],
                label: format!("{name} removed from the vault"),
                skipped: Vec::new(),
            })
        })
        .inspect(|_| self.tell(view::Changed::anything(0)))
    }
}

impl Open {
    /// Takes up keys that were handed over and that a crash kept from being put away, and sees to it that
    /// there is one to seal under.
    pub(crate) fn recover_keys(&mut self) -> Result<(), AppError> {
        let mut keyring = self.keyring.clone();
        self.members()?.receive_keys(&self.keys, &mut keyring)?;
        if !keyring.can_seal() {
            // Nobody is left who began an epoch whose key no device has that is out.
            let keys = &self.keys;
            self.store.write(|tx| ready_keys(tx, keys, &mut keyring))?;
        }
        if keyring.iter().eq(self.keyring.iter()) {
            // Which of them seal follows from the records, and is not kept.
            self.keyring = keyring;
            return Ok(());
        }
        self.keep_keyring(keyring)
    }
}

/// Who removed a device, by name.
pub(crate) fn by_whom(members: &Membership, device: &Device) -> Option<String> {
    let by = &device.removal.as_ref()?.by;
    let names: Vec<&str> = by.iter().filter_map(|by| members.name(*by)).collect();
    Some(match names.as_slice() {
        [] => "a device that is not known here".to_owned(),
        [one] => (*one).to_owned(),
        [all @ .., last] => format!("{} and {last}", all.join(", ")),
    })
}

fn device_id(id: &str) -> Result<DeviceId, AppError> {
    id.parse().map_err(|_| AppError::NoSuchItem { what: "device", given: id.to_owned() })
}
