//! History that is pruned: what a device forgets must be what everyone has, and nothing that anyone sees
//! may change by it.

use super::founded::actor;
use super::tally::Group;
use super::world::{DAY, World};
use holdfast_oplog::{Space, VersionVector};
use holdfast_sync::{Carrier, hear, membership, open_acknowledgement, prune, seal_acknowledgement};
use rand::Rng;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;

impl World {
    /// A device prunes its history.
    pub(super) fn prune(&mut self, device: usize) {
        if !self.newer_app_says_what_it_holds(device) {
            return;
        }
        let wall_ms = self.devices[device].wall(self.now_ms);
        let period = [-DAY, 0, 30 * DAY][self.rng.gen_range(0..3)];
        let before = self.everything_on(device);
        let me = self.devices[device].keys().device_id();
        let pruned = self.devices[device].store.write(|tx| prune(tx, me, wall_ms - period));
        let report = match pruned {
            Ok(report) => report,
            Err(_) if self.devices[device].crashed() => return self.restart(device),
            Err(error) => panic!("device {device} could not prune: {error}"),
        };
        assert_eq!(
            self.everything_on(device),
            before,
            "pruning changed what device {device} shows"
        );
        self.only_what_all_have_is_gone(device);
        self.tally.count(Group::Edits, "prune");
        self.tally.add(Group::Edits, "changes pruned", report.pruned);
        if !report.waiting_for.is_empty() {
            self.tally.count(Group::Edits, "prune, and wait for a device");
        }
        self.touch(device);
        self.event(format_args!("{device} prunes {}", report.pruned));
    }

    /// The device with the newer app has what this one lets go, and says so. Whether it was heard.
    fn newer_app_says_what_it_holds(&mut self, device: usize) -> bool {
        let place = self.newer.place();
        let seen = self.travels(&self.oracle.received(device).clone(), Carrier::Lan);
        self.oracle.received_up_to(place, &seen);
        self.oracle.apply(place);
        let holds: VersionVector = self.oracle.received(place).clone().into_iter().collect();
        let mut rng = ChaCha20Rng::seed_from_u64(self.rng.r#gen());
        let (keys, keyring) = (&self.founded.keys[place], &self.founded.keyring);
        let now_ms = self.now_ms;
        let said =
            seal_acknowledgement(keys, keyring, actor(place), now_ms, &holds, &mut rng).unwrap();
        let wall_ms = self.devices[device].wall(now_ms);
        let heard = self.devices[device].store.write(|tx| {
            let said = open_acknowledgement(keyring, &membership(tx)?, &said)?;
            Ok::<_, holdfast_sync::SyncError>(hear(tx, &said, wall_ms)?)
        });
        if self.devices[device].crashed() {
            self.restart(device);
            return false;
        }
        heard.unwrap();
        true
    }

    fn everything_on(&mut self, device: usize) -> (String, String, VersionVector) {
        let dump = self.devices[device].dump(None);
        self.devices[device]
            .read(|tx| Ok((dump, format!("{:#?}", tx.conflicts(None)?), tx.held()?)))
    }

    /// Nothing is gone that another device might still ask for.
    fn only_what_all_have_is_gone(&mut self, device: usize) {
        let base = self.devices[device].read(|tx| tx.base_vector());
        let others = (0..self.devices.len()).chain([self.newer.place()]);
        for other in others.filter(|other| *other != device) {
            let has = self.oracle.received(other);
            for (log, seq) in base.iter().filter(|(log, _)| log.space != Space::Device) {
                let there = has.get(&log).is_some_and(|there| *there >= seq);
                assert!(there, "device {device} pruned {log:?} up to {seq}, which {other} lacks");
            }
        }
    }

    /// Up to where a device has pruned its logs.
    pub(super) fn base(&mut self, device: usize) -> VersionVector {
        self.devices[device].read(|tx| tx.base_vector())
    }
}
