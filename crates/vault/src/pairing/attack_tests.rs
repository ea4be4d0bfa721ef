//! Whoever stands between the two devices, or connects to one of them, for many seeds: nobody gets
//! a secret, and where anything could have been a guess the code is gone afterwards.

use super::*;
use curve25519_dalek::constants::EIGHT_TORSION;
use rand_chacha::ChaCha20Rng;
use rand_core::{RngCore, SeedableRng};

const SEEDS: u64 = 150;

struct Story {
    rng: ChaCha20Rng,
    offers: Offers,
    code: PairingCode,
    binding: Binding,
    now: u64,
}

impl Story {
    fn new(seed: u64) -> Self {
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        let mut offers = Offers::new();
        let now = rng.next_u64() >> 20;
        let code = offers.show(now, &mut rng).unwrap().code;
        let mut key = || {
            let mut bytes = [0; 32];
            rng.fill_bytes(&mut bytes);
            bytes
        };
        let binding = Binding { channel: key(), offering: key(), accepting: key(), protocol: 1 };
        Self { rng, offers, code, binding, now }
    }

    fn bytes<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        self.rng.fill_bytes(&mut bytes);
        bytes
    }

    fn begin(
        &mut self,
        binding: &Binding,
        element: &[u8],
    ) -> Result<(Attempt, [u8; ELEMENT]), PairingError> {
        self.offers.begin(self.now, binding, element, &mut self.rng)
    }

    /// Nothing that could be a guess was made: an honest device still pairs by the code.
    fn assert_good(&mut self, what: &str) {
        let (binding, code) = (self.binding, self.code.clone());
        assert_eq!(self.run(&binding, &binding, &code, |_, _| {}), (true, true), "{what}");
    }

    /// Runs the four messages with what the two sides believe, and whoever stands between them at
    /// each message. Says whether either side paired.
    fn run(
        &mut self,
        offering: &Binding,
        accepting: &Binding,
        typed: &PairingCode,
        meddle: impl Fn(usize, &mut Vec<u8>),
    ) -> (bool, bool) {
        let between = |number: usize, bytes: &[u8]| {
            let mut bytes = bytes.to_vec();
            meddle(number, &mut bytes);
            bytes
        };
        let (phone, element) = Accepting::new(typed, accepting, &mut self.rng).unwrap();
        let Ok((attempt, answer)) = self.begin(offering, &between(1, &element)) else {
            return (false, false);
        };
        let Ok((phone, confirmation)) = phone.take_element(&between(2, &answer)) else {
            // The phone gives up; whoever is between goes on alone.
            let guess = self.bytes::<CONFIRMATION>();
            let paired = self.offers.confirm(self.now, attempt, &guess).is_ok();
            return (paired, false);
        };
        let confirmed = self.offers.confirm(self.now, attempt, &between(3, &confirmation));
        if let Ok((_, answer)) = confirmed {
            return (true, phone.take_confirmation(&between(4, &answer)).is_ok());
        }
        let guess = self.bytes::<CONFIRMATION>();
        (false, phone.take_confirmation(&guess).is_ok())
    }

    /// The honest device with the right code, later: it must find the code gone.
    fn assert_burned(&mut self, what: &str) {
        assert_eq!(self.offers.good_for_ms(self.now), None, "{what}");
        let (_, element) = Accepting::new(&self.code, &self.binding, &mut self.rng).unwrap();
        let binding = self.binding;
        assert_eq!(self.begin(&binding, &element).unwrap_err(), PairingError::Burned, "{what}");
    }
}

#[test]
fn the_honest_story_pairs_for_every_seed() {
    for seed in 0..SEEDS {
        let mut story = Story::new(seed);
        let (binding, code) = (story.binding, story.code.clone());
        assert_eq!(story.run(&binding, &binding, &code, |_, _| {}), (true, true), "seed {seed}");
    }
}

#[test]
fn someone_in_the_middle_of_each_message_pairs_with_nobody() {
    let mut refused = 0;
    for seed in 0..SEEDS {
        for message in 1..=3 {
            let mut story = Story::new(seed);
            let (binding, code) = (story.binding, story.code.clone());
            let place = story.rng.next_u32();
            let paired = story.run(&binding, &binding, &code, |number, bytes| {
                if number == message {
                    let bit = place as usize % (bytes.len() * 8);
                    bytes[bit / 8] ^= 1 << (bit % 8);
                }
            });
            assert_eq!(paired, (false, false), "seed {seed}, message {message}");
            if message == 1 && story.offers.why_not(story.now).is_none() {
                // What came was no element at all: nobody has guessed.
                refused += 1;
                story.assert_good("a message that is none");
            } else {
                story.assert_burned("a changed message");
            }
        }
        // After the last message the device with the code has been convinced; the other has not.
        let mut story = Story::new(seed);
        let (binding, code) = (story.binding, story.code.clone());
        let paired = story.run(&binding, &binding, &code, |number, bytes| {
            if number == 4 {
                bytes[(seed % 32) as usize] ^= 1;
            }
        });
        assert_eq!(paired, (true, false), "seed {seed}");
        story.assert_burned("a changed answer");
    }
    assert!((1..SEEDS).contains(&refused), "some changed elements are none: {refused}");
}

#[test]
fn a_relay_with_keys_or_a_channel_of_its_own_pairs_with_nobody() {
    for seed in 0..SEEDS {
        for part in 0..5 {
            let mut story = Story::new(seed);
            let (binding, code) = (story.binding, story.code.clone());
            let other: [u8; 32] = story.bytes();
            let mut phone = binding;
            match part {
                0 => phone.channel = other,
                1 => phone.offering = other,
                2 => phone.accepting = other,
                3 => phone.protocol = 2,
                _ => (phone.offering, phone.accepting) = (binding.accepting, binding.offering),
            }
            let paired = story.run(&binding, &phone, &code, |_, _| {});
            assert_eq!(paired, (false, false), "seed {seed}, part {part}");
            story.assert_burned("another binding");
        }
    }
}

#[test]
fn a_wrong_code_pairs_with_nobody() {
    for seed in 0..SEEDS {
        let mut story = Story::new(seed);
        let binding = story.binding;
        let wrong = PairingCode::generate(&mut story.rng);
        if wrong == story.code {
            continue;
        }
        assert_eq!(story.run(&binding, &binding, &wrong, |_, _| {}), (false, false));
        story.assert_burned("a wrong code");
    }
}

#[test]
fn reflected_and_neutral_elements_are_refused_on_both_sides() {
    for seed in 0..SEEDS {
        let mut story = Story::new(seed);
        let (binding, code) = (story.binding, story.code.clone());
        let (phone, element) = Accepting::new(&code, &binding, &mut story.rng).unwrap();
        let mut sent = Vec::new();
        for side in [b'A', b'B', b'S'] {
            // The phone's own element, as it is and under the other side's letter.
            let mut reflected = element.to_vec();
            reflected[0] = side;
            sent.push(reflected);
        }
        let small = EIGHT_TORSION[(seed % 8) as usize].compress().to_bytes();
        sent.push([&[b'B'][..], &small].concat());
        let bytes = &sent[(seed % 4) as usize];
        assert_eq!(phone.take_element(bytes).unwrap_err(), PairingError::Refused);

        // The device with the code: it refuses the same. It was no guess, and the code is still good.
        let wrong = [&[b'A'][..], &small].concat();
        assert_eq!(story.begin(&binding, &wrong).unwrap_err(), PairingError::Refused);
        story.assert_good("an element of small order");

        // Its own element, sent back to it in the same try.
        let mut story = Story::new(seed);
        let offering = Offering::new(&code, &binding, &mut story.rng.clone()).unwrap();
        let (_, mut own) =
            Offering::new(&code, &binding, &mut story.rng).unwrap().take_element(&element).unwrap();
        own[0] = b'A';
        assert_eq!(offering.take_element(&own).unwrap_err(), PairingError::Refused);
    }
}

#[test]
fn a_confirmation_sent_back_convinces_nobody() {
    for seed in 0..SEEDS {
        let mut story = Story::new(seed);
        let (binding, code) = (story.binding, story.code.clone());
        let (phone, element) = Accepting::new(&code, &binding, &mut story.rng).unwrap();
        let (_, answer) = story.begin(&binding, &element).unwrap();
        let (phone, confirmation) = phone.take_element(&answer).unwrap();
        assert_eq!(phone.take_confirmation(&confirmation).unwrap_err(), PairingError::WrongCode);
    }
}

#[test]
fn what_was_recorded_is_worth_nothing_in_another_try() {
    for seed in 0..SEEDS {
        let mut story = Story::new(seed);
        let (binding, code) = (story.binding, story.code.clone());
        let (phone, element) = Accepting::new(&code, &binding, &mut story.rng).unwrap();
        // Cut off after the confirmation was sent, which someone has recorded.
        let (_, answer) = story.begin(&binding, &element).unwrap();
        let (_, confirmation) = phone.take_element(&answer).unwrap();
        // The same code is still shown; the same messages come again.
        let (attempt, _) = story.begin(&binding, &element).unwrap();
        assert_eq!(
            story.offers.confirm(story.now, attempt, &confirmation).unwrap_err(),
            PairingError::WrongCode
        );
        story.assert_burned("a replay");
    }
}

#[test]
fn many_tries_at_once_are_one_guess() {
    for seed in 0..SEEDS {
        let mut story = Story::new(seed);
        let binding = story.binding;
        let guesses: Vec<PairingCode> =
            (0..8).map(|_| PairingCode::generate(&mut story.rng)).collect();
        let mut tries = Vec::new();
        for guess in &guesses {
            let (phone, element) = Accepting::new(guess, &binding, &mut story.rng).unwrap();
            let (attempt, answer) = story.begin(&binding, &element).unwrap();
            tries.push((attempt, phone.take_element(&answer).unwrap().1));
        }
        // The last one is the right code, and comes too late.
        let code = story.code.clone();
        let (phone, element) = Accepting::new(&code, &binding, &mut story.rng).unwrap();
        let (attempt, answer) = story.begin(&binding, &element).unwrap();
        tries.push((attempt, phone.take_element(&answer).unwrap().1));
        let results: Vec<_> = tries
            .into_iter()
            .map(|(attempt, said)| story.offers.confirm(story.now, attempt, &said).unwrap_err())
            .collect();
        assert_eq!(results[0], PairingError::WrongCode);
        assert!(results[1..].iter().all(|error| *error == PairingError::Burned));
        story.assert_burned("tries at once");
    }
}

#[test]
fn two_tries_with_their_messages_crossed_pair_nobody() {
    for seed in 0..SEEDS {
        let mut story = Story::new(seed);
        let (binding, code) = (story.binding, story.code.clone());
        let (one, first) = Accepting::new(&code, &binding, &mut story.rng).unwrap();
        let (two, second) = Accepting::new(&code, &binding, &mut story.rng).unwrap();
        let (attempt, to_one) = story.begin(&binding, &first).unwrap();
        let (_, to_two) = story.begin(&binding, &second).unwrap();
        let (one, _) = one.take_element(&to_two).unwrap();
        let (_, crossed) = two.take_element(&to_one).unwrap();
        assert_eq!(
            story.offers.confirm(story.now, attempt, &crossed).unwrap_err(),
            PairingError::WrongCode
        );
        assert!(one.take_confirmation(&crossed).is_err());
        story.assert_burned("crossed messages");
    }
}

#[test]
fn an_expired_code_pairs_nobody_at_any_message() {
    for seed in 0..SEEDS {
        let mut story = Story::new(seed);
        let (binding, code) = (story.binding, story.code.clone());
        let (phone, element) = Accepting::new(&code, &binding, &mut story.rng).unwrap();
        let late = story.now + CODE_MS + u64::from(story.rng.next_u32());
        let early = story.now.saturating_sub(3_000 + u64::from(story.rng.next_u32()));
        let then = if seed % 2 == 0 { late } else { early };
        if seed % 3 == 0 {
            story.now = then;
            assert_eq!(story.begin(&binding, &element).unwrap_err(), PairingError::Expired);
        } else {
            let (attempt, answer) = story.begin(&binding, &element).unwrap();
            let (_, confirmation) = phone.take_element(&answer).unwrap();
            story.now = then;
            assert_eq!(
                story.offers.confirm(then, attempt, &confirmation).unwrap_err(),
                PairingError::Expired
            );
        }
        assert_eq!(story.offers.good_for_ms(story.now), None);
    }
}

#[test]
fn a_device_with_the_same_key_is_refused() {
    for seed in 0..SEEDS {
        let mut story = Story::new(seed);
        let binding = Binding { accepting: story.binding.offering, ..story.binding };
        let code = story.code.clone();
        assert_eq!(
            Accepting::new(&code, &binding, &mut story.rng).unwrap_err(),
            PairingError::SameDevice
        );
        let element = story.bytes::<ELEMENT>();
        assert_eq!(story.begin(&binding, &element).unwrap_err(), PairingError::SameDevice);
        // The other keys never had a part in it.
        story.assert_good("a reflected key");
    }
}

#[test]
fn noise_in_place_of_any_message_is_refused() {
    for seed in 0..SEEDS {
        let mut story = Story::new(seed);
        let binding = story.binding;
        let mut noise = vec![0; (story.rng.next_u32() % 80) as usize];
        story.rng.fill_bytes(&mut noise);
        match story.begin(&binding, &noise) {
            Err(error) => {
                assert_eq!(error, PairingError::Refused);
                story.assert_good("noise in place of an element");
            }
            Ok((attempt, _)) => {
                story.offers.confirm(story.now, attempt, &noise).unwrap_err();
                story.assert_burned("noise");
            }
        }
    }
}
