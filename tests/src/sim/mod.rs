//! The simulator: whole histories of several devices, on the real engine and real SQLite, each a
//! function of its seed.
//!
//! People edit, delete, move, decide and undo on two to eight devices; connections are cut, batches
//! come late, twice, damaged and in any order, clocks jump, devices crash. An oracle written apart
//! from the engine says what must come out. Owns no time and no randomness: every choice is drawn from
//! the seed and the number of the step, so a history can be run again and made shorter.

pub mod adversary;
mod approvals;
mod attachments;
mod carry;
mod caught;
mod checks;
mod deciding;
mod device;
mod founded;
mod minimise;
mod moving;
mod newer;
mod people;
mod pruning;
mod rows;
mod run;
mod steps;
mod tally;
mod trace;
mod world;

pub use minimise::minimise;
pub use run::{Outcome, Report, disputes, run, run_many};
pub use tally::{Group, Tally};

use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::collections::BTreeSet;

/// What is asked of a history.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Things go wrong until the end; each device is checked alone.
    Safety,
    /// At some point nothing goes wrong any more, and all devices must come to the same.
    Liveness,
}

/// Which history to run.
#[derive(Debug, Clone)]
pub struct Options {
    /// All its choices.
    pub seed: u64,
    /// How many devices, where that is not the seed's choice.
    pub devices: Option<usize>,
    /// How many steps, where that is not the seed's choice.
    pub steps: Option<usize>,
    /// Steps that are left out.
    pub skip: BTreeSet<usize>,
    /// What is asked, where that is not the seed's choice.
    pub mode: Option<Mode>,
    /// How far the clocks are off, in milliseconds, where that is not the seed's choice.
    pub skews: Option<Vec<i64>>,
    /// Whether people also do what is decided by clocks: policies chosen apart, tags of one name made
    /// apart; and whether clocks are set.
    pub by_clock: bool,
    /// Prints what happens.
    pub tell: bool,
}

impl Options {
    /// The history of a seed.
    pub const fn new(seed: u64) -> Self {
        Self {
            seed,
            devices: None,
            steps: None,
            skip: BTreeSet::new(),
            mode: None,
            skews: None,
            by_clock: true,
            tell: false,
        }
    }

    fn plan(&self) -> Plan {
        let mut rng = ChaCha8Rng::seed_from_u64(!self.seed);
        let devices = *[2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 5, 6, 7, 8].choose(&mut rng).unwrap_or(&2);
        // Most are short and some are long: what a history can do grows faster than its length.
        let long = rng.gen_bool(0.03);
        let steps = if long { rng.gen_range(80..180) } else { rng.gen_range(15..55) };
        let mode = if rng.gen_bool(0.25) { Mode::Safety } else { Mode::Liveness };
        let on_disk = rng.gen_bool(0.03);
        Plan {
            devices: self.devices.unwrap_or(devices).clamp(2, 8),
            steps: self.steps.unwrap_or(steps),
            mode: self.mode.unwrap_or(mode),
            on_disk,
        }
    }
}

/// What follows from the options.
#[derive(Debug, Clone, Copy)]
struct Plan {
    devices: usize,
    steps: usize,
    mode: Mode,
    /// Whether the first device has its database on disk.
    on_disk: bool,
}
