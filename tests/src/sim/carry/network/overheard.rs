//! What goes over a connection between devices, as an eavesdropper with all keys would see it.

use super::super::super::world::World;
use holdfast_sync::Carrier;
use holdfast_transports::peer::{Answer, Ask, Message, News};

const CARRIER: Carrier = Carrier::Lan;

impl World {
    /// Looks at a message that one device sends to another.
    pub(super) fn overhear(&mut self, message: &Message) {
        match message {
            Message::News(News { offers, base, said, .. }) => {
                self.inspect_named(offers, CARRIER);
                self.inspect_named(base, CARRIER);
                self.inspect_acknowledgement(said, CARRIER);
            }
            Message::Ask { ask, .. } => match ask {
                Ask::Batch(range) => {
                    self.inspect_named(&[(range.log, range.last)].into_iter().collect(), CARRIER);
                }
                Ask::Snapshot(held) => self.inspect_named(held, CARRIER),
                Ask::Piece { content, .. } => {
                    let (log, seq) = self.contents[content];
                    let may = seq <= self.most(log, CARRIER);
                    assert!(may, "a content of '{}' was asked for", log.space);
                }
                Ask::Records(_) | Ask::Words | Ask::SnapshotPiece(_) => {}
            },
            Message::Answer { answer: Answer::Words(words), .. } => {
                for word in words {
                    self.inspect_acknowledgement(word, CARRIER);
                }
            }
            Message::Answer { answer: Answer::Batch(Some(batch)), .. } => {
                self.inspect(batch, CARRIER);
            }
            _ => {}
        }
    }
}
