//! Histories in which one device is hostile: it is a member with software of its own, later perhaps a
//! removed one, and it has an encoder of its own ([`encoder`]). Honest devices are the engine, with
//! databases, keys and people who write. What the adversary makes, to whom it hands it by which way, and
//! when, is drawn from the seed. What must hold in every history is in [`checks`].
//!
//! Owns no oracle of merged data (`crate::oracle` has that): here is asked what a hostile device can take
//! from, or cost, the others.

mod acts;
mod carry;
mod checks;
mod encoder;
mod founded;
mod history;
mod honest;
mod hostile;
mod limits;
#[cfg(test)]
mod many_identities;
mod people;
mod settle;
mod shelf;
mod standing;
mod tried;

pub use tried::{Report, Tried};

use super::caught::caught;
use history::History;
use holdfast_oplog::planted::{self, Bug};
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

/// Every so many seeds a history is run twice, and must go the same way.
const TWICE: u64 = 100;

/// Which history to run.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// All its choices.
    pub seed: u64,
    /// Prints what happens.
    pub tell: bool,
    /// The kinds of acts, by how their rows in the table begin (`snapshot`, `record: keys`); all where none
    /// is named. What people do, and the ways that things go, are always among them.
    pub only: Vec<String>,
    /// A weakness that the engine has in it.
    pub plant: Option<Bug>,
}

/// What came of a history.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// What was tried in it.
    pub tried: Tried,
    /// The invariant that it broke, in words.
    pub failure: Option<String>,
}

/// Runs one history; a broken invariant is caught and told.
pub fn run(options: &Options) -> Outcome {
    let play = || {
        let (mut tried, trace) = History::play(options);
        if options.seed.is_multiple_of(TWICE) && !options.tell {
            assert_eq!(History::play(options).1, trace, "the same seed gave another history");
            tried.count("history: run twice, same trace");
        }
        tried
    };
    match caught(|| planted::with(options.plant, play)) {
        Ok(tried) => Outcome { tried, failure: None },
        Err(words) => Outcome { tried: Tried::default(), failure: Some(words) },
    }
}

/// Runs the histories of several seeds, of these kinds of acts, with this weakness in the engine, as many
/// at a time as the machine has processors.
pub fn run_many(seeds: Range<u64>, only: &[&str], plant: Option<Bug>) -> Report {
    let only: Vec<String> = only.iter().map(|kind| (*kind).to_owned()).collect();
    let next = AtomicU64::new(seeds.start);
    let ended = Mutex::new((Tried::default(), BTreeMap::new()));
    let start = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= seeds.end {
                        return;
                    }
                    let outcome = run(&Options { seed, tell: false, only: only.clone(), plant });
                    let mut ended = ended.lock().expect("nothing panics while it is held");
                    ended.0.join(&outcome.tried);
                    if let Some(failure) = outcome.failure {
                        ended.1.insert(seed, failure);
                    }
                }
            });
        }
    });
    let (tried, failures) = ended.into_inner().expect("nothing panics while it is held");
    let histories = seeds.end.saturating_sub(seeds.start);
    Report { tried, failures, histories, seconds: start.elapsed().as_secs_f64() }
}
