//! `cargo xtask sim`: histories of several devices against an oracle.

use anyhow::Result;

use crate::{cargo::cargo, process};

/// Passes `arguments` to the simulator. It is built so that bugs can be planted in the engine.
pub fn run(arguments: &[String]) -> Result<()> {
    let mut command = cargo();
    command.args(["run", "--quiet", "--package", "holdfast-tests", "--bin", "sim"]);
    process::run(command.arg("--").args(arguments))
}
