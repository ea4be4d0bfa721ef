//! One direction of a connection: bytes on their way, in frames of a length and so many bytes.

use holdfast_transports::peer::{MESSAGE, Message};
use std::collections::VecDeque;

/// Bytes from one end to the other.
#[derive(Default)]
pub(super) struct Line {
    under_way: VecDeque<u8>,
    /// What arrived and is no whole frame yet.
    arrived: Vec<u8>,
    /// Nothing more is sent: after what is under way the other end sees the end.
    pub(super) ended: bool,
    /// Nothing gets through any more, and nobody is told.
    pub(super) hole: bool,
}

impl Line {
    /// Sends a message. What is sent into an end or a hole is gone.
    pub(super) fn send(&mut self, message: &Message) {
        let bytes = message.encode().expect("a message can be written");
        assert!(bytes.len() <= MESSAGE, "a message of {} bytes is too long", bytes.len());
        if !self.ended && !self.hole {
            self.under_way.extend((bytes.len() as u32).to_be_bytes());
            self.under_way.extend(bytes);
        }
    }

    /// How many bytes are under way.
    pub(super) fn len(&self) -> usize {
        self.under_way.len()
    }

    /// Whether something can arrive.
    pub(super) fn is_busy(&self) -> bool {
        !self.hole && !self.under_way.is_empty()
    }

    /// Whether the other end sees the end now.
    pub(super) fn is_over(&self) -> bool {
        !self.hole && self.ended && self.under_way.is_empty()
    }

    /// So many bytes arrive. The messages that are whole by now.
    pub(super) fn arrive(&mut self, bytes: usize) -> Vec<Message> {
        let bytes = bytes.min(self.under_way.len());
        self.arrived.extend(self.under_way.drain(..bytes));
        let mut messages = Vec::new();
        let mut from = 0;
        while let Some((length, rest)) = self.arrived[from..].split_first_chunk::<4>()
            && let Some(frame) = rest.get(..u32::from_be_bytes(*length) as usize)
        {
            messages.push(Message::decode(frame).expect("a frame that arrived is a message"));
            from += 4 + frame.len();
        }
        self.arrived.drain(..from);
        messages
    }

    /// Of what is under way only so many bytes still arrive, then the end.
    pub(super) fn cut_after(&mut self, bytes: usize) {
        self.under_way.truncate(bytes);
        self.ended = true;
    }

    /// Nothing arrives from now on, not even the end.
    pub(super) fn swallow(&mut self) {
        self.under_way.clear();
        self.hole = true;
    }
}
