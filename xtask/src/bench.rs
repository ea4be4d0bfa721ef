//! `cargo xtask bench`: the table of measurements, from optimised builds.

use anyhow::Result;
use std::process::Command;

use crate::{cargo::cargo, process, workspace};

/// Runs the measurements whose name contains `name`, or all.
pub fn run(name: Option<&str>) -> Result<()> {
    // Some rows measure whole programs. Built in one go: chosen one by one, the packages would be built
    // with other features of what they depend on, and everything twice.
    process::run(cargo().args([
        "build",
        "--release",
        "--package",
        "holdfast-cli",
        "--package",
        "holdfast-tests",
        "--bin",
        "holdfastctl",
        "--bin",
        "bench",
    ]))?;
    process::run(Command::new(workspace::binary("bench", true)).args(name))
}
