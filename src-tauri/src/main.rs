//! The `holdfast` binary: the app's window, and nothing else.
#![cfg_attr(not(debug_assertions), windows_subsystem = "windows")]

use std::process::ExitCode;

fn main() -> ExitCode {
    #[cfg(debug_assertions)]
    if let Some(exit) = export_if_asked() {
        return exit;
    }
    match holdfast_shell::run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("Holdfast could not start: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// `holdfast --export-bindings FILE` writes the interface's types and opens no window. Only
/// development builds know it; `cargo xtask bindings` calls it.
#[cfg(debug_assertions)]
fn export_if_asked() -> Option<ExitCode> {
    let mut arguments = std::env::args_os().skip(1);
    if arguments.next()? != "--export-bindings" {
        return None;
    }
    let Some(path) = arguments.next() else {
        eprintln!("--export-bindings needs the file to write");
        return Some(ExitCode::from(2));
    };
    match holdfast_shell::bindings::export(path.as_ref()) {
        Ok(()) => Some(ExitCode::SUCCESS),
        Err(error) => {
            eprintln!("The bindings were not written: {error:#}");
            Some(ExitCode::FAILURE)
        }
    }
}
