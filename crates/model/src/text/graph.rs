//! Which edits were made apart: the runs of a history, and the bubbles in which they diverge.
//!
//! Both are functions of the set of edits. A **run** is the longest stretch of one writer's
//! operations that nobody else's work follows in the middle and that nobody else's work flows into
//! but at its start. A version is **critical** when every operation is either in it or was written
//! with all of it known. Between two neighbouring critical versions lies a **bubble**; one of more
//! than one run is where writers diverged, and nothing outside it was concurrent with what is in it.

use std::collections::{BTreeMap, BTreeSet};

use super::crdt::Piece;
use super::error::TextError;
use super::version::Version;

/// A run, with what its writer had seen when it began.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct EditRun {
    pub(super) writer: u64,
    /// Operation numbers of the writer.
    pub(super) start: u32,
    pub(super) end: u32,
    /// Everything the first operation was written after.
    pub(super) before: Version,
}

impl EditRun {
    /// What the writer saw when the run ended.
    pub(super) fn after(&self) -> Version {
        self.before.union(&Version::from_entries([(self.writer, self.end)]))
    }

    /// Whether `version` holds the run. A version at a run's edge holds all of it or nothing.
    pub(super) fn in_version(&self, version: &Version) -> bool {
        version.includes(self.writer, self.start)
    }

    /// Whether neither writer had seen the other's run.
    pub(super) fn concurrent(&self, other: &Self) -> bool {
        !self.in_version(&other.before) && !other.in_version(&self.before)
    }
}

/// Runs that lie between two neighbouring critical versions, in an order in which each comes after
/// what it follows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Bubble {
    pub(super) start: Version,
    pub(super) end: Version,
    pub(super) runs: Vec<EditRun>,
}

/// The bubbles, in order, of all `pieces` beyond the critical version `base`.
pub(super) fn bubbles(pieces: &[Piece], base: &Version) -> Result<Vec<Bubble>, TextError> {
    let runs = in_order(cut(pieces), base)?;
    // What every run from here on had seen.
    let mut seen_later: Vec<Option<Version>> = vec![None];
    for run in runs.iter().rev() {
        let seen = match seen_later.last() {
            Some(Some(later)) => later.intersect(&run.before),
            _ => run.before.clone(),
        };
        seen_later.push(Some(seen));
    }
    seen_later.reverse();

    let mut found = Vec::new();
    let (mut held, mut open) = (base.clone(), Vec::new());
    let mut start = base.clone();
    for (run, later) in runs.into_iter().zip(seen_later.into_iter().skip(1)) {
        held = held.union(&run.after());
        open.push(run);
        // With nothing left the whole is critical.
        if later.is_none_or(|seen| seen.covers(&held)) {
            let runs = std::mem::take(&mut open);
            found.push(Bubble { start, end: held.clone(), runs });
            start = held.clone();
        }
    }
    Ok(found)
}

/// A run before it is known what its writer had seen.
struct Cut {
    writer: u64,
    start: u32,
    end: u32,
    deps: Vec<(u64, u32)>,
}

/// Cuts where others' work follows or flows in, and joins everything else of one writer.
fn cut(pieces: &[Piece]) -> Vec<Cut> {
    let mut cuts: BTreeSet<(u64, u32)> = BTreeSet::new();
    let mut flows_in: BTreeMap<(u64, u32), &[(u64, u32)]> = BTreeMap::new();
    let mut spans: BTreeMap<u64, (u32, u32)> = BTreeMap::new();
    for piece in pieces {
        let span = spans.entry(piece.writer).or_insert((piece.start, piece.end));
        *span = (span.0.min(piece.start), span.1.max(piece.end));
        let follows_itself = piece.start.checked_sub(1).map(|last| (piece.writer, last));
        if follows_itself.is_some_and(|last| piece.deps == [last]) {
            continue;
        }
        cuts.insert((piece.writer, piece.start));
        flows_in.insert((piece.writer, piece.start), &piece.deps);
        cuts.extend(
            piece.deps.iter().map(|(writer, counter)| (*writer, counter.saturating_add(1))),
        );
    }
    let mut runs = Vec::new();
    for (writer, (first, end)) in spans {
        let mut start = first;
        let inner: Vec<u32> = cuts
            .range((writer, first.saturating_add(1))..(writer, end))
            .map(|(_, counter)| *counter)
            .collect();
        for stop in inner.into_iter().chain([end]) {
            let deps = flows_in.get(&(writer, start)).map(|deps| deps.to_vec()).unwrap_or_default();
            runs.push(Cut { writer, start, end: stop, deps });
            start = stop;
        }
    }
    runs
}

/// Puts each run after those it follows and works out what its writer had seen.
fn in_order(cuts: Vec<Cut>, base: &Version) -> Result<Vec<EditRun>, TextError> {
    let damaged = || TextError::Malformed("history".into());
    let index: BTreeMap<(u64, u32), usize> =
        cuts.iter().enumerate().map(|(at, cut)| ((cut.writer, cut.end), at)).collect();
    // What each run directly follows, among the runs.
    let mut follows: Vec<Vec<usize>> = Vec::with_capacity(cuts.len());
    let mut followed_by: Vec<Vec<usize>> = vec![Vec::new(); cuts.len()];
    for (at, cut) in cuts.iter().enumerate() {
        let own = cut.start.checked_sub(1).map(|last| (cut.writer, last));
        let mut direct = BTreeSet::new();
        for (writer, counter) in cut.deps.iter().copied().chain(own) {
            if base.includes(writer, counter) {
                continue;
            }
            let dep = index.get(&(writer, counter.saturating_add(1))).ok_or_else(damaged)?;
            direct.insert(*dep);
        }
        for dep in &direct {
            followed_by.get_mut(*dep).ok_or_else(damaged)?.push(at);
        }
        follows.push(direct.into_iter().collect());
    }
    let mut waiting: Vec<usize> = follows.iter().map(Vec::len).collect();
    // Depth first keeps one writer's work together; the order among equals is by writer.
    let mut ready: Vec<usize> =
        (0..cuts.len()).rev().filter(|at| waiting.get(*at) == Some(&0)).collect();
    let mut after: Vec<Option<Version>> = vec![None; cuts.len()];
    let mut ordered = Vec::with_capacity(cuts.len());
    while let Some(at) = ready.pop() {
        let cut = cuts.get(at).ok_or_else(damaged)?;
        let mut before = base.clone();
        for dep in follows.get(at).ok_or_else(damaged)? {
            let seen = after.get(*dep).and_then(Option::as_ref).ok_or_else(damaged)?;
            before = before.union(seen);
        }
        let run = EditRun { writer: cut.writer, start: cut.start, end: cut.end, before };
        if let Some(slot) = after.get_mut(at) {
            *slot = Some(run.after());
        }
        ordered.push(run);
        for next in followed_by.get(at).ok_or_else(damaged)?.iter().rev() {
            let left = waiting.get_mut(*next).ok_or_else(damaged)?;
            *left -= 1;
            if *left == 0 {
                ready.push(*next);
            }
        }
    }
    if ordered.len() == cuts.len() { Ok(ordered) } else { Err(damaged()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn piece(writer: u64, start: u32, end: u32, deps: &[(u64, u32)]) -> Piece {
        Piece { writer, start, end, deps: deps.to_vec() }
    }

    fn shape(bubbles: &[Bubble]) -> Vec<Vec<(u64, u32, u32)>> {
        bubbles
            .iter()
            .map(|bubble| bubble.runs.iter().map(|r| (r.writer, r.start, r.end)).collect())
            .collect()
    }

    #[test]
    fn a_history_without_divergence_has_one_run_a_bubble() {
        let pieces = [piece(1, 0, 5, &[]), piece(1, 5, 9, &[(1, 4)]), piece(2, 0, 3, &[(1, 8)])];
        let found = bubbles(&pieces, &Version::empty()).unwrap();
        assert_eq!(shape(&found), [vec![(1, 0, 9)], vec![(2, 0, 3)]]);
    }

    #[test]
    fn a_bubble_opens_where_two_follow_the_same_and_closes_where_they_meet() {
        let pieces = [
            piece(1, 0, 10, &[]),
            piece(2, 0, 4, &[(1, 5)]),
            piece(1, 10, 12, &[(1, 9), (2, 3)]),
            piece(2, 4, 6, &[(1, 11)]),
        ];
        let found = bubbles(&pieces, &Version::empty()).unwrap();
        assert_eq!(
            shape(&found),
            [vec![(1, 0, 6)], vec![(1, 6, 10), (2, 0, 4)], vec![(1, 10, 12)], vec![(2, 4, 6)],]
        );
        // From a critical version on, the rest is the same.
        let base = Version::from_entries([(1, 6)]);
        let rest = [
            piece(1, 6, 10, &[(1, 5)]),
            piece(2, 0, 4, &[(1, 5)]),
            piece(1, 10, 12, &[(1, 9), (2, 3)]),
            piece(2, 4, 6, &[(1, 11)]),
        ];
        assert_eq!(bubbles(&rest, &base).unwrap(), found[1..]);
    }

    #[test]
    fn how_the_edits_were_cut_makes_no_difference() {
        let whole = [piece(1, 0, 9, &[]), piece(2, 0, 6, &[(1, 2)])];
        let parts = [
            piece(2, 3, 6, &[(2, 2)]),
            piece(1, 4, 9, &[(1, 3)]),
            piece(2, 0, 3, &[(1, 2)]),
            piece(1, 0, 1, &[]),
            piece(1, 1, 4, &[(1, 0)]),
        ];
        let empty = Version::empty();
        assert_eq!(bubbles(&whole, &empty).unwrap(), bubbles(&parts, &empty).unwrap());
    }

    #[test]
    fn a_history_with_a_hole_is_refused() {
        assert!(bubbles(&[piece(1, 0, 2, &[(2, 0)])], &Version::empty()).is_err());
    }
}
