//! Bugs that are planted in the engine to see whether the simulator finds them. Compiled for tests
//! alone: the feature `planted` is off in everything that people get.

use std::sync::atomic::{AtomicUsize, Ordering};

/// A bug that may be planted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bug {
    /// Writes forget what they replace.
    DropSupersedes,
    /// Clocks decide whether there is a dispute: what was written an hour before the newest version
    /// counts no more.
    ClockForDispute,
    /// Changes are applied before those that they depend on.
    ApplyBeforeDeps,
    /// What is held is written down in a transaction of its own, before the changes are.
    ForgetCursorTransaction,
    /// What is left of a purged item goes after thirty days.
    TombstonesExpire,
    /// Conflicts are listed in the order in which they arose here.
    ConflictsByArrival,
}

impl Bug {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::DropSupersedes,
        Self::ClockForDispute,
        Self::ApplyBeforeDeps,
        Self::ForgetCursorTransaction,
        Self::TombstonesExpire,
        Self::ConflictsByArrival,
    ];

    /// The name in the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::DropSupersedes => "drop-supersedes",
            Self::ClockForDispute => "clock-for-dispute",
            Self::ApplyBeforeDeps => "apply-before-deps",
            Self::ForgetCursorTransaction => "forget-cursor-transaction",
            Self::TombstonesExpire => "tombstones-expire",
            Self::ConflictsByArrival => "conflicts-by-arrival",
        }
    }

    /// The bug of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|bug| bug.name() == name)
    }
}

/// The planted bug, counted from 1; 0 where there is none.
static PLANTED: AtomicUsize = AtomicUsize::new(0);

/// Plants a bug in this process.
pub fn plant(bug: Bug) {
    PLANTED.store(1 + bug as usize, Ordering::SeqCst);
}

/// Whether this bug is planted.
pub fn is(bug: Bug) -> bool {
    PLANTED.load(Ordering::Relaxed) == 1 + bug as usize
}
