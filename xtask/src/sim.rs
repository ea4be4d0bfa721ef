//! `cargo xtask sim`: histories of several devices against an oracle.

use anyhow::Result;

use crate::{cargo::cargo, process};

/// Passes `arguments` to the simulator. Only where a bug is to be planted is the engine built so that
/// one can be.
pub fn run(arguments: &[String]) -> Result<()> {
    let mut command = cargo();
    command.args(["run", "--quiet", "--package", "holdfast-tests", "--bin", "sim"]);
    if arguments.iter().any(|argument| argument.starts_with("--plant")) {
        command.args(["--features", "planted"]);
    }
    process::run(command.arg("--").args(arguments))
}
