//! Two devices over a wire that is slow, cut, or swallows everything. Typed addresses alone lead from one
//! to the other, so that every byte goes over that wire.

use anyhow::{Context, Result, ensure};
use holdfast_tests::Device;
use holdfast_tests::nearby::{Watching, in_step, pair_at, wait_until};
use holdfast_tests::wire::{Weather, Wire};
use rand::{RngCore, SeedableRng};
use rand_chacha::ChaCha8Rng;
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

/// Notes with pictures, as an import makes them. Returns how many bytes of pictures there are.
fn notes(device: &Device, count: usize, picture: usize) -> Result<u64> {
    let folder = device.file("notes");
    std::fs::create_dir(&folder)?;
    let mut random = ChaCha8Rng::seed_from_u64(5);
    for number in 0..count {
        let mut bytes = vec![0; picture];
        random.fill_bytes(&mut bytes);
        std::fs::write(folder.join(format!("{number}.png")), bytes)?;
        let text =
            format!("Note {number}\n\n![]({number}.png)\n{}", "Some words in it.\n".repeat(40));
        std::fs::write(folder.join(format!("{number}.md")), text)?;
    }
    device.ctl(&["import", "markdown", folder.to_str().context("a path")?])?;
    Ok((count * picture) as u64)
}

fn is_connected(device: &Device) -> Result<bool> {
    let status = device.json(&["status"])?;
    let state = status["destinations"][0]["state"].as_str().unwrap_or_default().to_owned();
    Ok(state.starts_with("Connected"))
}

/// Everything that an export has of pictures, sorted.
fn pictures(device: &Device) -> Result<Vec<Vec<u8>>> {
    let folder = tempfile::tempdir()?;
    let place = folder.path().join("export");
    device.ctl(&["export", place.to_str().context("a path")?])?;
    let mut pictures = Vec::new();
    let mut open = vec![place];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|ending| ending == "png") {
                pictures.push(std::fs::read(path)?);
            }
        }
    }
    pictures.sort();
    Ok(pictures)
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
        content = notes(laptop, 60, 40_000)?;
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
        notes(laptop, 4, 40_000)?;
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
