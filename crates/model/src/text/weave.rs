//! The characters of one bubble in their final order, deleted ones included.
//!
//! Every run is replayed at the version its writer saw, over the text at the bubble's start. What
//! comes out says, for every character, whose run put it in and whose took it out; from that the text
//! at any version inside the bubble can be read, and where in the starting text each run was at work.
//! Concurrent insertions are ordered by Fugue with ties broken by writer id, as the sequence CRDT
//! orders them, so that the positions in later operations mean the same here as there.

use super::crdt::{Action, Op};
use super::error::TextError;
use super::graph::EditRun;
use super::version::Version;

/// Spans in one block before it is split; keeps finding a position short in a large bubble.
const BLOCK: usize = 64;

/// One character: the starting text's by its position there, any other by writer and operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Id {
    Start(usize),
    Typed(u64, u32),
}

/// Neighbouring characters with one fate.
#[derive(Debug, Clone)]
pub(super) struct Span {
    id: Id,
    pub(super) chars: Vec<char>,
    /// Which run put it in; none for the starting text.
    pub(super) put_by: Option<usize>,
    /// Which runs took it out.
    pub(super) taken_by: Vec<usize>,
    left: Option<Id>,
    right: Option<Id>,
    /// Whether the run being replayed knows of it, and still sees it.
    known: bool,
    visible: bool,
}

impl Span {
    fn id_at(&self, offset: usize) -> Id {
        match self.id {
            Id::Start(at) => Id::Start(at + offset),
            Id::Typed(writer, counter) => Id::Typed(writer, counter.wrapping_add(offset as u32)),
        }
    }

    fn contains(&self, id: Id) -> bool {
        match (self.id, id) {
            (Id::Start(from), Id::Start(at)) => at >= from && at - from < self.chars.len(),
            (Id::Typed(writer, from), Id::Typed(other, at)) => {
                writer == other && at >= from && ((at - from) as usize) < self.chars.len()
            }
            _ => false,
        }
    }

    fn shown(&self) -> usize {
        if self.visible { self.chars.len() } else { 0 }
    }

    /// Cuts off what lies from `offset` on.
    fn split(&mut self, offset: usize) -> Span {
        let rest = self.chars.split_off(offset);
        Span {
            id: self.id_at(offset),
            chars: rest,
            put_by: self.put_by,
            taken_by: self.taken_by.clone(),
            left: offset.checked_sub(1).map(|last| self.id_at(last)),
            right: self.right,
            known: self.known,
            visible: self.visible,
        }
    }

    /// Whether a version that holds the runs for which `held` is true shows these characters.
    pub(super) fn shown_in(&self, held: &[bool]) -> bool {
        let has = |run: &usize| held.get(*run).copied().unwrap_or(false);
        self.put_by.as_ref().is_none_or(has) && !self.taken_by.iter().any(has)
    }
}

#[derive(Debug, Default)]
struct Block {
    spans: Vec<Span>,
    shown: usize,
}

/// A place between spans.
type Place = (usize, usize);

#[derive(Debug)]
struct Weave {
    blocks: Vec<Block>,
}

fn damaged() -> TextError {
    TextError::Malformed("history".into())
}

/// Replays `runs`, each with its operations, over `text` and gives all characters in order.
pub(super) fn weave(
    text: &[char],
    runs: &[EditRun],
    ops: &[Vec<Op>],
) -> Result<Vec<Span>, TextError> {
    let mut weave = Weave { blocks: vec![Block::default()] };
    if !text.is_empty() {
        let span = Span {
            id: Id::Start(0),
            chars: text.to_vec(),
            put_by: None,
            taken_by: Vec::new(),
            left: None,
            right: None,
            known: true,
            visible: true,
        };
        weave.put((0, 0), span);
    }
    let mut at: Option<Version> = None;
    for (index, (run, ops)) in runs.iter().zip(ops).enumerate() {
        if at.as_ref() != Some(&run.before) {
            weave.checkout(&held(runs, &run.before));
        }
        for op in ops {
            match &op.action {
                Action::Insert { pos, text } => {
                    weave.insert(*pos, text, run.writer, op.start, index)?;
                }
                Action::Delete { pos, len } => weave.delete(*pos, *len, index)?,
            }
        }
        at = Some(run.after());
    }
    Ok(weave.blocks.into_iter().flat_map(|block| block.spans).collect())
}

/// Which of `runs` are in `version`.
pub(super) fn held(runs: &[EditRun], version: &Version) -> Vec<bool> {
    runs.iter().map(|run| run.in_version(version)).collect()
}

impl Weave {
    /// Shows what the version that holds these runs shows.
    fn checkout(&mut self, held: &[bool]) {
        for block in &mut self.blocks {
            for span in &mut block.spans {
                let has = |run: &usize| held.get(*run).copied().unwrap_or(false);
                span.known = span.put_by.as_ref().is_none_or(has);
                span.visible = span.shown_in(held);
            }
            block.shown = block.spans.iter().map(Span::shown).sum();
        }
    }

    fn span(&self, (block, index): Place) -> Option<&Span> {
        self.blocks.get(block)?.spans.get(index)
    }

    /// The place itself, or the first of the next block that holds a span.
    fn next_span(&self, (mut block, mut index): Place) -> Option<Place> {
        loop {
            let spans = &self.blocks.get(block)?.spans;
            if index < spans.len() {
                return Some((block, index));
            }
            (block, index) = (block + 1, 0);
        }
    }

    /// Puts a span at a place.
    fn put(&mut self, (block, index): Place, span: Span) {
        let Some(target) = self.blocks.get_mut(block) else { return };
        target.shown += span.shown();
        target.spans.insert(index.min(target.spans.len()), span);
        self.settle(block);
    }

    /// Splits a block that has grown too long. Places are not the same afterwards.
    fn settle(&mut self, block: usize) {
        let Some(target) = self.blocks.get_mut(block) else { return };
        if target.spans.len() > BLOCK {
            let spans = target.spans.split_off(BLOCK / 2);
            let shown: usize = spans.iter().map(Span::shown).sum();
            target.shown -= shown;
            self.blocks.insert(block + 1, Block { spans, shown });
        }
    }

    /// The place right after the `pos`th shown character, splitting a span where needed, and the
    /// character before it.
    fn after(&mut self, pos: usize) -> Result<(Place, Option<Id>), TextError> {
        if pos == 0 {
            return Ok(((0, 0), None));
        }
        let mut left = pos;
        for at in 0..self.blocks.len() {
            let Some(block) = self.blocks.get_mut(at) else { break };
            if left > block.shown {
                left -= block.shown;
                continue;
            }
            for index in 0..block.spans.len() {
                let Some(span) = block.spans.get_mut(index) else { break };
                let shown = span.shown();
                if left > shown {
                    left -= shown;
                    continue;
                }
                let before = span.id_at(left - 1);
                if left < shown {
                    let rest = span.split(left);
                    block.spans.insert(index + 1, rest);
                }
                return Ok(((at, index + 1), Some(before)));
            }
        }
        Err(damaged())
    }

    fn insert(
        &mut self,
        pos: usize,
        text: &[char],
        writer: u64,
        counter: u32,
        run: usize,
    ) -> Result<(), TextError> {
        let (start, left) = self.after(pos)?;
        // Between `start` and the next character this run knows of lie only others' insertions.
        let mut between: Vec<Place> = Vec::new();
        let mut right: Option<Place> = None;
        let mut next = self.next_span(start);
        while let Some(place) = next {
            if self.span(place).is_some_and(|span| span.known) {
                right = Some(place);
                break;
            }
            between.push(place);
            next = self.next_span((place.0, place.1 + 1));
        }
        let right_id = right.and_then(|place| self.span(place)).map(|span| span.id);
        // The right neighbour counts as a parent only when it hangs from the same left neighbour.
        let parent = |place: Option<Place>| {
            place.filter(|place| self.span(*place).is_some_and(|span| span.left == left))
        };
        let right_parent = parent(right);

        let mut target = start;
        let mut scanning = false;
        let mut visited: Vec<Place> = Vec::new();
        for place in between {
            let other = self.span(place).ok_or_else(damaged)?;
            let hangs_here = other.left == left;
            let hangs_inside = other.left.is_some_and(|id| {
                visited.iter().any(|seen| self.span(*seen).is_some_and(|span| span.contains(id)))
            });
            if !hangs_here && !hangs_inside {
                break;
            }
            visited.push(place);
            if hangs_here {
                let after_us = matches!(other.id, Id::Typed(peer, _) if peer > writer);
                if other.right == right_id {
                    if after_us {
                        break;
                    }
                    scanning = false;
                } else {
                    let other_parent = parent(other.right.and_then(|id| self.find(id)));
                    match compare(other_parent, right_parent) {
                        std::cmp::Ordering::Less => scanning = true,
                        std::cmp::Ordering::Equal if after_us => break,
                        _ => scanning = false,
                    }
                }
            }
            if !scanning {
                target = (place.0, place.1 + 1);
            }
        }
        let span = Span {
            id: Id::Typed(writer, counter),
            chars: text.to_vec(),
            put_by: Some(run),
            taken_by: Vec::new(),
            left,
            right: right_id,
            known: true,
            visible: true,
        };
        self.put(target, span);
        Ok(())
    }

    /// Where the span lies that holds a character.
    fn find(&self, id: Id) -> Option<Place> {
        self.blocks.iter().enumerate().find_map(|(at, block)| {
            let index = block.spans.iter().position(|span| span.contains(id))?;
            Some((at, index))
        })
    }

    fn delete(&mut self, pos: usize, len: usize, run: usize) -> Result<(), TextError> {
        let mut left = len;
        let (mut place, _) = self.after(pos)?;
        while left > 0 {
            place = self.next_span(place).ok_or_else(damaged)?;
            let block = self.blocks.get_mut(place.0).ok_or_else(damaged)?;
            let span = block.spans.get_mut(place.1).ok_or_else(damaged)?;
            if !span.visible {
                place.1 += 1;
                continue;
            }
            if span.chars.len() > left {
                let rest = span.split(left);
                block.spans.insert(place.1 + 1, rest);
            }
            let span = block.spans.get_mut(place.1).ok_or_else(damaged)?;
            left -= span.chars.len();
            block.shown -= span.chars.len();
            span.visible = false;
            span.taken_by.push(run);
            place.1 += 1;
        }
        self.settle(place.0);
        Ok(())
    }
}

/// Which place comes first; no place comes last.
fn compare(one: Option<Place>, other: Option<Place>) -> std::cmp::Ordering {
    match (one, other) {
        (Some(one), Some(other)) => one.cmp(&other),
        (Some(_), None) => std::cmp::Ordering::Less,
        (None, Some(_)) => std::cmp::Ordering::Greater,
        (None, None) => std::cmp::Ordering::Equal,
    }
}
