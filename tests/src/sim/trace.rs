//! What happened, as one hash: two runs of one history must come to the same.

use holdfast_oplog::Hash;
use std::fmt;

/// The events so far.
#[derive(Debug)]
pub(crate) struct Trace {
    hash: Hash,
    events: u64,
    tell: bool,
}

impl Trace {
    /// None yet. `tell`: each is printed too, for whoever looks into a history.
    pub(crate) const fn new(tell: bool) -> Self {
        Self { hash: Hash::ZERO, events: 0, tell }
    }

    /// One more.
    pub(crate) fn event(&mut self, what: fmt::Arguments<'_>) {
        let line = format!("{} {what}", self.hash.to_hex());
        self.hash = Hash::of(line.as_bytes());
        self.events += 1;
        if self.tell {
            eprintln!("{what}");
        }
    }

    /// All of them.
    pub(crate) const fn hash(&self) -> Hash {
        self.hash
    }
}
