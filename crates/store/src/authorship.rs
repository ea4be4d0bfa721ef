//! Who wrote a value, as far as that can be known here.
//!
//! A version may name another change as the one that wrote it first: where a decision is taken back, or an
//! item is written anew in another space. Anybody can name anybody there, and a snapshot can name anybody
//! for anything that is not held here. Invariant: an author is named without a teller only where the change
//! that wrote the value was here, with the author's signature, and wrote it.

use crate::{Decided, StoreError, Tx};
use holdfast_model::change::Again;
use holdfast_model::fields::LIFE;
use holdfast_model::{Change, Dot, EntityId, Version, Write};
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

impl Tx<'_> {
    /// Who wrote a value that a decision replaced. It is kept under the author that its version named, which
    /// may be anybody: so it is looked for among the versions that the decision names as replaced. None where
    /// they are past the history period.
    pub fn authorship_of_replaced(
        &self,
        decided: &Decided,
        again: &Again,
    ) -> Result<Option<Authorship>, StoreError> {
        let (entity, space) = (decided.entity, decided.space);
        let field = Field { entity, space, name: &decided.field };
        let version = |dot: Dot| Version {
            dot,
            time: again.time,
            value: again.value.clone(),
            origin: Some(again.origin),
        };
        for space in Space::ALL {
            if let Some(change) = self.change(again.origin.in_space(space))?
                && wrote(&change, field, &version(again.origin))
            {
                return Ok(Some(Authorship { author: again.origin, told_by: None }));
            }
        }
        let Some(decision) = self.change(decided.by.in_space(space))? else { return Ok(None) };
        let mut stood_itself = false;
        for write in writes(&decision, field) {
            for dot in &write.supersedes {
                let Some(change) = self.change(dot.in_space(space))? else {
                    stood_itself |= *dot == again.origin;
                    continue;
                };
                let claims =
                    |known: &Again| known.origin == again.origin && known.value == again.value;
                if writes(&change, field).any(|write| write.again.iter().any(claims)) {
                    return self.authorship(field, &version(*dot)).map(Some);
                }
            }
        }
        // Under its own name: its change is past the history period, or a snapshot told of it.
        if stood_itself {
            self.authorship(field, &version(again.origin)).map(Some)
        } else {
            Ok(None)
        }
    }
}

/// What a change wrote into a field.
fn writes<'c>(change: &'c Change, field: Field<'c>) -> impl Iterator<Item = &'c Write> {
    change.edits().filter(move |edit| edit.entity == field.entity).filter_map(move |edit| {
        if field.name == LIFE { edit.life.as_ref() } else { edit.set.get(field.name) }
    })
}

/// Whether a change wrote a value into a field, of its own. What it lists again is its maker's word about
/// others, and makes nobody its author.
fn wrote(change: &Change, field: Field<'_>, version: &Version) -> bool {
    writes(change, field).any(|write| write.again.is_empty() && write.value == version.value)
}

#[cfg(test)]
#[path = "authorship_tests.rs"]
mod tests;
