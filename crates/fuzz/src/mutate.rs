//! Mutations for runs without coverage: the same for the same seed.

use rand_chacha::ChaCha20Rng;
use rand_core::RngCore;

/// Bytes that readers of lengths, counts and nesting should not believe.
const TELLING: &[&[u8]] = &[
    &[0xff; 4],
    &[0x7f, 0xff, 0xff, 0xff],
    &[0x80, 0, 0, 0],
    &[0; 4],
    &[0xff; 8],
    // MessagePack: strings, binaries, lists and maps that claim to be huge; nesting; extensions.
    &[0xdb, 0xff, 0xff, 0xff, 0xff],
    &[0xc6, 0x7f, 0xff, 0xff, 0xff],
    &[0xdd, 0xff, 0xff, 0xff, 0xff],
    &[0xdf, 0xff, 0xff, 0xff, 0xff],
    &[0x91; 80],
    &[0x81, 0xa1, 0x61, 0x81, 0xa1, 0x61],
    &[0xd4, 0x05, 0x00],
    &[0xc0],
    &[0xcb, 0x7f, 0xf8, 0, 0, 0, 0, 0, 0],
    // Texts: path steps, marks, scripts, joined and reversing characters.
    b"../../",
    b"\0",
    b"javascript:",
    b"<script>",
    b"](",
    b"---\n",
    "\u{202e}".as_bytes(),
    "\u{1f469}\u{200d}\u{1f52c}".as_bytes(),
    b"99999999999999999999",
];

fn below(rng: &mut ChaCha20Rng, end: usize) -> usize {
    rng.next_u32() as usize % end.max(1)
}

/// Changes `bytes` in a few places; `others` are inputs to take pieces from. Never longer than `most`.
pub fn mutate(bytes: &mut Vec<u8>, others: &[Vec<u8>], rng: &mut ChaCha20Rng, most: usize) {
    for _ in 0..=rng.next_u32() % 4 {
        let at = below(rng, bytes.len());
        let end = (at + 1 + below(rng, 32)).min(bytes.len());
        match rng.next_u32() % 9 {
            0 => {
                if let Some(byte) = bytes.get_mut(at) {
                    *byte ^= 1 << (rng.next_u32() % 8);
                }
            }
            1 => {
                if let Some(byte) = bytes.get_mut(at) {
                    *byte = rng.next_u32() as u8;
                }
            }
            2 => bytes.truncate(at),
            3 => bytes.insert(at.min(bytes.len()), rng.next_u32() as u8),
            4 => {
                bytes.drain(at.min(end)..end);
            }
            5 => {
                let piece = bytes[at.min(end)..end].to_vec();
                let to = below(rng, bytes.len());
                bytes.splice(to..to, piece);
            }
            6 => {
                let telling = TELLING[below(rng, TELLING.len())];
                let over = if rng.next_u32().is_multiple_of(2) { telling.len() } else { 0 };
                let end = (at + over).min(bytes.len());
                bytes.splice(at.min(end)..end, telling.iter().copied());
            }
            7 => {
                if let Some(byte) = bytes.get_mut(at) {
                    *byte = byte.wrapping_add(1).wrapping_sub(2 * (rng.next_u32() % 2) as u8);
                }
            }
            _ => {
                if !others.is_empty() {
                    let other = &others[below(rng, others.len())];
                    let from = below(rng, other.len());
                    let length = below(rng, other.len() - from.min(other.len()));
                    let piece = &other[from..from + length];
                    let to = below(rng, bytes.len() + 1);
                    bytes.splice(to..to, piece.iter().copied());
                }
            }
        }
    }
    bytes.truncate(most);
}
