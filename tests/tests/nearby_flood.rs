//! Thousands of strangers who connect to pair, while two paired devices stay in step. Real processes, on the
//! loopback interface alone.
#![cfg(target_os = "linux")]

use anyhow::{Context, Result, ensure};
use holdfast_tests::Device;
use holdfast_tests::nearby::{Watching, in_step, pair, wait_until};
use holdfast_transports::nearby::{Expected, Identity, connect_over, meeting};
use holdfast_vault::DeviceKeys;
use std::fs;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// What strangers did, and what the device that they came to had open meanwhile at most.
#[derive(Debug, Default)]
struct Flood {
    tried: AtomicUsize,
    answered: AtomicUsize,
    threads: AtomicUsize,
    descriptors: AtomicUsize,
    ended: AtomicBool,
}

/// Where a stranger comes from: all from one address, or each from one of two hundred.
fn from(number: usize, spread: bool) -> IpAddr {
    let last = if spread { 2 + (number % 200) as u8 } else { 2 };
    IpAddr::V4(Ipv4Addr::new(127, 0, 7, last))
}

/// One stranger: says that it wants to pair and asks for the name, which needs no code.
async fn stranger(to: SocketAddr, from: IpAddr, identity: &Identity) -> Option<()> {
    let socket = tokio::net::TcpSocket::new_v4().ok()?;
    socket.set_reuseaddr(true).ok()?;
    socket.bind(SocketAddr::new(from, 0)).ok()?;
    let stream = socket.connect(to).await.ok()?;
    let mut link = connect_over(stream, identity, Expected::Anyone).await.ok()?;
    match meeting::name_of(&mut link).await {
        // No code is shown: none was yet, or it was used by the phone or ran out.
        Err(error) if error.code().starts_with("pairing_") => Some(()),
        _ => None,
    }
}

impl Flood {
    /// So many strangers, a fixed number at a time and each of `seconds` the same share; ends by itself.
    fn start(
        to: SocketAddr,
        count: usize,
        spread: bool,
        seconds: f64,
    ) -> (Arc<Self>, JoinHandle<()>) {
        let flood = Arc::new(Self::default());
        let here = Arc::clone(&flood);
        let thread = std::thread::spawn(move || {
            let runtime =
                tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async move {
                let keys = DeviceKeys::generate(&mut rand_core::OsRng);
                let identity = Arc::new(Identity::new(&keys).unwrap());
                let mut strangers = tokio::task::JoinSet::new();
                let start = Instant::now();
                for number in 0..count {
                    while strangers.len() >= 256 {
                        let _ = strangers.join_next().await;
                    }
                    let due = Duration::from_secs_f64(seconds * number as f64 / count as f64);
                    tokio::time::sleep_until((start + due).into()).await;
                    let (flood, identity) = (Arc::clone(&here), Arc::clone(&identity));
                    strangers.spawn(async move {
                        flood.tried.fetch_add(1, Ordering::SeqCst);
                        if stranger(to, from(number, spread), &identity).await.is_some() {
                            flood.answered.fetch_add(1, Ordering::SeqCst);
                        }
                    });
                }
                while strangers.join_next().await.is_some() {}
                here.ended.store(true, Ordering::SeqCst);
            });
        });
        (flood, thread)
    }

    fn look_at(&self, process: u32) -> Result<()> {
        let (threads, descriptors) = open_in(process)?;
        self.threads.fetch_max(threads, Ordering::SeqCst);
        self.descriptors.fetch_max(descriptors, Ordering::SeqCst);
        Ok(())
    }
}

/// Threads and descriptors of a process.
fn open_in(process: u32) -> Result<(usize, usize)> {
    let threads = fs::read_dir(format!("/proc/{process}/task"))?.count();
    let descriptors = fs::read_dir(format!("/proc/{process}/fd"))?.count();
    Ok((threads, descriptors))
}

struct Two {
    laptop: Device,
    phone: Device,
    on_laptop: Watching,
    _on_phone: Watching,
    to: SocketAddr,
}

fn two(notes: usize) -> Result<Two> {
    let (laptop, phone) = (Device::new("laptop")?, Device::new("phone")?);
    laptop.ctl(&["init", "--name", "Laptop"])?;
    if notes > 0 {
        let folder = laptop.file("notes");
        fs::create_dir_all(&folder)?;
        for number in 0..notes {
            fs::write(folder.join(format!("{number}.md")), format!("# Note {number}\n\nWords.\n"))?;
        }
        laptop.ctl(&["import", "markdown", folder.to_str().context("a path")?])?;
    }
    laptop.ctl(&["mode", "nearby"])?;
    let on_laptop = Watching::start(&laptop)?;
    pair(&laptop, &phone, "Phone")?;
    let on_phone = Watching::start(&phone)?;
    in_step(&[&laptop, &phone])?;
    let nearby = laptop.json(&["mode"])?["nearby"].clone();
    let to = nearby.pointer("/addresses/0").and_then(serde_json::Value::as_str);
    let to = to.context("an address")?.parse()?;
    Ok(Two { laptop, phone, on_laptop, _on_phone: on_phone, to })
}

#[test]
fn a_flood_of_strangers_costs_a_bounded_number_of_threads_and_descriptors_and_a_paired_device_goes_on()
-> Result<()> {
    let two = two(0)?;
    let process = two.on_laptop.process();
    let before = open_in(process)?;
    for spread in [false, true] {
        let (flood, thread) = Flood::start(two.to, 1_000, spread, 1.0);
        let title = format!("While they came, {spread}");
        two.phone.ctl(&["add", &title])?;
        let mut seen = false;
        while !seen || !flood.ended.load(Ordering::SeqCst) {
            flood.look_at(process)?;
            seen = seen || two.laptop.ctl(&["tasks"])?.contains(&title);
        }
        thread.join().ok().context("the strangers")?;
        ensure!(flood.tried.load(Ordering::SeqCst) == 1_000, "{flood:?}");
        ensure!(
            flood.answered.load(Ordering::SeqCst) > 0,
            "those that get through are answered: {flood:?}"
        );
        // Sixty-four connections on their way, and what the answers to a paired device need.
        let (threads, descriptors) =
            (flood.threads.load(Ordering::SeqCst), flood.descriptors.load(Ordering::SeqCst));
        ensure!(threads <= before.0 + 16, "{before:?}: {flood:?}");
        ensure!(descriptors <= before.1 + 64 + 32, "{before:?}: {flood:?}");
    }
    // Afterwards a device pairs by a code as before.
    let tablet = Device::new("tablet")?;
    pair(&two.laptop, &tablet, "Tablet")?;
    ensure!(two.laptop.json(&["devices"])?.as_array().is_some_and(|devices| devices.len() == 3));
    Ok(())
}

/// How long an edit takes while five thousand strangers come within four seconds, with five thousand notes. A
/// measurement for an optimised build, run by hand:
/// `cargo nextest run --release -p holdfast-tests --test nearby_flood --run-ignored only --no-capture`.
#[test]
#[ignore = "a measurement: its times are for people"]
fn how_long_an_edit_takes_in_a_flood() -> Result<()> {
    let two = two(5_000)?;
    let process = two.on_laptop.process();
    let edit = |title: &str, flood: Option<&Flood>| -> Result<Duration> {
        two.phone.ctl(&["add", title])?;
        let start = Instant::now();
        wait_until("the edit is seen", || {
            if let Some(flood) = flood {
                flood.look_at(process)?;
            }
            let found = two.laptop.json(&["search", title])?;
            Ok(found.to_string().contains(title))
        })?;
        Ok(start.elapsed())
    };
    println!("before: {:?}, open {:?}", edit("Quietoak", None)?, open_in(process)?);
    for spread in [false, true] {
        let (flood, thread) = Flood::start(two.to, 5_000, spread, 4.0);
        let mut times = Vec::new();
        while !flood.ended.load(Ordering::SeqCst) {
            times.push(edit(&format!("Flood{spread}{}", times.len()), Some(&flood))?);
        }
        thread.join().ok().context("the strangers")?;
        println!("{} addresses: {flood:?}\n{times:?}", if spread { 200 } else { 1 });
    }
    Ok(())
}
