//! A disk that fails when a test says so, and that remembers what was flushed and what was not.
//!
//! [`Disk`] stands between SQLite and the system's own virtual file system: locks and shared memory are
//! the real ones, reads and writes go through. It counts the operations that change the disk, fails the
//! chosen one, and keeps a record from which [`Past`] works out what a power cut at any moment could
//! have left.

mod disk;
mod past;
mod shim;

pub use disk::{Disk, Fault, Kind};
pub use past::{Past, Power};
