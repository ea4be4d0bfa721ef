//! Who wrote a value, as far as that can be known here.
//!
//! A version may name another change as the one that wrote it first: where a decision is taken back, or an
//! item is written anew in another space. Anybody can name anybody there, and a snapshot can name anybody
//! for anything that is not held here. Invariant: an author is named without a teller only where the change
//! that wrote the value was here, with the author's signature, and wrote it.

use crate::{StoreError, Tx};
use holdfast_model::fields::LIFE;
use holdfast_model::{Change, Dot, EntityId, Version};
#[cfg(feature = "planted")]
use holdfast_oplog::planted;
use holdfast_oplog::{DeviceId, Space};

/// A field of an item in one space.
#[derive(Debug, Clone, Copy)]
pub struct Field<'a> {
    /// The item.
    pub entity: EntityId,
    /// The space of which the state is looked at.
    pub space: Space,
    /// The field; `life` among them.
    pub name: &'a str,
}

/// Whose word it is that an author wrote something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Teller {
    /// Whoever wrote this change.
    Change(Dot),
    /// A device, by a snapshot.
    Device(DeviceId),
}

/// Who wrote a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Authorship {
    /// The change that wrote it.
    pub author: Dot,
    /// Whose word that is; none where the change was here.
    pub told_by: Option<Teller>,
}

impl Tx<'_> {
    /// Who wrote a version of a field.
    pub fn authorship(
        &self,
        field: Field<'_>,
        version: &Version,
    ) -> Result<Authorship, StoreError> {
        let told = self.told_in(field.space)?;
        let by_snapshot = |dot: Dot| told.by(dot).map(Teller::Device);
        let itself = Authorship { author: version.dot, told_by: by_snapshot(version.dot) };
        let Some(origin) = version.origin.filter(|origin| *origin != version.dot) else {
            return Ok(itself);
        };
        #[cfg(feature = "planted")]
        if planted::is(planted::Bug::OriginUnchecked) {
            return Ok(Authorship { author: origin, told_by: None });
        }
        let mut here = false;
        // It may have been written in the space from which the item came.
        for space in Space::ALL {
            if let Some(change) = self.change(origin.in_space(space))? {
                if wrote(&change, field, version) {
                    return Ok(Authorship { author: origin, told_by: None });
                }
                here |= space == field.space;
            }
        }
        if here {
            // It is here and did not: whoever says so said it of itself.
            return Ok(itself);
        }
        let told_by = itself.told_by.unwrap_or(Teller::Change(version.dot));
        Ok(Authorship { author: origin, told_by: Some(told_by) })
    }
}

/// Whether a change wrote a value into a field.
fn wrote(change: &Change, field: Field<'_>, version: &Version) -> bool {
    change.edits().filter(|edit| edit.entity == field.entity).any(|edit| {
        let write = if field.name == LIFE { edit.life.as_ref() } else { edit.set.get(field.name) };
        write.is_some_and(|write| {
            (write.again.is_empty() && write.value == version.value)
                || write.again.iter().any(|again| again.value == version.value)
        })
    })
}

#[cfg(test)]
#[path = "authorship_tests.rs"]
mod tests;
