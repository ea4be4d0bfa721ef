//! `cargo xtask run`: from a clone to a running app.

use std::{
    fs,
    path::PathBuf,
    process::{Child, Command},
    time::Duration,
};

use anyhow::{Context, Result, bail};

use crate::{
    cargo,
    display::{self, VirtualDisplay},
    needs, npm,
    platform::Platform,
    process, profile, screenshot, workspace,
};

/// What was asked of `cargo xtask run`.
#[derive(Debug)]
pub struct Options {
    /// Name of a second device on this machine.
    pub profile: Option<String>,
    /// Where to keep a picture of the window.
    pub screenshot: Option<PathBuf>,
    /// Whether to stop once the picture is there.
    pub exit_after_screenshot: bool,
    /// Whether to build with optimisations.
    pub release: bool,
}

/// Installs what is missing, builds everything and starts the app; returns when it is closed.
pub fn run(options: &Options) -> Result<()> {
    let virtually = display::is_missing() || options.screenshot.is_some();
    if options.screenshot.is_some() && !Platform::here().is_linux() {
        bail!("--screenshot works on Linux only. Here, use the system's own screenshot keys.");
    }
    needs::ensure_build()?;
    if virtually {
        needs::ensure(needs::VIRTUAL_DISPLAY)?;
    }
    if options.screenshot.is_some() {
        needs::ensure(needs::SCREENSHOT)?;
    }
    npm::build()?;
    process::run(&mut cargo::build_programs(options.release))?;

    let mut app = Command::new(workspace::binary("holdfast", options.release));
    if let Some(name) = &options.profile {
        let home = profile::folder(name)?;
        fs::create_dir_all(&home)
            .with_context(|| format!("the folder {} cannot be made", home.display()))?;
        println!("Profile '{name}' keeps its data in {}", home.display());
        app.env("HOLDFAST_HOME", home);
    }
    if !virtually {
        println!("Holdfast is starting.");
        return finish(app.status().context("the app could not be started")?);
    }
    under_virtual_display(app, options)
}

fn under_virtual_display(mut app: Command, options: &Options) -> Result<()> {
    let display = VirtualDisplay::open()?;
    if display::is_missing() {
        println!(
            "There is no display here. Holdfast is starting under a virtual one ({}); nobody sees \
             it.{}",
            display.name(),
            if options.screenshot.is_none() { " Add --screenshot FILE for a picture." } else { "" }
        );
    } else {
        println!(
            "Holdfast is starting under a virtual display ({}) for a picture.",
            display.name()
        );
    }
    display.attach(&mut app);
    let mut app = app.spawn().context("the app could not be started")?;
    if let Some(file) = &options.screenshot {
        let taken = screenshot::take_when_drawn(&display, file, Duration::from_secs(60));
        if let Err(error) = taken {
            stop(&mut app);
            return Err(error);
        }
        println!("A picture of the window is in {}", file.display());
        if options.exit_after_screenshot {
            stop(&mut app);
            return Ok(());
        }
    }
    println!("Press Ctrl+C to stop.");
    finish(app.wait()?)
}

fn stop(app: &mut Child) {
    // It may have ended by itself.
    let _ = app.kill();
    let _ = app.wait();
}

fn finish(status: std::process::ExitStatus) -> Result<()> {
    if !status.success() {
        bail!("Holdfast ended with {status}");
    }
    Ok(())
}
