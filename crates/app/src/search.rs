//! Search as people type it: words, and `in:` `tag:` `is:`.

use crate::indexing::{AT_ONCE, readable};
use crate::{App, AppError, items, view};
use holdfast_model::fields::{LIST, STATUS, TITLE};
use holdfast_store::{SearchQuery, Tx};

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
                let (hits, total) = tx.search(&parsed)?;
                let mut views = Vec::with_capacity(hits.len());
                for hit in hits {
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
                        snippet: snippet(&text, &parsed.words),
                        list_title,
                        trashed: hit.trashed,
                        status: Some(state.text(STATUS).to_owned()).filter(|s| !s.is_empty()),
                    });
                }
                let waiting = u32::try_from(tx.search_due()?).unwrap_or(u32::MAX);
                Ok(view::SearchPage { hits: views, total: total as u32, waiting })
            })
        })
    }
}

/// `None` where a filter names something that is not there: then nothing matches.
fn parse(tx: &Tx<'_>, typed: &str, limit: usize) -> Result<Option<SearchQuery>, AppError> {
    let mut query = SearchQuery { limit, ..SearchQuery::default() };
    let mut words = Vec::new();
    for word in split(typed) {
        match word.split_once(':') {
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
            _ => words.push(word),
        }
    }
    query.words = words.join(" ");
    let filtered = query.list.is_some()
        || query.tag.is_some()
        || query.in_conflict
        || query.status.is_some()
        || query.kind.is_some();
    let has_word = query.words.chars().any(char::is_alphanumeric);
    Ok((has_word || filtered).then_some(query))
}

/// Words; quotes hold several together, as in `in:"Two words"`.
fn split(typed: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut quoted = false;
    for c in typed.chars() {
        match c {
            '"' => quoted = !quoted,
            c if c.is_whitespace() && !quoted => {
                if !word.is_empty() {
                    words.push(std::mem::take(&mut word));
                }
            }
            c => word.push(c),
        }
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

/// The place of the first hit, with the hit marked; the beginning where the hit is elsewhere.
fn snippet(text: &str, words: &str) -> String {
    let flat: Vec<char> = text.split_whitespace().collect::<Vec<_>>().join(" ").chars().collect();
    let lower: Vec<char> = flat.iter().map(|c| c.to_lowercase().next().unwrap_or(*c)).collect();
    let hit = words.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).find_map(
        |word| {
            let wanted: Vec<char> = word.to_lowercase().chars().collect();
            let at = lower.windows(wanted.len()).position(|window| window == wanted.as_slice())?;
            Some((at, wanted.len()))
        },
    );
    let Some((at, len)) = hit else {
        return flat.into_iter().take(2 * AROUND).collect();
    };
    let start = at.saturating_sub(AROUND);
    let mut snippet = String::new();
    if start > 0 {
        snippet.push('…');
    }
    for (index, c) in flat.iter().enumerate().skip(start).take(2 * AROUND + len) {
        if index == at {
            snippet.push(OPEN);
        }
        snippet.push(*c);
        if index + 1 == at + len {
            snippet.push(CLOSE);
        }
    }
    if start + 2 * AROUND + len < flat.len() {
        snippet.push('…');
    }
    snippet
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_snippet_marks_the_hit() {
        assert_eq!(snippet("# Buy\n\noak boards", "oak"), "# Buy \u{1}oak\u{2} boards");
        assert_eq!(snippet("short", "zzz"), "short");
        let long = format!("{} needle {}", "x ".repeat(200), "y ".repeat(200));
        let found = snippet(&long, "NEEDLE");
        assert!(
            found.contains("\u{1}needle\u{2}") && found.starts_with('…') && found.ends_with('…')
        );
    }

    #[test]
    fn quotes_hold_words_together() {
        assert_eq!(split("oak in:\"My list\" x"), vec!["oak", "in:My list", "x"]);
    }
}
