//! What a person typed, as a query of the index and as what is looked for in a text that was found.
//! Whatever is typed, it is no query language and cannot fail.

use super::words::{self, Before, Folded, Piece, Sort};
use std::collections::BTreeMap;
use std::ops::Range;

/// More is not looked for at once.
const MOST: usize = 32;
/// Of what was typed or pasted, so many bytes are read.
const READ: usize = 2_000;

/// One thing that must occur.
#[derive(Debug, Clone)]
struct Clause {
    /// The pieces in their order.
    wanted: Folded,
    /// Whether signs between them count, and nothing else may stand there.
    signs: bool,
    /// Whether the last word may be unfinished.
    open: bool,
    /// Whether it may be mistyped: a single word outside quotes.
    forgiven: bool,
}

/// Everything that must occur.
#[derive(Debug, Clone, Default)]
pub(crate) struct Asked {
    clauses: Vec<Clause>,
}

/// Words that stand for a mistyped one.
pub(crate) type Meant = BTreeMap<String, Vec<String>>;

/// Reads what was typed: quotes hold a phrase together, the last word may be unfinished.
pub(crate) fn read(typed: &str) -> Asked {
    let mut asked = Asked::default();
    let mut end = READ.min(typed.len());
    while !typed.is_char_boundary(end) {
        end -= 1;
    }
    let parts: Vec<&str> = typed.get(..end).unwrap_or_default().split('"').collect();
    for (number, part) in parts.iter().enumerate() {
        let folded = words::fold(part);
        let last = parts.iter().skip(number + 1).all(|rest| rest.trim().is_empty());
        if number % 2 == 1 {
            // A quote that was not closed yet is still being typed.
            asked.phrase(&folded, number + 1 == parts.len());
        } else {
            asked.words(&folded, last && number + 1 == parts.len());
        }
    }
    asked.clauses.truncate(MOST);
    asked
}

impl Asked {
    /// Whether nothing is looked for.
    pub(crate) fn is_empty(&self) -> bool {
        self.clauses.is_empty()
    }

    /// `pieces` as a thing that must occur.
    fn push(&mut self, folded: &Folded, pieces: &[Piece], signs: bool, open: bool, forgiven: bool) {
        if !pieces.is_empty() {
            let wanted = folded.only(pieces);
            self.clauses.push(Clause { wanted, signs, open, forgiven });
        }
    }

    fn phrase(&mut self, folded: &Folded, open: bool) {
        let pieces: Vec<Piece> =
            folded.pieces.iter().filter(|piece| piece.sort != Sort::Sign).cloned().collect();
        self.push(folded, &pieces, false, open, false);
        for chunk in folded.chunks() {
            self.push(folded, words::core(chunk, folded), true, false, false);
        }
    }

    fn words(&mut self, folded: &Folded, open: bool) {
        let count = folded.pieces.len();
        let mut done = 0;
        for chunk in folded.chunks() {
            done += chunk.len();
            let last = open && done == count;
            let core = words::core(chunk, folded);
            let is_run = |one: &Piece, next: &Piece| {
                one.sort == Sort::Letter
                    && next.sort == Sort::Letter
                    && next.before == Before::Joined
            };
            for group in chunk.chunk_by(is_run) {
                let is_sign = group.iter().any(|piece| piece.sort == Sort::Sign);
                if !is_sign {
                    let ends = chunk.last().map(|piece| piece.source.end);
                    let at_end = group.last().map(|piece| piece.source.end) == ends;
                    let is_word = group.iter().all(|piece| piece.sort == Sort::Word);
                    self.push(folded, group, false, last && at_end && is_word, true);
                }
            }
            let ends_in_word = core.last().is_some_and(|piece| piece.sort == Sort::Word);
            self.push(folded, core, true, last && ends_in_word && core.len() > 1, false);
        }
    }

    /// The words that may be mistyped.
    pub(crate) fn spelled(&self) -> impl Iterator<Item = &str> {
        self.clauses
            .iter()
            .filter(|clause| clause.forgiven)
            .flat_map(|clause| clause.wanted.spelled())
    }

    /// As a query of the index.
    pub(crate) fn expression(&self) -> String {
        let clauses = self.clauses.iter().map(|clause| clause.expression(&Meant::new()));
        clauses.collect::<Vec<_>>().join(" AND ")
    }

    /// The same, where some words stand for others as well, and words with hyphens for ones apart.
    pub(crate) fn wide_expression(&self, meant: &Meant) -> String {
        let clauses = self.clauses.iter().filter(|clause| !clause.is_joint());
        clauses.map(|clause| clause.expression(meant)).collect::<Vec<_>>().join(" AND ")
    }

    /// Where the first thing that is looked for stands in a text, in bytes.
    pub(crate) fn find(&self, text: &str, meant: &Meant) -> Option<Range<usize>> {
        let text = words::fold(text);
        // What has signs says more than its words.
        let (signs, words): (Vec<_>, Vec<_>) = self.clauses.iter().partition(|clause| clause.signs);
        signs.into_iter().chain(words).find_map(|clause| clause.find(&text, meant))
    }
}

impl Clause {
    /// Whether it is words with hyphens, which others write apart.
    fn is_joint(&self) -> bool {
        self.signs
            && self.wanted.pieces.iter().all(|piece| match piece.sort {
                Sort::Sign => self.wanted.text(piece) == "-",
                _ => self.wanted.text(piece).chars().nth(2).is_some(),
            })
    }

    fn expression(&self, meant: &Meant) -> String {
        let mut terms = String::new();
        if self.signs {
            self.wanted.push_sign_terms(&self.wanted.pieces, &mut terms);
            let open = if self.open { "*" } else { "" };
            return format!("signs : \"{terms}\"{open}");
        }
        self.wanted.push_terms(&self.wanted.pieces, &mut terms);
        let run = self.wanted.last_run();
        let mut open = self.open && run == 0;
        if run > 1 {
            // The last of a run is a term of its own only where the run ends.
            terms.truncate(terms.rfind(' ').unwrap_or(terms.len()));
        } else if run == 1 {
            open = true;
        }
        let own = format!("\"{terms}\"{}", if open { "*" } else { "" });
        match meant.get(&terms) {
            Some(others) if self.forgiven => {
                let others: Vec<String> =
                    others.iter().map(|word| format!(" OR \"{word}\"")).collect();
                format!("({own}{})", others.concat())
            }
            _ => own,
        }
    }

    fn find(&self, text: &Folded, meant: &Meant) -> Option<Range<usize>> {
        let seen: Vec<&Piece> =
            text.pieces.iter().filter(|piece| self.signs || piece.sort != Sort::Sign).collect();
        let wanted = &self.wanted.pieces;
        let last = wanted.len().checked_sub(1)?;
        let meant = match wanted.first() {
            Some(only) if self.forgiven && last == 0 => meant.get(self.wanted.text(only)),
            _ => None,
        };
        let is_here = |window: &[&Piece]| {
            window.iter().zip(wanted).enumerate().all(|(number, (piece, wanted))| {
                let (there, word) = (text.text(piece), self.wanted.text(wanted));
                let joined = number == 0 || !self.signs || piece.before == wanted.before;
                let whole = there == word
                    || (number == last && self.open && there.starts_with(word))
                    || meant.is_some_and(|others| others.iter().any(|other| other == there));
                joined && whole
            })
        };
        let window = seen.windows(wanted.len()).find(|window| is_here(window))?;
        Some(window.first()?.source.start..window.last()?.source.end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expression(typed: &str) -> String {
        read(typed).expression()
    }

    #[test]
    fn anything_typed_is_a_valid_query() {
        for (typed, query) in [
            ("oak boa", "\"oak\" AND \"boa\"*"),
            ("NEAR(x OR", "\"near\" AND \"x\" AND signs : \"near （ x\" AND \"or\"*"),
            (" '’ ", ""),
            ("\"Oak boards\" x", "\"oak boards\" AND \"x\"*"),
            ("\"oak bo", "\"oak bo\"*"),
            ("c++", "\"c\" AND signs : \"c ＋ ＋\""),
            ("foo_ba", "\"foo\" AND \"ba\"* AND signs : \"foo ＿ ba\"*"),
            ("->", "signs : \"－ ＞\""),
            ("(oak),", "\"oak\""),
            ("京", "\"京\"*"),
            ("東京都 x", "\"東京 京都\" AND \"x\"*"),
            ("🌳", "\"🌳\""),
            ("\"東京 都\"", "\"東京 京 都\"*"),
        ] {
            assert_eq!(expression(typed), query, "{typed:?}");
        }
        assert!(read(" \u{0} \"\" ").is_empty());
    }

    #[test]
    fn a_hit_is_found_where_it_stands() {
        for (typed, text, hit) in [
            ("boa", "four oak boards", Some("boards")),
            ("oak x", "four oak boards", Some("oak")),
            ("京都", "ここは東京都です", Some("京都")),
            ("елка", "Новая Ёлка", Some("Ёлка")),
            ("c++", "C and C++ too", Some("C++")),
            ("_bar", "foo_bar", Some("_bar")),
            ("\"oak boards\"", "oak, boards", Some("oak, boards")),
            ("zzz", "four", None),
        ] {
            let found = read(typed).find(text, &Meant::new());
            assert_eq!(found.and_then(|at| text.get(at)), hit, "{typed:?}");
        }
    }
}
