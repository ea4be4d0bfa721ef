//! Founding the vault anew: for a device that was removed, or that was left with nobody else. What it holds
//! comes along; the vault before is kept whole beside it, and the other devices are invited again.

use crate::session::{NewDevice, new_actor};
use crate::view::SameLists;
use crate::{App, AppError};
use holdfast_store::Store;
use holdfast_vault::membership::found;
use holdfast_vault::{DeviceKeys, Keyring};
use rand_core::OsRng;

impl App {
    /// Founds a vault with all that this device holds, and with this as its first device.
    pub fn found_anew(&self, new: &NewDevice<'_>) -> Result<(), AppError> {
        let here_belongs = self.with(|open| {
            let here = open.device();
            Ok(open.members()?.is_active(here))
        })?;
        if here_belongs {
            return Err(AppError::Invalid(
                "This device belongs to its vault. Founding it anew is for a device that was removed: \
                 remove this one on another device first, or go on as it is."
                    .into(),
            ));
        }
        let keys = DeviceKeys::generate(&mut OsRng);
        let actor = new_actor(&keys);
        let (vault, record) = found(&keys, self.introduction(new.name, actor)?, &mut OsRng)?;
        let keyring = Keyring::generate(vault, &mut OsRng);
        self.change_vault(new, actor, SameLists::KeepBoth, |path| {
            let mut store = Store::create(path, vault)?;
            store.write(|tx| tx.add_membership(&record))?;
            Ok((store, keys, keyring))
        })?;
        self.bring_along()?;
        Ok(())
    }
}
