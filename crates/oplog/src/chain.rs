use crate::{ChangeId, Hash, VaultId};

/// Hash of a change: over its encoded bytes and the hash of the same log's previous change
/// ([`Hash::ZERO`] for the first), so that a signature on the last of a run vouches for the run.
pub fn chain_hash(previous: Hash, change: &[u8]) -> Hash {
    let mut hasher = blake3::Hasher::new_derive_key("holdfast 2026 change chain");
    hasher.update(&previous.0);
    hasher.update(change);
    Hash(*hasher.finalize().as_bytes())
}

/// The bytes that a device signs for a change: its place and its hash.
pub fn signed_bytes(vault: VaultId, id: ChangeId, hash: Hash) -> Vec<u8> {
    let mut bytes = b"holdfast change v1".to_vec();
    bytes.extend_from_slice(&vault.0);
    bytes.extend_from_slice(id.space.as_str().as_bytes());
    bytes.push(0);
    bytes.extend_from_slice(&id.actor.0);
    bytes.extend_from_slice(&id.seq.to_be_bytes());
    bytes.extend_from_slice(&hash.0);
    bytes
}
