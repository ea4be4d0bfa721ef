//! What a run of histories exercised, as a table: a row that stayed at zero is a gap that shows.

use std::collections::BTreeMap;
use std::fmt;

/// What is counted together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Group {
    /// What people did.
    Edits,
    /// Conflicts that were listed at the end of a history, by kind and field.
    Conflicts,
    /// What went wrong around them.
    Faults,
    /// What carried changes.
    Exchanges,
    /// Histories by the number of devices.
    Devices,
    /// Histories by mode.
    Histories,
    /// What was compared.
    Checks,
}

/// Every row that a full run has to fill.
const ROWS: &[(Group, &[&str])] = &[
    (Group::Edits, super::rows::EDITS),
    (Group::Conflicts, super::rows::CONFLICTS),
    (Group::Faults, super::rows::FAULTS),
    (Group::Exchanges, super::rows::EXCHANGES),
    (Group::Devices, super::rows::DEVICES),
    (Group::Histories, super::rows::HISTORIES),
    (Group::Checks, super::rows::CHECKS),
];

/// How often each thing happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tally(BTreeMap<(Group, String), u64>);

impl Default for Tally {
    fn default() -> Self {
        let rows = ROWS
            .iter()
            .flat_map(|(group, rows)| rows.iter().map(move |row| ((*group, (*row).to_owned()), 0)));
        Self(rows.collect())
    }
}

impl Tally {
    /// Counts one more.
    pub fn count(&mut self, group: Group, row: &str) {
        self.add(group, row, 1);
    }

    /// Counts several more.
    pub fn add(&mut self, group: Group, row: &str, times: u64) {
        if let Some(count) = self.0.get_mut(&(group, row.to_owned())) {
            *count += times;
        } else {
            self.0.insert((group, row.to_owned()), times);
        }
    }

    /// Takes in what another history exercised.
    pub fn join(&mut self, other: &Self) {
        for ((group, row), times) in &other.0 {
            self.add(*group, row, *times);
        }
    }

    /// How often something of that name happened.
    pub fn of_row(&self, row: &str) -> u64 {
        self.0.iter().filter(|((_, name), _)| name == row).map(|(_, times)| times).sum()
    }

    /// The rows that nothing filled.
    pub fn empty_rows(&self) -> Vec<(Group, &str)> {
        let empty = self.0.iter().filter(|(_, times)| **times == 0);
        empty.map(|((group, row), _)| (*group, row.as_str())).collect()
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = self.0.keys().map(|(_, row)| row.chars().count()).max().unwrap_or(0);
        writeln!(f, "| {:width$} | {:>9} |", "what", "how often")?;
        writeln!(f, "|{}|{}:|", "-".repeat(width + 2), "-".repeat(10))?;
        for (group, _) in ROWS {
            writeln!(f, "| {:width$} | {:>9} |", format!("**{group:?}**"), "")?;
            for ((_, row), times) in self.0.iter().filter(|((of, _), _)| of == group) {
                let gap = if *times == 0 { " ← nothing" } else { "" };
                writeln!(f, "| {row:width$} | {times:>9} |{gap}")?;
            }
        }
        Ok(())
    }
}
