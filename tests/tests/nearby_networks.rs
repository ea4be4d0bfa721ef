//! Three devices on networks of their own: namespaces that the test makes itself, joined by virtual
//! cables, with real processes and real announcements in them. Skipped with a message where the system
//! does not let a program make such networks.

use anyhow::{Context, Result, bail, ensure};
use holdfast_tests::Device;
use holdfast_tests::nearby::{Watching, in_step, pair, wait_until};
use std::process::Command;

/// A network to which namespaces are joined by cables; gone with the test.
struct Lan {
    name: String,
    hosts: Vec<String>,
}

fn ip(arguments: &[&str]) -> Result<()> {
    let output = Command::new("ip").args(arguments).output().context("there is no 'ip'")?;
    if !output.status.success() {
        bail!("ip {}: {}", arguments.join(" "), String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(())
}

impl Lan {
    /// A switch in a namespace of its own, and `hosts` namespaces with an interface `eth0` each.
    fn new(test: &str, hosts: usize) -> Result<Self> {
        let name = format!("hf{test}{}", std::process::id());
        let mut lan = Self { name: name.clone(), hosts: Vec::new() };
        ip(&["netns", "add", &name])?;
        ip(&["-n", &name, "link", "add", "switch", "type", "bridge"])?;
        ip(&["-n", &name, "link", "set", "switch", "up"])?;
        for number in 0..hosts {
            let host = format!("{name}h{number}");
            ip(&["netns", "add", &host])?;
            lan.hosts.push(host.clone());
            let port = format!("port{number}");
            ip(&[
                "-n", &name, "link", "add", &port, "type", "veth", "peer", "name", "eth0", "netns",
                &host,
            ])?;
            ip(&["-n", &name, "link", "set", &port, "master", "switch", "up"])?;
            ip(&["-n", &host, "link", "set", "lo", "up"])?;
            ip(&["-n", &host, "link", "set", "eth0", "up", "multicast", "on"])?;
            lan.address(number, 10 + number)?;
        }
        Ok(lan)
    }

    /// Gives a host an address, in place of the one that it has.
    fn address(&self, host: usize, last: usize) -> Result<()> {
        let host = &self.hosts[host];
        ip(&["-n", host, "address", "flush", "dev", "eth0", "scope", "global"])?;
        ip(&["-n", host, "address", "add", &format!("10.77.0.{last}/24"), "dev", "eth0"])?;
        ip(&["-n", host, "route", "replace", "224.0.0.0/4", "dev", "eth0"])
    }

    /// Pulls a host's cable, or puts it back.
    fn cable(&self, host: usize, plugged: bool) -> Result<()> {
        let state = if plugged { "up" } else { "down" };
        ip(&["-n", &self.name, "link", "set", &format!("port{host}"), state])
    }
}

impl Drop for Lan {
    fn drop(&mut self) {
        for namespace in self.hosts.iter().chain([&self.name]) {
            let _ = ip(&["netns", "delete", namespace]);
        }
    }
}

/// The network, or nothing where none can be made.
fn network(test: &str, hosts: usize) -> Option<Lan> {
    match Lan::new(test, hosts) {
        Ok(lan) => Some(lan),
        Err(error) => {
            println!("skipped: this system does not let a test make networks ({error:#})");
            None
        }
    }
}

#[test]
fn three_devices_stay_in_step_through_pulled_cables_new_addresses_and_a_crash() -> Result<()> {
    let Some(lan) = network("a", 3) else { return Ok(()) };
    let at = |name: &str, host: usize| {
        Ok::<_, anyhow::Error>(Device::new(name)?.in_network(&lan.hosts[host]))
    };
    let (laptop, phone, tablet) = (at("laptop", 0)?, at("phone", 1)?, at("tablet", 2)?);
    laptop.ctl(&["init", "--name", "Laptop"])?;
    let folder = laptop.file("notes");
    std::fs::create_dir(&folder)?;
    for number in 0..1_000 {
        let text = format!("# Note {number}\n\n{}", "A line of some words in it.\n".repeat(36));
        std::fs::write(folder.join(format!("{number}.md")), text)?;
    }
    laptop.ctl(&["import", "markdown", folder.to_str().context("a path")?])?;
    laptop.ctl(&["mode", "nearby"])?;
    let _on_laptop = Watching::start(&laptop)?;
    pair(&laptop, &phone, "Phone")?;
    let mut on_phone = Watching::start(&phone)?;
    // Cut in the middle of the first transfer, and healed.
    lan.cable(1, false)?;
    laptop.ctl(&["add", "Written while the cable was out"])?;
    lan.cable(1, true)?;
    in_step(&[&laptop, &phone])?;
    pair(&laptop, &tablet, "Tablet")?;
    let _on_tablet = Watching::start(&tablet)?;
    in_step(&[&laptop, &phone, &tablet])?;
    // The laptop is away: what the phone writes gets to the tablet all the same.
    lan.cable(0, false)?;
    let word = phone.ctl(&["add", "Straight from phone to tablet"])?;
    wait_until("the tablet has it", || {
        Ok(tablet.ctl(&["tasks"])?.contains("Straight from phone"))
    })?;
    laptop.ctl(&["add", "On the laptop, alone"])?;
    lan.cable(0, true)?;
    in_step(&[&laptop, &phone, &tablet])?;
    ensure!(laptop.ctl(&["task", "show", word.trim()])?.contains("Straight from phone"));
    // Another address, as another network gives it.
    lan.address(1, 77)?;
    phone.ctl(&["add", "From the new address"])?;
    in_step(&[&laptop, &phone, &tablet])?;
    // Killed, and started again.
    on_phone.kill()?;
    phone.ctl(&["add", "While nothing ran"])?;
    tablet.ctl(&["add", "Meanwhile on the tablet"])?;
    let _on_phone = Watching::start(&phone)?;
    in_step(&[&laptop, &phone, &tablet])?;
    for device in [&laptop, &phone, &tablet] {
        ensure!(!device.ctl(&["check"])?.contains("PROBLEM"));
    }
    Ok(())
}
