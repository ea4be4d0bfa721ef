//! A connection between two devices, and what can happen on it next.

use super::line::Line;
use super::taking::Taking;
use holdfast_transports::peer::{Answering, Ask, News};
use std::collections::VecDeque;

/// A connection: two ends and a line each way.
pub(super) struct Link {
    pub(super) ends: [End; 2],
    /// From the first end to the second, and back.
    pub(super) lines: [Line; 2],
}

/// What a device has of a connection.
pub(super) struct End {
    pub(super) device: usize,
    /// Whether the device still has it.
    pub(super) open: bool,
    /// Whether it holds something else than it told.
    pub(super) untold: bool,
    /// What the other one told last, where nothing was done about it yet.
    pub(super) news: Option<News>,
    /// What the other one told, where it waits for the person because much would be deleted.
    pub(super) held_back: Option<News>,
    /// Whether the person said yes to a large deletion.
    pub(super) confirmed: bool,
    pub(super) asked: VecDeque<(u64, Ask)>,
    pub(super) answering: Answering,
    pub(super) taking: Option<Taking>,
    /// The number of the question that waits for its answer, and how many there were.
    pub(super) waits_for: Option<u64>,
    pub(super) questions: u64,
}

/// Something that can happen at an end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Move {
    /// The device tells what it holds.
    Tell,
    /// Bytes arrive.
    Arrive,
    /// The device answers a question.
    Answer,
    /// The device begins to take in what it lacks.
    Take,
    /// The person looked at a large deletion and agrees.
    Agree,
    /// The device notices that the other one is gone.
    HangUp,
    /// Nothing came for so long that the device gives up.
    GiveUp,
}

impl End {
    pub(super) fn new(device: usize, answering: Answering) -> Self {
        Self {
            device,
            open: true,
            untold: true,
            news: None,
            held_back: None,
            confirmed: false,
            asked: VecDeque::new(),
            answering,
            taking: None,
            waits_for: None,
            questions: 0,
        }
    }

    /// The device has it no more. What it was about to take in, it does not.
    pub(super) fn close(&mut self) {
        self.open = false;
        self.taking = None;
        self.waits_for = None;
        self.news = None;
        self.held_back = None;
        self.asked.clear();
    }
}

impl Link {
    /// What can happen at one of its ends. `free`: the device takes nothing in at the moment.
    pub(super) fn moves(&self, side: usize, free: bool) -> impl Iterator<Item = Move> {
        let end = &self.ends[side];
        let line = &self.lines[1 - side];
        let can = [
            (Move::Tell, end.untold),
            (Move::Arrive, line.is_busy()),
            (Move::Answer, !end.asked.is_empty()),
            (Move::Take, end.news.is_some() && free),
            (Move::Agree, end.held_back.is_some()),
            (Move::HangUp, line.is_over()),
            (Move::GiveUp, line.hole),
        ];
        let open = end.open;
        can.into_iter().filter(move |(_, can)| open && *can).map(|(what, _)| what)
    }

    /// Whether a device has an end of it.
    pub(super) fn is_of(&self, device: usize) -> bool {
        self.ends.iter().any(|end| end.open && end.device == device)
    }

    /// Whether it connects these two and nothing is wrong with it.
    pub(super) fn joins(&self, a: usize, b: usize) -> bool {
        self.is_of(a) && self.is_of(b) && self.lines.iter().all(|line| !line.hole && !line.ended)
    }
}
