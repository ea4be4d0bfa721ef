//! Bugs that are planted in the engine to see whether the simulator finds them. Compiled for tests
//! alone: the feature `planted` is off in everything that people get, and where it is on, nothing is
//! planted before a test says so.

use std::cell::Cell;
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
    /// A snapshot covers what is held, on its maker's word.
    SnapshotCovers,
    /// The highest key seals, whoever has it.
    HighestKeySeals,
    /// Every record is kept.
    UnboundedRecords,
    /// A file in the folder is taken to hold what its name says.
    FileNamesTrusted,
    /// Whom a value names as its first author is believed to be that.
    OriginUnchecked,
    /// An open link goes on being told what is held after its device was removed.
    LinkAfterRemoval,
}

impl Bug {
    /// Those that the histories of honest devices must find.
    pub const ALL: [Self; 6] = [
        Self::DropSupersedes,
        Self::ClockForDispute,
        Self::ApplyBeforeDeps,
        Self::ForgetCursorTransaction,
        Self::TombstonesExpire,
        Self::ConflictsByArrival,
    ];

    /// Those that only a hostile device makes use of.
    pub const WEAKNESSES: [Self; 6] = [
        Self::SnapshotCovers,
        Self::HighestKeySeals,
        Self::UnboundedRecords,
        Self::FileNamesTrusted,
        Self::OriginUnchecked,
        Self::LinkAfterRemoval,
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
            Self::SnapshotCovers => "snapshot-covers",
            Self::HighestKeySeals => "highest-key-seals",
            Self::UnboundedRecords => "unbounded-records",
            Self::FileNamesTrusted => "file-names-trusted",
            Self::OriginUnchecked => "origin-unchecked",
            Self::LinkAfterRemoval => "link-after-removal",
        }
    }

    /// The bug of that name among these.
    pub fn named(name: &str, among: &[Self]) -> Option<Self> {
        among.iter().copied().find(|bug| bug.name() == name)
    }
}

/// The bug that is planted in the whole process, counted from 1; 0 where there is none.
static PLANTED: AtomicUsize = AtomicUsize::new(0);

thread_local! {
    /// The bug that is planted on this thread alone, counted likewise.
    static HERE: Cell<usize> = const { Cell::new(0) };
}

/// Plants a bug in this process.
pub fn plant(bug: Bug) {
    PLANTED.store(1 + bug as usize, Ordering::SeqCst);
}

/// Runs something with a bug planted on this thread alone, or none.
pub fn with<T>(bug: Option<Bug>, run: impl FnOnce() -> T) -> T {
    /// Takes it out again, also where what was run panics.
    struct Out(usize);
    impl Drop for Out {
        fn drop(&mut self) {
            HERE.set(self.0);
        }
    }
    let _out = Out(HERE.replace(bug.map_or(0, |bug| 1 + bug as usize)));
    run()
}

/// Whether this bug is planted.
pub fn is(bug: Bug) -> bool {
    let number = 1 + bug as usize;
    PLANTED.load(Ordering::Relaxed) == number || HERE.get() == number
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bug_that_is_planted_on_a_thread_is_there_alone_and_goes_again() {
        let one = Bug::OriginUnchecked;
        assert!(!is(one));
        with(Some(one), || {
            assert!(is(one) && !is(Bug::SnapshotCovers));
            assert!(std::thread::spawn(move || !is(one)).join().unwrap());
            with(None, || assert!(!is(one)));
            assert!(is(one));
        });
        assert!(!is(one));
        let panics = std::panic::catch_unwind(|| with(Some(one), || panic!("on purpose")));
        assert!(panics.is_err() && !is(one));
    }
}
