use super::*;
use crate::story_tests::{Device, exchange, two};
use crate::{Home, KeyStore, NewDevice};
use holdfast_model::EntityId;

fn device() -> (App, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let app = App::at(Home::at(folder.path().join("home"))).unwrap();
    let new = NewDevice {
        name: "Laptop",
        key_store: Some(KeyStore::File),
        passphrase: None,
        set_aside: None,
    };
    app.create(&new).unwrap();
    (app, folder)
}

/// What a text says, what is asked, and whether it is found.
const TABLE: &[(&str, &str, bool)] = &[
    // Chinese, Japanese and Korean: inside runs.
    ("我们明天去北京大学开会", "北京", true),
    ("我们明天去北京大学开会", "京大", true),
    ("我们明天去北京大学开会", "学", true),
    ("我们明天去北京大学开会", "北大", false),
    ("我们明天去北京大学开会", "北京 开会", true),
    ("東京都に住んでいます", "京都", true),
    ("東京都に住んでいます", "東京都", true),
    ("東京都に住んでいます", "住んで", true),
    ("ﾊﾝｶｸカナ", "ハンカク", true),
    ("がっこう", "かっこう", false),
    ("내일 도서관에서 만나요", "도서관", true),
    ("내일 도서관에서 만나요", "서관", true),
    ("내일 도서관에서 만나요", "관도", false),
    ("\u{1102}\u{1162}일", "내일", true),
    ("ฉันไปตลาดพรุ่งนี้", "ตลาด", true),
    ("版本v2发布", "v2", true),
    // Emoji and pictures.
    ("Plant 🌳 in spring", "🌳", true),
    ("Plant 🌳 in spring", "🌵", false),
    ("Ask 👩🏽‍🔧 about it", "👩‍🔧", true),
    ("Thumbs 👍🏿", "👍", true),
    ("A 300 € bill", "€", true),
    ("I ❤️ oak", "❤", true),
    // Cyrillic, German, Scandinavian, Polish, Turkish, Vietnamese, French.
    ("Новая ёлка", "елка", true),
    ("Новая елка", "ЁЛКА", true),
    ("Straße fegen", "strasse", true),
    ("STRASSE FEGEN", "straße", true),
    ("Smørrebrød", "smorrebrod", true),
    ("Łódź", "lodz", true),
    ("İstanbul ve Iğdır", "istanbul", true),
    ("Đà Nẵng", "da nang", true),
    ("Café crème", "cafe creme", true),
    ("cafe\u{301}", "café", true),
    // Greek.
    ("Η Αθήνα το βράδυ", "αθηνα", true),
    ("ΟΔΟΣ", "οδός", true),
    ("ᾠδή", "ωδη", true),
    // Vowel marks.
    ("שָׁלוֹם לְכֻלָּם", "שלום", true),
    ("שלום", "שָׁלוֹם", true),
    ("مُحَمَّد", "محمد", true),
    ("كتـــاب", "كتاب", true),
    ("أحمد", "احمد", true),
    ("हिन्दी में", "हिन्दी", true),
    ("हिन्दी में", "हन्द", false),
    // Quotes are a phrase.
    ("Buy oak boards today", "\"oak boards\"", true),
    ("Buy boards of oak", "\"oak boards\"", false),
    ("oak, boards", "\"oak boards\"", true),
    ("Buy oak boards today", "\"oak bo", true),
    ("Buy oak boards today", "\"oak bo\"", false),
    ("in:box says the sign", "\"in:box\"", true),
    // Operators and the signs of code.
    ("Learn C++ well", "C++", true),
    ("Learn C well", "C++", false),
    ("Learn C# well", "c#", true),
    ("Learn C++ well", "c#", false),
    ("call foo_bar(x) first", "foo_bar", true),
    ("call foo bar first", "foo_bar", false),
    ("call foo_bar(x) first", "bar(", true),
    ("the case a-b", "a-b", true),
    ("the case a b", "a-b", false),
    ("use .NET here", ".net", true),
    ("if a >= b", ">=", true),
    ("x -> y", "->", true),
    ("oak AND elm NOT ash", "NOT", true),
    ("plain words", "AND", false),
    ("user@example.org wrote", "@example", true),
    ("it is 12:30 now", "12:30", true),
    ("(so) it was", "so", true),
    ("a well-known fact", "well known", true),
    ("a well known fact", "well-known", true),
    // Typing errors.
    ("Buy oak", "oka", true),
    ("Call the dentist", "dentits", true),
    ("Call the dentist", "dentst", true),
    ("Call the dentist", "dentiist", true),
    ("Appointment", "apointmetn", true),
    ("Appointment", "pointy", false),
    ("Buy oak", "ok", false),
    ("Buy oak", "\"oka\"", false),
    ("Купить молоко", "молкоо", true),
    ("Room 1234", "1243", false),
    // Markdown and links.
    ("some **bo**ld `code` here", "code", true),
    ("[a page](https://example.org/wood)", "example.org/wood", true),
    ("- [x] done", "x", false),
];

#[test]
fn every_row_of_the_table_is_found_or_not() {
    for (text, query, found) in TABLE {
        let (app, _folder) = device();
        let note = app.add_note("", None, text).unwrap().ids[0].clone();
        let check = |place: &str| {
            let page = app.search(query, 10).unwrap();
            let ids: Vec<&str> = page.hits.iter().map(|hit| hit.id.as_str()).collect();
            let wanted: &[&str] = if *found { &[&note] } else { &[] };
            assert_eq!(ids, wanted, "{query:?} in {text:?} as {place}");
            assert_eq!(page.total as usize, ids.len(), "{query:?}");
        };
        check("a text");
        // A title is no Markdown.
        if !text.contains(['*', '[']) {
            app.replace_text(note.parse().unwrap(), "").unwrap();
            let patch =
                view::NotePatch { title: Some((*text).into()), ..view::NotePatch::default() };
            app.edit_notes(std::slice::from_ref(&note), &patch, None).unwrap();
            check("a title");
        }
    }
}

#[test]
fn what_is_spelled_as_asked_comes_before_what_is_spelled_almost_so() {
    let (app, _folder) = device();
    for title in ["Buy oak", "The okapi", "Send form", "Bus from here"] {
        app.add_note(title, None, "").unwrap();
    }
    let titles = |query: &str| -> Vec<String> {
        app.search(query, 10).unwrap().hits.into_iter().map(|hit| hit.title).collect()
    };
    assert_eq!(titles("oka"), ["The okapi", "Buy oak"]);
    // A word that is known is meant as it is.
    assert_eq!(titles("form"), ["Send form"]);
    for number in 0..10 {
        app.add_note(&format!("Okapi {number}"), None, "").unwrap();
    }
    assert_eq!(titles("oka").iter().filter(|title| *title == "Buy oak").count(), 0);
}

#[test]
fn filters_hold_for_what_is_spelled_almost_so() {
    let (app, _folder) = device();
    app.add_note("Oak note", None, "").unwrap();
    app.quick_add("Oak task", &[], &view::QuickAddDefaults::default()).unwrap();
    let page = app.search("oka is:task", 10).unwrap();
    assert_eq!((page.total, page.hits[0].title.as_str()), (1, "Oak task"));
}

#[test]
fn a_snippet_marks_the_hit_as_it_is_written() {
    let (app, _folder) = device();
    let snippet = |text: &str, query: &str| {
        let note = app.add_note("Title", None, text).unwrap().ids[0].clone();
        let page = app.search(query, 10).unwrap();
        page.hits.into_iter().find(|hit| hit.id == note).unwrap().snippet
    };
    assert_eq!(snippet("# Buy\n\n**oak** boards", "oak"), "Buy \u{1}oak\u{2} boards");
    assert_eq!(snippet("Die Straße fegen", "STRASSE"), "Die \u{1}Straße\u{2} fegen");
    assert_eq!(snippet("我们明天去北京大学开会", "京大"), "我们明天去北\u{1}京大\u{2}学开会");
    assert_eq!(snippet("Call the dentist", "dentits"), "Call the \u{1}dentist\u{2}");
    assert_eq!(snippet("short", "title"), "short");
    let long = format!("{} needle {}", "x ".repeat(200), "y ".repeat(200));
    let found = snippet(&long, "NEEDLE");
    assert!(
        found.contains("\u{1}needle\u{2}") && found.starts_with('…') && found.ends_with('…'),
        "{found}"
    );
    assert_eq!(snippet("sp\u{1}oofed\u{2} mark", "oofed").matches('\u{1}').count(), 0);
}

#[test]
fn quotes_hold_words_together() {
    let words: Vec<(String, String)> =
        split("oak in:\"My list\" \"in:x y\"").into_iter().map(|w| (w.written, w.text)).collect();
    let words: Vec<(&str, &str)> = words.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
    assert_eq!(words, [("oak", "oak"), ("in:\"My list\"", "in:My list"), ("\"in:x y\"", "in:x y")]);
}

/// No id of an item and no mark of Markdown.
fn is_clean(words: &str, ids: &[EntityId]) {
    for mark in ["**", "](", "[ ]", "[x]", "`", "holdfast:", "# ", "~~"] {
        assert!(!words.contains(mark), "{mark} in {words:?}");
    }
    for id in ids {
        assert!(!words.contains(&id.to_string()[..13]), "an id in {words:?}");
    }
}

#[test]
fn nothing_that_names_or_previews_an_item_shows_an_id_or_marks() {
    let (app, _folder) = device();
    let plan = app.add_note("Shelf plan", None, "plan").unwrap().ids[0].clone();
    let text = format!(
        "## **Shed** and `tools` [](holdfast:{plan})\n\n- [ ] ~~saw~~ [here](holdfast:{plan}) oak\n\
         - [x] <holdfast:{plan}>\n\n| a | b |\n|---|---|\n| `c` | **d** |\n"
    );
    // Without a title of their own, so that their words name them.
    let note = app.add_note("", None, &text).unwrap().ids[0].clone();
    let gone = app.add_note("", None, &text).unwrap().ids[0].clone();
    let done = app.delete_items(std::slice::from_ref(&gone), None).unwrap();
    let ids: Vec<EntityId> = [&plan, &note, &gone].map(|id| id.parse().unwrap()).into();
    let check = |words: &str| is_clean(words, &ids);
    check(&done.label);
    for query in ["oak", "saw", "shelf", "is:note", "tools"] {
        for hit in app.search(query, 10).unwrap().hits {
            check(&hit.title);
            check(&hit.snippet);
        }
    }
    assert_eq!(app.search("holdfast", 10).unwrap().total, 0);
    assert_eq!(app.search(&plan, 10).unwrap().total, 0);
    let pages = app.notes(&view::NoteQuery { list: None, tag: None, limit: 10 }).unwrap();
    let row = pages.notes.iter().find(|row| row.id == note).unwrap();
    check(&row.title);
    check(&row.excerpt);
    assert_eq!(row.title, "Shed and tools …");
    assert_eq!(row.excerpt, "saw here oak Shelf plan a b c d");
    for link in app.note(&plan).unwrap().backlinks {
        check(&link.title);
    }
    for row in app.trash().unwrap() {
        check(&row.title);
    }
    for entry in app.activity(50).unwrap() {
        check(&entry.title);
        for detail in &entry.details {
            check(detail);
        }
    }
}

/// The same of what another device did to them.
#[test]
fn nothing_that_names_an_item_of_another_device_shows_an_id_or_marks() {
    let (laptop, phone) = two();
    let plan = laptop.app.add_note("Shelf plan", None, "").unwrap().ids[0].clone();
    let text = |what: &str| {
        format!("# **Shed** `{what}` [](holdfast:{plan})\n\nBuy [x](holdfast:{plan}).\n")
    };
    let note = laptop.app.add_note("", None, &text("oak")).unwrap().ids[0].clone();
    let id: EntityId = note.parse().unwrap();
    exchange(&laptop, &phone);
    laptop.app.replace_text(id, &text("oak boards")).unwrap();
    phone.app.replace_text(id, &text("oak beams")).unwrap();
    exchange(&laptop, &phone);
    let ids = [id, plan.parse().unwrap()];
    let check = |words: &str| is_clean(words, &ids);
    let activity = |device: &Device| {
        let entries = device.app.activity(50).unwrap();
        assert!(
            entries.iter().any(|entry| entry.items.iter().any(|item| item.title.contains("Shed")))
        );
        for entry in entries {
            check(&entry.title);
            for words in entry.details.iter().chain(entry.items.iter().map(|item| &item.title)) {
                check(words);
            }
        }
    };
    activity(&phone);
    let rows = phone.app.conflicts(view::ConflictTab::Open).unwrap();
    assert_eq!(rows.len(), 1);
    check(&rows[0].title);
    let review = phone.app.review(&note).unwrap();
    check(&review.title);
    let decision = view::Decision::Take {
        conflict: review.texts[0].conflict.clone(),
        take: review.texts[0].versions[0].version.clone(),
    };
    check(&phone.app.resolve(&note, &[decision], Some(review.as_of)).unwrap().label);
    let aside = phone.app.put_aside().unwrap();
    assert!(!aside.is_empty());
    for row in aside {
        check(&row.title);
        check(&row.display);
        check(&row.stands);
    }
    for row in phone.app.conflicts(view::ConflictTab::Resolved).unwrap() {
        check(&row.title);
        check(row.outcome.as_deref().unwrap_or_default());
    }
    phone.app.delete_items(std::slice::from_ref(&note), None).unwrap();
    exchange(&laptop, &phone);
    activity(&laptop);
    for row in laptop.app.trash().unwrap() {
        check(&row.title);
    }
}
