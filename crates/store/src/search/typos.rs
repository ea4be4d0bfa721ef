//! Words that a mistyped one may stand for. The words that were indexed are kept beside the index by their
//! length; they may be more than occur still, and are only ever offered to the index.

use super::query::{Asked, Meant};
use super::words;
use crate::{StoreError, Tx, columns};
use std::collections::BTreeSet;

/// So many words of a query are forgiven.
const WORDS: usize = 4;
/// So many known words are compared with them: the cost of a search has a bound.
const COMPARED: usize = 60_000;
/// So many words may stand for one.
const OTHERS: usize = 12;

/// How many typing errors a word of so many letters is forgiven.
const fn forgiven(letters: usize) -> usize {
    if letters < 8 { 1 } else { 2 }
}

/// A word and what can be compared of it at once.
struct Mistyped<'q> {
    word: &'q str,
    letters: usize,
    set: u64,
    others: BTreeSet<(usize, String)>,
}

/// The letters of a word as a set; different ones may share a place.
fn set(word: &str) -> u64 {
    word.chars().fold(0, |set, c| set | 1_u64 << (u32::from(c) % 64))
}

impl Tx<'_> {
    /// Keeps words that were indexed. Those in `known` are kept already.
    pub(crate) fn keep_spellings(
        &self,
        folded: &words::Folded,
        known: &mut BTreeSet<String>,
    ) -> Result<(), StoreError> {
        for word in folded.spelled() {
            if known.contains(word) {
                continue;
            }
            self.sql
                .prepare_cached(
                    "INSERT INTO spellings (letters, word) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
                )?
                .execute((columns::number(word.chars().count() as u64), word))?;
            known.insert(word.to_owned());
        }
        Ok(())
    }

    /// What the words of a query may stand for. `all`: also those that are spelled like a known word.
    pub(crate) fn meant(&self, asked: &Asked, all: bool) -> Result<Meant, StoreError> {
        let mut mistyped: Vec<Mistyped<'_>> = Vec::new();
        for word in asked.spelled() {
            let letters = word.chars().count();
            let seen = mistyped.iter().any(|one| one.word == word);
            if mistyped.len() < WORDS && !seen && (all || !self.is_spelling(word, letters)?) {
                mistyped.push(Mistyped { word, letters, set: set(word), others: BTreeSet::new() });
            }
        }
        let mut meant = Meant::new();
        let shortest =
            mistyped.iter().map(|one| one.letters - forgiven(one.letters).min(one.letters));
        let longest = mistyped.iter().map(|one| one.letters + forgiven(one.letters));
        let (Some(shortest), Some(longest)) = (shortest.min(), longest.max()) else {
            return Ok(meant);
        };
        let mut statement = self.sql.prepare_cached(
            "SELECT letters, word FROM spellings WHERE letters BETWEEN ?1 AND ?2 LIMIT ?3",
        )?;
        let mut rows =
            statement.query([shortest, longest, COMPARED].map(|n| columns::number(n as u64)))?;
        while let Some(row) = rows.next()? {
            let letters = columns::seq(row.get(0)?)? as usize;
            let other = row.get_ref(1)?.as_str().map_err(rusqlite::Error::from)?;
            let other_set = set(other);
            for one in &mut mistyped {
                let most = forgiven(one.letters);
                // One error changes at most two letters of the set.
                let differ = (one.set ^ other_set).count_ones() as usize;
                if one.letters.abs_diff(letters) > most || differ > 2 * most || other == one.word {
                    continue;
                }
                let errors = strsim::osa_distance(one.word, other);
                if errors <= most {
                    one.others.insert((errors, other.to_owned()));
                    if one.others.len() > OTHERS {
                        one.others.pop_last();
                    }
                }
            }
        }
        for one in mistyped.into_iter().filter(|one| !one.others.is_empty()) {
            let others = one.others.into_iter().map(|(_, other)| other).collect();
            meant.insert(one.word.to_owned(), others);
        }
        Ok(meant)
    }

    fn is_spelling(&self, word: &str, letters: usize) -> Result<bool, StoreError> {
        let mut statement = self.sql.prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM spellings WHERE letters = ?1 AND word = ?2)",
        )?;
        Ok(statement.query_row((columns::number(letters as u64), word), |row| row.get(0))?)
    }
}
