//! A screen, and a session bus, for a window on a machine that has neither.
//!
//! Without a session bus a GTK window looks for the desktop's portal for half a minute before it
//! opens.

use std::{
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
};

use anyhow::{Context, Result, bail};

/// A virtual screen of 1280 × 860 and a session bus. Both end when this is dropped.
pub struct VirtualDisplay {
    _screen: Ended,
    _bus: Ended,
    display: String,
    bus_address: String,
}

struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        // It may have ended by itself; there is nothing to do then.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Whether a window would have nowhere to appear.
pub fn is_missing() -> bool {
    let unset = |name| std::env::var_os(name).is_none_or(|value| value.is_empty());
    cfg!(target_os = "linux") && unset("DISPLAY") && unset("WAYLAND_DISPLAY")
}

impl VirtualDisplay {
    /// Opens a screen on a free number and starts a bus.
    pub fn open() -> Result<Self> {
        let (screen, number) = first_line(Command::new("Xvfb").args([
            "-displayfd",
            "1",
            "-screen",
            "0",
            "1280x860x24",
            "-nolisten",
            "tcp",
        ]))?;
        let (bus, bus_address) = first_line(Command::new("dbus-daemon").args([
            "--session",
            "--nofork",
            "--print-address=1",
        ]))?;
        Ok(Self { _screen: screen, _bus: bus, display: format!(":{number}"), bus_address })
    }

    /// The number of the screen, as `DISPLAY` has it.
    pub fn name(&self) -> &str {
        &self.display
    }

    /// Makes `command` open its windows here.
    pub fn attach(&self, command: &mut Command) {
        command
            .env("DISPLAY", &self.display)
            .env("DBUS_SESSION_BUS_ADDRESS", &self.bus_address)
            .env("GDK_BACKEND", "x11")
            // No graphics card, no buffers to share with it.
            .env("WEBKIT_DISABLE_DMABUF_RENDERER", "1")
            .env_remove("WAYLAND_DISPLAY")
            // Where no desktop runs there is no accessibility bus to wait for either.
            .env("NO_AT_BRIDGE", "1");
    }
}

/// Starts `command` and waits for the first line that it prints: its address.
fn first_line(command: &mut Command) -> Result<(Ended, String)> {
    let name = command.get_program().to_string_lossy().into_owned();
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .with_context(|| format!("{name} could not be started"))?;
    let output = child.stdout.take();
    let child = Ended(child);
    let mut line = String::new();
    BufReader::new(output.with_context(|| format!("{name} has no output"))?)
        .read_line(&mut line)?;
    let line = line.trim().to_owned();
    if line.is_empty() {
        bail!("{name} ended before it said where it can be reached");
    }
    Ok((child, line))
}
