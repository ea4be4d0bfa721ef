//! Trees of lists and of subtasks. Concurrent moves can make a cycle; the projection breaks it in the
//! same way on every device.

use crate::{EntityId, Hlc, change::Dot};
use std::collections::{BTreeMap, BTreeSet};

/// Where an entity says that it belongs, and the write that says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The parent, if any.
    pub parent: Option<EntityId>,
    /// The write that put it there.
    pub written: (Hlc, Dot),
}

/// The members of cycles whose move gives way: of each cycle the one moved last in hybrid order.
/// They are shown at the top until someone decides.
///
/// Cost: proportional to the entities that have a parent.
pub fn cut(places: &BTreeMap<EntityId, Place>) -> BTreeSet<EntityId> {
    let mut done: BTreeSet<EntityId> = BTreeSet::new();
    let mut cut = BTreeSet::new();
    for start in places.keys() {
        let mut path: Vec<EntityId> = Vec::new();
        let mut on_path: BTreeSet<EntityId> = BTreeSet::new();
        let mut at = Some(*start);
        while let Some(id) = at {
            if done.contains(&id) {
                break;
            }
            if on_path.contains(&id) {
                // Everything on the path from the first visit on is the cycle.
                let members = path.iter().skip_while(|member| **member != id);
                if let Some(last) =
                    members.max_by_key(|member| places.get(member).map(|place| place.written))
                {
                    cut.insert(*last);
                }
                break;
            }
            path.push(id);
            on_path.insert(id);
            at = places.get(&id).and_then(|place| place.parent);
        }
        done.extend(path);
    }
    cut
}

#[cfg(test)]
mod tests {
    use super::*;
    use holdfast_oplog::ActorId;
    use proptest::prelude::*;

    fn id(n: u8) -> EntityId {
        EntityId::named(&n.to_string())
    }
    fn place(parent: Option<u8>, ms: i64) -> Place {
        Place {
            parent: parent.map(id),
            written: (Hlc::new(ms, 0), Dot { actor: ActorId([0; 16]), seq: ms as u64 }),
        }
    }

    #[test]
    fn the_later_move_gives_way() {
        let places = [(id(1), place(Some(2), 10)), (id(2), place(Some(1), 20))].into();
        assert_eq!(cut(&places), [id(2)].into());
    }

    proptest! {
        /// After the cut no entity is its own ancestor, and nothing outside a cycle is cut.
        #[test]
        fn acyclic_and_minimal(parents in proptest::collection::vec(proptest::option::of(0u8..12), 12)) {
            let places: BTreeMap<_, _> = parents
                .iter()
                .enumerate()
                .map(|(n, parent)| (id(n as u8), place(*parent, n as i64 + 1)))
                .collect();
            let cut = cut(&places);
            let up = |from: EntityId| {
                if cut.contains(&from) { None } else { places.get(&from).and_then(|p| p.parent) }
            };
            for start in places.keys() {
                let mut at = up(*start);
                for _ in 0..places.len() {
                    let Some(next) = at else { break };
                    prop_assert_ne!(next, *start);
                    at = up(next);
                }
                prop_assert!(at.is_none());
            }
            for member in &cut {
                let mut at = places[member].parent;
                let mut back = false;
                for _ in 0..places.len() {
                    back |= at == Some(*member);
                    at = at.and_then(|id| places.get(&id)).and_then(|p| p.parent);
                }
                prop_assert!(back);
            }
        }
    }
}
