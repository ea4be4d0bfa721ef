//! The adversary's own encoder: everything that it sends is written here, byte by byte, from
//! `docs/encryption.md` and `docs/protocol.md`. Shares no code with the engine's sending side, so that
//! nothing which the engine refuses to write is left out. Never decides what to send.

pub(super) mod bundles;
pub(super) mod changes;
pub(super) mod files;
pub(super) mod keys;
pub(super) mod pack;
pub(super) mod records;
pub(super) mod sealing;
pub(super) mod snapshots;
pub(super) mod talk;

#[cfg(test)]
mod tests;
