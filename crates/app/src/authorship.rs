//! Authors as people read them: whoever is named without "as told by" was heard itself.

use crate::AppError;
use crate::people::People;
use crate::view::DeviceRef;
use holdfast_model::change::Again;
use holdfast_model::{Dot, EntityId, Version};
use holdfast_oplog::{DeviceId, Space};
use holdfast_store::{Authorship, Decided, Field, Teller, Tx};

impl People {
    /// Who wrote a version of a field of an item.
    pub(crate) fn author(
        &self,
        tx: &Tx<'_>,
        (entity, space): (EntityId, Space),
        name: &str,
        version: &Version,
    ) -> Result<DeviceRef, AppError> {
        Ok(self.named(tx.authorship(Field { entity, space, name }, version)?))
    }

    /// Who wrote a value that a decision replaced, where that can still be said.
    pub(crate) fn replaced_author(
        &self,
        tx: &Tx<'_>,
        decided: &Decided,
        again: &Again,
    ) -> Result<Option<DeviceRef>, AppError> {
        let written = tx.authorship_of_replaced(decided, again)?;
        Ok(written.map(|written| self.named(written)))
    }

    fn named(&self, written: Authorship) -> DeviceRef {
        let teller = written.told_by.map(|teller| match teller {
            Teller::Change(dot) => self.of(dot),
            Teller::Device(device) => self.device(device),
        });
        as_told(self.of(written.author), teller)
    }

    /// Who made a change that may have been told rather than held.
    pub(crate) fn of_told(
        &self,
        tx: &Tx<'_>,
        space: Space,
        dot: Dot,
    ) -> Result<DeviceRef, AppError> {
        let told = tx.told_in(space)?.by(dot);
        Ok(as_told(self.of(dot), told.map(|device| self.device(device))))
    }

    /// Who wrote a part of a text.
    pub(crate) fn writer_told(
        &self,
        tx: &Tx<'_>,
        (entity, space): (EntityId, Space),
        writer: u64,
    ) -> Result<DeviceRef, AppError> {
        let told: Option<DeviceId> = tx.text_told_by(entity, space, writer)?;
        Ok(as_told(self.writer(writer), told.map(|device| self.device(device))))
    }
}

/// "Laptop, as told by Phone": where another device says so that is not this one.
fn as_told(author: DeviceRef, teller: Option<DeviceRef>) -> DeviceRef {
    match teller.filter(|teller| teller.id != author.id && !teller.here) {
        Some(teller) => DeviceRef {
            name: format!("{}, as told by {}", author.name, teller.name),
            here: false,
            ..author
        },
        None => author,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn device(name: &str, here: bool) -> DeviceRef {
        DeviceRef { id: name.to_lowercase(), name: name.into(), here }
    }

    #[test]
    fn a_teller_is_named_unless_it_is_the_author_or_this_device() {
        let (laptop, phone) = (device("Laptop", true), device("Phone", false));
        let told = as_told(laptop.clone(), Some(phone.clone()));
        assert_eq!((told.name.as_str(), told.here), ("Laptop, as told by Phone", false));
        assert_eq!(as_told(phone.clone(), Some(phone.clone())), phone);
        assert_eq!(as_told(phone.clone(), Some(laptop)), phone);
        assert_eq!(as_told(phone.clone(), None), phone);
    }
}
