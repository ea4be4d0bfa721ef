//! Links to items in texts.
//!
//! A link says neither the title nor the id of its target: it is stored as `[](holdfast:NAME)`, with the name
//! that [`EntityId::in_links`] gives, and drawn from the target where that is. Words of its own it keeps.
//! Older texts have ids in their links, and titles; both are read.

use crate::{EntityId, markdown};
use pulldown_cmark::{Event, LinkType, Parser, Tag, TagEnd};
use std::ops::Range;

/// What stands before the name of an item in the address of a link.
const ITEM: &str = "holdfast:";
/// What stands before the id of an attachment.
const ATTACHMENT: &str = "holdfast-attachment:";
/// Bytes of an id as it is written.
const ID: usize = 36;

/// The address of an item or an attachment in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// Where it stands, in bytes.
    pub at: Range<usize>,
    /// The id or the name of the item; none for an attachment.
    pub item: Option<EntityId>,
}

/// The addresses of items and attachments in a text, whatever stands around them.
pub fn addresses(text: &str) -> impl Iterator<Item = Address> + '_ {
    text.match_indices(':').filter_map(move |(colon, _)| {
        let end = colon + 1;
        let begins = |scheme: &str| {
            let from = end.checked_sub(scheme.len())?;
            text.get(from..end)?.eq_ignore_ascii_case(scheme).then_some(from)
        };
        let (from, is_item) = match begins(ITEM) {
            Some(from) => (from, true),
            None => (begins(ATTACHMENT)?, false),
        };
        let id: EntityId = text.get(end..end + ID)?.parse().ok()?;
        Some(Address { at: from..end + ID, item: is_item.then_some(id) })
    })
}

/// The item that a link's address names.
pub fn item_of(address: &str) -> Option<EntityId> {
    addresses(address).next().filter(|found| found.at.start == 0)?.item
}

/// A link as it is stored: drawn from its target.
pub fn link(item: EntityId) -> String {
    format!("[]({ITEM}{})", item.in_links())
}

/// A link that says its words, for those who do not have the app. Brackets and marks in them are no Markdown.
pub fn link_saying(words: &str, item: EntityId) -> String {
    let mut said = String::with_capacity(words.len());
    for c in words.chars() {
        if matches!(c, '\\' | '[' | ']' | '`' | '*' | '_' | '<' | '>') {
            said.push('\\');
        }
        said.push(if c.is_whitespace() { ' ' } else { c });
    }
    format!("[{said}]({ITEM}{})", item.in_links())
}

/// A link to an item, or an address of one that stands by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// Where it stands with everything that belongs to it, in bytes.
    pub at: Range<usize>,
    /// The id or the name of its target.
    pub item: EntityId,
    /// Its words, as they read; `None` for an address by itself, which has no place for words.
    pub words: Option<String>,
}

/// The links to items in a text, in order, none inside another.
pub fn links(text: &str) -> Vec<Link> {
    let mut bare = addresses(text).filter_map(|found| Some((found.at, found.item?))).peekable();
    if bare.peek().is_none() {
        return Vec::new();
    }
    let mut found: Vec<Link> = Vec::new();
    let mut open: Option<Link> = None;
    for (event, at) in Parser::new_ext(text, markdown::options()).into_offset_iter() {
        match (event, &mut open) {
            (Event::Start(Tag::Link { link_type, dest_url, .. }), None) => {
                let shows_itself = matches!(link_type, LinkType::Autolink | LinkType::Email);
                open = item_of(&dest_url).filter(|_| !shows_itself).map(|item| Link {
                    at,
                    item,
                    words: Some(String::new()),
                });
            }
            (Event::End(TagEnd::Link), link) => found.extend(link.take()),
            (Event::Text(words) | Event::Code(words), Some(Link { words: Some(all), .. })) => {
                all.push_str(&words);
            }
            // A link that shows a picture has more to it than words.
            (Event::Start(Tag::Image { .. }), Some(Link { words: Some(all), .. })) => {
                all.push('\u{fffc}');
            }
            (Event::SoftBreak | Event::HardBreak, Some(Link { words: Some(all), .. })) => {
                all.push(' ');
            }
            _ => {}
        }
    }
    found.sort_by_key(|link| link.at.start);
    let mut all: Vec<Link> = Vec::new();
    for link in found {
        if all.last().is_none_or(|last| last.at.end <= link.at.start) {
            all.push(link);
        }
    }
    let mut whole = all.clone().into_iter().peekable();
    for (at, item) in bare {
        while whole.next_if(|link| link.at.end <= at.start).is_some() {}
        if whole.peek().is_none_or(|link| at.end <= link.at.start) {
            all.push(Link { at, item, words: None });
        }
    }
    all.sort_by_key(|link| link.at.start);
    all
}

/// What stands in the place of a link.
pub type Written = Option<String>;

/// The text with what `write` says in the place of its links; `None` leaves one as it is.
pub fn rewritten<E>(
    text: &str,
    mut write: impl FnMut(&Link) -> Result<Written, E>,
) -> Result<Vec<(Range<usize>, String)>, E> {
    let mut changes = Vec::new();
    for link in links(text) {
        if let Some(written) = write(&link)?
            && text.get(link.at.clone()) != Some(written.as_str())
        {
            changes.push((link.at, written));
        }
    }
    Ok(changes)
}

/// A text after changes that follow each other in it.
pub fn changed(text: &str, changes: &[(Range<usize>, String)]) -> String {
    let mut out = String::with_capacity(text.len());
    let mut done = 0;
    for (at, written) in changes {
        out.push_str(text.get(done..at.start).unwrap_or_default());
        out.push_str(written);
        done = at.end;
    }
    out.push_str(text.get(done..).unwrap_or_default());
    out
}

/// How a link is stored: by its target's name, and without words that say no more than its title does.
/// `None` where it is stored so already.
pub fn stored(text: &str, link: &Link, title: Option<&str>) -> Written {
    let bare = || format!("{ITEM}{}", link.item.in_links());
    match &link.words {
        Some(words) if words.trim().is_empty() || title.is_some_and(|title| says(words, title)) => {
            Some(self::link(link.item))
        }
        Some(_) => {
            let source = text.get(link.at.clone())?;
            let changes: Vec<(Range<usize>, String)> = addresses(source)
                .filter(|found| found.item.is_some())
                .map(|found| (found.at, bare()))
                .collect();
            Some(changed(source, &changes))
        }
        None => Some(bare()),
    }
}

/// Whether words say what a title says, and nothing else.
pub fn says(words: &str, title: &str) -> bool {
    let flat = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
    flat(words) == flat(title)
}

#[cfg(test)]
#[path = "links_tests.rs"]
mod tests;
