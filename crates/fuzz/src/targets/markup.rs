//! Markdown as it is shown: nothing in it can run, load or send anything.

use crate::Target;
use holdfast_app::markup::{excerpt, render, word_count};

pub(crate) const TARGET: Target = Target { name: "markup", run, seeds, mutations: 4_000 };

const TAGS: &[&str] = &[
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
];
const ATTRIBUTES: &[&str] = &[
    "href", "title", "class", "src", "alt", "checked", "type", "disabled", "start", "align", "rel",
];

fn seeds() -> Vec<Vec<u8>> {
    [
        "# Title\n\n**bold** _em_ ~~gone~~ `code`\n\n- [ ] box\n- [x] done\n\n1. one\n\n> quote\n",
        "[a](javascript:alert(1)) [b](https://example.org \"t\") <https://example.org> ![p](holdfast-attachment:0190)\n",
        "<script>alert(1)</script> <img src=x onerror=alert(1)> <svg/onload=alert(1)>\n",
        "| a | b |\n|:--|--:|\n| 1 | <b>2</b> |\n\n```rust\nfn main() {}\n```\n",
        "[x]: data:text/html;base64,PHNjcmlwdD4= \"y\"\n[x] [j](JaVaScRiPt&colon;alert(1)) [k](\tjava\nscript:1)\n",
        "---\ntitle: x\n---\n&lt;script&gt; &#x3c;script&#x3e; \u{202e}abc\u{2028}\n",
    ]
    .map(|text| text.as_bytes().to_vec())
    .to_vec()
}

fn run(data: &[u8]) {
    let markdown = String::from_utf8_lossy(data);
    let html = render(&markdown);
    for tag in tags(&html) {
        check(tag);
    }
    assert_eq!(render(&markdown), html);
    for most in [0, 1, 80] {
        let short = excerpt(&markdown, most);
        assert!(short.chars().count() <= most.max(1) && !short.contains('\n'), "{short:?}");
    }
    let _ = word_count(&markdown);
}

/// What stands between `<` and `>`. In the output a `<` that is no tag's is written `&lt;`.
fn tags(html: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        rest = &rest[at + 1..];
        let mut quoted = false;
        let end = rest.find(|c| {
            quoted ^= c == '"';
            c == '>' && !quoted
        });
        let end = end.unwrap_or_else(|| panic!("a tag without end: {html:?}"));
        found.push(&rest[..end]);
        rest = &rest[end + 1..];
    }
    found
}

fn check(tag: &str) {
    let inner = tag.trim_start_matches('/').trim_end_matches('/');
    let (name, mut rest) = inner.split_once(' ').unwrap_or((inner, ""));
    assert!(TAGS.contains(&name), "<{tag}>");
    while !rest.trim().is_empty() {
        let (attribute, after) =
            rest.trim_start().split_once("=\"").unwrap_or_else(|| panic!("<{tag}>"));
        let (value, after) = after.split_once('"').unwrap_or_else(|| panic!("<{tag}>"));
        assert!(ATTRIBUTES.contains(&attribute), "<{tag}>");
        let value = value.to_ascii_lowercase();
        match attribute {
            "href" => assert!(
                ["https:", "mailto:", "holdfast:"].iter().any(|s| value.starts_with(s)),
                "<{tag}>"
            ),
            "src" => assert!(value.starts_with("holdfast-attachment:"), "<{tag}>"),
            _ => {}
        }
        rest = after;
    }
}
