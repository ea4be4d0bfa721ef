//! Fuzz targets: functions over bytes from outside, each with what must hold for all of them.
//!
//! Owns what is thrown at the other crates and what is checked afterwards; never part of the product.
//! A target asserts more than the absence of a panic: what was read and is written again reads the
//! same, what is refused changes nothing, what is shown can run nothing.
//!
//! The same functions are run by `cargo test` (regressions, seeds, a bounded number of mutations) and,
//! guided by coverage, by `cargo xtask fuzz`.

pub mod corpus;
pub mod mutate;
mod targets;
pub mod world;

/// One target.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// The name in the command line and of the folders of its inputs.
    pub name: &'static str,
    /// Takes any bytes; panics where something does not hold.
    pub run: fn(&[u8]),
    /// Well-formed inputs, made by devices that were used for a while.
    pub seeds: fn() -> Vec<Vec<u8>>,
    /// Mutations that the test command tries.
    pub mutations: u32,
}

/// All targets.
pub const TARGETS: &[Target] = &[
    targets::batch::TARGET,
    targets::change::TARGET,
    targets::version_vector::TARGET,
    targets::bundle::TARGET,
    targets::bundle_import::TARGET,
    targets::folder::TARGET,
    targets::signed_changes::TARGET,
    targets::membership::TARGET,
    targets::keys::TARGET,
    targets::nearby::TARGET,
    targets::text_update::TARGET,
    targets::text_edits::TARGET,
    targets::value::TARGET,
    targets::entity_state::TARGET,
    targets::database::TARGET,
    targets::markdown_import::TARGET,
    targets::markup::TARGET,
    targets::quick_add::TARGET,
    targets::dates::TARGET,
    targets::arguments::TARGET,
];

/// The target of that name.
pub fn target(name: &str) -> Option<&'static Target> {
    TARGETS.iter().find(|target| target.name == name)
}
