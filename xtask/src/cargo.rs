//! Calls to cargo. Building and testing always choose the same packages and features, so that
//! nothing is built twice.

use std::{env, process::Command};

use crate::workspace;

/// All packages, with the window tests.
const EVERYTHING: &[&str] = &["--workspace", "--features", "holdfast-tests/window"];

/// `cargo` in the root of the repository.
pub fn cargo() -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(workspace::root());
    command
}

/// `cargo SUBCOMMAND` over everything.
pub fn over_everything(subcommand: &[&str]) -> Command {
    let mut command = cargo();
    command.args(subcommand).args(EVERYTHING);
    if cfg!(windows) {
        // This very program is running and cannot be replaced there.
        command.args(["--exclude", "xtask"]);
    }
    command
}

/// Builds the app and the command line, and no tests.
pub fn build_programs(release: bool) -> Command {
    let mut command = cargo();
    command.args(["build", "--package", "holdfast", "--package", "holdfast-cli"]);
    if release {
        command.arg("--release");
    }
    command
}

/// Builds the programs and all tests.
pub fn build_all() -> Command {
    over_everything(&["build", "--bins", "--tests"])
}
