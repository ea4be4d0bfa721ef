//! `cargo xtask`: the commands of development, for any machine with Rust and Node on it.

use std::{path::PathBuf, process::ExitCode};

use clap::{Parser, Subcommand};
use xtask::{bench, bindings, fuzz, run, sim, test};

#[derive(Parser)]
#[command(name = "cargo xtask", about = "Builds, starts, tests and measures Holdfast")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Install what is missing, build everything and start the app
    Run {
        /// A second device on this machine, with its own data folder
        #[arg(long, value_name = "NAME")]
        profile: Option<String>,
        /// Keep a picture of the window, taken under a virtual display (Linux)
        #[arg(long, value_name = "FILE")]
        screenshot: Option<PathBuf>,
        /// Stop the app once the picture is there
        #[arg(long, requires = "screenshot")]
        exit_after_screenshot: bool,
        /// Build with optimisations, as people get it
        #[arg(long)]
        release: bool,
    },
    /// Run all tests: lints, Rust, interface, window
    Test {
        /// Only this part
        #[arg(long, value_enum)]
        only: Option<test::Part>,
    },
    /// Print the table of measurements
    Bench {
        /// Only the measurements whose name contains this
        name: Option<String>,
    },
    /// Run histories of several devices against an oracle, and print what they exercised
    Sim {
        /// `--seeds N`, `--seed S`, `--devices N`, `--plant NAME`; `-- --help` lists all
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Throw mutated input at everything that reads from outside, guided by coverage
    Fuzz {
        /// Only this target
        target: Option<String>,
        /// How long for each
        #[arg(long, default_value_t = 60)]
        seconds: u64,
    },
    /// Write ui/src/bindings.ts from the shell's commands
    Bindings {
        /// Change nothing; fail where the file differs
        #[arg(long)]
        check: bool,
    },
}

fn main() -> ExitCode {
    match carry_out(Arguments::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn carry_out(command: Command) -> anyhow::Result<()> {
    match command {
        Command::Run { profile, screenshot, exit_after_screenshot, release } => {
            run::run(&run::Options { profile, screenshot, exit_after_screenshot, release })
        }
        Command::Test { only } => test::run(only),
        Command::Bench { name } => bench::run(name.as_deref()),
        Command::Sim { arguments } => sim::run(&arguments),
        Command::Fuzz { target, seconds } => fuzz::run(target.as_deref(), seconds),
        Command::Bindings { check } => bindings::run(check),
    }
}
