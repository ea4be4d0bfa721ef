//! What histories tried, as a table: a row that stayed at zero is a gap that shows.

use super::acts;
use std::collections::BTreeMap;
use std::fmt;

/// How often each thing was tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tried(BTreeMap<String, u64>);

/// What is not an act of the adversary.
const OTHERS: &[&str] = &[
    "check: a removed device is told of nothing",
    "check: everything answers",
    "check: members can remove one another",
    "check: nothing opens with a removed device's keys",
    "check: the same on all, by bundles",
    "check: the same on all, by connections",
    "check: the same on all, by the folder",
    "honest: deletes",
    "honest: writes",
    "history: run twice, same trace",
    "refused: large deletion waits for the person",
];

impl Default for Tried {
    fn default() -> Self {
        let rows = acts::ALL.iter().map(|(_, row, _)| *row).chain(OTHERS.iter().copied());
        Self(rows.map(|row| (row.to_owned(), 0)).collect())
    }
}

impl Tried {
    /// Counts one more.
    pub(super) fn count(&mut self, row: &str) {
        *self.0.entry(row.to_owned()).or_default() += 1;
    }

    /// Takes in what another history tried.
    pub fn join(&mut self, other: &Self) {
        for (row, times) in &other.0 {
            *self.0.entry(row.clone()).or_default() += times;
        }
    }

    /// The rows that nothing filled.
    pub fn empty_rows(&self) -> Vec<&str> {
        self.0.iter().filter(|(_, times)| **times == 0).map(|(row, _)| row.as_str()).collect()
    }
}

impl fmt::Display for Tried {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = self.0.keys().map(|row| row.chars().count()).max().unwrap_or(0);
        writeln!(f, "| {:width$} | {:>9} |", "what", "how often")?;
        writeln!(f, "|{}|{}:|", "-".repeat(width + 2), "-".repeat(10))?;
        for (row, times) in &self.0 {
            let gap = if *times == 0 { " ← nothing" } else { "" };
            writeln!(f, "| {row:width$} | {times:>9} |{gap}")?;
        }
        Ok(())
    }
}

/// What came of several histories.
#[derive(Debug)]
pub struct Report {
    /// What they tried.
    pub tried: Tried,
    /// Those that broke an invariant, by their seeds.
    pub failures: BTreeMap<u64, String>,
    /// How many were run.
    pub histories: u64,
    /// How long that took, in seconds.
    pub seconds: f64,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.tried)?;
        for (seed, failure) in &self.failures {
            let first = failure.lines().next().unwrap_or_default();
            writeln!(f, "seed {seed} broke an invariant: {first}")?;
        }
        let (histories, seconds) = (self.histories, self.seconds);
        let rate = histories as f64 / seconds.max(1e-9);
        writeln!(f, "{histories} histories in {seconds:.1} s, {rate:.0} per second")?;
        writeln!(f, "{} broke an invariant", self.failures.len())
    }
}
