use super::words::WORDS;
use super::*;
use crate::{DeviceKeys, keys};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use std::collections::BTreeSet;

fn rng(seed: u64) -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(seed)
}

fn binding() -> Binding {
    Binding { channel: [7; 32], offering: [1; 32], accepting: [2; 32], protocol: 1 }
}

fn shown(offers: &mut Offers, now: u64) -> PairingCode {
    offers.show(now, &mut rng(now)).unwrap().code
}

/// The device on which the code is typed, over the messages of `offers`.
fn pair(
    offers: &mut Offers,
    now: u64,
    typed: &PairingCode,
) -> Result<(Paired, Paired), PairingError> {
    let mut rng = rng(now + 1);
    let (accepting, element) = Accepting::new(typed, &binding(), &mut rng)?;
    let (attempt, answer) = offers.begin(now, &binding(), &element, &mut rng)?;
    let (accepting, confirmation) = accepting.take_element(&answer)?;
    let (laptop, answer) = offers.confirm(now, attempt, &confirmation)?;
    Ok((laptop, accepting.take_confirmation(&answer)?))
}

#[test]
fn the_right_code_pairs_with_one_secret_and_the_same_words() {
    let mut offers = Offers::new();
    let code = shown(&mut offers, 0);
    let (laptop, phone) = pair(&mut offers, 1_000, &code).unwrap();
    assert_eq!(laptop.words, phone.words);
    assert!(laptop.words.iter().all(|word| WORDS.contains(word)));
    let sealed = seal_handover(&laptop.secret, Role::Offering, b"keys", &mut rng(5)).unwrap();
    let opened = open_handover(&phone.secret, Role::Offering, &sealed).unwrap();
    assert_eq!(opened.as_slice(), b"keys");
    assert_eq!(
        open_handover(&phone.secret, Role::Accepting, &sealed).unwrap_err(),
        PairingError::HandoverDoesNotOpen
    );
}

#[test]
fn a_code_pairs_once() {
    let mut offers = Offers::new();
    let code = shown(&mut offers, 0);
    pair(&mut offers, 0, &code).unwrap();
    assert_eq!(pair(&mut offers, 1, &code).unwrap_err(), PairingError::Burned);
}

#[test]
fn another_pairing_with_the_same_code_has_another_secret() {
    let secret_of = |seed: u64| {
        let code = PairingCode::parse("48291760").unwrap();
        let (accepting, element) = Accepting::new(&code, &binding(), &mut rng(seed)).unwrap();
        let offering = Offering::new(&code, &binding(), &mut rng(seed + 1)).unwrap();
        let (offering, answer) = offering.take_element(&element).unwrap();
        let (accepting, confirmation) = accepting.take_element(&answer).unwrap();
        let (laptop, answer) = offering.take_confirmation(&confirmation).unwrap();
        let phone = accepting.take_confirmation(&answer).unwrap();
        (laptop, phone)
    };
    let (laptop, _) = secret_of(1);
    let (_, phone) = secret_of(3);
    let sealed = seal_handover(&laptop.secret, Role::Offering, b"keys", &mut rng(5)).unwrap();
    assert!(open_handover(&phone.secret, Role::Offering, &sealed).is_err());
}

#[test]
fn a_wrong_code_burns_the_right_one() {
    let mut offers = Offers::new();
    let code = shown(&mut offers, 0);
    let wrong = PairingCode::parse("0000 0001").unwrap();
    assert_eq!(pair(&mut offers, 0, &wrong).unwrap_err(), PairingError::WrongCode);
    assert_eq!(pair(&mut offers, 0, &code).unwrap_err(), PairingError::Burned);
    assert_eq!(offers.good_for_ms(0), None);
}

#[test]
fn a_malformed_element_carries_no_guess_and_leaves_the_code_as_it_is() {
    let mut offers = Offers::new();
    let code = shown(&mut offers, 0);
    let small = curve25519_dalek::constants::EIGHT_TORSION[1].compress().to_bytes();
    let odd = [Vec::new(), vec![0; 7], vec![0xff; ELEMENT], [&[b'A'][..], &small].concat()];
    for element in odd.iter().cycle().take(40) {
        let refused = offers.begin(1, &binding(), element, &mut rng(2)).unwrap_err();
        assert_eq!(refused, PairingError::Refused, "{element:?}");
        assert_eq!(offers.why_not(1), None);
    }
    pair(&mut offers, 2, &code).unwrap();
    assert_eq!(offers.why_not(3), Some(PairingError::Burned));
}

#[test]
fn a_code_lives_for_two_minutes() {
    let mut offers = Offers::new();
    let code = shown(&mut offers, 1_000);
    assert_eq!(offers.good_for_ms(61_000), Some(60_000));
    assert_eq!(offers.good_for_ms(120_999), Some(1));
    assert_eq!(pair(&mut offers, 121_000, &code).unwrap_err(), PairingError::Expired);
    let code = shown(&mut offers, 122_000);
    pair(&mut offers, 241_999, &code).unwrap();
}

#[test]
fn a_code_that_expires_between_two_messages_pairs_nobody() {
    let mut offers = Offers::new();
    let code = shown(&mut offers, 0);
    let (accepting, element) = Accepting::new(&code, &binding(), &mut rng(1)).unwrap();
    let (attempt, answer) = offers.begin(1, &binding(), &element, &mut rng(2)).unwrap();
    let (_, confirmation) = accepting.take_element(&answer).unwrap();
    assert_eq!(offers.confirm(CODE_MS, attempt, &confirmation).unwrap_err(), PairingError::Expired);
}

#[test]
fn a_clock_that_is_set_back_ends_the_code() {
    let mut offers = Offers::new();
    let code = shown(&mut offers, 10_000_000);
    assert_eq!(pair(&mut offers, 9_000_000, &code).unwrap_err(), PairingError::Expired);
}

#[test]
fn a_clock_that_goes_back_a_little_again_and_again_keeps_no_code_alive() {
    let mut offers = Offers::new();
    let code = shown(&mut offers, 1_000_000);
    let mut now = 1_000_000;
    // A second on, half a second back: two minutes of what went on are over in the end.
    for _ in 0..120 {
        assert!(offers.good_for_ms(now).is_some());
        now += 1_000;
        offers.good_for_ms(now);
        now -= 500;
    }
    assert_eq!(pair(&mut offers, now, &code).unwrap_err(), PairingError::Expired);
}

#[test]
fn five_codes_in_ten_minutes_and_the_error_says_when_the_next() {
    let mut offers = Offers::new();
    for at in 0..5 {
        shown(&mut offers, at * 60_000);
    }
    let error = offers.show(300_000, &mut rng(9)).unwrap_err();
    assert_eq!(error, PairingError::TooMany { again_in_ms: 300_000 });
    assert!(error.to_string().contains("try again in 300 seconds"), "{error}");
    shown(&mut offers, 600_000);
    assert!(offers.show(600_001, &mut rng(9)).is_err());
    // A clock set back a year does not lock the person out for a year.
    let PairingError::TooMany { again_in_ms } = offers.show(0, &mut rng(9)).unwrap_err() else {
        panic!("five codes were shown");
    };
    assert!(again_in_ms <= CODES_WITHIN_MS);
}

#[test]
fn one_code_at_a_time() {
    let mut offers = Offers::new();
    let first = shown(&mut offers, 0);
    let (accepting, element) = Accepting::new(&first, &binding(), &mut rng(1)).unwrap();
    let (attempt, answer) = offers.begin(1, &binding(), &element, &mut rng(2)).unwrap();
    let (_, confirmation) = accepting.take_element(&answer).unwrap();
    let second = shown(&mut offers, 2);
    assert_eq!(offers.confirm(3, attempt, &confirmation).unwrap_err(), PairingError::Burned);
    pair(&mut offers, 4, &second).unwrap();
}

#[test]
fn a_withdrawn_code_is_gone() {
    let mut offers = Offers::new();
    let code = shown(&mut offers, 0);
    offers.withdraw();
    assert_eq!(pair(&mut offers, 0, &code).unwrap_err(), PairingError::NoCode);
    assert_eq!(pair(&mut Offers::new(), 0, &code).unwrap_err(), PairingError::NoCode);
}

#[test]
fn codes_are_typed_as_people_type() {
    let code = PairingCode::parse("48291760").unwrap();
    for typed in ["4829 1760", " 4829-1760\n", "48 29 17 60", "4829\u{2013}1760", "4829\u{a0}1760"]
    {
        assert_eq!(PairingCode::parse(typed).unwrap(), code, "{typed:?}");
    }
    for typed in ["", "4829 176", "4829 17600", "4829 176o", "+4829 1760", "٤٨٢٩١٧٦٠"] {
        assert_eq!(PairingCode::parse(typed).unwrap_err(), PairingError::NotACode, "{typed:?}");
    }
    assert_eq!(code.to_string(), "4829 1760");
    assert_eq!(format!("{code:?}"), "PairingCode(…)");
}

#[test]
fn codes_are_spread_over_all_digits() {
    let mut rng = rng(3);
    let mut seen = [[0u32; 10]; 8];
    for _ in 0..10_000 {
        let code = PairingCode::generate(&mut rng);
        for (place, digit) in code.digits().iter().enumerate() {
            seen[place][usize::from(digit - b'0')] += 1;
        }
    }
    assert!(seen.iter().flatten().all(|count| (850..1_150).contains(count)), "{seen:?}");
}

#[test]
fn nothing_secret_is_printed() {
    let mut offers = Offers::new();
    let code = shown(&mut offers, 0);
    let digits = code.to_string();
    let said = format!("{offers:?} {:?}", Offering::new(&code, &binding(), &mut rng(1)).unwrap());
    let (laptop, _) = pair(&mut offers, 0, &code).unwrap();
    let said = format!("{said} {laptop:?}");
    assert!(!said.contains(&digits) && !said.contains(&digits.replace(' ', "")));
    assert!(said.contains("PairingSecret(…)"));
}

#[test]
fn the_list_of_words_is_256_short_words_and_never_changes() {
    assert_eq!(WORDS.iter().collect::<BTreeSet<_>>().len(), 256);
    for word in WORDS {
        assert!((3..=8).contains(&word.len()), "{word}");
        assert!(word.bytes().all(|it| it.is_ascii_lowercase()), "{word}");
    }
    let hash = blake3::hash(WORDS.join(" ").as_bytes()).to_hex();
    assert_eq!(hash.as_str(), "9b84a00e5ade8acec0c5ee01d942dc2f548bee71fe943c5a21e4bec881a54ee9");
}

#[test]
fn errors_have_codes_of_their_own() {
    let all = [
        PairingError::NotACode,
        PairingError::WrongCode,
        PairingError::Expired,
        PairingError::Burned,
        PairingError::NoCode,
        PairingError::TooMany { again_in_ms: 1 },
        PairingError::SameDevice,
        PairingError::Refused,
        PairingError::HandoverDoesNotOpen,
        PairingError::HandoverTooLarge,
    ];
    let codes: BTreeSet<_> = all.iter().map(PairingError::code).collect();
    assert_eq!(codes.len(), all.len());
    assert!(codes.iter().all(|code| code.starts_with("pairing_")));
}

#[test]
fn the_signing_key_as_pkcs8_is_the_one_of_rfc_8410() {
    let device = DeviceKeys::generate(&mut rng(1));
    let document = device.sign_pkcs8();
    assert_eq!(document.len(), 48);
    let seed: [u8; 32] = document[16..].try_into().unwrap();
    let key = ed25519_dalek::SigningKey::from_bytes(&seed);
    assert_eq!(key.verifying_key().to_bytes(), device.public().sign);
    let signature = device.sign("anything", b"message");
    keys::verify_raw(&device.public().sign, b"message", &signature).unwrap_err();
}

#[test]
fn the_bytes_of_the_messages_never_change_within_a_version() {
    let code = PairingCode::parse("48291760").unwrap();
    let (accepting, element) = Accepting::new(&code, &binding(), &mut rng(1)).unwrap();
    let offering = Offering::new(&code, &binding(), &mut rng(2)).unwrap();
    let (offering, answer) = offering.take_element(&element).unwrap();
    let (_, confirmation) = accepting.take_element(&answer).unwrap();
    let (paired, last) = offering.take_confirmation(&confirmation).unwrap();
    let sealed = seal_handover(&paired.secret, Role::Offering, b"keys", &mut rng(3)).unwrap();
    let all = [&element[..], &answer, &confirmation, &last, &sealed].concat();
    assert_eq!(
        blake3::hash(&all).to_hex().as_str(),
        "a85ce3d3dc75c56ff009d8840a6ebfb5f62faf8da51bc90e01ef8c03440324bd"
    );
    assert_eq!(paired.words, ["glove", "planet", "anchor", "spoon"]);
}

#[test]
fn keys_that_anybody_could_sign_for_are_not_sound() {
    assert!(keys::is_sound_key(&DeviceKeys::generate(&mut rng(1)).public().sign));
    for point in curve25519_dalek::constants::EIGHT_TORSION {
        assert!(!keys::is_sound_key(&point.compress().to_bytes()));
    }
    assert!(!keys::is_sound_key(&[0xff; 32]));
}
