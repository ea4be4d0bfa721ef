//! One step of a history: who does what, and what goes wrong.

use super::tally::Group;
use super::world::{DAY, HOUR, World, YEAR};
use rand::Rng;

/// Steps between checks.
const CHECKED: usize = 12;

impl World {
    /// One thing happens somewhere.
    pub(super) fn step(&mut self, seed: u64, step: usize) {
        self.begin_step(seed, step);
        let device = self.rng.gen_range(0..self.devices.len());
        if self.rng.gen_bool(0.06) {
            let commit = self.rng.gen_range(1..4);
            self.devices[device].crash_at(commit);
        }
        match self.rng.gen_range(0..100) {
            0..=10 => self.create(device),
            11..=23 => self.edit_fields(device),
            24..=35 => self.type_text(device),
            36..=40 => self.edit_sets(device),
            41..=45 => self.change_life(device),
            46..=52 => self.move_somewhere(device),
            53..=54 => self.finish_repeating(device),
            55..=58 => self.look(device),
            59..=62 => self.decide(),
            63..=66 => self.undo(device),
            67 => drop(self.redo(device)),
            68 => self.choose_policy(device),
            69 => self.review_text(device),
            70 => self.newer_app_writes(device),
            71..=76 => self.meet_someone(device),
            77..=79 => self.visit_relay(device, true),
            80..=85 => self.post_to_someone(device),
            86..=93 => self.deliver(true),
            94 => self.export_bundle(device),
            95..=96 => self.import_bundle(device, true),
            _ => self.world_turns(device),
        }
        self.devices[device].stay_up();
        if step % CHECKED == CHECKED - 1 {
            self.check_each_alone();
        }
    }

    fn someone_else(&mut self, device: usize) -> usize {
        (device + self.rng.gen_range(1..self.devices.len())) % self.devices.len()
    }

    fn meet_someone(&mut self, device: usize) {
        let other = self.someone_else(device);
        self.meet(device, other, true);
    }

    fn post_to_someone(&mut self, device: usize) {
        let other = self.someone_else(device);
        self.post(device, other);
    }

    /// Nobody does anything, and yet something happens.
    fn world_turns(&mut self, device: usize) {
        match self.rng.gen_range(0..7) {
            0 => self.wipe_relay(),
            1 => {
                self.devices[device].restart();
                self.tally.count(Group::Faults, "restart");
            }
            2 => {
                self.now_ms += self.rng.gen_range(20 * DAY..60 * DAY);
                self.tally.count(Group::Faults, "weeks pass");
            }
            3 => self.clock(device, 2 * HOUR, "clock set ahead"),
            4 => self.clock(device, -3 * DAY, "clock set back"),
            5 => self.clock(device, YEAR, "clock set a year ahead"),
            _ => self.newer_app_sends(device),
        }
    }

    fn clock(&mut self, device: usize, by_ms: i64, row: &str) {
        if self.by_clock {
            self.set_clock(device, by_ms);
            self.tally.count(Group::Faults, row);
            self.event(format_args!("{device} {row}"));
        }
    }

    /// Nothing goes wrong any more: all that is on its way arrives, and the devices talk until none
    /// lacks anything. Each meets the first, twice, which is enough for everything to get around.
    pub(super) fn settle(&mut self, seed: u64) {
        self.begin_step(seed, usize::MAX >> 1);
        self.newer_app_sends(0);
        self.deliver_all();
        for _ in 0..2 {
            for other in 1..self.devices.len() {
                self.meet(other, 0, false);
            }
        }
    }
}
