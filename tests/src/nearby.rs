//! Devices that stay connected, for stories over a network.

use crate::Device;
use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::process::{Child, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// So long anything may take before a story counts as stuck.
const PATIENCE: Duration = Duration::from_secs(120);

/// A process of a device that goes on until it is killed, at the latest with the test.
pub struct Watching(Child);

impl Watching {
    /// `holdfastctl watch`; in Nearby mode it runs the network when this returns.
    pub fn start(device: &Device) -> Result<Self> {
        let watching = Self::run(device, &["watch"])?;
        let runs = || -> Result<bool> {
            let mode = device.json(&["mode"])?;
            Ok(mode["mode"] != "nearby" || mode["nearby"]["running"] == true)
        };
        wait_until("it watches", runs)?;
        Ok(watching)
    }

    /// Any command that stays.
    pub fn run(device: &Device, arguments: &[&str]) -> Result<Self> {
        let mut command = device.command("holdfastctl")?;
        let child = command.args(arguments).stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
        Ok(Self(child))
    }

    /// The number of the process.
    pub fn process(&self) -> u32 {
        self.0.id()
    }

    /// The JSON document that it prints first.
    pub fn json(&mut self) -> Result<Value> {
        let out = self.0.stdout.take().context("it was read already")?;
        let mut text = String::new();
        for line in BufReader::new(out).lines() {
            text.push_str(&line?);
            if let Ok(value) = serde_json::from_str(&text) {
                return Ok(value);
            }
        }
        bail!("it ended before it said anything that can be read: {text}")
    }

    /// Waits until it ends by itself.
    pub fn ended(&mut self) -> Result<ExitStatus> {
        Ok(self.0.wait()?)
    }

    /// Kills it, as a crash would.
    pub fn kill(&mut self) -> Result<()> {
        self.0.kill()?;
        self.0.wait()?;
        Ok(())
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Pairs a new device with one that watches. What the new one was shown.
pub fn pair(here: &Device, new: &Device, name: &str) -> Result<Value> {
    let offer = here.json(&["pair", "offer"])?;
    pair_at(offer["address"].as_str().context("an address")?, &offer, new, name)
}

/// The same by an offer that was made already, at another address than it shows.
pub fn pair_at(address: &str, offer: &Value, new: &Device, name: &str) -> Result<Value> {
    let code = offer["code"].as_str().context("a code")?;
    new.json(&["pair", "accept", address, "--code", code, "--name", name])
}

/// Waits until something holds.
pub fn wait_until(what: &str, holds: impl Fn() -> Result<bool>) -> Result<()> {
    let start = Instant::now();
    while !holds()? {
        if start.elapsed() > PATIENCE {
            bail!("it never came to this: {what}");
        }
        std::thread::park_timeout(Duration::from_millis(50));
    }
    Ok(())
}

/// Waits until all devices hold the same.
pub fn in_step(devices: &[&Device]) -> Result<()> {
    let outcome = wait_until("all devices hold the same", || {
        let mut digests = Vec::new();
        for device in devices {
            let status = device.json(&["status"])?;
            digests.push((status["digest"].clone(), status["pending"] == 0));
        }
        Ok(digests.iter().all(|digest| *digest == digests[0] && digest.1))
    });
    outcome.with_context(|| {
        let stand = |device: &&Device| device.ctl(&["mode", "--json"]).unwrap_or_default();
        devices.iter().map(stand).collect::<Vec<_>>().join("\n")
    })
}
