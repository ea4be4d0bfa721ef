//! `holdfastctl`: Holdfast on the command line, over the same data folder as the app.
//!
//! It reads arguments, asks [`holdfast_app::App`], and prints what that says: for people, or with
//! `--json` one JSON document. It decides nothing itself and never opens the database.
//! Exit status: 0 done, 1 the request failed, 2 wrong usage.
#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)
)]

mod arguments;
mod commands;
mod context;
mod failure;
mod output;
mod secrets;
mod terminal;

use std::ffi::OsString;
use std::io;
use std::process::ExitCode;

use clap::Parser;
use tracing_subscriber::EnvFilter;

use crate::arguments::Arguments;
use crate::context::Context;
use crate::failure::Failure;

/// Whether a command line, beginning with the program's name, is one of ours. Where it is not, the exit
/// status: 2 for wrong usage, 0 where help or the version was asked for.
pub fn understand(words: impl IntoIterator<Item = OsString>) -> Result<(), i32> {
    Arguments::try_parse_from(words).map(drop).map_err(|error| error.exit_code())
}

/// Carries out the command line of this process.
pub fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return terminal::usage(&error),
    };
    tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::try_from_env("HOLDFAST_LOG").unwrap_or_else(|_| "off".into()))
        .with_writer(|| terminal::Log)
        .with_ansi(false)
        .init();
    match Context::new(&arguments).and_then(|mut context| {
        commands::run(arguments.command, &mut context)?;
        context.backup_if_due();
        Ok(())
    }) {
        Ok(()) => ExitCode::SUCCESS,
        // The reader of our output has seen enough, as with `holdfastctl tasks | head`.
        Err(Failure::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => {
            ExitCode::SUCCESS
        }
        Err(failure) => {
            failure.report();
            failure.status()
        }
    }
}
