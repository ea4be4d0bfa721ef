//! The review of edits that were made apart: which of them touch the same passage and wait for the
//! person, and which merged by themselves.
//!
//! **Invariant.** What a review says is a function of the set of edits that the text holds and of the
//! decisions. The order in which edits arrived, how they were cut into updates, and what a
//! [`ReviewCache`] holds make no difference, so every device lists the same.
//!
//! Two runs (see `graph`) that were written apart overlap when they touched the same passage (see
//! `passages`) of the text from which both started, unless both left the passage with the very same
//! text and the merge has that text too. A decision is a version of the text: it settles every pair
//! of runs that it holds whole, so that an edit nobody had seen when deciding is asked about anew.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::crdt::{Action, Op, TextDoc};
use super::error::TextError;
use super::graph::{self, Bubble, EditRun};
use super::passages::{self, Passage, Touched, Units, Work};
use super::version::Version;
use super::weave::{self, Span};

/// Between two divergences up to this many operations are replayed here; beyond, the text is asked
/// for its state there.
const REPLAY: u64 = 4096;

/// What a text's history has for the person to look at.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct TextReview {
    /// Edits made apart that touched the same passage; not decided yet.
    pub conflict: Option<Divergence>,
    /// Edits made apart that touched different passages; not looked at yet.
    pub merged_automatically: Option<Divergence>,
}

/// Edits made apart: the text before them, each writer's text, and the merge.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Divergence {
    /// The text before the first of these edits.
    pub original: String,
    /// Its version.
    pub original_version: Version,
    /// Each writer's text, ascending by writer.
    pub versions: Vec<Side>,
    /// The text as it is now.
    pub merged: String,
    /// How many passages are concerned.
    pub passages: usize,
}

/// One writer's text, as it was before it met the others' edits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Side {
    /// Whose.
    pub writer: u64,
    /// The text as the writer saw it.
    pub text: String,
    /// Its version.
    pub version: Version,
}

/// What earlier reviews of one text found, so that it is not worked out again. It may be thrown away
/// at any time; the next review then takes longer and says the same.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ReviewCache {
    /// Everything up to here has been looked at.
    reach: Version,
    divergences: Vec<Found>,
    /// Texts at the versions that the last review showed: going far back takes long.
    texts: Vec<(Version, String)>,
}

/// Looks up texts at versions, and remembers which were asked for.
struct Texts<'a> {
    doc: &'a TextDoc,
    known: &'a [(Version, String)],
    used: Vec<(Version, String)>,
}

impl Texts<'_> {
    fn at(&mut self, version: &Version) -> Result<String, TextError> {
        let known = self.used.iter().chain(self.known).find(|(known, _)| known == version);
        let text = match known {
            Some((_, text)) => text.clone(),
            None => self.doc.at(version)?,
        };
        if self.used.iter().all(|(used, _)| used != version) {
            self.used.push((version.clone(), text.clone()));
        }
        Ok(text)
    }
}

/// One bubble in which writers diverged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Found {
    start: Version,
    end: Version,
    runs: Vec<FoundRun>,
    overlaps: Vec<Overlap>,
}

/// One run in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct FoundRun {
    writer: u64,
    start: u32,
    end: u32,
    before: Version,
    touched: Vec<Passage>,
}

/// Two runs (by index, ascending) that touched the same passages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Overlap {
    one: usize,
    other: usize,
    passages: Vec<Passage>,
}

impl TextDoc {
    /// Reviews the text under `decisions`, each the version of the text that its maker saw.
    ///
    /// `cache` is what an earlier review of this very text left, or an empty one, which costs time
    /// only; a cache is never to be used for another text. Errors: [`TextError::Malformed`] when the
    /// text's history cannot be read.
    pub fn review(
        &self,
        decisions: &[Version],
        cache: &mut ReviewCache,
    ) -> Result<TextReview, TextError> {
        let now = self.version();
        if cache.reach != now
            && let Err(error) = self.extend(cache, &now)
        {
            *cache = ReviewCache::default();
            return Err(error);
        }
        let mut conflict = Asked::default();
        let mut merged = Asked::default();
        for found in &cache.divergences {
            if !decisions.iter().any(|decision| decision.covers(&found.end)) {
                found.ask(decisions, &mut conflict, &mut merged);
            }
        }
        let mut texts = Texts { doc: self, known: &cache.texts, used: Vec::new() };
        let review = TextReview {
            conflict: conflict.answer(&mut texts)?,
            merged_automatically: merged.answer(&mut texts)?,
        };
        cache.texts = texts.used;
        Ok(review)
    }

    /// Brings `cache` up to the version `now`.
    fn extend(&self, cache: &mut ReviewCache, now: &Version) -> Result<(), TextError> {
        let mut base = Version::empty();
        if now.covers(&cache.reach) {
            // What all new edits had seen: up to there nothing that was found can change.
            let settled = self.settled(&cache.reach)?;
            let kept = cache.divergences.iter().take_while(|f| settled.covers(&f.end)).count();
            let dropped = cache.divergences.get(kept).map(|found| found.start.clone());
            cache.divergences.truncate(kept);
            base = match dropped {
                _ if settled.covers(&cache.reach) => cache.reach.clone(),
                Some(start) if settled.covers(&start) => start,
                _ => cache.divergences.last().map(|f| f.end.clone()).unwrap_or_default(),
            };
        } else {
            *cache = ReviewCache::default();
        }
        // One writer alone diverges from nobody.
        if now.entries().count() > 1 {
            let bubbles = graph::bubbles(&self.pieces_since(&base)?, &base)?;
            let mut text = StartText { doc: self, version: base.clone(), chars: None };
            if base.is_empty() {
                text.chars = Some(Vec::new());
            }
            for bubble in &bubbles {
                if bubble.runs.len() > 1 {
                    cache.divergences.push(text.evaluate(bubble)?);
                } else {
                    text.pass(bubble)?;
                }
            }
        }
        cache.reach = now.clone();
        Ok(())
    }

    /// What all edits beyond `reach` had seen, as far as it lies within `reach`.
    fn settled(&self, reach: &Version) -> Result<Version, TextError> {
        let mut settled = reach.clone();
        for piece in self.pieces_since(reach)? {
            let own = piece.start.checked_sub(1).map(|last| (piece.writer, last));
            let direct: Vec<(u64, u32)> = piece.deps.iter().copied().chain(own).collect();
            // What follows a new edit had seen all that the new edit had.
            if direct.iter().any(|(writer, counter)| !reach.includes(*writer, *counter)) {
                continue;
            }
            let mut seen = Version::empty();
            for (writer, counter) in direct {
                seen = seen.union(&self.version_of(writer, counter)?);
            }
            settled = settled.intersect(&seen);
        }
        Ok(settled)
    }
}

/// The text at a version that moves forward from bubble to bubble.
struct StartText<'a> {
    doc: &'a TextDoc,
    version: Version,
    /// Not known when getting there was put off.
    chars: Option<Vec<char>>,
}

impl StartText<'_> {
    fn ops(&self, run: &EditRun) -> Result<Vec<Op>, TextError> {
        self.doc.ops(run.writer, run.start, run.end)
    }

    /// Moves past a bubble in which nobody diverged.
    fn pass(&mut self, bubble: &Bubble) -> Result<(), TextError> {
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
    fn evaluate(&mut self, bubble: &Bubble) -> Result<Found, TextError> {
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
        let touched: Vec<Touched> =
            woven.work(bubble.runs.len()).iter().map(|work| units.touched(work)).collect();
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

impl FoundRun {
    fn in_version(&self, version: &Version) -> bool {
        version.includes(self.writer, self.start)
    }

    /// Whether a version holds all of it.
    fn whole_in(&self, version: &Version) -> bool {
        version.count(self.writer) >= self.end
    }
}

impl Found {
    /// Adds the pairs of runs that no decision settled to what is asked and what merged by itself.
    fn ask<'a>(&'a self, decisions: &[Version], conflict: &mut Asked<'a>, merged: &mut Asked<'a>) {
        let overlaps: BTreeMap<(usize, usize), &Overlap> =
            self.overlaps.iter().map(|overlap| ((overlap.one, overlap.other), overlap)).collect();
        let mut asked = Pairs::default();
        let mut quiet = Pairs::default();
        for (other, right) in self.runs.iter().enumerate() {
            for (one, left) in self.runs.iter().enumerate().take(other) {
                let apart = !left.in_version(&right.before) && !right.in_version(&left.before);
                let decided = || decisions.iter().any(|d| left.whole_in(d) && right.whole_in(d));
                if !apart || decided() {
                    continue;
                }
                if let Some(overlap) = overlaps.get(&(one, other)) {
                    asked.add(one, other, overlap.passages.iter());
                } else {
                    quiet.add(one, other, left.touched.iter().chain(&right.touched));
                }
            }
        }
        conflict.add(self, asked);
        merged.add(self, quiet);
    }

    /// Where the writer of run `from` was before meeting what `against` holds: the run, or the
    /// writer's later ones as long as those had seen none of that.
    fn tip(&self, from: usize, against: &[usize]) -> usize {
        let writer = self.runs.get(from).map(|run| run.writer);
        let unaware = |version: &Version| {
            let met = |other: &usize| self.runs.get(*other).is_some_and(|o| o.in_version(version));
            !against.iter().any(met)
        };
        self.runs
            .iter()
            .enumerate()
            .skip(from)
            .filter(|(_, run)| Some(run.writer) == writer && unaware(&run.before))
            .map(|(index, _)| index)
            .next_back()
            .unwrap_or(from)
    }
}

/// Pairs of runs of one bubble, and the passages they touched.
#[derive(Default)]
struct Pairs {
    /// Which runs each run is paired with.
    with: BTreeMap<usize, Vec<usize>>,
    passages: Vec<Passage>,
}

impl Pairs {
    fn add<'a>(&mut self, one: usize, other: usize, passages: impl Iterator<Item = &'a Passage>) {
        self.with.entry(one).or_default().push(other);
        self.with.entry(other).or_default().push(one);
        self.passages.extend(passages);
        if self.passages.len() > 4096 {
            self.passages.sort_unstable();
            self.passages.dedup();
        }
    }
}

/// Everything that one question to the person is about.
#[derive(Default)]
struct Asked<'a> {
    original: Option<&'a Version>,
    /// Each writer's last operation in the last bubble that concerns them.
    tips: BTreeMap<u64, u32>,
    passages: usize,
}

impl<'a> Asked<'a> {
    fn add(&mut self, found: &'a Found, pairs: Pairs) {
        if pairs.with.is_empty() {
            return;
        }
        self.original.get_or_insert(&found.start);
        self.passages += passages::places(pairs.passages);
        // Runs of one writer ascend, so the last entry of each writer stays.
        for (run, against) in &pairs.with {
            if let Some(tip) = found.runs.get(found.tip(*run, against)) {
                self.tips.insert(tip.writer, tip.end.saturating_sub(1));
            }
        }
    }

    fn answer(self, texts: &mut Texts<'_>) -> Result<Option<Divergence>, TextError> {
        let Some(original) = self.original else { return Ok(None) };
        let versions = self
            .tips
            .iter()
            .map(|(writer, counter)| {
                let version = texts.doc.version_of(*writer, *counter)?;
                Ok(Side { writer: *writer, text: texts.at(&version)?, version })
            })
            .collect::<Result<_, TextError>>()?;
        Ok(Some(Divergence {
            original: texts.at(original)?,
            original_version: original.clone(),
            versions,
            merged: texts.doc.plain(),
            passages: self.passages,
        }))
    }
}

/// The text as the review's own replay of the whole history has it.
#[cfg(test)]
pub(super) fn replayed(doc: &TextDoc) -> Result<String, TextError> {
    let empty = Version::empty();
    let bubbles = graph::bubbles(&doc.pieces_since(&empty)?, &empty)?;
    let mut text = StartText { doc, version: empty, chars: Some(Vec::new()) };
    for bubble in &bubbles {
        if bubble.runs.len() > 1 {
            text.evaluate(bubble)?;
        } else {
            text.pass(bubble)?;
        }
    }
    Ok(text.chars.unwrap_or_default().into_iter().collect())
}
