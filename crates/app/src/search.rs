//! Search as people type it: words, and `in:` `tag:` `is:`.

use crate::indexing::{AT_ONCE, readable};
use crate::{App, AppError, items, links, view};
use holdfast_model::fields::{LIST, STATUS, TITLE};
use holdfast_model::markdown;
use holdfast_store::{Marks, SearchQuery, Tx, has_words};

/// Characters shown around a hit.
const AROUND: usize = 60;
/// Marks around a hit in a snippet.
const OPEN: char = '\u{1}';
const CLOSE: char = '\u{2}';

impl App {
    /// [`App::search`] after everything was indexed, however long that takes.
    pub fn search_whole(&self, query: &str, limit: u32) -> Result<view::SearchPage, AppError> {
        self.index_everything()?;
        self.search(query, limit)
    }

    /// Searches tasks, notes and lists, the trash last. Where much is new, part of it is not found yet.
    pub fn search(&self, query: &str, limit: u32) -> Result<view::SearchPage, AppError> {
        self.with(|open| {
            if open.store.read(|tx| tx.search_due())? > 0 {
                readable(open.store.write(|tx| tx.index_search(AT_ONCE)))?;
            }
            open.store.read(|tx| {
                let Some(parsed) = parse(tx, query, limit as usize)? else {
                    return Ok(view::SearchPage { hits: Vec::new(), total: 0, waiting: 0 });
                };
                let found = tx.search(&parsed)?;
                let mut views = Vec::with_capacity(found.hits.len());
                for hit in found.hits {
                    let Some((state, _)) = tx.entity(hit.id)? else { continue };
                    let text = tx.text(hit.id)?.map(|text| text.plain).unwrap_or_default();
                    let list = state.text(LIST).parse().ok();
                    let list_title = match list {
                        Some(list) => tx.list_title(list)?,
                        None => None,
                    };
                    views.push(view::SearchHit {
                        id: hit.id.to_string(),
                        kind: match hit.kind.as_str() {
                            "task" => view::ItemKind::Task,
                            "note" => view::ItemKind::Note,
                            _ => view::ItemKind::List,
                        },
                        title: items::note_name(state.text(TITLE), &text),
                        snippet: snippet(&read(tx, &text)?, &found.marks),
                        list_title,
                        trashed: hit.trashed,
                        status: Some(state.text(STATUS).to_owned()).filter(|s| !s.is_empty()),
                    });
                }
                let waiting = u32::try_from(tx.search_due()?).unwrap_or(u32::MAX);
                Ok(view::SearchPage { hits: views, total: found.total as u32, waiting })
            })
        })
    }
}

/// `None` where a filter names something that is not there: then nothing matches.
fn parse(tx: &Tx<'_>, typed: &str, limit: usize) -> Result<Option<SearchQuery>, AppError> {
    let mut query = SearchQuery { limit, ..SearchQuery::default() };
    let mut words = Vec::new();
    for word in split(typed) {
        match word.text.split_once(':').filter(|_| !word.quoted) {
            Some(("in", list)) if !list.is_empty() => match tx.list_named(list)? {
                Some(list) => query.list = Some(list),
                None => return Ok(None),
            },
            Some(("tag", tag)) if !tag.is_empty() => match tx.tag_named(tag)? {
                Some(tag) => query.tag = Some(tag),
                None => return Ok(None),
            },
            Some(("is", "conflict")) => query.in_conflict = true,
            Some(("is", status @ ("open" | "done" | "cancelled"))) => {
                query.status = Some(status.into());
            }
            Some(("is", kind @ ("task" | "note" | "list"))) => query.kind = Some(kind.into()),
            _ => words.push(word.written),
        }
    }
    query.words = words.join(" ");
    let filtered = query.list.is_some()
        || query.tag.is_some()
        || query.in_conflict
        || query.status.is_some()
        || query.kind.is_some();
    Ok((has_words(&query.words) || filtered).then_some(query))
}

/// A word as it was typed, and without its quotes.
#[derive(Debug, Default, PartialEq, Eq)]
struct Typed {
    written: String,
    text: String,
    /// Whether it begins with a quote: then it is no filter.
    quoted: bool,
}

/// Words; quotes hold several together, as in `in:"Two words"`.
fn split(typed: &str) -> Vec<Typed> {
    let mut words = Vec::new();
    let mut word = Typed::default();
    let mut quoted = false;
    for c in typed.chars() {
        if c.is_whitespace() && !quoted {
            if !word.written.is_empty() {
                words.push(std::mem::take(&mut word));
            }
            continue;
        }
        if c == '"' {
            quoted = !quoted;
            word.quoted |= word.written.is_empty();
        } else {
            word.text.push(c);
        }
        word.written.push(c);
    }
    if !word.written.is_empty() {
        words.push(word);
    }
    words
}

/// What a reader sees of a text, on one line.
fn read(tx: &Tx<'_>, text: &str) -> Result<String, AppError> {
    let words = links::drawn(tx, &markdown::plain(text, markdown::READ))?;
    let mut line = String::with_capacity(words.len());
    for word in words.split_whitespace() {
        if !line.is_empty() {
            line.push(' ');
        }
        line.extend(word.chars().filter(|c| !c.is_control()));
    }
    Ok(line)
}

/// The place of the first hit, with the hit marked; the beginning where the hit is elsewhere.
fn snippet(line: &str, marks: &Marks) -> String {
    let Some(hit) = marks.find(line) else { return line.chars().take(2 * AROUND).collect() };
    let (before, rest) = line.split_at_checked(hit.start).unwrap_or((line, ""));
    let (found, after) = rest.split_at_checked(hit.len()).unwrap_or((rest, ""));
    let from = before.char_indices().rev().nth(AROUND - 1).map_or(0, |(at, _)| at);
    let end = after.char_indices().nth(AROUND).map_or(after.len(), |(at, _)| at);
    let mut snippet = String::new();
    if from > 0 {
        snippet.push('…');
    }
    snippet.push_str(before.get(from..).unwrap_or_default());
    snippet.push(OPEN);
    snippet.extend(found.chars().take(2 * AROUND));
    snippet.push(CLOSE);
    snippet.push_str(after.get(..end).unwrap_or_default());
    if end < after.len() {
        snippet.push('…');
    }
    snippet
}

#[cfg(test)]
#[path = "search_tests.rs"]
mod tests;
