//! `cargo xtask bench`: the table of measurements, from optimised builds.

use anyhow::Result;

use crate::{cargo::cargo, process};

/// Runs the measurements whose name contains `name`, or all.
pub fn run(name: Option<&str>) -> Result<()> {
    // Some rows measure whole programs.
    process::run(cargo().args(["build", "--release", "--package", "holdfast-cli"]))?;
    let mut command = cargo();
    command.args(["run", "--release", "--package", "holdfast-tests", "--bin", "bench", "--"]);
    process::run(command.args(name))
}
