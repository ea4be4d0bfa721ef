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

use serde::{Deserialize, Serialize};

use super::asked::{Asked, Found, Texts};
use super::crdt::TextDoc;
use super::error::TextError;
use super::evaluate::StartText;
use super::graph;
use super::version::Version;

/// So many divergences are kept whole: an edit that comes late and concerns one of them costs no more
/// than those after it. Older ones are summed up.
const KEPT: usize = if cfg!(test) { 2 } else { 32 };

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
///
/// Its size follows the text and the last divergences, not the length of the history.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ReviewCache {
    /// Everything up to here has been looked at.
    reach: Version,
    /// The divergences up to the version `end`, summed up.
    past: Past,
    /// Those after it.
    divergences: Vec<Found>,
    /// Texts at the versions that the last review showed: going far back takes long.
    texts: Vec<(Version, String)>,
}

/// What divergences long ago ask about under the decisions made so far.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
struct Past {
    /// The end of the last of them, a critical version.
    end: Version,
    /// The decisions under which they were summed up; ascending.
    decisions: Vec<Version>,
    conflict: Asked,
    merged: Asked,
}

impl Past {
    /// Makes the sums those under `decisions`; whether it could.
    fn decide(&mut self, decisions: &[Version]) -> bool {
        if self.decisions == decisions {
            return true;
        }
        let settled = decisions.iter().any(|decision| decision.covers(&self.end));
        if !settled && !self.end.is_empty() {
            return false;
        }
        // What one decision covers asks nothing any more.
        self.conflict = Asked::default();
        self.merged = Asked::default();
        self.decisions = decisions.to_vec();
        true
    }

    /// Adds what came after.
    fn add(&mut self, found: &Found) {
        found.ask(&self.decisions, &mut self.conflict, &mut self.merged);
        self.end = found.end.clone();
    }
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
        let mut decisions = decisions.to_vec();
        decisions.sort_unstable();
        decisions.dedup();
        if !cache.past.decide(&decisions) {
            *cache = ReviewCache::default();
            cache.past.decide(&decisions);
        }
        if cache.reach != now
            && let Err(error) = self.extend(cache, &now)
        {
            *cache = ReviewCache::default();
            return Err(error);
        }
        let mut conflict = cache.past.conflict.clone();
        let mut merged = cache.past.merged.clone();
        for found in &cache.divergences {
            found.ask(&decisions, &mut conflict, &mut merged);
        }
        let mut texts = Texts::new(self, &cache.texts);
        let review = TextReview {
            conflict: conflict.answer(&mut texts)?,
            merged_automatically: merged.answer(&mut texts)?,
        };
        cache.texts = texts.used;
        let old = cache.divergences.len().saturating_sub(KEPT);
        for found in cache.divergences.drain(..old) {
            cache.past.add(&found);
        }
        Ok(review)
    }

    /// Brings `cache` up to the version `now`.
    fn extend(&self, cache: &mut ReviewCache, now: &Version) -> Result<(), TextError> {
        let mut base = Version::empty();
        // What all new edits had seen: up to there nothing that was found can change.
        let settled =
            if now.covers(&cache.reach) { Some(self.settled(&cache.reach)?) } else { None };
        if let Some(settled) = settled.filter(|settled| settled.covers(&cache.past.end)) {
            let kept = cache.divergences.iter().take_while(|f| settled.covers(&f.end)).count();
            let dropped = cache.divergences.get(kept).map(|found| found.start.clone());
            cache.divergences.truncate(kept);
            base = match dropped {
                _ if settled.covers(&cache.reach) => cache.reach.clone(),
                Some(start) if settled.covers(&start) => start,
                _ => cache.divergences.last().map_or(&cache.past.end, |f| &f.end).clone(),
            };
        } else {
            let decisions = std::mem::take(&mut cache.past.decisions);
            *cache = ReviewCache::default();
            cache.past.decisions = decisions;
        }
        // One writer alone diverges from nobody.
        if now.entries().count() > 1 {
            let bubbles = graph::bubbles(&self.pieces_since(&base)?, &base)?;
            let mut text = StartText::new(self, base.clone());
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
