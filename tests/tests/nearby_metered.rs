//! A network that the system counts: Nearby waits for another one, unless the person lets it go on. What the
//! system says comes over its message bus; here a bus of the test's own stands for it.
#![cfg(target_os = "linux")]

use anyhow::{Context, Result, ensure};
use holdfast_tests::Device;
use holdfast_tests::nearby::{Watching, in_step, pair, wait_until};
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

/// What the system says of its network, as far as Holdfast asks.
struct Network(u32);

#[zbus::interface(name = "org.freedesktop.NetworkManager")]
impl Network {
    #[zbus(property)]
    fn metered(&self) -> u32 {
        self.0
    }
}

/// A bus with nobody else on it. Ends with this.
struct Bus {
    daemon: Child,
    address: String,
}

impl Bus {
    fn start() -> Result<Self> {
        let mut daemon = Command::new("dbus-daemon")
            .args(["--session", "--nofork", "--print-address=1"])
            .stdout(Stdio::piped())
            .spawn()
            .context("dbus-daemon cannot be started")?;
        let mut address = String::new();
        let said = daemon.stdout.take().context("its words")?;
        BufReader::new(said).read_line(&mut address)?;
        Ok(Self { daemon, address: address.trim().to_owned() })
    }

    fn says_metered(&self, metered: u32) -> Result<zbus::blocking::Connection> {
        Ok(zbus::blocking::connection::Builder::address(self.address.as_str())?
            .name("org.freedesktop.NetworkManager")?
            .serve_at("/org/freedesktop/NetworkManager", Network(metered))?
            .build()?)
    }
}

impl Drop for Bus {
    fn drop(&mut self) {
        let _ = self.daemon.kill();
        let _ = self.daemon.wait();
    }
}

#[test]
fn on_a_metered_network_nearby_waits_and_says_so_until_it_may_go_on() -> Result<()> {
    let bus = Bus::start()?;
    let (laptop, phone) = (Device::new("laptop")?, Device::new("phone")?);
    laptop.ctl(&["init", "--name", "Laptop"])?;
    laptop.ctl(&["mode", "nearby"])?;
    let mut on_laptop = Watching::start(&laptop)?;
    pair(&laptop, &phone, "Phone")?;
    let mut on_phone = Watching::start(&phone)?;
    in_step(&[&laptop, &phone])?;
    on_phone.kill()?;

    // The phone comes into a network that the system guesses to be metered.
    let phone = phone.with_system_bus(&bus.address);
    let _network = bus.says_metered(3)?;
    let mut on_phone = Watching::run(&phone, &["watch"])?;
    phone.ctl(&["add", "Written on the train"])?;
    wait_until("the phone says why it waits", || {
        let text = phone.json(&["status"])?["text"].as_str().unwrap_or_default().to_owned();
        Ok(text == "Waiting: this network is metered · 1 not sent")
    })?;
    let status = phone.json(&["status"])?;
    ensure!(status["state"] == "error", "{status}");
    ensure!(!laptop.ctl(&["tasks"])?.contains("train"), "nothing went");
    phone.ctl(&["mode", "nearby", "--metered", "go-on"])?;
    in_step(&[&laptop, &phone])?;
    ensure!(laptop.ctl(&["tasks"])?.contains("Written on the train"));
    on_phone.kill()?;
    on_laptop.kill()?;
    Ok(())
}
