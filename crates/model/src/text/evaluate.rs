//! Looks at one bubble of a history: what each run did to the text before it, and on which passages
//! runs that were written apart disagree. A function of the bubble alone.

use super::asked::{Found, FoundRun, Overlap};
use super::crdt::TextDoc;
use super::crdt::{Action, Op};
use super::error::TextError;
#[cfg(test)]
use super::graph;
use super::graph::{Bubble, EditRun};
use super::lines;
use super::passages::{Passage, Touched, Units, Work};
use super::version::Version;
use super::weave::{self, Span};

/// Between two divergences up to this many operations are replayed here; beyond, the text is asked
/// for its state there.
const REPLAY: u64 = 4096;

/// The text at a version that moves forward from bubble to bubble.
pub(super) struct StartText<'a> {
    doc: &'a TextDoc,
    version: Version,
    /// Not known when getting there was put off.
    chars: Option<Vec<char>>,
}

impl<'a> StartText<'a> {
    pub(super) fn new(doc: &'a TextDoc, version: Version) -> Self {
        let chars = version.is_empty().then(Vec::new);
        Self { doc, version, chars }
    }

    fn ops(&self, run: &EditRun) -> Result<Vec<Op>, TextError> {
        self.doc.ops(run.writer, run.start, run.end)
    }

    /// Moves past a bubble in which nobody diverged.
    pub(super) fn pass(&mut self, bubble: &Bubble) -> Result<(), TextError> {
        let ops = bubble.end.len_ops().saturating_sub(bubble.start.len_ops());
        self.version = bubble.end.clone();
        let Some(mut chars) = self.chars.take().filter(|_| ops <= REPLAY) else {
            return Ok(());
        };
        for run in &bubble.runs {
            for op in self.ops(run)? {
                let (pos, len, text) = match op.action {
                    Action::Insert { pos, text } => (pos, 0, text),
                    Action::Delete { pos, len } => (pos, len, Vec::new()),
                };
                if pos.saturating_add(len) > chars.len() {
                    return Err(TextError::Malformed("history".into()));
                }
                chars.splice(pos..pos + len, text);
            }
        }
        self.chars = Some(chars);
        Ok(())
    }

    /// Looks at a bubble in which writers diverged, and moves past it.
    pub(super) fn evaluate(&mut self, bubble: &Bubble) -> Result<Found, TextError> {
        let text = match self.chars.take() {
            Some(chars) => chars,
            None => self.doc.at(&self.version)?.chars().collect(),
        };
        let ops: Vec<Vec<Op>> =
            bubble.runs.iter().map(|run| self.ops(run)).collect::<Result<_, _>>()?;
        let woven = Woven::new(&text, &bubble.runs, &ops)?;
        self.version = bubble.end.clone();
        self.chars = Some(woven.merged());

        let mut units = Units::new(&text);
        let mut done = woven.work(bubble.runs.len());
        for work in &mut done {
            lines::settle(work, &text);
        }
        let touched: Vec<Touched> = done.iter().map(|work| units.touched(work)).collect();
        let mut overlaps = Vec::new();
        for (other, right) in bubble.runs.iter().enumerate() {
            for (one, left) in bubble.runs.iter().enumerate().take(other) {
                if !left.concurrent(right) {
                    continue;
                }
                let (Some(a), Some(b)) = (touched.get(one), touched.get(other)) else { continue };
                let shared = a.shared(b, text.len());
                let disputed = woven.disputed(shared, left, right);
                if !disputed.is_empty() {
                    overlaps.push(Overlap { one, other, passages: disputed });
                }
            }
        }
        let runs = bubble
            .runs
            .iter()
            .zip(&touched)
            .map(|(run, touched)| FoundRun {
                writer: run.writer,
                start: run.start,
                end: run.end,
                before: run.before.clone(),
                touched: touched.passages(text.len()),
            })
            .collect();
        Ok(Found { start: bubble.start.clone(), end: bubble.end.clone(), runs, overlaps })
    }
}

/// A bubble's characters, each span with the spot of the starting text at which it lies.
struct Woven<'a> {
    runs: &'a [EditRun],
    spans: Vec<(usize, Span)>,
}

impl<'a> Woven<'a> {
    fn new(text: &[char], runs: &'a [EditRun], ops: &[Vec<Op>]) -> Result<Self, TextError> {
        let mut spot = 0;
        let spans = weave::weave(text, runs, ops)?
            .into_iter()
            .map(|span| {
                let at = spot;
                if span.put_by.is_none() {
                    spot += span.chars.len();
                }
                (at, span)
            })
            .collect();
        Ok(Self { runs, spans })
    }

    /// The text at the bubble's end.
    fn merged(&self) -> Vec<char> {
        let shown = self.spans.iter().filter(|(_, span)| span.taken_by.is_empty());
        shown.flat_map(|(_, span)| span.chars.iter().copied()).collect()
    }

    /// What each of the runs did to the starting text.
    fn work(&self, runs: usize) -> Vec<Work> {
        let mut work = vec![Work::default(); runs];
        for (spot, span) in &self.spans {
            for taker in &span.taken_by {
                let Some(work) = work.get_mut(*taker) else { continue };
                if span.put_by.is_none() {
                    let end = spot + span.chars.len();
                    match work.taken.last_mut() {
                        Some(last) if last.1 == *spot => last.1 = end,
                        _ => work.taken.push((*spot, end)),
                    }
                } else if span.put_by != Some(*taker) {
                    work.trimmed.push(*spot);
                }
            }
            // What a run put in and took out again itself left no trace.
            if let Some(putter) = span.put_by.filter(|run| !span.taken_by.contains(run))
                && let Some(work) = work.get_mut(putter)
            {
                match work.put.last_mut() {
                    Some(last) if last.0 == *spot => last.1.extend(&span.chars),
                    _ => work.put.push((*spot, span.chars.clone())),
                }
            }
        }
        work
    }

    /// Those of the passages that two concurrent runs share on which they disagree: both left the
    /// same text there and merging gave it too, or it is disputed.
    fn disputed(&self, shared: Vec<Passage>, one: &EditRun, other: &EditRun) -> Vec<Passage> {
        if shared.is_empty() {
            return shared;
        }
        let (left, right) = (one.after(), other.after());
        let both = left.union(&right);
        let [left, right, both] = [left, right, both].map(|v| weave::held(self.runs, &v));
        shared
            .into_iter()
            .filter(|passage| {
                let text = self.passage(*passage, &left);
                text != self.passage(*passage, &right) || text != self.passage(*passage, &both)
            })
            .collect()
    }

    /// The text of a passage, what was put in at its edges included, where these runs are held.
    fn passage(&self, (start, end): Passage, held: &[bool]) -> Vec<char> {
        let mut text = Vec::new();
        // Spots ascend; a span of the starting text before `start` may reach into the passage.
        let first = self.spans.partition_point(|(spot, _)| *spot < start).saturating_sub(1);
        for (spot, span) in self.spans.iter().skip(first) {
            if *spot > end {
                break;
            }
            if !span.shown_in(held) {
                continue;
            }
            if span.put_by.is_some() {
                if *spot >= start {
                    text.extend(&span.chars);
                }
            } else {
                let from = start.saturating_sub(*spot).min(span.chars.len());
                let to = (end - spot).min(span.chars.len());
                text.extend(span.chars.get(from..to).unwrap_or_default());
            }
        }
        text
    }
}

/// The text as the review's own replay of the whole history has it.
#[cfg(test)]
pub(super) fn replayed(doc: &TextDoc) -> Result<String, TextError> {
    let empty = Version::empty();
    let bubbles = graph::bubbles(&doc.pieces_since(&empty)?, &empty)?;
    let mut text = StartText::new(doc, empty);
    for bubble in &bubbles {
        if bubble.runs.len() > 1 {
            text.evaluate(bubble)?;
        } else {
            text.pass(bubble)?;
        }
    }
    Ok(text.chars.unwrap_or_default().into_iter().collect())
}
