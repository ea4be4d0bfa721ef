//! Names of files in an exchange folder.

use super::sealing::Id;

/// Lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    let mut text = String::new();
    for byte in bytes {
        let digit = |half: u8| char::from_digit(u32::from(half), 16).unwrap_or('0');
        text.extend([digit(byte >> 4), digit(byte & 15)]);
    }
    text
}

/// The beginning of the hash of a content, as a name carries it.
pub(crate) fn mark(content: &[u8]) -> String {
    blake3::hash(content).to_hex().chars().take(32).collect()
}

/// A batch of a log.
pub(crate) fn batch(space: &str, actor: &Id, first: u64, last: u64, content: &[u8]) -> String {
    format!("{space}-{}-{first}-{last}-{}.hfb", hex(actor), mark(content))
}

/// What a device says that it holds.
pub(crate) fn head(counter: u64, content: &[u8]) -> String {
    format!("head-{counter}-{}.hfh", mark(content))
}

/// Membership records.
pub(crate) fn devices(content: &[u8]) -> String {
    format!("devices-{}.hfd", mark(content))
}

/// A piece of an attachment.
pub(crate) fn piece(of: &[u8; 32], number: u32, content: &[u8]) -> String {
    format!("piece-{}-{number}-{}.hfc", hex(of), mark(content))
}

/// A piece of a snapshot.
pub(crate) fn snapshot(id: u64, number: u32, of: u32, content: &[u8]) -> String {
    format!("snapshot-{id}-{number}-{of}-{}.hfs", mark(content))
}
