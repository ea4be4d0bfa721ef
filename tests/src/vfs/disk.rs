use super::{Past, shim};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What an operation meets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// No space is left: writes, growing and new files fail, flushing and deleting work.
    Full,
    /// The device reports an error.
    Broken,
}

/// Which operations fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fault {
    /// The first that fails, counted from 0.
    pub at: u64,
    /// Whether all after it fail too.
    pub sticky: bool,
    /// How.
    pub kind: Kind,
}

/// An operation that changes the disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Op {
    /// A file is made, if it is not there.
    Create { path: PathBuf },
    /// Bytes are written.
    Write { path: PathBuf, offset: u64, bytes: Vec<u8> },
    /// A file is cut or grown.
    Truncate { path: PathBuf, size: u64 },
    /// What was written to a file is flushed to the disk.
    Sync { path: PathBuf },
    /// A file is removed; whether the folder is flushed.
    Delete { path: PathBuf, sync: bool },
    /// Not of the disk: the test counts something as done and promised.
    Acknowledge,
}

/// A disk for one test. The copy that SQLite holds stays registered until the process ends.
#[derive(Debug, Clone)]
pub struct Disk {
    name: String,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    operations: u64,
    fault: Option<Fault>,
    failed: u64,
    record: Option<Vec<Op>>,
    /// What the files held when they were first seen by the record.
    found: BTreeMap<PathBuf, Vec<u8>>,
}

impl Disk {
    /// A disk without faults, registered with SQLite.
    pub fn new() -> Self {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let disk = Self { name: format!("faulty-{number}"), state: Arc::default() };
        shim::register(&disk.name, disk.clone());
        disk
    }

    /// Under which name SQLite knows it.
    pub fn name(&self) -> &str {
        &self.name
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From now on these operations fail; the count starts anew.
    pub fn fail(&self, fault: Option<Fault>) {
        let mut state = self.state();
        state.operations = 0;
        state.failed = 0;
        state.fault = fault;
    }

    /// How many operations there were since the count started.
    pub fn operations(&self) -> u64 {
        self.state().operations
    }

    /// How many operations failed since the count started.
    pub fn failed(&self) -> u64 {
        self.state().failed
    }

    /// Starts to record what happens to the disk.
    pub fn record(&self) {
        let mut state = self.state();
        state.record = Some(Vec::new());
        state.found.clear();
    }

    /// Notes that the test was promised something at this moment.
    pub fn acknowledge(&self) {
        if let Some(record) = &mut self.state().record {
            record.push(Op::Acknowledge);
        }
    }

    /// What was recorded.
    pub fn past(&self) -> Past {
        let mut state = self.state();
        Past::new(state.record.take().unwrap_or_default(), std::mem::take(&mut state.found))
    }

    /// Called before an operation is carried out: whether it fails, and how.
    pub(super) fn before(&self, op: &Op) -> Option<Kind> {
        let mut state = self.state();
        if state.record.is_some()
            && let Some(path) = op.path()
            && !state.found.contains_key(path)
        {
            // A file that is not there yet is found empty, and is not counted as flushed.
            if let Ok(bytes) = std::fs::read(path) {
                state.found.insert(path.to_owned(), bytes);
            }
        }
        let number = state.operations;
        state.operations += 1;
        let fault = state.fault?;
        let due = if fault.sticky { number >= fault.at } else { number == fault.at };
        let meets = match fault.kind {
            Kind::Broken => true,
            Kind::Full => {
                matches!(op, Op::Write { .. } | Op::Truncate { .. } | Op::Create { .. })
            }
        };
        (due && meets).then(|| {
            state.failed += 1;
            fault.kind
        })
    }

    /// Called after an operation was carried out.
    pub(super) fn after(&self, op: Op) {
        if let Some(record) = &mut self.state().record {
            record.push(op);
        }
    }
}

impl Default for Disk {
    fn default() -> Self {
        Self::new()
    }
}

impl Op {
    pub(super) fn path(&self) -> Option<&Path> {
        match self {
            Self::Create { path }
            | Self::Write { path, .. }
            | Self::Truncate { path, .. }
            | Self::Sync { path }
            | Self::Delete { path, .. } => Some(path),
            Self::Acknowledge => None,
        }
    }
}
