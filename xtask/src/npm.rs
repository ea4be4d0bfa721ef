//! The interface's packages and its build.

use std::fs;

use anyhow::{Context, Result};

use crate::{process, workspace};

/// Says for which lock file the packages were installed.
const STAMP: &str = "node_modules/.installed-for";

/// Installs the interface's packages where the lock file changed since the last time. No package
/// may run a script of its own while it is installed.
pub fn install() -> Result<()> {
    let ui = workspace::ui();
    let lock = fs::read_to_string(ui.join("package-lock.json"))
        .context("ui/package-lock.json cannot be read")?;
    if fs::read_to_string(ui.join(STAMP)).is_ok_and(|installed| installed == lock) {
        return Ok(());
    }
    process::run(process::command("npm").current_dir(&ui).args([
        "ci",
        "--ignore-scripts",
        "--no-audit",
        "--no-fund",
    ]))?;
    fs::write(ui.join(STAMP), lock).context("ui/node_modules cannot be written")
}

/// Installs what is needed and builds the interface into `ui/dist`.
pub fn build() -> Result<()> {
    install()?;
    process::run(&mut script("build"))
}

/// A script of ui/package.json.
pub fn script(name: &str) -> std::process::Command {
    let mut command = process::command("npm");
    command.current_dir(workspace::ui()).args(["run", "--silent", name]);
    command
}
