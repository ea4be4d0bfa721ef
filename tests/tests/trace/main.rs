//! Recorded documents typed again on devices, keystroke by keystroke, under the policies that people
//! begin with.
//!
//! Laws: whatever is one change, however changes travel and in whatever order they arrive, every device
//! ends in exactly the recorded text, so that every character is accounted for; the data are equal byte
//! for byte; and all list the same conflicts.

mod desk;
mod recording;

use desk::{Seat, all_the_same, trickle};
use holdfast_model::EntityId;
use holdfast_tests::Replica;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use recording::{exchanges, trace};
use std::collections::BTreeSet;
use std::time::Instant;

/// Two people wrote one blog post for an hour at the same time; each had seen of the other's work what
/// the recording says. Two more devices read along, now and then, partly and in any order.
fn two_writers(seed: u64, keystroke_each: std::ops::Range<usize>, most: usize) {
    let Some(trace) = trace("friendsforever.json.gz") else { return };
    let started = Instant::now();
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let note = EntityId::named("a recorded note");
    let mut seats = [Seat::new(1, 1), Seat::new(2, 0)];
    let mut readers = [Replica::new(3, 0).unwrap(), Replica::new(4, 0).unwrap()];
    let [first, second] = &mut seats;
    first.start(note);
    second.device.fetch(0, &mut first.device).unwrap();
    let exchanges = exchanges(&trace);
    let seen: BTreeSet<usize> = exchanges.values().copied().collect();
    for (number, txn) in trace.txns.iter().enumerate() {
        let [first, second] = &mut seats;
        let (own, other) = if txn.agent == 0 { (first, second) } else { (second, first) };
        if let Some(last) = exchanges.get(&number) {
            let mut size =
                || if keystroke_each.contains(&number) { 1 } else { rng.gen_range(1..=most) };
            own.save(note, &trace, &seen, &mut size);
            other.save(note, &trace, &seen, &mut size);
            own.fetch_up_to(other, *last, || rng.gen_range(1..40));
        }
        own.typed.push(number);
        if rng.gen_bool(0.002) {
            // Readers hear of both writers, and of each other.
            let reader = rng.gen_range(0..2);
            match rng.gen_range(0..3) {
                2 => {
                    let [one, other] = &mut readers;
                    let (from, to) = if reader == 0 { (one, other) } else { (other, one) };
                    trickle(from, to, &mut rng);
                }
                writer => trickle(&mut seats[writer].device, &mut readers[reader], &mut rng),
            }
        }
    }
    for seat in &mut seats {
        seat.save(note, &trace, &seen, || most);
    }
    let ([first, second], [third, fourth]) = (&mut seats, &mut readers);
    let mut devices = [&mut first.device, &mut second.device, third, fourth];
    let listed = all_the_same(&mut devices, note, &trace, &mut rng);
    assert_eq!(listed.len(), 1, "the two edited the same passages apart");
    eprintln!("{} exchanges, {:?}", exchanges.len(), started.elapsed());
}

#[test]
fn two_writers_end_in_the_recorded_text_with_long_changes() {
    two_writers(1, 0..0, 10_000);
}

#[test]
fn two_writers_end_in_the_recorded_text_with_changes_of_any_size() {
    two_writers(2, 0..0, 60);
}

#[test]
fn two_writers_end_in_the_recorded_text_with_a_change_for_each_keystroke() {
    two_writers(3, 10_000..12_000, 200);
}

/// One person wrote alone, and goes on on another device now and then: a history in which everyone had
/// seen everything, however late the readers hear of it. Nothing is ever asked.
fn one_writer(name: &str, seed: u64, keystroke_each: std::ops::Range<usize>) {
    let Some(trace) = trace(name) else { return };
    let started = Instant::now();
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let note = EntityId::named("a recorded note");
    let mut seats = [Seat::new(1, 1), Seat::new(2, 0)];
    let mut reader = Replica::new(3, 0).unwrap();
    seats[0].start(note);
    let (mut at, mut changes) = (0, 0_u32);
    let nothing = BTreeSet::new();
    while at < trace.txns.len() {
        let stop = (at + rng.gen_range(1..4_000)).min(trace.txns.len());
        let [first, second] = &mut seats;
        let (own, other) = if rng.gen_bool(0.5) { (first, second) } else { (second, first) };
        own.device.fetch(0, &mut other.device).unwrap();
        own.typed.extend(at..stop);
        own.save(note, &trace, &nothing, || {
            changes += 1;
            if keystroke_each.contains(&at) { 1 } else { rng.gen_range(1..400) }
        });
        trickle(&mut own.device, &mut reader, &mut rng);
        at = stop;
    }
    let [first, second] = &mut seats;
    let mut devices = [&mut first.device, &mut second.device, &mut reader];
    let listed = all_the_same(&mut devices, note, &trace, &mut rng);
    assert_eq!(listed, [], "nothing was written apart");
    eprintln!("{changes} changes, {:?}", started.elapsed());
}

#[test]
fn a_component_typed_on_two_devices_in_turn_ends_in_the_recorded_text() {
    one_writer("sveltecomponent.json.gz", 4, 6_000..8_000);
}

#[test]
fn a_program_typed_on_two_devices_in_turn_ends_in_the_recorded_text() {
    one_writer("rustcode.json.gz", 5, 0..0);
}
