//! Three devices on networks of their own: namespaces that the test makes itself, joined by virtual
//! cables, with real processes and real announcements in them. Skipped with a message where the system
//! does not let a program make such networks.

use anyhow::{Context, Result, bail, ensure};
use holdfast_app::view::QuickAddDefaults;
use holdfast_app::{App, Home};
use holdfast_tests::Device;
use holdfast_tests::nearby::{Watching, in_step, pair, pair_at, wait_until};
use holdfast_tests::pictures::{import, pictures};
use std::process::Command;

const TASKS: usize = 10_000;
const NOTES: usize = 1_000;
/// Notes that show a picture, and how large one is.
const PICTURES: (usize, usize) = (30, 200_000);

/// A network to which namespaces are joined by cables; gone with the test.
struct Lan {
    name: String,
    hosts: Vec<String>,
}

fn ip(arguments: &[&str]) -> Result<String> {
    let output = Command::new("ip").args(arguments).output().context("there is no 'ip'")?;
    if !output.status.success() {
        bail!("ip {}: {}", arguments.join(" "), String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(String::from_utf8(output.stdout)?)
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
        ip(&["-n", host, "route", "replace", "224.0.0.0/4", "dev", "eth0"])?;
        Ok(())
    }

    /// Leaves a host nothing but the address that the sixth version gives each link by itself. Whether
    /// there is one.
    fn only_link_local(&self, host: usize) -> Result<bool> {
        let host = &self.hosts[host];
        ip(&["-n", host, "-4", "address", "flush", "dev", "eth0"])?;
        let own = || ip(&["-n", host, "-6", "address", "show", "dev", "eth0", "scope", "link"]);
        if own()?.is_empty() {
            return Ok(false);
        }
        // Until then the system still asks whether somebody else has it.
        wait_until("the address can be used", || Ok(!own()?.contains("tentative")))?;
        Ok(true)
    }

    /// Pulls a host's cable, or puts it back.
    fn cable(&self, host: usize, plugged: bool) -> Result<()> {
        let state = if plugged { "up" } else { "down" };
        ip(&["-n", &self.name, "link", "set", &format!("port{host}"), state])?;
        Ok(())
    }

    /// How many bytes came to a host so far.
    fn received(&self, host: usize) -> Result<u64> {
        let host = &self.hosts[host];
        let said = ip(&["netns", "exec", host, "cat", "/sys/class/net/eth0/statistics/rx_bytes"])?;
        Ok(said.trim().parse()?)
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

/// A person's years: tasks one by one, notes and pictures from a folder.
fn fill(laptop: &Device) -> Result<()> {
    let folder = laptop.file("notes");
    std::fs::create_dir(&folder)?;
    for number in 0..NOTES {
        let text = format!("# Note {number}\n\n{}", "A line of some words in it.\n".repeat(36));
        std::fs::write(folder.join(format!("{number}.md")), text)?;
    }
    laptop.ctl(&["import", "markdown", folder.to_str().context("a path")?])?;
    import(laptop, PICTURES.0, PICTURES.1)?;
    // As the window does it: a process for each would take an hour.
    let app = App::at(Home::at(laptop.home()))?;
    let defaults = QuickAddDefaults { list: None, when: None, parent: None };
    for number in 0..TASKS {
        app.quick_add(&format!("Task {number}"), &[], &defaults)?;
    }
    Ok(())
}

#[test]
fn ten_thousand_tasks_stay_in_step_on_three_devices_through_pulled_cables_new_addresses_and_a_crash()
-> Result<()> {
    let Some(lan) = network("a", 3) else { return Ok(()) };
    let at = |name: &str, host: usize| {
        Ok::<_, anyhow::Error>(Device::new(name)?.in_network(&lan.hosts[host]))
    };
    let (laptop, phone, tablet) = (at("laptop", 0)?, at("phone", 1)?, at("tablet", 2)?);
    laptop.ctl(&["init", "--name", "Laptop"])?;
    fill(&laptop)?;
    laptop.ctl(&["mode", "nearby"])?;
    let _on_laptop = Watching::start(&laptop)?;
    // Found by its name.
    let offer = laptop.json(&["pair", "offer"])?;
    let preview = pair_at("Laptop", &offer, &phone, "Phone")?;
    ensure!(preview["tasks"] == TASKS && preview["notes"] == NOTES + PICTURES.0, "{preview}");
    let before = lan.received(1)?;
    let mut on_phone = Watching::start(&phone)?;
    // Cut in the middle of the first transfer, and healed.
    wait_until("the transfer began", || Ok(lan.received(1)? - before > 100_000))?;
    lan.cable(1, false)?;
    let at_the_cut = lan.received(1)?;
    laptop.ctl(&["add", "Written while the cable was out"])?;
    phone.ctl(&["add", "Written on the other side of the cut"])?;
    lan.cable(1, true)?;
    in_step(&[&laptop, &phone])?;
    let whole = || Ok(pictures(&phone)?.len() == PICTURES.0);
    wait_until("all pictures are on the phone", whole)?;
    ensure!(lan.received(1)? - at_the_cut > 100_000, "it was not in the middle");
    pair(&laptop, &tablet, "Tablet")?;
    let _on_tablet = Watching::start(&tablet)?;
    in_step(&[&laptop, &phone, &tablet])?;
    // The laptop is away: what the phone writes gets to the tablet all the same.
    lan.cable(0, false)?;
    let word = phone.ctl(&["add", "Straight from phone to tablet"])?;
    wait_until("the tablet has it", || Ok(tablet.ctl(&["task", "show", word.trim()]).is_ok()))?;
    let alone = laptop.ctl(&["add", "On the laptop, alone"])?;
    lan.cable(0, true)?;
    in_step(&[&laptop, &phone, &tablet])?;
    ensure!(laptop.ctl(&["task", "show", word.trim()])?.contains("Straight from phone"));
    ensure!(tablet.ctl(&["task", "show", alone.trim()])?.contains("On the laptop"));
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
    let there = pictures(&laptop)?;
    ensure!(pictures(&phone)? == there && pictures(&tablet)? == there, "other pictures");
    Ok(())
}

#[test]
fn two_devices_without_any_address_but_the_links_own_find_each_other_and_stay_in_step() -> Result<()>
{
    let Some(lan) = network("b", 2) else { return Ok(()) };
    for host in 0..2 {
        if !lan.only_link_local(host)? {
            println!("skipped: this system gives links no address of the sixth version");
            return Ok(());
        }
    }
    let laptop = Device::new("laptop")?.in_network(&lan.hosts[0]);
    let phone = Device::new("phone")?.in_network(&lan.hosts[1]);
    laptop.ctl(&["init", "--name", "Laptop"])?;
    laptop.ctl(&["add", "Before they met"])?;
    laptop.ctl(&["mode", "nearby"])?;
    let _on_laptop = Watching::start(&laptop)?;
    let offer = laptop.json(&["pair", "offer"])?;
    pair_at("Laptop", &offer, &phone, "Phone")?;
    let mut on_phone = Watching::start(&phone)?;
    in_step(&[&laptop, &phone])?;
    phone.ctl(&["add", "From the phone"])?;
    laptop.ctl(&["add", "From the laptop"])?;
    in_step(&[&laptop, &phone])?;
    lan.cable(1, false)?;
    phone.ctl(&["add", "While the cable was out"])?;
    lan.cable(1, true)?;
    in_step(&[&laptop, &phone])?;
    on_phone.kill()?;
    laptop.ctl(&["add", "While the phone was off"])?;
    let _on_phone = Watching::start(&phone)?;
    in_step(&[&laptop, &phone])?;
    let tasks = phone.ctl(&["tasks"])?;
    for word in ["Before they met", "From the phone", "From the laptop", "cable", "was off"] {
        ensure!(tasks.contains(word), "{word} is missing: {tasks}");
    }
    Ok(())
}
