//! What an import takes from the text of a note: its title, tags and the files it refers to.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::sync::{Arc, Mutex};

use ammonia::UrlRelative;
use comrak::nodes::{Node, NodeValue};
use comrak::{Arena, Options, parse_document};

use super::front_matter;

/// Most references taken from one note.
const MOST_LINKS: usize = 10_000;
/// Longest title, in characters.
const LONGEST_TITLE: usize = 500;

/// Longest `<img>` tag that is read, in characters.
const LONGEST_TAG: usize = 4096;

/// What a note says of itself.
#[derive(Debug, Default)]
pub(super) struct Document {
    pub(super) title: Option<String>,
    pub(super) tags: Vec<String>,
    pub(super) links: Vec<Link>,
}

/// An address in the text.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Link {
    pub(super) url: String,
    /// Shown in the note, rather than linked to.
    pub(super) picture: bool,
    /// Where the address is, in bytes of the text, where it is there word for word.
    pub(super) at: Option<Range<usize>>,
}

pub(super) fn read(text: &str) -> Document {
    let mut options = Options::default();
    options.extension.table = true;
    options.extension.front_matter_delimiter = Some("---".to_owned());
    options.extension.wikilinks_title_after_pipe = true;
    let arena = Arena::new();
    let root = parse_document(&arena, text, &options);
    let lines: Vec<usize> =
        std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();

    let front_matter = front_matter::read(text);
    let mut document = Document { tags: front_matter.tags, ..Document::default() };
    let mut lower = None;
    for node in root.descendants() {
        if document.links.len() >= MOST_LINKS {
            break;
        }
        let data = node.data.borrow();
        let range = {
            let (start, end) = (data.sourcepos.start, data.sourcepos.end);
            let at = |line: usize, column: usize| {
                Some(lines.get(line.checked_sub(1)?)? + column.checked_sub(1)?)
            };
            at(start.line, start.column).zip(at(end.line, end.column)).map(|(s, e)| s..e + 1)
        };
        let mut add = |url: &str, picture| {
            let at = range.clone().and_then(|r| written(text, r, url));
            document.links.push(Link { url: url.to_owned(), picture, at });
        };
        match &data.value {
            NodeValue::Heading(heading) if heading.level == 1 && document.title.is_none() => {
                document.title = title(node);
            }
            NodeValue::Heading(_) if lower.is_none() => lower = title(node),
            NodeValue::Image(link) => add(&link.url, true),
            NodeValue::Link(link) => add(&link.url, false),
            NodeValue::WikiLink(link) => add(&link.url, link.embed),
            NodeValue::HtmlBlock(html) => {
                for url in pictures(&html.literal) {
                    add(&url, true);
                }
            }
            NodeValue::HtmlInline(html) => {
                for url in pictures(html) {
                    add(&url, true);
                }
            }
            _ => {}
        }
    }
    // A chapter that begins with a lower heading is called by it.
    document.title = document.title.or(front_matter.title).or(lower);
    document
}

/// Where the address stands within the element's own source; the last place, as an
/// image's description may hold the same words.
fn written(text: &str, element: Range<usize>, url: &str) -> Option<Range<usize>> {
    if url.is_empty() {
        return None;
    }
    let start = element.start;
    let source = text.get(element)?;
    let at = start + source.rfind(url)?;
    Some(at..at + url.len())
}

/// The words of a heading.
fn title(heading: Node<'_>) -> Option<String> {
    let mut out = String::new();
    for node in heading.descendants() {
        match &node.data.borrow().value {
            NodeValue::Text(text) => out.push_str(text),
            NodeValue::Code(code) => out.push_str(&code.literal),
            NodeValue::SoftBreak | NodeValue::LineBreak => out.push(' '),
            _ => {}
        }
        if out.len() > LONGEST_TITLE * 4 {
            break;
        }
    }
    let out: String = out.trim().chars().take(LONGEST_TITLE).collect();
    (!out.is_empty()).then_some(out)
}

/// The `src` of each `<img>` in a piece of HTML, read by the sanitiser's parser. Only the tags
/// go there, one by one: a parser of whole pages takes long over deep nesting.
fn pictures(html: &str) -> Vec<String> {
    let lower = html.to_ascii_lowercase();
    lower
        .match_indices("<img")
        .take(MOST_LINKS)
        .filter_map(|(at, _)| source(tag(html.get(at..)?)))
        .collect()
}

/// The tag that a text starts with, up to the `>` outside its quotes.
fn tag(html: &str) -> &str {
    let mut quote = None;
    for (at, c) in html.char_indices().take(LONGEST_TAG) {
        match (quote, c) {
            (None, '>') => return html.get(..=at).unwrap_or_default(),
            (None, '"' | '\'') => quote = Some(c),
            (Some(open), c) if open == c => quote = None,
            _ => {}
        }
    }
    ""
}

fn source(tag: &str) -> Option<String> {
    let found = Arc::new(Mutex::new(None));
    let sink = Arc::clone(&found);
    let mut builder = ammonia::Builder::empty();
    builder
        .tags(HashSet::from(["img"]))
        .tag_attributes(HashMap::from([("img", HashSet::from(["src"]))]))
        .url_relative(UrlRelative::PassThrough)
        .attribute_filter(move |_, attribute, value| {
            if attribute == "src"
                && let Ok(mut sink) = sink.lock()
            {
                *sink = Some(value.to_owned());
            }
            Some(Cow::Borrowed(value))
        });
    builder.clean(tag);
    found.lock().ok()?.take()
}
