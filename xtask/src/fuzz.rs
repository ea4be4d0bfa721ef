//! `cargo xtask fuzz`: the targets of `crates/fuzz`, guided by coverage. Needs a C++ compiler for
//! libFuzzer, and nothing beyond the stable toolchain: the instrumentation is LLVM's own.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context, Result, bail, ensure};

use crate::{cargo, workspace};

/// What makes rustc put in the counters that libFuzzer reads.
const COVERAGE: &str = "-Cpasses=sancov-module \
     -Cllvm-args=-sanitizer-coverage-level=4 \
     -Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
     -Cllvm-args=-sanitizer-coverage-pc-table \
     -Cllvm-args=-sanitizer-coverage-trace-compares";

/// Runs one target, or each in turn, for so many seconds.
pub fn run(target: Option<&str>, seconds: u64) -> Result<()> {
    let folder = workspace::root().join("target/fuzz");
    succeed(cargo::cargo().args([
        "test",
        "--package",
        "holdfast-fuzz",
        "--test",
        "targets",
        "--",
        "--ignored",
        "--exact",
        "write_the_seeds",
    ]))?;
    let program = build(&folder)?;
    let known = targets(&folder.join("corpus"))?;
    if let Some(name) = target {
        ensure!(known.iter().any(|known| known == name), "The targets are: {}.", known.join(", "));
    }
    let chosen = known.iter().filter(|name| target.is_none_or(|target| target == **name));
    let mut broken = Vec::new();
    println!("{:<20} {:>12} {:>10}  found", "target", "executions", "coverage");
    for name in chosen {
        let found = folder.join("found").join(name);
        fs::create_dir_all(&found)?;
        let output = Command::new(&program)
            .env("HOLDFAST_FUZZ_TARGET", name)
            .arg(format!("-max_total_time={seconds}"))
            .args(["-max_len=65536", "-timeout=20", "-rss_limit_mb=2048", "-print_final_stats=1"])
            .arg(format!("-artifact_prefix={}/", found.display()))
            .arg(folder.join("corpus").join(name))
            .stdout(Stdio::null())
            .output()
            .context("the fuzz program could not be started")?;
        let said = String::from_utf8_lossy(&output.stderr);
        let kept = fs::read_dir(&found)?.count();
        println!("{name:<20} {:>12} {:>10}  {kept}", executions(&said), coverage(&said));
        if !output.status.success() {
            fs::write(found.with_extension("log"), said.as_bytes())?;
            broken.push(name.as_str());
        }
    }
    if !broken.is_empty() {
        bail!(
            "Broken: {}. The inputs and logs are in {}; an input that was fixed belongs into \
             crates/fuzz/regressions/.",
            broken.join(", "),
            folder.join("found").display()
        );
    }
    Ok(())
}

/// Builds the instrumented program in a folder of its own.
fn build(folder: &Path) -> Result<PathBuf> {
    let version = Command::new("rustc").arg("-vV").output().context("rustc")?;
    let version = String::from_utf8(version.stdout)?;
    let host = version.lines().find_map(|line| line.strip_prefix("host: ")).context("rustc -vV")?;
    let into = folder.join("build");
    succeed(
        cargo::cargo()
            .env("RUSTFLAGS", COVERAGE)
            .args(["build", "--package", "holdfast-fuzz", "--bin", "fuzz"])
            .args(["--features", "libfuzzer"])
            // With a named target the flags are not applied to build scripts and macros.
            .args(["--target", host, "--target-dir"])
            .arg(&into),
    )?;
    Ok(into.join(host).join("debug/fuzz"))
}

fn targets(corpus: &Path) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(corpus)? {
        names.push(entry?.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    Ok(names)
}

fn succeed(command: &mut Command) -> Result<()> {
    let status = command.status().context("cargo could not be started")?;
    ensure!(status.success(), "cargo failed");
    Ok(())
}

/// How many inputs libFuzzer says that it tried.
fn executions(said: &str) -> &str {
    let line = said.lines().rev().find(|line| line.starts_with("stat::number_of_executed_units:"));
    line.and_then(|line| line.split_whitespace().last()).unwrap_or("-")
}

/// How many edges libFuzzer says that it reached.
fn coverage(said: &str) -> &str {
    let after = |line: &'_ str| line.find("cov: ").map(|at| at + 5);
    let line = said.lines().rev().find(|line| after(line).is_some());
    line.and_then(|line| line.get(after(line)?..)?.split_whitespace().next()).unwrap_or("-")
}

#[cfg(test)]
mod tests {
    use super::{coverage, executions};

    #[test]
    fn what_libfuzzer_says_is_read() {
        let said = "#2\tINITED cov: 12 ft: 13\n#90\tDONE   cov: 345 ft: 9 corp: 2/3b\n\
                    stat::number_of_executed_units: 90\n";
        assert_eq!((executions(said), coverage(said)), ("90", "345"));
        assert_eq!((executions(""), coverage("")), ("-", "-"));
    }
}
