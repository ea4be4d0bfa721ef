//! Who is validly removed. A hostile device removes whom it likes while it is a member, and signs the same
//! afterwards; whoever has not heard that it is out takes it for a member as before, and builds on what it
//! signed. Nothing in signed records tells such a removal from one that was made in time, and another member
//! built on (docs/decisions/0023): so it counts. What whoever has heard takes in of it does not. Whoever hears
//! that of itself is in again as soon as another honest device tells it more; where none is left that could, it
//! is out.
//!
//! Whoever hangs on a device alone that is validly removed, and is not listed, is out with it (decision 23).
//!
//! What a member may do itself it may do by another hand, which it lets in or helps in: so a removal by a hand
//! that was not known is one by the member that was.

use super::history::History;
use super::honest::Honest;
use holdfast_oplog::{DeviceId, VaultId};
use holdfast_vault::Membership;
use std::collections::BTreeSet;

/// What an honest device knows of the adversary's devices.
#[derive(Debug, Clone, Default)]
pub(super) struct Trust {
    members: BTreeSet<DeviceId>,
    out: BTreeSet<DeviceId>,
}

impl Trust {
    /// Whether a device of the adversary could have removed somebody, as far as this honest one knew.
    fn allows(&self, by: DeviceId) -> bool {
        !self.members.is_empty() && !self.out.contains(&by)
    }
}

impl History {
    /// What each honest device knows of the adversary's.
    pub(super) fn trusted(&mut self) -> Vec<Trust> {
        if !self.removes_honest {
            return vec![Trust::default(); self.honest.len()];
        }
        let hands: Vec<DeviceId> =
            self.hostile.hands.iter().map(|hand| DeviceId(hand.keys.id())).collect();
        let of = |honest: &mut Honest| {
            let members = honest.members();
            let known = hands.iter().copied().filter(|hand| members.device(*hand).is_some());
            let (members, out) = known.partition(|hand| members.is_active(*hand));
            Trust { members, out }
        };
        self.honest.iter_mut().map(of).collect()
    }

    /// The honest devices that go on.
    pub(super) fn firm(&mut self) -> Vec<usize> {
        let firm: Vec<usize> =
            (0..self.honest.len()).filter(|place| !self.put_out.contains(place)).collect();
        match firm.as_slice() {
            [last] if self.removes_honest && !self.honest[*last].is_member() => Vec::new(),
            _ => firm,
        }
    }

    /// Notes the honest devices that are out to another one by a device which that one took for a member
    /// until then, or did not know.
    pub(super) fn note_who_is_out(&mut self, trusted: &[Trust]) {
        if !self.removes_honest {
            return;
        }
        let ids: Vec<DeviceId> = (0..self.honest.len()).map(|at| self.honest[at].id()).collect();
        let hands: BTreeSet<DeviceId> =
            self.hostile.hands.iter().map(|hand| DeviceId(hand.keys.id())).collect();
        let all: Vec<Vec<u8>> = self.honest.iter_mut().flat_map(Honest::records).collect();
        let together = Membership::from_records(VaultId(self.hostile.vault), &all);
        for (place, trusted) in trusted.iter().enumerate() {
            let members = self.honest[place].members();
            if !members.is_active(ids[place]) {
                // Where all that honest devices know together does not bring it in, nobody can tell it more.
                let valid = |by: &DeviceId| hands.contains(by) && trusted.allows(*by);
                let removed = |id: DeviceId| {
                    let removal = members.device(id).and_then(|device| device.removal.as_ref());
                    removal.is_some_and(|removal| removal.by.iter().any(valid))
                };
                // One that hangs on a removed device alone is not in the records any more.
                let hangs =
                    members.device(ids[place]).is_none() && ids.iter().any(|other| removed(*other));
                if (hangs || removed(ids[place])) && !together.is_active(ids[place]) {
                    self.put_out.insert(place);
                }
                continue;
            }
            for (other, id) in ids.iter().enumerate() {
                let removal = members.device(*id).and_then(|device| device.removal.as_ref());
                let valid = |by: &DeviceId| hands.contains(by) && trusted.allows(*by);
                if removal.is_some_and(|removal| removal.by.iter().any(valid)) {
                    self.put_out.insert(other);
                }
            }
        }
    }
}
