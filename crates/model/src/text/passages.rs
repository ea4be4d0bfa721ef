//! Which passages of a text an edit touched, and which of them two edits share.
//!
//! The unit is the sentence within its line. Positions are code points of the text in which a bubble
//! starts. An insertion between two lines or two sentences touches that spot alone when it is a line
//! or a sentence of its own, and otherwise the sentence to which it was added. Taking a whole line
//! away touches that line; joining two lines touches both.

use unicode_segmentation::UnicodeSegmentation;

/// A stretch of the starting text, or a spot in it when both ends are the same.
pub(super) type Passage = (usize, usize);

/// What one run did, in places of the starting text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Work {
    /// Characters of the starting text that it took away; ascending, apart from each other.
    pub(super) taken: Vec<Passage>,
    /// What it put in, by spot; ascending, one entry a spot.
    pub(super) put: Vec<(usize, Vec<char>)>,
    /// Spots at which it took away what others had put in.
    pub(super) trimmed: Vec<usize>,
}

/// The passages that one run touched.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Touched {
    /// Sentences; ascending.
    sentences: Vec<Passage>,
    /// Stretches taken away: whatever others put strictly inside is touched too.
    taken: Vec<Passage>,
    /// Spots, between two characters.
    spots: Vec<usize>,
    /// Places for a new line, by where the line below begins: the end of the line above and the
    /// start of the line below are the same place.
    gaps: Vec<usize>,
}

impl Touched {
    /// All of it as passages of a text of `len` characters, ascending.
    pub(super) fn passages(&self, len: usize) -> Vec<Passage> {
        let spots = self.spots.iter().map(|spot| (*spot, *spot));
        let gaps = self.gaps.iter().map(|gap| around(*gap, len));
        let mut all: Vec<Passage> =
            self.sentences.iter().copied().chain(spots).chain(gaps).collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    /// The passages that both touched, in a text of `len` characters; ascending.
    pub(super) fn shared(&self, other: &Self, len: usize) -> Vec<Passage> {
        let mut shared: Vec<Passage> = common(&self.sentences, &other.sentences).collect();
        shared.extend(common(&self.spots, &other.spots).map(|spot| (spot, spot)));
        shared.extend(common(&self.gaps, &other.gaps).map(|gap| around(gap, len)));
        for (spots, taken) in [(&self.spots, &other.taken), (&other.spots, &self.taken)] {
            for spot in spots {
                let index = taken.partition_point(|(_, end)| end <= spot);
                if taken.get(index).is_some_and(|(start, _)| start < spot) {
                    shared.push((*spot, *spot));
                }
            }
        }
        shared.sort_unstable();
        shared.dedup();
        shared
    }
}

/// The line end before which, and the line start at which, a new line would stand.
fn around(gap: usize, len: usize) -> Passage {
    (gap.saturating_sub(1), gap.min(len))
}

/// What two ascending lists have in common.
fn common<'a, T: Ord + Copy>(one: &'a [T], other: &'a [T]) -> impl Iterator<Item = T> + 'a {
    one.iter().copied().filter(|item| other.binary_search(item).is_ok())
}

/// How many places `passages` are: what overlaps, or lies at the edge of another, counts once.
pub(super) fn places(mut passages: Vec<Passage>) -> usize {
    passages.sort_unstable();
    let mut count = 0;
    let mut last: Option<Passage> = None;
    for (start, end) in passages {
        match &mut last {
            Some(open)
                if start < open.1 || (start == open.1 && (start == end || open.0 == open.1)) =>
            {
                open.1 = open.1.max(end);
            }
            _ => {
                count += 1;
                last = Some((start, end));
            }
        }
    }
    count
}

/// Finds the lines and sentences of one text; remembers the line it looked at last.
pub(super) struct Units<'a> {
    text: &'a [char],
    line: Option<Line>,
}

/// A line without its line end, and where its sentences begin and end.
#[derive(Debug, Clone)]
struct Line {
    start: usize,
    end: usize,
    /// From the line's start to its end, with at least these two when the line is not empty.
    edges: Vec<usize>,
}

impl Line {
    fn sentences(&self) -> impl DoubleEndedIterator<Item = Passage> + '_ {
        self.edges.iter().copied().zip(self.edges.iter().copied().skip(1))
    }
}

impl<'a> Units<'a> {
    pub(super) fn new(text: &'a [char]) -> Self {
        Self { text, line: None }
    }

    fn slice(&self, start: usize, end: usize) -> &'a [char] {
        self.text.get(start..end).unwrap_or_default()
    }

    /// The line that holds the spot `at`.
    fn line(&mut self, at: usize) -> Line {
        if let Some(line) = self.line.as_ref().filter(|line| line.start <= at && at <= line.end) {
            return line.clone();
        }
        let before = self.slice(0, at.min(self.text.len()));
        let start = before.iter().rposition(|c| *c == '\n').map_or(0, |newline| newline + 1);
        let rest = self.text.get(start..).unwrap_or_default();
        let end = start + rest.iter().position(|c| *c == '\n').unwrap_or(rest.len());
        let content: String = self.slice(start, end).iter().collect();
        let mut edges = vec![start];
        let mut edge = start;
        for sentence in content.split_sentence_bounds() {
            edge += sentence.chars().count();
            edges.push(edge);
        }
        let line = Line { start, end, edges };
        self.line = Some(line.clone());
        line
    }

    /// What a run that did `work` touched.
    pub(super) fn touched(&mut self, work: &Work) -> Touched {
        let mut touched = Touched { taken: work.taken.clone(), ..Touched::default() };
        for (start, end) in &work.taken {
            self.take(*start, *end, &mut touched);
        }
        for (spot, text) in &work.put {
            // Words put in place of others touch the sentence they were in, and no gap beside it.
            let index = work.taken.partition_point(|(_, end)| end < spot);
            let replaces = work.taken.get(index).is_some_and(|(start, _)| start <= spot);
            if replaces && !text.contains(&'\n') {
                continue;
            }
            self.put(*spot, text, &mut touched);
        }
        touched.spots.extend(&work.trimmed);
        for list in [&mut touched.spots, &mut touched.gaps] {
            list.sort_unstable();
            list.dedup();
        }
        touched.sentences.sort_unstable();
        touched.sentences.dedup();
        touched
    }

    fn take(&mut self, start: usize, end: usize, touched: &mut Touched) {
        let mut at = start;
        while at < end {
            let line = self.line(at);
            touched.sentences.extend(line.sentences().filter(|(a, b)| *a < end && start < *b));
            at = line.end + 1;
            if line.end < start || line.end >= end {
                continue;
            }
            // The line end goes as well.
            if start <= line.start {
                if line.start == line.end {
                    touched.spots.push(line.start);
                }
                continue;
            }
            let below = self.line(line.end + 1);
            if end < below.end || below.start == below.end {
                touched.sentences.extend(line.sentences().next_back());
                touched.sentences.extend(below.sentences().next());
                touched.spots.extend((below.start == below.end).then_some(below.start));
            }
        }
    }

    fn put(&mut self, spot: usize, text: &[char], touched: &mut Touched) {
        touched.spots.push(spot);
        let line = self.line(spot);
        let (opens, closes) = (text.first() == Some(&'\n'), text.last() == Some(&'\n'));
        let lines = text.contains(&'\n');
        if line.start == line.end {
            if closes {
                touched.gaps.push(line.start);
            }
            if opens {
                touched.gaps.push(line.end + 1);
            }
        } else if spot == line.start {
            if lines {
                touched.gaps.push(line.start);
            }
            if !closes && !is_sentence(text) {
                touched.sentences.extend(line.sentences().next());
            }
        } else if spot == line.end {
            if lines {
                touched.gaps.push(line.end + 1);
            }
            let last = line.sentences().next_back();
            let apart = text.first().is_some_and(|c| c.is_whitespace())
                && last.is_some_and(|(start, end)| is_sentence(self.slice(start, end)));
            if !opens && !apart {
                touched.sentences.extend(last);
            }
        } else {
            let inside = line.sentences().find(|(start, end)| *start < spot && spot < *end);
            let next = line.sentences().find(|(start, _)| *start == spot);
            let added = next.filter(|_| lines || !is_sentence(text));
            touched.sentences.extend(inside.or(added));
        }
    }
}

/// Whether `text` ends as a sentence does.
fn is_sentence(text: &[char]) -> bool {
    text.iter()
        .rev()
        .find(|c| !c.is_whitespace() && !matches!(c, '"' | '\'' | ')' | ']' | '”' | '’' | '»'))
        .is_some_and(|c| matches!(c, '.' | '!' | '?' | '…' | '。' | '！' | '？'))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "One here. Two here.\nSecond line\n\nLast";

    fn shared(one: Work, other: Work) -> bool {
        let text: Vec<char> = TEXT.chars().collect();
        let mut units = Units::new(&text);
        let (one, other) = (units.touched(&one), units.touched(&other));
        assert_eq!(one.shared(&other, text.len()), other.shared(&one, text.len()));
        !one.shared(&other, text.len()).is_empty()
    }

    fn put(spot: usize, text: &str) -> Work {
        Work { put: vec![(spot, text.chars().collect())], ..Work::default() }
    }

    fn take(start: usize, end: usize) -> Work {
        Work { taken: vec![(start, end)], ..Work::default() }
    }

    #[test]
    fn sentences_are_apart_and_lines_are_apart() {
        assert!(!shared(take(0, 3), take(10, 13)));
        assert!(shared(take(0, 1), put(8, "x")));
        assert!(!shared(take(20, 22), take(0, 3)));
        assert!(shared(take(20, 22), put(25, "x")));
    }

    #[test]
    fn a_new_line_touches_only_its_gap() {
        for new in [put(20, "New\n"), put(19, "\nNew")] {
            assert!(!shared(new.clone(), take(21, 23)));
            assert!(!shared(new.clone(), take(10, 12)));
            assert!(shared(new.clone(), put(20, "Other\n")));
            assert!(shared(new.clone(), put(19, "\nOther")));
            assert!(shared(new, take(10, 25)));
        }
        assert!(!shared(put(20, "New\n"), take(0, 20)));
        assert!(!shared(put(20, "New\n"), take(20, 32)));
    }

    #[test]
    fn an_addition_belongs_to_its_sentence() {
        assert!(shared(put(20, "The "), take(25, 27)));
        assert!(shared(put(31, " goes on"), take(20, 22)));
        assert!(!shared(put(19, " Three here."), take(10, 12)));
        assert!(!shared(put(10, "Between. "), take(0, 3)));
        assert!(!shared(put(10, "Between. "), take(12, 14)));
        assert!(shared(put(10, "And "), take(12, 14)));
    }

    #[test]
    fn words_replaced_at_the_start_of_a_line_are_not_a_new_line() {
        let rewrite = Work { taken: vec![(20, 26)], ..put(20, "2nd") };
        assert!(!shared(rewrite.clone(), put(20, "New\n")));
        assert!(!shared(rewrite.clone(), put(19, "\nNew")));
        assert!(shared(rewrite, put(20, "The ")));
    }

    #[test]
    fn joining_lines_touches_both_and_removing_one_does_not() {
        assert!(shared(take(19, 20), take(25, 26)));
        assert!(shared(take(19, 20), take(10, 12)));
        assert!(!shared(take(0, 20), take(25, 26)));
        assert!(!shared(take(19, 31), take(10, 12)));
        assert!(shared(take(32, 33), put(32, "text")));
    }

    #[test]
    fn places_count_once() {
        assert_eq!(places(vec![(0, 5), (5, 5), (5, 9), (20, 20)]), 3);
        assert_eq!(places(vec![(4, 5), (5, 5), (3, 4)]), 2);
        assert_eq!(places(Vec::new()), 0);
    }
}
