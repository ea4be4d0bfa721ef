//! `cargo xtask bindings`: the TypeScript side of the shell's commands.

use std::fs;

use anyhow::{Context, Result, bail};

use crate::{cargo, needs, npm, process, workspace};

/// Writes `ui/src/bindings.ts`, or with `check` fails where it is not what would be written.
pub fn run(check: bool) -> Result<()> {
    needs::ensure_build()?;
    if !workspace::ui().join("dist/index.html").exists() {
        npm::build()?;
    }
    process::run(&mut cargo::build_programs(false))?;
    if check { compare() } else { write() }
}

/// Fails where `ui/src/bindings.ts` is not what the built shell exports.
pub fn compare() -> Result<()> {
    let fresh = workspace::target().join("bindings.ts");
    export(&fresh)?;
    let committed = workspace::ui().join("src/bindings.ts");
    let committed = fs::read_to_string(&committed).context("ui/src/bindings.ts cannot be read")?;
    // Line endings may differ by checkout.
    if committed.replace("\r\n", "\n") != fs::read_to_string(&fresh)?.replace("\r\n", "\n") {
        bail!(
            "ui/src/bindings.ts is not what the commands of the shell say. Run `cargo xtask bindings` and commit it."
        );
    }
    println!("ui/src/bindings.ts is what the commands say");
    Ok(())
}

fn write() -> Result<()> {
    export(&workspace::ui().join("src/bindings.ts"))?;
    println!("ui/src/bindings.ts is written");
    Ok(())
}

fn export(file: &std::path::Path) -> Result<()> {
    let mut shell = std::process::Command::new(workspace::binary("holdfast", false));
    process::run(shell.arg("--export-bindings").arg(file))
}
