use crate::{ActorId, ChangeId, Hash, LogId, OplogError, Space, VaultId, limits, wire};
use serde::{Deserialize, Serialize};

/// Format number of sealed batches that this build writes, and the highest that it reads.
pub const BATCH_FORMAT: u32 = 1;

/// What everyone may read of a sealed batch. Its encoded bytes are the associated data of the
/// encryption, so a batch that is moved to another vault, log, position or epoch does not open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchHeader {
    /// [`BATCH_FORMAT`].
    pub format: u32,
    /// The vault.
    pub vault: VaultId,
    /// How far the log may travel.
    pub space: Space,
    /// Who wrote the changes.
    pub actor: ActorId,
    /// First sequence number.
    pub first: u64,
    /// Last sequence number.
    pub last: u64,
    /// Hash of the change before `first`; [`Hash::ZERO`] where `first` is 1.
    pub prev_hash: Hash,
    /// Hash of the change `last`.
    pub last_hash: Hash,
    /// The key epoch that it was sealed under.
    pub epoch: u32,
    /// Where the changes are a branch of a log: whose log it is, while `actor` is the branch's name
    /// and its numbers count from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub branch: Option<BranchOf>,
}

/// The log that a branch leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct BranchOf {
    /// Who wrote it: the actor that its changes name.
    pub author: ActorId,
    /// The last number before the branch.
    pub after: u64,
}

/// All that is read of a header before it is known whether the rest can be.
#[derive(Deserialize)]
struct Format {
    format: u32,
}

impl BatchHeader {
    /// The log that the batch is a part of.
    pub const fn log(&self) -> LogId {
        LogId { space: self.space, actor: self.actor }
    }

    /// The place of the batch's change number `seq` as its author numbered it.
    pub fn place(&self, seq: u64) -> ChangeId {
        let (actor, after) = self.branch.map_or((self.actor, 0), |of| (of.author, of.after));
        ChangeId { space: self.space, actor, seq: after.saturating_add(seq) }
    }
}

/// A run of consecutive changes of one log, encrypted and authenticated, as it travels.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealedBatch {
    /// The encoded [`BatchHeader`], byte for byte as it was sealed.
    #[serde(with = "serde_bytes")]
    pub header: Vec<u8>,
    /// Nonce and ciphertext.
    #[serde(with = "serde_bytes")]
    pub sealed: Vec<u8>,
}

impl SealedBatch {
    /// Reads the header and checks what can be checked without a key.
    pub fn header(&self) -> Result<BatchHeader, OplogError> {
        // The number first: the rest of a newer header may look otherwise.
        let Format { format } = wire::decode(&self.header, 1024, "batch header")?;
        if format > BATCH_FORMAT {
            return Err(OplogError::NewerFormat { found: format, known: BATCH_FORMAT });
        }
        let header: BatchHeader = wire::decode(&self.header, 1024, "batch header")?;
        if header.first == 0 || header.last < header.first {
            return Err(OplogError::Malformed("batch header: range".into()));
        }
        let after = header.branch.map_or(0, |of| of.after);
        if after.saturating_add(header.last) > limits::SEQ {
            return Err(OplogError::Malformed("batch header: a number beyond all".into()));
        }
        if header.last - header.first >= limits::BATCH_CHANGES as u64 {
            return Err(OplogError::TooLarge {
                what: "the number of changes in a batch",
                size: usize::try_from(header.last - header.first).unwrap_or(usize::MAX),
                limit: limits::BATCH_CHANGES,
            });
        }
        Ok(header)
    }

    /// The bytes as they travel.
    pub fn encode(&self) -> Result<Vec<u8>, OplogError> {
        wire::encode(self)
    }

    /// Reads bytes from outside.
    pub fn decode(bytes: &[u8]) -> Result<Self, OplogError> {
        wire::decode(bytes, limits::BATCH, "batch")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sealed(first: u64, last: u64, branch: Option<BranchOf>) -> SealedBatch {
        let header = BatchHeader {
            format: BATCH_FORMAT,
            vault: VaultId([1; 16]),
            space: Space::Everywhere,
            actor: ActorId([2; 16]),
            first,
            last,
            prev_hash: Hash::ZERO,
            last_hash: Hash::ZERO,
            epoch: 1,
            branch,
        };
        SealedBatch { header: wire::encode(&header).unwrap(), sealed: Vec::new() }
    }

    /// Databases keep signed numbers: beyond the highest one two would become one.
    #[test]
    fn no_number_is_beyond_the_highest() {
        let most = limits::SEQ;
        assert!(sealed(most, most, None).header().is_ok());
        let author = ActorId([3; 16]);
        assert!(sealed(1, 2, Some(BranchOf { author, after: most - 2 })).header().is_ok());
        for (first, last, after) in [
            (most + 1, most + 1, None),
            (u64::MAX, u64::MAX, None),
            (1, 2, Some(most - 1)),
            (1, 1, Some(u64::MAX)),
        ] {
            let branch = after.map(|after| BranchOf { author, after });
            assert!(sealed(first, last, branch).header().is_err(), "{first} {last} {after:?}");
        }
    }
}
