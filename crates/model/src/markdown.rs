//! What a reader sees of Markdown: its words, without marks, addresses and ids. Owns no layout; that is
//! for whoever shows it. Cost: in proportion to the text.
//!
//! A link to an item has its address (`holdfast:ID`) where it has no words of its own: it is drawn from its
//! target, by [`drawn`]. What [`plain`] returns is shown to nobody before that.

use crate::{EntityId, links};
use pulldown_cmark::{Event, LinkType, Options, Parser, Tag, TagEnd};

/// Characters of a text's first line that stand for a title.
const NAME: usize = 80;
/// Where a link stands in a title that is taken from a text: it is too short to say where each leads.
const LINK: &str = "\u{2026}";
/// What an item is called that has neither title nor text.
pub const UNTITLED: &str = "Untitled";

/// What is taken from a text.
#[derive(Debug, Clone, Copy)]
pub struct Taken {
    /// It ends after about so many characters, between two pieces of text.
    pub most: usize,
    /// Addresses of web pages and mail follow the words that lead there, and what precedes the text as
    /// front matter is taken too: what a person may look for.
    pub addresses: bool,
}

/// What everything is taken of that is looked for.
pub const EVERYTHING: Taken = Taken { most: usize::MAX, addresses: true };
/// What a reader reads.
pub const READ: Taken = Taken { most: usize::MAX, addresses: false };

/// The words that a reader sees, a line for each block and each line of one.
pub fn plain(markdown: &str, taken: Taken) -> String {
    let mut out = Out { text: String::new(), left: taken.most };
    let needed = needed(markdown, taken.most);
    if is_plain(needed) {
        return needed.to_owned();
    }
    // Where the words of open links begin, and where those lead.
    let mut open: Vec<(usize, Option<String>)> = Vec::new();
    let mut events = Parser::new_ext(markdown, options());
    while out.left > 0
        && let Some(event) = events.next()
    {
        match event {
            Event::Start(Tag::MetadataBlock(_)) if !taken.addresses => {
                events.by_ref().find(|event| matches!(event, Event::End(TagEnd::MetadataBlock(_))));
            }
            Event::Text(text)
            | Event::Code(text)
            | Event::Html(text)
            | Event::InlineHtml(text)
            | Event::InlineMath(text)
            | Event::DisplayMath(text) => out.push(&text),
            Event::SoftBreak | Event::HardBreak => out.line(),
            Event::Start(Tag::Link { link_type, dest_url, .. }) => {
                let shows_itself = matches!(link_type, LinkType::Autolink | LinkType::Email);
                open.push((out.text.len(), (!shows_itself).then(|| dest_url.to_string())));
            }
            Event::Start(Tag::Image { .. }) => open.push((out.text.len(), None)),
            Event::End(TagEnd::Image) => {
                open.pop();
            }
            Event::End(TagEnd::Link) => {
                if let Some((from, Some(address))) = open.pop() {
                    let words = out.text.get(from..).unwrap_or_default();
                    if links::item_of(&address).is_some() {
                        if words.trim().is_empty() {
                            out.push(&address);
                        }
                    } else if taken.addresses && address.contains(':') {
                        out.push(" ");
                        out.push(&address);
                    }
                }
            }
            Event::Start(tag) if is_block(&tag) => out.line(),
            Event::End(TagEnd::TableCell) => out.push(" "),
            Event::End(tag) if !is_inline(tag) => out.line(),
            _ => {}
        }
    }
    out.text
}

/// Text that is written bit by bit, and how much of it there is room for.
struct Out {
    text: String,
    left: usize,
}

impl Out {
    fn push(&mut self, text: &str) {
        self.text.push_str(text);
        if self.left != usize::MAX {
            self.left = self.left.saturating_sub(text.chars().count());
        }
    }
    fn line(&mut self) {
        if !self.text.is_empty() && !self.text.ends_with('\n') {
            self.push("\n");
        }
    }
}

pub(crate) fn options() -> Options {
    Options::ENABLE_TABLES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_FOOTNOTES
        | Options::ENABLE_GFM
        | Options::ENABLE_WIKILINKS
        | Options::ENABLE_YAML_STYLE_METADATA_BLOCKS
}

fn is_block(tag: &Tag<'_>) -> bool {
    matches!(
        tag,
        Tag::Paragraph | Tag::Heading { .. } | Tag::Item | Tag::CodeBlock(_) | Tag::HtmlBlock
    )
}

fn is_inline(tag: TagEnd) -> bool {
    matches!(
        tag,
        TagEnd::Emphasis
            | TagEnd::Strong
            | TagEnd::Strikethrough
            | TagEnd::Superscript
            | TagEnd::Subscript
    )
}

/// Whole lines of a text that have so many characters, or all of it.
fn needed(text: &str, most: usize) -> &str {
    // No character is shorter than a byte.
    if text.len() <= most {
        return text;
    }
    let Some((end, _)) = text.char_indices().nth(most) else { return text };
    let end = text.get(end..).and_then(|rest| rest.find('\n')).map(|more| end + more);
    text.get(..end.unwrap_or(text.len())).unwrap_or(text)
}

/// Whether a byte may be a mark, or belong to one.
const fn is_mark(byte: u8) -> bool {
    matches!(
        byte,
        b'*' | b'_'
            | b'`'
            | b'['
            | b']'
            | b'<'
            | b'>'
            | b'#'
            | b'|'
            | b'~'
            | b'\\'
            | b'&'
            | b'-'
            | b'+'
            | b'='
            | b'\t'
            | b'\r'
    )
}

/// Whether a text has nothing that Markdown reads as anything but words: then it is read as it is.
fn is_plain(text: &str) -> bool {
    let is_apart = |line: &str| {
        line.starts_with("    ") || line.trim_start().starts_with(|c: char| c.is_ascii_digit())
    };
    !text.bytes().any(is_mark)
        && !text.lines().any(|line| is_apart(line) || line.trim_end() != line)
}

/// The text with what `name` says in the place of every address of an item. Those of attachments are left out.
pub fn drawn(text: &str, mut name: impl FnMut(EntityId) -> String) -> String {
    let mut out = String::with_capacity(text.len());
    let mut done = 0;
    for link in links::addresses(text) {
        out.push_str(text.get(done..link.at.start).unwrap_or_default());
        if let Some(item) = link.item {
            out.push_str(&name(item));
        }
        done = link.at.end;
    }
    out.push_str(text.get(done..).unwrap_or_default());
    out
}

/// A title as it is shown. It is no Markdown, save where a link was written into it: that reads as in a text.
pub fn title(title: &str) -> String {
    let title = title.trim();
    if links::addresses(title).next().is_none() {
        return title.to_owned();
    }
    let words = drawn(&plain(title, READ), |_| LINK.to_owned());
    words.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A title without the links that were written into it, and without their words.
pub fn without_links(title: &str) -> String {
    let changes: Vec<_> =
        links::links(title).into_iter().map(|link| (link.at, LINK.to_owned())).collect();
    links::changed(title, &changes)
}

/// What an item is called: its title, or the first line of its text.
pub fn name(title: &str, text: &str) -> String {
    let own = self::title(title);
    if !own.is_empty() {
        return own;
    }
    let words = plain(beginning(text, 16 * NAME), Taken { most: 4 * NAME, ..READ });
    let mut lines = words.lines().map(called);
    lines.find(|line| !line.is_empty() && line != LINK).unwrap_or_else(|| UNTITLED.to_owned())
}

/// A line of a text as a title.
fn called(line: &str) -> String {
    drawn(line.trim(), |_| LINK.to_owned()).chars().take(NAME).collect()
}

/// The beginning of a text without its title, on one line of at most `most` characters. Links to items stand
/// in it by their address where they have no words, whole or not at all.
pub fn excerpt(text: &str, title: &str, most: usize) -> String {
    // Marks and addresses take room too.
    let words = plain(
        beginning(text, most.saturating_mul(16)),
        Taken { most: most.saturating_mul(2), ..READ },
    );
    let mut excerpt = String::with_capacity(most);
    let mut left = most;
    let lines = words.lines().map(str::trim).filter(|line| !line.is_empty());
    let mut first = true;
    for line in lines {
        // The title, also where it was taken from here.
        if line == title || (std::mem::take(&mut first) && called(line) == title) {
            continue;
        }
        if !excerpt.is_empty() && left > 0 {
            excerpt.push(' ');
            left -= 1;
        }
        let end = line.char_indices().nth(left).map_or(line.len(), |(end, _)| end);
        let end = links::addresses(line)
            .find(|link| link.at.contains(&end))
            .map_or(end, |link| link.at.start);
        let taken = line.get(..end).unwrap_or(line);
        if taken.len() < line.len() {
            excerpt.push_str(taken);
            break;
        }
        left = left.saturating_sub(taken.chars().count());
        excerpt.push_str(taken);
    }
    excerpt
}

/// So many bytes of a text, to the end of a character.
fn beginning(text: &str, most: usize) -> &str {
    let mut end = most.min(text.len());
    while !text.is_char_boundary(end) {
        end += 1;
    }
    text.get(..end).unwrap_or(text)
}

#[cfg(test)]
#[path = "markdown_tests.rs"]
mod tests;
