//! Founding the vault anew: for a device that was removed. What it holds comes along; the vault before is
//! kept whole beside it, and the other devices are invited again.
//!
//! Invariant: from the moment at which the new vault stands in the place of the old one, whoever opens it
//! finishes what is left to bring along first ([`super::earlier`]).

use super::earlier::{Along, Successor};
use crate::session::{NewDevice, new_actor};
use crate::view::SameLists;
use crate::{App, AppError};
use holdfast_store::Store;
use holdfast_vault::membership::found;
use holdfast_vault::{DeviceKeys, Keyring};
use rand_core::OsRng;

impl App {
    /// Founds a vault with all that this device holds, and with this as its first device. The new key is
    /// kept as the old one was, under the same passphrase, where `new` says nothing else.
    pub fn found_anew(&self, new: &NewDevice<'_>) -> Result<(), AppError> {
        let here_belongs = self.with(|open| {
            let here = open.device();
            Ok(open.members()?.is_active(here))
        })?;
        if here_belongs {
            // What was begun and cut short is finished.
            if self.bring_along_at_once()? {
                return Ok(());
            }
            return Err(AppError::Invalid(
                "This device belongs to its vault: nothing needs to be founded anew.".into(),
            ));
        }
        self.found_in_its_place(&self.successor(new)?)?;
        self.bring_along_at_once()?;
        Ok(())
    }

    /// An empty vault in the place of this device's own, which is still to come along.
    fn found_in_its_place(&self, new: &Successor<'_>) -> Result<(), AppError> {
        let keys = DeviceKeys::generate(&mut OsRng);
        let actor = new_actor(&keys);
        let (vault, record) = found(&keys, self.introduction(new.name(), actor)?, &mut OsRng)?;
        let keyring = Keyring::generate(vault, &mut OsRng);
        self.change_vault(new, actor, Along::at_once(SameLists::KeepBoth), |path| {
            let mut store = Store::create(path, vault)?;
            store.write(|tx| tx.add_membership(&record))?;
            Ok((store, keys, keyring))
        })
    }
}

#[cfg(test)]
#[path = "anew_tests.rs"]
mod tests;
