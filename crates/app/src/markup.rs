//! Markdown as it is shown: sanitised HTML, excerpts and word counts. The same output for the
//! app, the command line and exports.
//!
//! Nothing in a note can run, load or send anything: raw HTML is shown as the text it is, links
//! lead only to `https:`, `mailto:` and `holdfast:`, and pictures are only the note's own
//! attachments (`holdfast-attachment:`). A refused link or picture keeps its words.

mod checklist;

pub use checklist::unticked;

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use ammonia::{Builder, UrlRelative};
use comrak::arena_tree::NodeEdge;
use comrak::nodes::{Node, NodeValue};
use comrak::{Arena, Options, format_html, parse_document};
use unicode_segmentation::UnicodeSegmentation;

/// Schemes that a link may have.
const LINKS: [&str; 3] = ["https", "mailto", "holdfast"];
/// The scheme of pictures: an attachment by its id.
const PICTURES: &str = "holdfast-attachment";

static SANITISER: LazyLock<Builder<'static>> = LazyLock::new(|| {
    let mut builder = Builder::empty();
    builder
        .tags(HashSet::from([
            "a",
            "blockquote",
            "br",
            "code",
            "del",
            "em",
            "h1",
            "h2",
            "h3",
            "h4",
            "h5",
            "h6",
            "hr",
            "img",
            "input",
            "li",
            "ol",
            "p",
            "pre",
            "strong",
            "table",
            "tbody",
            "td",
            "th",
            "thead",
            "tr",
            "ul",
        ]))
        .tag_attributes(HashMap::from([
            ("a", HashSet::from(["href", "title"])),
            ("code", HashSet::from(["class"])),
            ("img", HashSet::from(["src", "alt", "title"])),
            ("input", HashSet::from(["checked"])),
            ("ol", HashSet::from(["start"])),
            ("td", HashSet::from(["align"])),
            ("th", HashSet::from(["align"])),
        ]))
        .set_tag_attribute_value("input", "type", "checkbox")
        .set_tag_attribute_value("input", "disabled", "")
        .url_schemes(LINKS.into_iter().chain([PICTURES]).collect())
        .url_relative(UrlRelative::Deny)
        .link_rel(Some("noopener noreferrer"))
        .attribute_filter(|tag, attribute, value| {
            let allowed = match (tag, attribute) {
                ("a", "href") => scheme(value).is_some_and(|s| LINKS.contains(&s.as_str())),
                ("img", "src") => scheme(value).is_some_and(|s| s == PICTURES),
                ("code", "class") => is_language(value),
                _ => true,
            };
            allowed.then_some(Cow::Borrowed(value))
        });
    builder
});

fn scheme(url: &str) -> Option<String> {
    url.split_once(':').map(|(scheme, _)| scheme.to_ascii_lowercase())
}

/// A code block names its language, and nothing else.
fn is_language(class: &str) -> bool {
    class.strip_prefix("language-").is_some_and(|name| {
        name.len() <= 40
            && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '_' | '#'))
    })
}

fn options() -> Options<'static> {
    let mut options = Options::default();
    options.extension.strikethrough = true;
    options.extension.table = true;
    options.extension.autolink = true;
    options.extension.tasklist = true;
    options.extension.front_matter_delimiter = Some("---".to_owned());
    options.render.escape = true;
    options
}

/// Deepest nesting of blocks and marks that is laid out. HTML parsers take time by the square of
/// it, and no one reads further in.
const DEEPEST: usize = 200;

/// Markdown as HTML that is safe to put in a page. Front matter is not shown. A text that nests
/// more than 200 deep is shown as it is typed.
pub fn render(markdown: &str) -> String {
    let arena = Arena::new();
    let options = options();
    let root = parse_document(&arena, markdown, &options);
    let mut html = String::new();
    if is_too_deep(root) || format_html(root, &options, &mut html).is_err() {
        return format!("<pre>{}</pre>\n", ammonia::clean_text(markdown));
    }
    SANITISER.clean(&html).to_string()
}

fn is_too_deep(root: Node<'_>) -> bool {
    let mut depth = 0_usize;
    root.traverse().any(|edge| {
        depth = match edge {
            NodeEdge::Start(_) => depth + 1,
            NodeEdge::End(_) => depth.saturating_sub(1),
        };
        depth > DEEPEST
    })
}

/// The first words of a note, without its marks, on one line of at most `most` characters, with
/// an ellipsis where there is more. A heading that opens the note is its title and is left out.
pub fn excerpt(markdown: &str, most: usize) -> String {
    // Marks and addresses take room too; what lies far behind cannot be in the excerpt.
    let window = most.saturating_mul(16).saturating_add(8192);
    let mut end = window.min(markdown.len());
    while !markdown.is_char_boundary(end) {
        end += 1;
    }
    let text = plain(markdown.get(..end).unwrap_or(markdown), true);
    let mut out = String::new();
    let mut length = 0;
    // Where the text is cut if more follows, so that the ellipsis has room.
    let mut cut = 0;
    for word in text.split_whitespace() {
        let size = word.chars().count() + usize::from(length > 0);
        if length + size > most {
            out.truncate(cut);
            if out.is_empty() {
                // One endless word, such as an address.
                let first = text.split_whitespace().next().unwrap_or_default();
                out.extend(first.chars().take(most.saturating_sub(1)));
            }
            out.extend((most > 0).then_some('\u{2026}'));
            return out;
        }
        if length > 0 {
            out.push(' ');
        }
        out.push_str(word);
        length += size;
        if length < most {
            cut = out.len();
        }
    }
    out
}

/// How many words a note has, without its marks, addresses and front matter. Scripts without
/// spaces count by Unicode's word boundaries.
pub fn word_count(markdown: &str) -> usize {
    plain(markdown, false).unicode_words().count()
}

/// The words that a reader sees, blocks apart.
fn plain(markdown: &str, without_title: bool) -> String {
    let arena = Arena::new();
    let root = parse_document(&arena, markdown, &options());
    let mut out = String::new();
    let mut blocks = root
        .children()
        .filter(|block| !matches!(block.data.borrow().value, NodeValue::FrontMatter(_)));
    let mut first = true;
    for block in blocks.by_ref() {
        let is_title =
            matches!(&block.data.borrow().value, NodeValue::Heading(heading) if heading.level == 1);
        if std::mem::take(&mut first) && is_title && without_title {
            continue;
        }
        for node in block.descendants() {
            let data = node.data.borrow();
            match &data.value {
                NodeValue::Text(text) => out.push_str(text),
                NodeValue::Code(code) => out.push_str(&code.literal),
                NodeValue::CodeBlock(code) => out.push_str(&code.literal),
                NodeValue::HtmlBlock(html) => out.push_str(&html.literal),
                NodeValue::HtmlInline(html) => out.push_str(html),
                NodeValue::SoftBreak | NodeValue::LineBreak => out.push(' '),
                value if value.block() => out.push(' '),
                _ => {}
            }
        }
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests;
