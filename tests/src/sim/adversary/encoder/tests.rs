//! What the encoder writes in good faith the engine takes for what it is: so what the engine refuses in
//! histories it refuses for what is wrong with it.

use super::changes::{edit, write};
use super::pack::{Value, map};
use super::sealing::pad;
use crate::sim::adversary::history::History;
use holdfast_oplog::DeviceId;
use holdfast_transports::peer::Message;

/// A member that writes its own changes with this encoder is understood: the item is shown, the device
/// that it lets in is a member, its word is heard.
#[test]
fn what_is_written_in_good_faith_is_taken_in() {
    let mut history = History::begin(0, false);
    let set = map([("title", write(Value::from("from the laptop"), &[]))]);
    let op = edit(&[9; 16], "task", vec![("life", write(Value::from("alive"), &[])), ("set", set)]);
    let draft = history.draft_in_good_faith(vec![op]);
    history.commit_hostile(0, &draft);
    history.let_one_in_good_faith();
    let hands = history.hostile.hands.len();
    assert_eq!(hands, 2);
    history.answer_in_good_faith(0);
    let shown = history.honest[0].shows();
    assert!(shown.keys().any(|id| *id.as_bytes() == [9; 16]), "{shown:?}");
    let members = history.honest[0].members();
    let id = DeviceId(history.hostile.hands[1].keys.id());
    assert!(members.is_active(id), "{:?}", members.problems());
}

/// A key that it wraps for everybody opens on an honest device.
#[test]
fn a_wrapped_key_opens() {
    let mut history = History::begin(1, false);
    let before = history.honest[0].keyring.current();
    history.hand_out_in_good_faith();
    history.answer_in_good_faith(0);
    assert!(history.honest[0].keyring.has(before + 1));
}

/// Answers are messages of the protocol.
#[test]
fn news_is_a_message() {
    let told =
        super::talk::news(&vec![("everywhere".into(), [1; 16], 3)], &Vec::new(), [0; 32], b"");
    assert!(matches!(Message::decode(&told), Ok(Message::News(_))));
}

/// Padded sizes are those that the engine takes for well padded.
#[test]
fn padding_is_as_it_is_written_down() {
    for length in 0..3000 {
        let padded = pad(&vec![1; length]).len();
        assert!(padded >= length + 4 && padded <= (length + 4) + (length + 4) / 8 + 1);
    }
}
