use super::*;
use proptest::prelude::*;

const OAK: &str = "0192f0c1-5d2e-7c3b-9a4f-1b2c3d4e5f60";

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn a_reader_sees_words_without_marks_and_addresses() {
    for (markdown, words) in [
        (
            "# Shed\n\n- [ ] buy **oak** `planks`\n> quoted\n* and _nails_ 2*3\n",
            "Shed buy oak planks quoted and nails 2*3",
        ),
        ("1. one\n2. two\n   - three", "one two three"),
        ("Setext\n======\ntext", "Setext text"),
        ("| a | b |\n|---|--:|\n| 1 | ~~2~~ |", "a b 1 2"),
        ("```rust\nlet a = b[1];\n```\n\n    indented", "let a = b[1]; indented"),
        ("see [boards](https://e.org/a_b) and <https://e.org>", "see boards and https://e.org"),
        ("![a *picture*](x.png) \\*not\\* &amp; so", "a picture *not* & so"),
        ("[one][ref] two\n\n[ref]: https://e.org", "one two"),
        ("***\n\nfoo_bar a-b C++ ~~gone~~", "foo_bar a-b C++ gone"),
        ("---\ntags: [a, b]\n---\ntext", "text"),
        ("[[Shelf plan]] and [[Shelf plan|that]]", "Shelf plan and that"),
        ("> [!NOTE]\n> mind", "mind"),
        ("a[^1]\n\n[^1]: foot", "a foot"),
        ("**over\ntwo lines**", "over two lines"),
        ("", ""),
        ("just words, and more.", "just words, and more."),
    ] {
        assert_eq!(one_line(&plain(markdown, READ)), words, "{markdown:?}");
    }
}

#[test]
fn links_to_items_stand_by_their_address_and_are_drawn() {
    let text = format!(
        "[](holdfast:{OAK}) [mine](holdfast:{OAK}) <holdfast:{OAK}> Holdfast:{OAK} ![](holdfast-attachment:{OAK})"
    );
    let words = drawn(&plain(&text, READ), |_| "Oak".into());
    assert_eq!(one_line(&words), "Oak mine Oak Oak");
    assert_eq!(links::addresses(&format!("holdfast:{}", &OAK[..35])).count(), 0);
    assert_eq!(links::addresses("holdfast: x é:").count(), 0);
}

#[test]
fn an_item_without_a_title_is_called_by_its_first_words() {
    for (title, text, name) in [
        (" Shed ", "# Other", "Shed"),
        ("2 * 3 * 4", "", "2 * 3 * 4"),
        ("", "\n\n## **Shed** [plan](https://e.org)\nmore", "Shed plan"),
        ("", "- [x] done", "done"),
        ("", &format!("[](holdfast:{OAK})\nnext"), "next"),
        ("", &format!("see [](holdfast:{OAK}) now"), "see \u{2026} now"),
        (&format!("ask [Oak](holdfast:{OAK})"), "", "ask Oak"),
        ("", "***", "Untitled"),
    ] {
        assert_eq!(self::super::name(title, text), name, "{title:?} {text:?}");
    }
}

#[test]
fn an_excerpt_is_the_words_without_title_and_marks_and_no_longer_than_it_may_be() {
    let text = "# Shed\n\n- [ ] buy **oak** `planks`\n> \n* and _nails_ 2*3\n";
    assert_eq!(excerpt(text, "Shed", 240), "buy oak planks and nails 2*3");
    assert_eq!(excerpt("Shed", "Shed", 240), "");
    // In characters, whatever they are made of.
    let long = "ö".repeat(239);
    assert_eq!(excerpt(&format!("{long}äöü"), "", 240), format!("{long}ä"));
    assert_eq!(excerpt(&format!("{long}ä\nmore"), "", 240).chars().count(), 240);
    // An address is there whole or not at all.
    let text = format!("{} [](holdfast:{OAK}) end", "x".repeat(210));
    assert_eq!(excerpt(&text, "", 240), format!("{} ", "x".repeat(210)));
}

#[test]
fn long_and_deep_texts_end() {
    let started = std::time::Instant::now();
    for piece in [
        "> ",
        "- ",
        "[",
        "![",
        "*a ",
        "**a",
        "`",
        "<a",
        "| ",
        "\\",
        "[[",
        "(",
        "_a_ ",
        "](",
        "\n1. ",
        "[^1]",
        "holdfast:",
    ] {
        let text = piece.repeat(20_000);
        plain(&text, EVERYTHING);
        name("", &text);
        excerpt(&text, "", 240);
    }
    assert!(started.elapsed().as_secs() < 30, "{:?}", started.elapsed());
}

proptest! {
    #[test]
    fn what_has_no_marks_reads_as_it_is(text in "[a-zäß京,. !?'\n]{0,80}") {
        let parsed = {
            // The same with a mark at its end, which is parsed.
            plain(&format!("{text}\n\n~"), READ)
        };
        let parsed = one_line(&parsed);
        let parsed = parsed.strip_suffix('~').unwrap_or(&parsed).trim().to_owned();
        prop_assert_eq!(one_line(&plain(&text, READ)), parsed);
    }

    #[test]
    fn any_text_is_read(text in "(?s).{0,200}", most in 0_usize..60) {
        let shown = excerpt(&text, "", most);
        prop_assert!(shown.chars().count() <= most);
        name("", &text);
        plain(&text, EVERYTHING);
    }
}
