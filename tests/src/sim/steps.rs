//! One step of a history: who does what, and what goes wrong.

use super::tally::Group;
use super::world::{DAY, HOUR, World, YEAR};
use rand::Rng;
use rand::distributions::{Distribution, WeightedIndex};

/// Steps between checks.
const CHECKED: usize = 12;

/// Everything that may happen, and how often.
const ACTS: &[(u32, Act)] = &[
    (50, World::create),
    (150, World::edit_fields),
    (130, World::type_text),
    (45, World::edit_sets),
    (45, World::change_life),
    (75, World::move_somewhere),
    (30, World::finish_repeating),
    (40, World::look),
    (40, |world, _| world.decide()),
    (40, World::undo),
    (10, World::redo_step),
    (10, World::choose_policy),
    (15, World::review_text),
    (12, World::newer_app_writes),
    (5, World::make_many),
    (10, World::delete_many),
    (25, World::empty_trash),
    (6, World::attach),
    (20, World::approve),
    (20, World::move_between_spaces),
    (14, World::prune),
    (65, World::meet_someone),
    (16, World::join_network),
    (50, |world, _| world.talk()),
    (30, |world, device| world.visit_relay(device, true)),
    (60, World::post_to_someone),
    (85, |world, _| world.deliver(true)),
    (35, |world, device| {
        let again = world.rng.gen_bool(0.5);
        world.visit_folder(device, again);
    }),
    (35, World::syncer_works),
    (22, World::export_bundle),
    (34, |world, device| world.import_bundle(device, true)),
    (28, World::world_turns),
];

type Act = fn(&mut World, usize);

impl World {
    /// A list, two tasks and a note that all devices have, so that people get into each other's way
    /// from the start.
    pub(super) fn open(&mut self, seed: u64) {
        self.begin_step(seed, usize::MAX >> 2);
        self.make_first_items();
        if self.rng.gen_bool(0.15) {
            self.make_many(0);
        }
        if self.rng.gen_bool(0.3) {
            self.ask_about_everything();
        }
        for other in 1..self.devices.len() {
            self.meet(other, 0, false);
        }
    }

    /// One thing happens somewhere.
    pub(super) fn step(&mut self, seed: u64, step: usize) {
        self.begin_step(seed, step);
        let device = self.rng.gen_range(0..self.devices.len());
        if self.rng.gen_bool(0.06) {
            let commit = self.rng.gen_range(1..4);
            self.devices[device].crash_at(commit);
        }
        let weights = WeightedIndex::new(ACTS.iter().map(|(weight, _)| weight)).unwrap();
        let (_, act) = ACTS[weights.sample(&mut self.rng)];
        act(self, device);
        self.devices[device].stay_up();
        if step % CHECKED == CHECKED - 1 {
            self.check_each_alone();
        }
    }

    fn redo_step(&mut self, device: usize) {
        self.redo(device);
    }

    pub(super) fn someone_else(&mut self, device: usize) -> usize {
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
        match self.rng.gen_range(0..10) {
            0 => self.wipe_relay(),
            1 => {
                self.leave_network(device, false);
                self.devices[device].restart();
                self.tally.count(Group::Faults, "restart");
            }
            2 | 7..=9 => {
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
        if self.rng.gen_bool(0.5) {
            self.approve_everything();
        }
        self.newer_app_sends(0);
        self.deliver_all();
        if self.rng.gen_bool(0.25) {
            self.settle_by_folder();
        }
        if self.rng.gen_bool(0.1) {
            self.settle_by_network();
        }
        let devices = self.devices.len();
        // The last one has everything after the first round.
        for other in (1..devices).chain(1..devices - 1) {
            self.meet(other, 0, false);
        }
    }
}
