//! What goes over a connection between devices, as an eavesdropper with all keys would see it.

use super::super::super::world::World;
use super::super::may_travel;
use holdfast_oplog::{LogId, VersionVector};
use holdfast_sync::Carrier;
use holdfast_transports::peer::{Answer, Ask, Message, News};

const CARRIER: Carrier = Carrier::Lan;

impl World {
    /// Looks at a message that one device sends to another.
    pub(super) fn overhear(&mut self, message: &Message) {
        match message {
            Message::News(News { offers, base, said, .. }) => {
                names_only_what_may_travel(offers);
                names_only_what_may_travel(base);
                self.inspect_acknowledgement(said, CARRIER);
            }
            Message::Ask { ask, .. } => match ask {
                Ask::Batch(range) => may_be_named(range.log),
                Ask::Snapshot(held) => names_only_what_may_travel(held),
                Ask::Piece { content, .. } => {
                    let space = self.contents[content];
                    assert!(may_travel(space, CARRIER), "a content of '{space}' was asked for");
                }
                Ask::Records(_) | Ask::SnapshotPiece(_) => {}
            },
            Message::Answer { answer: Answer::Batch(Some(batch)), .. } => {
                self.inspect(batch, CARRIER);
            }
            _ => {}
        }
    }
}

fn names_only_what_may_travel(logs: &VersionVector) {
    logs.iter().for_each(|(log, _)| may_be_named(log));
}

fn may_be_named(log: LogId) {
    assert!(may_travel(log.space, CARRIER), "a log of '{}' was named to another device", log.space);
}
