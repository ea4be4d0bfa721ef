//! What an announcement says besides name and address, read as coming from anybody.

use super::limits;
use mdns_sd::TxtProperties;

/// The parts of an announcement that Holdfast makes and understands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Txt {
    /// `v`: the highest version of the protocol that the device speaks.
    pub protocol: u32,
    /// `n`: a random name, another one with each start of the app.
    pub name: String,
    /// `t`: a tag that changes every hour.
    pub tag: [u8; 16],
}

/// Digits of `v` and letters of `n` and `t`, at most.
const VERSION_DIGITS: usize = 9;
const NAME: usize = 32;
const TAG: usize = 32;

/// Reads the bytes of a TXT record (RFC 6763, section 6). `None` where it is not one of Holdfast's.
pub fn parse_txt(record: &[u8]) -> Option<Txt> {
    let record = record.get(..record.len().min(limits::TXT))?;
    read(&TxtProperties::from(record))
}

/// What is larger than it should be, of another form or there twice is no reason to look further:
/// such an announcement is passed over. Entries that are not known are not looked at.
pub(super) fn read(entries: &TxtProperties) -> Option<Txt> {
    let (mut protocol, mut name, mut tag) = (None, None, None);
    for entry in entries.iter().take(limits::TXT_ENTRIES) {
        let Some(value) = entry.val() else { continue };
        match entry.key() {
            "v" => protocol = Some(read_version(value)?),
            "n" => name = Some(read_name(value)?),
            "t" => tag = Some(read_tag(value)?),
            _ => {}
        }
    }
    Some(Txt { protocol: protocol?, name: name?, tag: tag? })
}

fn read_version(value: &[u8]) -> Option<u32> {
    let digits = (1..=VERSION_DIGITS).contains(&value.len());
    if !digits || !value.iter().all(u8::is_ascii_digit) {
        return None;
    }
    std::str::from_utf8(value).ok()?.parse().ok()
}

fn read_name(value: &[u8]) -> Option<String> {
    let letters = (1..=NAME).contains(&value.len());
    if !letters || !value.iter().all(u8::is_ascii_alphanumeric) {
        return None;
    }
    String::from_utf8(value.to_vec()).ok()
}

fn read_tag(value: &[u8]) -> Option<[u8; 16]> {
    if value.len() != TAG {
        return None;
    }
    let mut tag = [0u8; 16];
    for (byte, pair) in tag.iter_mut().zip(value.chunks_exact(2)) {
        for letter in pair {
            *byte = (*byte << 4) | char::from(*letter).to_digit(16)? as u8;
        }
    }
    Some(tag)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_chacha::ChaCha20Rng;
    use rand_core::{RngCore, SeedableRng};

    const TAG_TEXT: &str = "t=000102030405060708090a0b0c0d0e0f";

    fn record(entries: &[&str]) -> Vec<u8> {
        entries.iter().flat_map(|it| [&[it.len() as u8][..], it.as_bytes()].concat()).collect()
    }

    #[test]
    fn an_announcement_is_read() {
        let read = parse_txt(&record(&["v=1", "n=3f9c", TAG_TEXT, "later=x", "flag"])).unwrap();
        assert_eq!((read.protocol, read.name.as_str()), (1, "3f9c"));
        assert_eq!(read.tag, std::array::from_fn(|at| at as u8));
    }

    #[test]
    fn what_is_not_as_it_should_be_is_passed_over() {
        let long = format!("n={}", "a".repeat(33));
        for entries in [
            &["v=1", "n=3f9c"][..],
            &["v=1", TAG_TEXT],
            &["n=3f9c", TAG_TEXT],
            &["v=-1", "n=3f9c", TAG_TEXT],
            &["v=4294967296", "n=3f9c", TAG_TEXT],
            &["v=", "n=3f9c", TAG_TEXT],
            &["v=1", "n=<b>", TAG_TEXT],
            &["v=1", "n=", TAG_TEXT],
            &["v=1", &long, TAG_TEXT],
            &["v=1", "n=3f9c", "t=0g0102030405060708090a0b0c0d0e0f"],
            &["v=1", "n=3f9c", "t=00"],
            &["v=1", "n=3f9c", "t=0001é30405060708090a0b0c0d0e0f"],
        ] {
            assert_eq!(parse_txt(&record(entries)), None, "{entries:?}");
        }
        let crowd: Vec<String> = (0..20).map(|at| format!("x{at}=1")).collect();
        let mut entries: Vec<&str> = crowd.iter().map(String::as_str).collect();
        entries.extend(["v=1", "n=3f9c", TAG_TEXT]);
        assert_eq!(parse_txt(&record(&entries)), None, "too many entries before");
    }

    #[test]
    fn no_bytes_make_it_panic() {
        let mut rng = ChaCha20Rng::seed_from_u64(50);
        let good = record(&["v=1", "n=3f9c", TAG_TEXT]);
        let mut understood = 0;
        for round in 0..10_000 {
            let mut bytes = good.clone();
            if round % 2 == 0 {
                bytes = vec![0; rng.next_u32() as usize % 1500];
                rng.fill_bytes(&mut bytes);
            }
            for _ in 0..rng.next_u32() % 4 {
                if !bytes.is_empty() {
                    let at = rng.next_u32() as usize % bytes.len();
                    bytes[at] = rng.next_u32() as u8;
                }
            }
            understood += usize::from(parse_txt(&bytes).is_some());
        }
        assert!(understood > 100, "some are still good: {understood}");
    }
}
