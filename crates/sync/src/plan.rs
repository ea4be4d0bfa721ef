use holdfast_oplog::{Range, Space, VersionVector};

/// What has to move so that both sides hold the same.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Plan {
    /// What the other side lacks.
    pub send: Vec<Range>,
    /// What this device lacks.
    pub ask: Vec<Range>,
}

impl Plan {
    /// Whether nothing has to move.
    pub const fn is_empty(&self) -> bool {
        self.send.is_empty() && self.ask.is_empty()
    }
}

/// Compares what this device holds (`held`), and of that lets go (`offered`), with what the other side
/// holds, within the spaces that are carried. Whatever either side claims about other spaces moves
/// nothing.
pub fn plan(
    held: &VersionVector,
    offered: &VersionVector,
    there: &VersionVector,
    carried: &[Space],
) -> Plan {
    let (held, there) = (held.within(carried), there.within(carried));
    Plan { send: offered.within(carried).missing_in(&there), ask: there.missing_in(&held) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use holdfast_oplog::{ActorId, LogId};
    use proptest::prelude::*;

    fn vector() -> impl Strategy<Value = VersionVector> {
        let log = (0..4_usize, 0..3_u8).prop_map(|(space, actor)| LogId {
            space: Space::ALL[space],
            actor: ActorId([actor; 16]),
        });
        proptest::collection::vec((log, 0..20_u64), 0..12).prop_map(|all| all.into_iter().collect())
    }

    proptest! {
        #[test]
        fn a_plan_makes_both_sides_equal_and_touches_nothing_else(
            here in vector(), there in vector(), nearby in any::<bool>(),
        ) {
            let carried: &[Space] =
                if nearby { &[Space::Everywhere, Space::Nearby] } else { &[Space::Everywhere] };
            let plan = plan(&here, &here, &there, carried);
            let (mut here_after, mut there_after) = (here.clone(), there.clone());
            for range in &plan.send {
                prop_assert!(carried.contains(&range.log.space));
                prop_assert_eq!(range.first, there.get(range.log) + 1);
                there_after.advance(range.log, range.last);
            }
            for range in &plan.ask {
                prop_assert!(carried.contains(&range.log.space));
                prop_assert_eq!(range.first, here.get(range.log) + 1);
                here_after.advance(range.log, range.last);
            }
            prop_assert_eq!(here_after.within(carried), there_after.within(carried));
            prop_assert_eq!(plan.is_empty(), here.within(carried) == there.within(carried));
        }
    }
}
