use super::limits;
use holdfast_oplog::{ActorId, Hash, LogId, Space};

/// Characters of the hash that a name carries.
const HASH: usize = 32;
/// Longer names are none of ours.
const LONGEST: usize = 200;

/// What a file is, as its name tells. Everything in a name is lower-case ASCII, so that folding of
/// case and Unicode forms cannot make two names one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Name {
    /// A sealed batch.
    Batch {
        /// Whose changes.
        log: LogId,
        /// The first number.
        first: u64,
        /// The last number.
        last: u64,
    },
    /// What the writer holds.
    Head {
        /// Grows with each one that the writer makes.
        counter: u64,
    },
    /// Membership records.
    Devices,
    /// A piece of an attachment.
    Piece {
        /// The whole content.
        content: Hash,
        /// The number of the piece, from 0.
        number: u32,
    },
    /// A piece of a snapshot.
    Snapshot {
        /// Names the snapshot.
        id: u64,
        /// The number of the piece, from 0.
        number: u32,
        /// How many pieces it has.
        of: u32,
    },
}

impl Name {
    /// The name of a file with this content.
    pub fn of(self, content: &[u8]) -> String {
        let hash: String = Hash::of(content).to_hex().chars().take(HASH).collect();
        match self {
            Self::Batch { log, first, last } => {
                let actor = log.actor.uuid().simple();
                format!("{}-{actor}-{first}-{last}-{hash}.hfb", log.space.as_str())
            }
            Self::Head { counter } => format!("head-{counter}-{hash}.hfh"),
            Self::Devices => format!("devices-{hash}.hfd"),
            Self::Piece { content, number } => {
                format!("piece-{}-{number}-{hash}.hfc", content.to_hex())
            }
            Self::Snapshot { id, number, of } => {
                format!("snapshot-{id}-{number}-{of}-{hash}.hfs")
            }
        }
    }

    /// The most bytes that such a file has. One that has more is none of ours, whatever its name says.
    pub(super) fn limit(self) -> usize {
        match self {
            Self::Batch { .. } => holdfast_oplog::limits::BATCH,
            Self::Head { .. } => holdfast_sync::ACKNOWLEDGEMENT,
            Self::Devices => limits::RECORDS,
            Self::Piece { .. } => limits::PIECE,
            Self::Snapshot { .. } => limits::SNAPSHOT_PIECE,
        }
    }

    /// Reads a name and the hash in it. `None` for what is not ours: other programs' files, conflicted
    /// copies, temporary files, placeholders.
    pub fn parse(name: &str) -> Option<(Self, String)> {
        if name.len() > LONGEST || !name.is_ascii() {
            return None;
        }
        let name = name.to_ascii_lowercase();
        let (stem, extension) = name.rsplit_once('.')?;
        let parts: Vec<&str> = stem.split('-').collect();
        let (kind, hash) = match (extension, parts.as_slice()) {
            ("hfb", [space, actor, first, last, hash]) => {
                let log = LogId { space: space.parse().ok()?, actor: hex_id(actor)? };
                let (first, last) = (number(first)?, number(last)?);
                if first == 0 || last < first || log.space == Space::Device {
                    return None;
                }
                (Self::Batch { log, first, last }, hash)
            }
            ("hfh", ["head", counter, hash]) => (Self::Head { counter: number(counter)? }, hash),
            ("hfd", ["devices", hash]) => (Self::Devices, hash),
            ("hfc", ["piece", content, piece, hash]) => {
                let content = Hash(*blake3::Hash::from_hex(content).ok()?.as_bytes());
                let piece = number(piece)?.try_into().ok()?;
                (Self::Piece { content, number: piece }, hash)
            }
            ("hfs", ["snapshot", id, piece, of, hash]) => {
                let id = number(id)?;
                let (piece, of) = (number(piece)?.try_into().ok()?, number(of)?.try_into().ok()?);
                if piece >= of {
                    return None;
                }
                (Self::Snapshot { id, number: piece, of }, hash)
            }
            _ => return None,
        };
        let whole = hash.len() == HASH && hash.bytes().all(|byte| byte.is_ascii_hexdigit());
        whole.then(|| (kind, (*hash).to_owned()))
    }
}

/// Whether a file has the content that its name tells.
pub(super) fn is_whole(hash: &str, content: &[u8]) -> bool {
    Hash::of(content).to_hex().starts_with(hash)
}

/// A writer's directory.
pub(super) fn writer(actor: ActorId) -> String {
    actor.uuid().simple().to_string()
}

/// Whose directory that is.
pub(super) fn parse_writer(name: &str) -> Option<ActorId> {
    hex_id(&name.to_ascii_lowercase())
}

fn hex_id(text: &str) -> Option<ActorId> {
    let plain = text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    plain.then(|| text.parse().ok()).flatten()
}

/// A number as we write it: no sign, no leading zeros.
fn number(text: &str) -> Option<u64> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit());
    let short = text == "0" || !text.starts_with('0');
    if plain && short { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn names() -> impl Strategy<Value = Name> {
        let log = (any::<[u8; 16]>(), 0..3_usize)
            .prop_map(|(actor, space)| LogId { space: Space::ALL[space], actor: ActorId(actor) });
        prop_oneof![
            (log, 1..u64::MAX, 0..9_u64).prop_map(|(log, first, more)| Name::Batch {
                log,
                first,
                last: first.saturating_add(more)
            }),
            any::<u64>().prop_map(|counter| Name::Head { counter }),
            Just(Name::Devices),
            (any::<u64>(), 0..9_u32, 9..99_u32).prop_map(|(id, number, of)| Name::Snapshot {
                id,
                number,
                of
            }),
            (any::<[u8; 32]>(), any::<u32>())
                .prop_map(|(content, number)| Name::Piece { content: Hash(content), number }),
        ]
    }

    proptest! {
        #[test]
        fn a_name_is_read_back_in_either_case(name in names(), content: Vec<u8>) {
            let text = name.of(&content);
            for text in [text.clone(), text.to_uppercase()] {
                let (read, hash) = Name::parse(&text).unwrap();
                prop_assert_eq!(read, name);
                prop_assert!(is_whole(&hash, &content));
            }
            let mut other = content;
            other.push(0);
            prop_assert!(!is_whole(&Name::parse(&text).unwrap().1, &other));
        }

        #[test]
        fn anything_may_be_called_anything(text: String) {
            if let Some((name, _)) = Name::parse(&text) {
                prop_assert!(!text.contains(['/', '\\']), "{name:?}");
            }
        }
    }

    #[test]
    fn what_others_put_there_is_not_ours() {
        let name = Name::Devices.of(b"x");
        let stem = name.trim_end_matches(".hfd");
        for odd in [
            format!("{stem} (conflicted copy 2026-11-22).hfd"),
            format!("{stem}.sync-conflict-20261122-101500-ABCDEFG.hfd"),
            format!(".{name}.icloud"),
            format!(".{name}.part"),
            format!("{name}~"),
            format!("../{name}"),
            "head-01-00000000000000000000000000000000.hfh".into(),
            "head-+1-00000000000000000000000000000000.hfh".into(),
            "device-00000000000000000000000000000001-1-1-00000000000000000000000000000000.hfb"
                .into(),
            "nul".into(),
            String::new(),
        ] {
            assert_eq!(Name::parse(&odd), None, "{odd}");
        }
    }
}
