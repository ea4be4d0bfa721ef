//! What divergences ask about: the pairs of runs that no decision settled, and the texts by which a
//! person decides.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::crdt::TextDoc;
use super::error::TextError;
use super::passages::{self, Passage};
use super::review::{Divergence, Side};
use super::version::Version;

/// Looks up texts at versions, and remembers which were asked for.
pub(super) struct Texts<'a> {
    doc: &'a TextDoc,
    known: &'a [(Version, String)],
    pub(super) used: Vec<(Version, String)>,
}

impl<'a> Texts<'a> {
    pub(super) fn new(doc: &'a TextDoc, known: &'a [(Version, String)]) -> Self {
        Self { doc, known, used: Vec::new() }
    }

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
pub(super) struct Found {
    pub(super) start: Version,
    pub(super) end: Version,
    pub(super) runs: Vec<FoundRun>,
    pub(super) overlaps: Vec<Overlap>,
}

/// One run in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct FoundRun {
    pub(super) writer: u64,
    pub(super) start: u32,
    pub(super) end: u32,
    pub(super) before: Version,
    pub(super) touched: Vec<Passage>,
}

/// Two runs (by index, ascending) that touched the same passages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Overlap {
    pub(super) one: usize,
    pub(super) other: usize,
    pub(super) passages: Vec<Passage>,
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
    pub(super) fn ask(&self, decisions: &[Version], conflict: &mut Asked, merged: &mut Asked) {
        if decisions.iter().any(|decision| decision.covers(&self.end)) {
            return;
        }
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
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct Asked {
    original: Option<Version>,
    /// Each writer's last operation in the last bubble that concerns them.
    tips: BTreeMap<u64, u32>,
    passages: usize,
}

impl Asked {
    fn add(&mut self, found: &Found, pairs: Pairs) {
        if pairs.with.is_empty() {
            return;
        }
        self.original.get_or_insert_with(|| found.start.clone());
        self.passages += passages::places(pairs.passages);
        // Runs of one writer ascend, so the last entry of each writer stays.
        for (run, against) in &pairs.with {
            if let Some(tip) = found.runs.get(found.tip(*run, against)) {
                self.tips.insert(tip.writer, tip.end.saturating_sub(1));
            }
        }
    }

    pub(super) fn answer(self, texts: &mut Texts<'_>) -> Result<Option<Divergence>, TextError> {
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
            original: texts.at(&original)?,
            original_version: original,
            versions,
            merged: texts.doc.plain(),
            passages: self.passages,
        }))
    }
}
