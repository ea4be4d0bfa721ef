//! Two devices over a wire that is slow, cut, or swallows everything. Typed addresses alone lead from one
//! to the other, so that every byte goes over that wire.

use anyhow::{Context, Result, ensure};
use holdfast_tests::Device;
use holdfast_tests::nearby::{Watching, in_step, pair_at, wait_until};
use holdfast_tests::pictures::{import, pictures};
use holdfast_tests::wire::{Weather, Wire};
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::time::{Duration, Instant};

/// A laptop that runs, a phone that is paired with it and does not run yet, and the wire between them.
struct Pair {
    laptop: Device,
    phone: Device,
    wire: Wire,
    _on_laptop: Watching,
}

impl Pair {
    fn new(fill: impl FnOnce(&Device) -> Result<()>) -> Result<Self> {
        Self::over(fill, |offer| Wire::to(offer, 7))
    }

    fn over(
        fill: impl FnOnce(&Device) -> Result<()>,
        wire: impl FnOnce(SocketAddr) -> Result<Wire>,
    ) -> Result<Self> {
        let laptop = Device::new("laptop")?.unannounced();
        let phone = Device::new("phone")?.unannounced();
        laptop.ctl(&["init", "--name", "Laptop"])?;
        fill(&laptop)?;
        laptop.ctl(&["mode", "nearby"])?;
        let on_laptop = Watching::start(&laptop)?;
        let offer = laptop.json(&["pair", "offer"])?;
        let wire = wire(offer["address"].as_str().context("an address")?.parse()?)?;
        pair_at(&wire.address().to_string(), &offer, &phone, "Phone")?;
        Ok(Self { laptop, phone, wire, _on_laptop: on_laptop })
    }
}

fn is_connected(device: &Device) -> Result<bool> {
    let status = device.json(&["status"])?;
    let state = status["destinations"][0]["state"].as_str().unwrap_or_default().to_owned();
    Ok(state.starts_with("Connected"))
}

fn is_whole(device: &Device) -> Result<()> {
    let check = device.ctl(&["check"])?;
    ensure!(!check.contains("PROBLEM"), "{check}");
    Ok(())
}

#[test]
fn a_first_sync_that_is_cut_again_and_again_ends_and_repeats_little() -> Result<()> {
    let mut content = 0;
    let pair = Pair::new(|laptop| {
        // The pictures are the most of it: each is one piece, and comes whole or again.
        content = import(laptop, 60, 40_000)?;
        Ok(())
    })?;
    let (laptop, phone, wire) = (&pair.laptop, &pair.phone, &pair.wire);
    let before = wire.passed();
    wire.set(Weather::Cuts(400_000));
    let mut on_phone = Watching::start(phone)?;
    wait_until("it was cut six times, or everything is there", || {
        Ok(wire.cuts() >= 6 || wire.passed() - before > 3 * content)
    })?;
    // The phone is killed in the middle as well.
    on_phone.kill()?;
    is_whole(phone)?;
    let _on_phone = Watching::start(phone)?;
    in_step(&[laptop, phone])?;
    // Contents come after the changes that name them, and are in no digest.
    wait_until("all pictures are there", || Ok(pictures(phone)?.len() == 60))?;
    ensure!(pictures(phone)? == pictures(laptop)?, "other pictures");
    ensure!(wire.cuts() >= 6, "it was cut {} times only", wire.cuts());
    // Each cut repeats one question at most, of which the largest here is a picture or a batch.
    let (passed, cuts) = (wire.passed() - before, wire.cuts() as u64);
    ensure!(passed < content + (cuts + 4) * 400_000, "{passed} for {content} in {cuts} cuts");
    for device in [laptop, phone] {
        is_whole(device)?;
    }
    Ok(())
}

#[test]
fn over_a_slow_wire_everything_comes_and_the_connection_stays() -> Result<()> {
    let pair = Pair::new(|laptop| {
        // So much takes several times as long as the silence after which a connection counts as dead
        // would allow, were a large answer taken for silence.
        import(laptop, 4, 40_000)?;
        Ok(())
    })?;
    pair.wire.set(Weather::Slow(20_000));
    let start = Instant::now();
    let _on_phone = Watching::start(&pair.phone)?;
    wait_until("they are connected", || is_connected(&pair.phone))?;
    let connections = pair.wire.heard().len();
    in_step(&[&pair.laptop, &pair.phone])?;
    ensure!(pair.wire.heard().len() == connections, "the connection did not stay");
    ensure!(start.elapsed() > Duration::from_secs(1), "the wire was not slow");
    is_whole(&pair.phone)
}

/// In the middle of a transfer each side goes to Manual mode and back: nothing is lost, and nobody has to
/// pair again.
#[test]
fn switching_to_manual_and_back_in_the_middle_of_a_transfer_loses_nothing() -> Result<()> {
    const PICTURES: usize = 24;
    let pair = Pair::new(|laptop| import(laptop, PICTURES, 40_000).map(drop))?;
    let (laptop, phone, wire) = (&pair.laptop, &pair.phone, &pair.wire);
    let _on_phone = Watching::start(phone)?;
    for (round, switching) in [phone, laptop].into_iter().enumerate() {
        wire.set(Weather::Slow(100_000));
        let before = wire.passed();
        wait_until("some of it came", || Ok(wire.passed() - before > 150_000))?;
        switching.ctl(&["mode", "manual"])?;
        wait_until("they part", || Ok(!is_connected(laptop)? && !is_connected(phone)?))?;
        ensure!(pictures(phone)?.len() < PICTURES, "it was not in the middle");
        laptop.ctl(&["add", &format!("Meanwhile on the laptop {round}")])?;
        phone.ctl(&["add", &format!("Meanwhile on the phone {round}")])?;
        is_whole(phone)?;
        switching.ctl(&["mode", "nearby"])?;
    }
    wire.set(Weather::Fair);
    in_step(&[laptop, phone])?;
    wait_until("all pictures are there", || Ok(pictures(phone)?.len() == PICTURES))?;
    ensure!(pictures(phone)? == pictures(laptop)?, "other pictures");
    for round in 0..2 {
        ensure!(phone.ctl(&["tasks"])?.contains(&format!("Meanwhile on the laptop {round}")));
        ensure!(laptop.ctl(&["tasks"])?.contains(&format!("Meanwhile on the phone {round}")));
    }
    is_whole(phone)
}

#[test]
fn a_connection_into_a_hole_is_noticed_within_half_a_minute_and_comes_back() -> Result<()> {
    let pair = Pair::new(|laptop| laptop.ctl(&["add", "Before the hole"]).map(drop))?;
    let (laptop, phone) = (&pair.laptop, &pair.phone);
    let _on_phone = Watching::start(phone)?;
    in_step(&[laptop, phone])?;
    wait_until("both are connected", || Ok(is_connected(laptop)? && is_connected(phone)?))?;
    // The connection stands, nobody hangs up, and nothing gets through.
    pair.wire.set(Weather::Hole);
    let start = Instant::now();
    laptop.ctl(&["add", "Into the hole"])?;
    phone.ctl(&["add", "Out of the hole"])?;
    wait_until("both see that the other is gone", || {
        Ok(!is_connected(laptop)? && !is_connected(phone)?)
    })?;
    // Within 30 seconds of the last byte; and a moment to look.
    ensure!(start.elapsed() < Duration::from_secs(33), "noticed after {:?}", start.elapsed());
    ensure!(!phone.ctl(&["tasks"])?.contains("Into the hole"));
    ensure!(laptop.json(&["status"])?["pending"] == 1);
    // Out of it they meet again within a minute, by themselves.
    pair.wire.set(Weather::Fair);
    let start = Instant::now();
    in_step(&[laptop, phone])?;
    ensure!(start.elapsed() < Duration::from_secs(60), "back after {:?}", start.elapsed());
    ensure!(phone.ctl(&["tasks"])?.contains("Into the hole"));
    ensure!(laptop.ctl(&["tasks"])?.contains("Out of the hole"));
    Ok(())
}

#[test]
fn by_its_address_of_the_sixth_version_a_device_pairs_and_stays_in_step() -> Result<()> {
    if std::net::TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).is_err() {
        println!("skipped: this system has no IPv6");
        return Ok(());
    }
    let pair = Pair::over(
        |laptop| laptop.ctl(&["add", "Over the sixth version"]).map(drop),
        |offered| {
            // The device listens at both versions' addresses under one port.
            let there = SocketAddr::new(IpAddr::V6(Ipv6Addr::LOCALHOST), offered.port());
            Wire::at(IpAddr::V6(Ipv6Addr::LOCALHOST), there, 7)
        },
    )?;
    ensure!(pair.wire.address().is_ipv6());
    let _on_phone = Watching::start(&pair.phone)?;
    in_step(&[&pair.laptop, &pair.phone])?;
    ensure!(pair.phone.ctl(&["tasks"])?.contains("Over the sixth version"));
    ensure!(pair.wire.passed() > 0);
    Ok(())
}
