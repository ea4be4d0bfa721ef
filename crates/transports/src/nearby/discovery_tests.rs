//! On the loopback interface alone: nothing of this is seen outside.

use super::*;
use holdfast_oplog::VaultId;
use holdfast_vault::Keyring;
use rand_chacha::ChaCha20Rng;
use rand_core::{RngCore, SeedableRng};
use std::net::IpAddr;
use tokio::sync::mpsc::Receiver;

fn loopback() -> Option<String> {
    if cfg!(target_os = "linux") { Some("lo".to_owned()) } else { None }
}

fn start(port: u16, tag: Tag, announce: bool) -> (Discovery, Receiver<DiscoveryEvent>) {
    let interface = loopback();
    let mut discovery =
        Discovery::start(DiscoveryConfig { port, interface, tag, announce }).unwrap();
    let events = discovery.events().unwrap();
    (discovery, events)
}

fn tag(byte: u8) -> Tag {
    Tag::random([byte; 16])
}

/// Waits until `instance` is found (or lost).
async fn until(
    events: &mut Receiver<DiscoveryEvent>,
    mut wanted: impl FnMut(&DiscoveryEvent) -> bool,
) -> DiscoveryEvent {
    loop {
        let event = events.recv().await.expect("discovery goes on");
        if wanted(&event) {
            return event;
        }
    }
}

fn found(event: &DiscoveryEvent, name: &str) -> bool {
    matches!(event, DiscoveryEvent::Found { instance, .. } if instance == name)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_devices_find_each_other_and_hear_the_goodbye() {
    if loopback().is_none() {
        println!("skipped: the loopback interface has another name here");
        return;
    }
    let (laptop, mut at_laptop) = start(4001, tag(1), true);
    let (phone, mut at_phone) = start(4002, tag(2), true);
    let (watcher, mut at_watcher) = start(4003, tag(3), false);
    let (laptop_name, phone_name) = (laptop.instance().to_owned(), phone.instance().to_owned());

    let event = until(&mut at_laptop, |event| found(event, &phone_name)).await;
    let DiscoveryEvent::Found { addresses, tag_matches, protocol, .. } = event else {
        panic!("it was found");
    };
    assert!(addresses.iter().all(|it| it.ip().is_loopback() && it.port() == 4002), "{addresses:?}");
    assert!(addresses.iter().any(|it| it.ip() == IpAddr::from([127, 0, 0, 1])));
    assert!(!tag_matches);
    assert_eq!(protocol, Versions::default().highest);
    until(&mut at_phone, |event| found(event, &laptop_name)).await;
    until(&mut at_watcher, |event| found(event, &phone_name)).await;

    // Asked anew, it tells again what is there.
    laptop.rebrowse();
    until(&mut at_laptop, |event| found(event, &phone_name)).await;
    laptop.verify(&phone_name).unwrap();

    phone.stop().await;
    let lost = DiscoveryEvent::Lost { instance: phone_name };
    let mut met_itself = false;
    until(&mut at_laptop, |event| {
        met_itself |= found(event, &laptop_name);
        *event == lost
    })
    .await;
    assert!(!met_itself, "it does not find itself");
    until(&mut at_watcher, |event| *event == lost).await;
    laptop.stop().await;
    watcher.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tag_is_told_anew_and_devices_of_one_vault_know_each_other_by_it() {
    if loopback().is_none() {
        println!("skipped: the loopback interface has another name here");
        return;
    }
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    let keyring = Keyring::generate(VaultId([7; 16]), &mut rng);
    let now = 1_700_000_000_000;
    let (laptop, mut at_laptop) = start(4011, Tag::of(&keyring, now).unwrap(), true);
    let (phone, _at_phone) = start(4012, tag(9), true);
    let name = phone.instance().to_owned();
    let is = |event: &DiscoveryEvent, matching: bool| {
        found(event, &name)
            && matches!(event, DiscoveryEvent::Found { tag_matches, .. } if *tag_matches == matching)
    };
    until(&mut at_laptop, |event| is(event, false)).await;
    phone.set_tag(Tag::of(&keyring, now + 3_600_000).unwrap()).unwrap();
    until(&mut at_laptop, |event| is(event, true)).await;
    laptop.stop().await;
    phone.stop().await;
}

/// A packet that somebody may send.
fn mangled(rng: &mut ChaCha20Rng) -> Vec<u8> {
    let good = packet();
    let mut bytes = good.clone();
    match rng.next_u32() % 4 {
        0 => {
            bytes.resize(rng.next_u32() as usize % 1400, 0);
            rng.fill_bytes(&mut bytes);
        }
        1 => bytes.truncate(rng.next_u32() as usize % good.len()),
        _ => {}
    }
    for _ in 0..rng.next_u32() % 5 {
        if !bytes.is_empty() {
            let at = rng.next_u32() as usize % bytes.len();
            bytes[at] = rng.next_u32() as u8;
        }
    }
    bytes
}

#[test]
fn ten_thousand_malformed_packets_are_read_without_a_panic() {
    let mut rng = ChaCha20Rng::seed_from_u64(52);
    for _ in 0..10_000 {
        mdns_sd::fuzz_api::parse_packet(&mangled(&mut rng));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_of_malformed_packets_keeps_nobody_from_being_found() {
    if loopback().is_none() {
        println!("skipped: the loopback interface has another name here");
        return;
    }
    let (laptop, mut at_laptop) = start(4021, tag(1), true);
    let socket = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    socket2::SockRef::from(&socket).set_multicast_if_v4(&[127, 0, 0, 1].into()).unwrap();
    let mut rng = ChaCha20Rng::seed_from_u64(50);
    for _ in 0..10_000 {
        // Those that the system has no room for are as good as sent.
        let _ = socket.send_to(&mangled(&mut rng), ("224.0.0.251", 5353));
    }
    let (phone, _at_phone) = start(4022, tag(2), true);
    let name = phone.instance().to_owned();
    until(&mut at_laptop, |event| found(event, &name)).await;
    laptop.stop().await;
    phone.stop().await;
}

/// An answer with a TXT record, as it travels.
fn packet() -> Vec<u8> {
    let mut packet = vec![0, 0, 0x84, 0, 0, 0, 0, 2, 0, 0, 0, 0];
    let name = |packet: &mut Vec<u8>| {
        for label in ["3f9c", "_holdfast", "_tcp", "local"] {
            packet.push(label.len() as u8);
            packet.extend_from_slice(label.as_bytes());
        }
        packet.push(0);
    };
    name(&mut packet);
    // TXT, IN with cache flush, 75 minutes.
    packet.extend_from_slice(&[0, 16, 0x80, 1, 0, 0, 0x11, 0x94, 0, 11]);
    packet.extend_from_slice(b"\x03v=1\x06n=3f9c");
    // SRV, by a pointer to the name above.
    packet.extend_from_slice(&[0xc0, 12, 0, 33, 0x80, 1, 0, 0, 0, 120, 0, 13]);
    packet.extend_from_slice(&[0, 0, 0, 0, 0x0f, 0xa1, 4, b'h', b'o', b's', b't', 0, 0]);
    packet
}
