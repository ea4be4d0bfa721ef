//! Who is validly removed. A hostile device removes whom it likes while it is a member, and signs the same
//! afterwards; whoever has not heard that it is out takes it for a member as before, and builds on what it
//! signed. Nothing in signed records tells such a removal from one that was made in time, and another member
//! built on (docs/decisions/0023): so it counts. What whoever has heard takes in of it does not. Whoever hears
//! that of itself is in again as soon as another honest device tells it more; where none is left that could, it
//! is out.

use super::history::History;
use holdfast_oplog::DeviceId;
use std::collections::BTreeSet;

impl History {
    /// The devices of the adversary that each honest one takes for members.
    pub(super) fn trusted(&mut self) -> Vec<BTreeSet<DeviceId>> {
        if !self.removes_honest {
            return vec![BTreeSet::new(); self.honest.len()];
        }
        let hands: Vec<DeviceId> =
            self.hostile.hands.iter().map(|hand| DeviceId(hand.keys.id())).collect();
        let active = |honest: &mut super::honest::Honest| {
            let members = honest.members();
            hands.iter().copied().filter(|hand| members.is_active(*hand)).collect()
        };
        self.honest.iter_mut().map(active).collect()
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
    /// until then.
    pub(super) fn note_who_is_out(&mut self, trusted: &[BTreeSet<DeviceId>]) {
        if !self.removes_honest {
            return;
        }
        let ids: Vec<DeviceId> = (0..self.honest.len()).map(|at| self.honest[at].id()).collect();
        for (place, trusted) in trusted.iter().enumerate() {
            let members = self.honest[place].members();
            if !members.is_active(ids[place]) {
                continue;
            }
            for (other, id) in ids.iter().enumerate() {
                let removal = members.device(*id).and_then(|device| device.removal.as_ref());
                if removal.is_some_and(|removal| removal.by.iter().any(|by| trusted.contains(by))) {
                    self.put_out.insert(other);
                }
            }
        }
    }
}
