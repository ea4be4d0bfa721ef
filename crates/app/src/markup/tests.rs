use proptest::prelude::*;

use super::*;

#[test]
fn markdown_is_shown() {
    let html = render(
        "---\ntitle: x\n---\n# Oak\n\n- [x] saw *it*\n- [ ] plane **it**\n\n\
         | a | b |\n|---|--:|\n| 1 | ~~2~~ |\n\n```rust\nlet a = 1 < 2;\n```\n\n3. three\n",
    );
    for part in [
        "<h1>Oak</h1>",
        "<em>it</em>",
        "<strong>it</strong>",
        "type=\"checkbox\"",
        "disabled=\"\"",
        "checked=\"\"",
        "<th>a</th>",
        "<td align=\"right\"><del>2</del></td>",
        "<code class=\"language-rust\">let a = 1 &lt; 2;",
        "<ol start=\"3\">",
    ] {
        assert!(html.contains(part), "{part} in {html}");
    }
    assert!(!html.contains("title: x"));
}

#[test]
fn links_and_pictures_go_only_where_they_may() {
    let html = render(
        "[a](https://example.org/x?y=1) [b](mailto:me@example.org) [c](holdfast:note/1) \
         ![d](holdfast-attachment:0192)",
    );
    for part in [
        "href=\"https://example.org/x?y=1\"",
        "href=\"mailto:me@example.org\"",
        "href=\"holdfast:note/1\"",
        "src=\"holdfast-attachment:0192\"",
        "rel=\"noopener noreferrer\"",
    ] {
        assert!(html.contains(part), "{part} in {html}");
    }
    for refused in [
        "[word](http://example.org)",
        "[word](ftp://example.org)",
        "[word](file:///etc/passwd)",
        "[word](/etc/passwd)",
        "[word](//example.org/x)",
        "[word](relative.md)",
        "[word](#place)",
        "[word](holdfast-attachment:0192)",
        "![word](https://example.org/x.png)",
        "![word](data:image/png;base64,AAAA)",
        "![word](x.png)",
        "![word](holdfast:note/1)",
    ] {
        let html = render(refused);
        assert!(html.contains("word"), "{html}");
        assert!(!html.contains("href") && !html.contains("src"), "{html}");
    }
}

/// Ways in which texts have run scripts in other apps.
const SCRIPTS: [&str; 42] = [
    "<script>alert(1)</script>",
    "<SCRIPT SRC=//evil.example/x.js></SCRIPT>",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "<img src=x onerror=alert(1)>",
    "<img src='x' onerror\n=\nalert(1)>",
    "<svg onload=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    "<svg><style><img src=x onerror=alert(1)></style></svg>",
    "<math><mtext><table><mglyph><style><!--</style><img title=\"--&gt;&lt;img src=1 onerror=alert(1)&gt;\">",
    "<iframe src=javascript:alert(1)></iframe>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<object data=javascript:alert(1)>",
    "<embed src=javascript:alert(1)>",
    "<base href=//evil.example/>",
    "<meta http-equiv=refresh content='0;url=javascript:alert(1)'>",
    "<link rel=stylesheet href=//evil.example/x.css>",
    "<style>@import '//evil.example/x.css';</style>",
    "<form action=javascript:alert(1)><button>x</button></form>",
    "<input autofocus onfocus=alert(1)>",
    "<details open ontoggle=alert(1)>",
    "<video><source onerror=alert(1)></video>",
    "<a href=javascript:alert(1)>x</a>",
    "<div style=\"background:url(javascript:alert(1))\">",
    "<noscript><p title=\"</noscript><img src=x onerror=alert(1)>\">",
    "<template><script>alert(1)</script></template>",
    "<!--><img src=x onerror=alert(1)>-->",
    "<![CDATA[<script>alert(1)</script>]]>",
    "<?php echo 1 ?><img src=x onerror=alert(1)>",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](java\tscript:alert(1))",
    "[x](&#106;avascript:alert(1))",
    "[x](\u{1}javascript:alert(1))",
    "[x](vbscript:msgbox(1))",
    "[x](data:text/html,<script>alert(1)</script>)",
    "![x](javascript:alert(1))",
    "![x](data:image/svg+xml,<svg onload=alert(1)>)",
    "<javascript:alert(1)>",
    "[x]: javascript:alert(1)\n\n[x]",
    "[x](https://e.org \"\\\"onmouseover=alert(1) \\\"\")",
    "``` \"onmouseover=alert(1)\nx\n```",
    "`<script>alert(1)</script>` ![\"><script>alert(1)</script>](x)",
];

/// The page has no element or attribute but those that are allowed: a second parse of it finds
/// nothing to take out, and no raw mark of a script is in it.
fn is_safe(html: &str) -> Result<(), String> {
    let again = SANITISER.clean(html).to_string();
    if again != html {
        return Err(format!("not stable: {html:?} became {again:?}"));
    }
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        let tag = &rest[at..rest[at..].find('>').map_or(rest.len(), |end| at + end)];
        let lower = tag.to_ascii_lowercase();
        // Quoted values hold text; outside them is the markup.
        let markup: String = lower.split('"').step_by(2).collect();
        for bad in
            ["<script", "<style", "<svg", "<iframe", "<object", "<base", "<form", " on", "style="]
        {
            if markup.contains(bad) {
                return Err(format!("{bad} in {tag:?}"));
            }
        }
        for bad in
            ["href=\"javascript", "href=\"data", "href=\"vbscript", "src=\"data", "src=\"java"]
        {
            if lower.contains(bad) {
                return Err(format!("{bad} in {tag:?}"));
            }
        }
        rest = &rest[at + 1..];
    }
    Ok(())
}

#[test]
fn no_script_gets_through() {
    for script in SCRIPTS {
        for around in
            ["{}", "# {}", "> - {}\n", "| a |\n|---|\n| {} |", "text {} text", "<p>{}", "**{}**"]
        {
            let text = around.replace("{}", script);
            is_safe(&render(&text)).unwrap_or_else(|why| panic!("{text:?}: {why}"));
        }
    }
}

#[test]
fn raw_html_is_shown_as_text() {
    assert_eq!(render("a <b>c</b>"), "<p>a &lt;b&gt;c&lt;/b&gt;</p>\n");
}

#[test]
fn what_nests_too_deep_is_shown_as_typed() {
    let text = format!("{}<b>", "> ".repeat(300));
    let shown = render(&text);
    assert!(shown.starts_with("<pre>&gt;"), "{shown}");
    assert!(!shown.contains("<b>"));
    assert!(render(&"> ".repeat(90)).starts_with("<blockquote>"));
}

#[test]
fn deep_and_long_texts_end() {
    let started = std::time::Instant::now();
    for piece in
        ["> ", "- ", "[", "![", "*a ", "**a", "`", "<a", "| ", "\\", "[[", "(", "_a_ ", "\n1. "]
    {
        let text = piece.repeat(20_000);
        let html = render(&text);
        assert!(html.starts_with("<pre>") || is_safe(&html).is_ok());
        excerpt(&text, 200);
        word_count(&text);
    }
    assert!(started.elapsed().as_secs() < 60, "{:?}", started.elapsed());
}

#[test]
fn excerpts_are_the_words_of_the_text() {
    assert_eq!(
        excerpt("# Oak\n\nSome *fine* [boards](https://e.org).\n\n- [ ] saw\n- plane", 80),
        "Some fine boards. saw plane"
    );
    assert_eq!(excerpt("---\ntags: [a]\n---\n# Oak\nBoards", 80), "Boards");
    assert_eq!(excerpt("one two three", 8), "one two\u{2026}");
    assert_eq!(excerpt("one two three", 7), "one\u{2026}");
    assert_eq!(excerpt("one two three", 13), "one two three");
    assert_eq!(excerpt("einelangeadresse", 6), "einel\u{2026}");
    assert_eq!(excerpt("", 80), "");
    assert_eq!(excerpt("text", 0), "");
    assert_eq!(excerpt("# Only a title", 80), "");
}

#[test]
fn words_are_counted_as_read() {
    assert_eq!(word_count("# Buy *oak*\n\n[two words](https://example.org/a/b/c) `code` don't"), 6);
    assert_eq!(word_count("---\ntags: [a, b]\n---\none"), 1);
    assert_eq!(word_count(""), 0);
    assert_eq!(word_count("| a | b |\n|---|---|\n| c | d |"), 4);
}

proptest! {
    #[test]
    fn any_text_is_safe_and_bounded(text in "(?s).{0,200}", most in 0usize..60) {
        is_safe(&render(&text)).map_err(TestCaseError::fail)?;
        prop_assert!(excerpt(&text, most).chars().count() <= most);
        word_count(&text);
    }

    #[test]
    fn any_mix_of_scripts_is_safe(
        parts in proptest::collection::vec((proptest::sample::select(SCRIPTS.to_vec()), 0usize..60), 1..5),
    ) {
        let text: String = parts.iter().flat_map(|(s, cut)| s.chars().skip(cut % 7).take(60 - cut)).collect();
        is_safe(&render(&text)).map_err(TestCaseError::fail)?;
    }
}
