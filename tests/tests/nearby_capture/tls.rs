//! What TLS 1.3 looks like from outside (RFC 8446, section 5).

use anyhow::{Result, ensure};

const CHANGE_CIPHER_SPEC: u8 = 20;
const HANDSHAKE: u8 = 22;
const APPLICATION_DATA: u8 = 23;
/// Length of what stands before each record.
const HEADER: usize = 5;
/// The largest protected record.
const LARGEST: usize = (1 << 14) + 256;

/// One direction of a connection is TLS from its first byte to its last: one hello in clear, then
/// protected records alone. A connection may end within a record.
pub(crate) fn only_tls(stream: &[u8]) -> Result<()> {
    let (mut rest, mut number, mut protected) = (stream, 0, false);
    while let Some((header, after)) = rest.split_first_chunk::<HEADER>() {
        let [kind, major, minor, high, low] = *header;
        let length = usize::from(u16::from_be_bytes([high, low]));
        ensure!(
            major == 3 && minor <= 3 && length <= LARGEST,
            "record {number} is none: {header:?}"
        );
        match kind {
            HANDSHAKE => ensure!(!protected && number == 0, "record {number}: a second hello"),
            CHANGE_CIPHER_SPEC => ensure!(length == 1 && !protected, "record {number}"),
            APPLICATION_DATA => protected = true,
            other => anyhow::bail!("record {number} is of kind {other}"),
        }
        number += 1;
        rest = after.get(length.min(after.len())..).unwrap_or_default();
    }
    ensure!(
        rest.iter().zip([APPLICATION_DATA, 3, 3]).all(|(byte, expected)| *byte == expected),
        "what stands at the end is no record"
    );
    Ok(())
}
