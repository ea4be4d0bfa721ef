//! `cargo xtask test`: everything that is checked, in the order that finds mistakes soonest and
//! builds nothing twice.

use std::{
    process::Command,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};

use crate::{
    bindings, cargo, needs, npm,
    platform::Platform,
    pretended, process,
    summary::{self, Counts, Step},
};

/// A part of the tests that can be run alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Part {
    /// Formatting, clippy, licences and advisories, the interface's lints and types
    Lint,
    /// Tests of the crates, their documentation, and the bindings
    Rust,
    /// Tests of the interface
    Ui,
    /// Stories through the real window
    Window,
}

/// Runs all parts or `only` one, prints the summary and fails if anything failed.
pub fn run(only: Option<Part>) -> Result<()> {
    let wanted = |part| only.is_none_or(|only| only == part);
    let window = wanted(Part::Window) && window_is_possible(only)?;
    needs::ensure_build()?;
    if window {
        for list in [needs::VIRTUAL_DISPLAY, needs::SCREENSHOT, needs::WEBDRIVER] {
            needs::ensure(list)?;
        }
    }
    // The shell holds the built interface, so that comes before everything written in Rust.
    npm::build()?;

    let mut steps = Steps::default();
    if wanted(Part::Lint) {
        lint(&mut steps);
    }
    if wanted(Part::Ui) {
        for (number, moment) in pretended::MOMENTS.iter().enumerate() {
            let mut command = npm::script("test");
            if number > 0 {
                // What axe looks at, roles and contrast, knows no date: once is enough.
                command.args(["--", "--exclude", "tests/axe.test.ts"]);
                // As it is released, and faster: under the first date Svelte's own checks run as well.
                command.env("NODE_ENV", "production");
            }
            steps.run(moment.interface, moment.pretend(command.env("NO_COLOR", "1")));
        }
    }
    if (wanted(Part::Rust) || window) && steps.run("build", &mut cargo::build_all()) {
        if wanted(Part::Rust) {
            rust(&mut steps)?;
        }
        if window {
            steps.run("window: stories", &mut window_tests());
        }
    }
    steps.close()
}

fn window_is_possible(only: Option<Part>) -> Result<bool> {
    if Platform::here().is_linux() {
        return Ok(true);
    }
    if only == Some(Part::Window) {
        bail!("The window tests need WebKitWebDriver, which is on Linux only.");
    }
    println!("The window tests are left out: they need WebKitWebDriver, which is on Linux only.");
    Ok(false)
}

fn lint(steps: &mut Steps) {
    steps.run("format", cargo::cargo().args(["fmt", "--all", "--check"]));
    steps.run("interface: lint", &mut npm::script("lint"));
    steps.run("interface: types", &mut npm::script("check"));
    steps.run(
        "clippy",
        cargo::over_everything(&["clippy", "--all-targets"]).args(["--", "--deny", "warnings"]),
    );
    if process::find("cargo-deny").is_some() {
        steps.run("licences and advisories", cargo::cargo().args(["deny", "check"]));
    } else {
        println!(
            "Licences and advisories are not checked: cargo-deny is not installed (`cargo install \
             --locked cargo-deny`)."
        );
    }
}

fn rust(steps: &mut Steps) -> Result<()> {
    steps.run("tests", &mut crate_tests()?);
    for moment in pretended::MOMENTS {
        steps.run(moment.rust, moment.pretend(&mut dated_tests()));
    }
    steps.run("documentation tests", &mut cargo::over_everything(&["test", "--doc"]));
    steps.note("bindings", bindings::compare);
    Ok(())
}

fn has_nextest() -> bool {
    process::find("cargo-nextest").is_some()
}

/// All tests but those that open windows.
fn crate_tests() -> Result<Command> {
    if has_nextest() {
        let mut command = cargo::over_everything(&["nextest", "run"]);
        command.args(["-E", "not binary(/^window/)"]);
        return Ok(command);
    }
    println!(
        "cargo-nextest is not installed; cargo test takes its place. `cargo install --locked \
         cargo-nextest` makes the next run faster."
    );
    let mut command = cargo::over_everything(&["test", "--no-fail-fast", "--lib", "--bins"]);
    for name in test_binaries()?.iter().filter(|name| !name.starts_with("window")) {
        command.args(["--test", name]);
    }
    Ok(command)
}

/// The tests of what knows dates and says them. The others only measure how long something takes.
fn dated_tests() -> Command {
    if has_nextest() {
        // The same selection as everywhere: another one would build all that others wrote again.
        let mut command = cargo::over_everything(&["nextest", "run"]);
        command.args([
            "-E",
            // Long texts know no date, and take the longest.
            "(package(holdfast-model) + package(holdfast-app) + package(holdfast-cli)) - \
             test(/^text::/) - test(/long_text/) - test(/text_that_is_larger/)",
        ]);
        return command;
    }
    let mut command = cargo::cargo();
    command.args(["test", "--no-fail-fast"]);
    command.args(["-p", "holdfast-model", "-p", "holdfast-app", "-p", "holdfast-cli"]);
    command
}

/// The tests that open windows, one after another.
fn window_tests() -> Command {
    if has_nextest() {
        let mut command = cargo::over_everything(&["nextest", "run"]);
        command.args(["-E", "binary(/^window/)"]);
        return command;
    }
    let mut command = cargo::over_everything(&["test", "--no-fail-fast", "--test", "window*"]);
    command.args(["--", "--test-threads", "1"]);
    command
}

/// The names of all integration tests, from `cargo metadata`.
fn test_binaries() -> Result<Vec<String>> {
    let output =
        cargo::cargo().args(["metadata", "--no-deps", "--format-version", "1"]).output()?;
    let metadata: serde_json::Value =
        serde_json::from_slice(&output.stdout).context("`cargo metadata` gave no JSON")?;
    let list = |value: &serde_json::Value, key: &str| {
        value.get(key).and_then(serde_json::Value::as_array).cloned().unwrap_or_default()
    };
    Ok(list(&metadata, "packages")
        .iter()
        .flat_map(|package| list(package, "targets"))
        .filter(|target| list(target, "kind").iter().any(|kind| kind == "test"))
        .filter_map(|target| target.get("name")?.as_str().map(str::to_owned))
        .collect())
}

#[derive(Default)]
struct Steps(Vec<Step>);

impl Steps {
    /// Runs `command` as the step `name`; a failure is kept for the end.
    fn run(&mut self, name: &'static str, command: &mut Command) -> bool {
        println!("\n== {name}");
        let start = Instant::now();
        let (lines, succeeded) = process::run_watched(command).unwrap_or_else(|error| {
            println!("{error:#}");
            (Vec::new(), false)
        });
        let (counts, closing) = summary::read(&lines);
        self.add(name, succeeded, closing, counts, start.elapsed())
    }

    /// Does `work` as the step `name`.
    fn note(&mut self, name: &'static str, work: impl FnOnce() -> Result<()>) -> bool {
        println!("\n== {name}");
        let start = Instant::now();
        let failure = work().err().map(|error| format!("{error:#}"));
        if let Some(text) = &failure {
            println!("{text}");
        }
        self.add(name, failure.is_none(), failure, Counts::default(), start.elapsed())
    }

    fn add(
        &mut self,
        name: &'static str,
        succeeded: bool,
        closing: Option<String>,
        counts: Counts,
        took: Duration,
    ) -> bool {
        self.0.push(Step { name, succeeded, closing, counts, took });
        succeeded
    }

    fn close(self) -> Result<()> {
        summary::print(&self.0);
        let failed: Vec<_> =
            self.0.iter().filter(|step| !step.succeeded).map(|step| step.name).collect();
        if !failed.is_empty() {
            bail!("failed: {}", failed.join(", "));
        }
        Ok(())
    }
}
