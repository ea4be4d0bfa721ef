//! The parts of `cargo xtask`. Each file is one concern; none knows anything of tasks and notes.
//!
//! The window tests use [`display`] from here too, so that there is one way to open a virtual
//! display.

pub mod bench;
pub mod bindings;
pub mod cargo;
pub mod display;
pub mod fuzz;
pub mod needs;
pub mod npm;
pub mod packages;
pub mod platform;
pub mod pretended;
pub mod process;
pub mod profile;
pub mod run;
pub mod screenshot;
pub mod sim;
pub mod summary;
pub mod test;
pub mod workspace;
