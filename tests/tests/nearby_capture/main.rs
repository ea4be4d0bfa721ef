//! Everything that two devices say to each other while they pair and stay in step, byte for byte: what is
//! on the wire, what is within TLS, and what arrives. What may not leave is nowhere in it, not even
//! sealed; and nothing at all is in clear.

mod marked;
mod observer;
mod tls;

use anyhow::{Context, Result, ensure};
use holdfast_oplog::Space;
use holdfast_tests::Device;
use holdfast_tests::nearby::{Watching, in_step, pair_at, wait_until};
use holdfast_tests::opened::plain_files;
use holdfast_tests::wire::Wire;
use marked::Marked;
use std::io::Write;
use std::net::{TcpListener, TcpStream};
use tls::only_tls;

/// Names that people gave their devices.
const NAMES: [&str; 2] = ["Needlelaptop", "Needlephone"];

/// A wire to what a device shows as its address.
fn wire_to(offer: &serde_json::Value) -> Result<Wire> {
    Wire::to(offer["address"].as_str().context("an address")?.parse()?, 1)
}

/// What the same ears hear of words that go over a wire of the same kind in clear.
fn in_clear(words: &str) -> Result<Vec<Vec<u8>>> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let wire = Wire::to(listener.local_addr()?, 1)?;
    let mut here = TcpStream::connect(wire.address())?;
    here.write_all(words.as_bytes())?;
    let _there = listener.accept()?;
    wait_until("the words are heard", || Ok(wire.passed() == words.len() as u64))?;
    Ok(wire.heard())
}

#[test]
fn nothing_of_pairing_and_of_edits_both_ways_is_in_clear_and_what_stays_does_not_arrive()
-> Result<()> {
    let laptop = Device::new("laptop")?.unannounced();
    let phone = Device::new("phone")?.unannounced();
    laptop.ctl(&["init", "--name", NAMES[0]])?;
    let everywhere = Marked::written(&laptop, "everywhere", "everywhere")?;
    let nearby = Marked::written(&laptop, "nearby", "nearby")?;
    let approved = Marked::written(&laptop, "approved", "ask")?;
    laptop.ctl(&["approve"])?;
    let waiting = Marked::more(&laptop, "approved", "waiting")?;
    let kept = Marked::written(&laptop, "device", "device")?;
    let narrowed = Marked::imported(&laptop, "narrowed")?;
    laptop.ctl(&["space", &narrowed.list, "device"])?;
    let shown = Marked::imported(&laptop, "shown")?;
    laptop.ctl(&["mode", "nearby"])?;
    let mut on_laptop = Watching::start(&laptop)?;
    let offer = laptop.json(&["pair", "offer"])?;
    let wire = wire_to(&offer)?;
    pair_at(&wire.address().to_string(), &offer, &phone, NAMES[1])?;
    let mut on_phone = Watching::start(&phone)?;
    in_step(&[&laptop, &phone])?;
    // Edits both ways, while they are connected.
    let back = Marked::written(&phone, "fromphone", "everywhere")?;
    let later = Marked::more(&laptop, "device", "later")?;
    let forth = Marked::written(&laptop, "fromlaptop", "nearby")?;
    let arrived = |device: &Device, marked: &Marked| -> Result<bool> {
        Ok(device.ctl(&["tasks"])?.contains(&marked.title))
    };
    wait_until("the phone's task on the laptop", || arrived(&laptop, &back))?;
    wait_until("the laptop's task on the phone", || arrived(&phone, &forth))?;
    in_step(&[&laptop, &phone])?;
    on_phone.kill()?;
    on_laptop.kill()?;

    // On the wire there is TLS and nothing else, and no word of anybody.
    let heard = wire.heard();
    ensure!(heard.len() >= 4, "pairing and staying in step are two connections at least");
    for stream in &heard {
        only_tls(stream)?;
    }
    let all = [
        &everywhere,
        &nearby,
        &approved,
        &waiting,
        &kept,
        &narrowed,
        &shown,
        &back,
        &later,
        &forth,
    ];
    let wire_bytes = heard.concat();
    for marked in all {
        ensure!(
            marked.found_in(&wire_bytes).is_empty(),
            "in clear: {:?}",
            marked.found_in(&wire_bytes)
        );
    }
    for name in NAMES {
        ensure!(!marked::has(&wire_bytes, name.as_bytes()), "{name} is in clear");
    }
    // These ears would hear a word that goes in clear, after TLS or in place of it.
    let clear = in_clear(&everywhere.title)?;
    ensure!(everywhere.found_in(&clear.concat()) == std::slice::from_ref(&everywhere.title));
    ensure!(clear.iter().filter(|said| !said.is_empty()).all(|said| only_tls(said).is_err()));
    let longest = heard.iter().max_by_key(|stream| stream.len()).context("a stream")?;
    ensure!(only_tls(&[longest, everywhere.title.as_bytes()].concat()).is_err());

    // On the phone there is what may travel, every kind of word of it, and nothing of what stays.
    let there = plain_files("the phone", &phone.home())?;
    for marked in [&everywhere, &nearby, &approved, &shown, &back, &forth] {
        let found = marked.found_in(&there.raw);
        ensure!(found == marked.words(), "of {} there is only {found:?}", marked.list);
    }
    for marked in [&waiting, &kept, &narrowed, &later] {
        let found = marked.found_in(&there.raw);
        ensure!(found.is_empty() && !marked.ids_in(&there.raw), "{found:?} arrived");
    }
    let here = plain_files("the laptop", &laptop.home())?;
    ensure!(
        kept.found_in(&here.raw) == kept.words() && kept.ids_in(&here.raw),
        "it was never written"
    );
    Ok(())
}

#[test]
fn a_paired_device_that_asks_for_everything_gets_what_may_travel_and_no_more() -> Result<()> {
    let laptop = Device::new("laptop")?.unannounced();
    laptop.ctl(&["init", "--name", NAMES[0]])?;
    let everywhere = Marked::written(&laptop, "everywhere", "everywhere")?;
    let nearby = Marked::written(&laptop, "nearby", "nearby")?;
    let approved = Marked::written(&laptop, "approved", "ask")?;
    laptop.ctl(&["approve"])?;
    let waiting = Marked::more(&laptop, "approved", "waiting")?;
    let kept = Marked::written(&laptop, "device", "device")?;
    let narrowed = Marked::imported(&laptop, "narrowed")?;
    laptop.ctl(&["space", &narrowed.list, "device"])?;
    let shown = Marked::imported(&laptop, "shown")?;
    laptop.ctl(&["mode", "nearby"])?;
    let _on_laptop = Watching::start(&laptop)?;
    let offer = laptop.json(&["pair", "offer"])?;
    let got = observer::asks_for_everything(&offer, &[shown.content, narrowed.content])?;
    let opened = &got.opened;
    ensure!(opened.batches > 0 && opened.pieces == 1 && got.refused > 0, "it tries too little");
    for marked in [&everywhere, &nearby, &approved, &shown] {
        let found = marked.found_in(&opened.opened);
        ensure!(found == marked.words(), "of {} there is only {found:?}", marked.list);
        ensure!(marked.found_in(&got.frames).is_empty(), "not sealed within TLS");
    }
    for marked in [&waiting, &kept, &narrowed] {
        for bytes in [&opened.opened, &got.frames] {
            let found = marked.found_in(bytes);
            ensure!(found.is_empty() && !marked.ids_in(bytes), "{found:?} was handed out");
        }
    }
    ensure!(!opened.spaces.contains(&Space::Device), "{:?}", opened.spaces);
    Ok(())
}
