use holdfast_oplog::Space;

/// What carries an exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Carrier {
    /// A bundle file.
    Bundle {
        /// Whether the person ticked, for this export, that lists marked Nearby go along.
        nearby_ticked: bool,
    },
    /// An exchange folder. It may be somebody's cloud.
    Folder,
    /// A connection to a paired device on the same network.
    Lan,
    /// A relay.
    Relay,
}

/// Whether a carrier is handed the changes of a space at all.
///
/// Changes of [`Space::Ask`] leave only in batches that a person approved; nothing records such an
/// approval yet, so none of them leave.
pub const fn carried(space: Space, carrier: Carrier) -> bool {
    match space {
        Space::Everywhere => true,
        Space::Nearby => match carrier {
            Carrier::Lan => true,
            Carrier::Bundle { nearby_ticked } => nearby_ticked,
            Carrier::Folder | Carrier::Relay => false,
        },
        Space::Ask | Space::Device => false,
    }
}

/// The spaces that a carrier is handed.
pub fn spaces(carrier: Carrier) -> Vec<Space> {
    Space::ALL.into_iter().filter(|space| carried(*space, carrier)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_what_travels_by_what() {
        use Space::{Ask, Device, Everywhere, Nearby};
        let plain = Carrier::Bundle { nearby_ticked: false };
        let ticked = Carrier::Bundle { nearby_ticked: true };
        assert_eq!(spaces(Carrier::Lan), [Everywhere, Nearby]);
        assert_eq!(spaces(ticked), [Everywhere, Nearby]);
        for narrow in [plain, Carrier::Folder, Carrier::Relay] {
            assert_eq!(spaces(narrow), [Everywhere], "{narrow:?}");
        }
        for any in [plain, ticked, Carrier::Folder, Carrier::Lan, Carrier::Relay] {
            assert!(!carried(Ask, any) && !carried(Device, any), "{any:?}");
        }
    }
}
