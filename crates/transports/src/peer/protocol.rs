use super::PeerError;
use holdfast_oplog::{Hash, Range, VersionVector, decode, encode, limits};
use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;

/// Largest message in bytes: a piece of an attachment with what sealing and naming add.
pub const MESSAGE: usize = limits::ATTACHMENT_CHUNK + 64 * 1024;

/// What travels over a connection, once both sides know each other.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Message {
    /// What the sender holds now, in place of what it said before.
    News(News),
    /// A question with a number of the sender's choice.
    Ask {
        /// Comes back with the answer.
        number: u64,
        /// The question.
        ask: Ask,
    },
    /// The answer to the question of that number.
    Answer {
        /// The question's number.
        number: u64,
        /// The answer.
        answer: Answer,
    },
    /// Are you still there?
    Ping,
    /// Yes.
    Pong,
    /// The sender ends the connection, and why.
    Bye {
        /// A stable name for it.
        code: String,
        /// The same in words.
        text: String,
    },
}

/// What a device holds and lets go over such a connection.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct News {
    /// What can be asked for.
    pub offers: VersionVector,
    /// Up to where that can be asked for as a snapshot only.
    pub base: VersionVector,
    /// Of all membership records and handovers that the device knows: another hash means that one
    /// side knows more.
    pub records: Hash,
    /// The device's sealed and signed word on what it holds ([`holdfast_sync::Acknowledgement`]).
    pub said: ByteBuf,
    /// Of what the device heard from others than the two: another hash means that one side heard more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub words: Option<Hash>,
}

/// A question.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ask {
    /// Who belongs to the vault; with what the asker knows of it.
    Records(Records),
    /// The batch that begins with the first change of a range.
    Batch(Range),
    /// What the devices of the vault said that they hold.
    Words,
    /// A snapshot for someone who holds this.
    Snapshot(VersionVector),
    /// A piece of the snapshot that was asked for last.
    SnapshotPiece(u32),
    /// A piece of an attachment's content.
    Piece {
        /// The content.
        content: Hash,
        /// Its number, from 0.
        number: u32,
    },
}

/// Sealed membership records, and handovers of earlier epochs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Records {
    /// What a device knows, sealed under the current epoch.
    pub known: ByteBuf,
    /// Sealed under the epochs that ended with them.
    pub handovers: Vec<ByteBuf>,
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// Who belongs to the vault.
    Records(Records),
    /// A sealed batch; none where there is none any more.
    Batch(Option<ByteBuf>),
    /// What devices said, each sealed and signed by the device itself.
    Words(Vec<ByteBuf>),
    /// How many pieces the snapshot has; 0 where none is needed.
    Snapshot(u32),
    /// A piece of a snapshot or of a content; none where there is none any more.
    Piece(Option<ByteBuf>),
    /// It cannot be answered, and why.
    Failed {
        /// A stable name for it.
        code: String,
        /// The same in words.
        text: String,
    },
}

impl Message {
    /// The bytes as they travel, in a frame of their own.
    pub fn encode(&self) -> Result<Vec<u8>, PeerError> {
        Ok(encode(self)?)
    }

    /// Reads what came. Words that were sent are such as may be shown.
    pub fn decode(bytes: &[u8]) -> Result<Self, PeerError> {
        Ok(match decode(bytes, MESSAGE, "a message")? {
            Self::Bye { code, text } => {
                let (code, text) = crate::said::reason(&code, &text);
                Self::Bye { code, text }
            }
            Self::Answer { number, answer: Answer::Failed { code, text } } => {
                let (code, text) = crate::said::reason(&code, &text);
                Self::Answer { number, answer: Answer::Failed { code, text } }
            }
            other => other,
        })
    }
}
