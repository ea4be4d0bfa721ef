use std::fs;

use super::*;

fn write(root: &Path, path: &str, bytes: impl AsRef<[u8]>) {
    let file = root.join(path);
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(file, bytes).unwrap();
}

fn note<'p>(plan: &'p Plan, path: &str) -> &'p Note {
    plan.notes.iter().find(|n| n.path == path).unwrap()
}

fn reasons<'p>(plan: &'p Plan, path: &str) -> Vec<&'p Reason> {
    plan.skipped.iter().filter(|s| s.path == path).map(|s| &s.reason).collect()
}

#[test]
fn a_vault_becomes_lists_notes_and_attachments() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path();
    let text = "---\ntitle: Front\ntags: [wood, '#shop', wood]\n---\r\n# Oak `boards`\n![p](../img/a%20b.png \"t\")\n";
    write(root, "Work/Oak/note.md", [b"\xef\xbb\xbf", text.as_bytes()].concat());
    write(
        root,
        "plain.MD",
        "## Second level\n\n<p><img\n alt=x src='Work/img/c.svg'></p>\n\n![[deep.pdf]]",
    );
    write(
        root,
        "front.markdown",
        "---\ntitle: \"Front: title\"\ntags:\n  - a\n  - b/c # why\nother: x\n---\nText",
    );
    write(root, "Work/img/a b.png", "png");
    write(root, "Work/img/c.svg", "svg");
    write(root, "far/away/deep.pdf", "pdf!");
    write(root, "unused.txt", "x");
    write(root, ".obsidian/app.json", "{}");
    let plan = scan(root).unwrap();

    assert_eq!(plan.lists, [vec!["Work".to_owned()], vec!["Work".to_owned(), "Oak".to_owned()]]);
    let oak = note(&plan, "Work/Oak/note.md");
    assert_eq!((oak.title.as_str(), oak.text.as_str()), ("Oak boards", text));
    assert_eq!(oak.tags, ["wood", "shop"]);
    assert_eq!(oak.list, ["Work", "Oak"]);
    assert!(oak.modified.is_some());
    let shown = |n: &Note| -> Vec<String> {
        n.references.iter().map(|r| plan.attachments[r.attachment].path.clone()).collect()
    };
    assert_eq!(shown(oak), ["Work/img/a b.png"]);
    let plain = note(&plan, "plain.MD");
    assert_eq!((plain.title.as_str(), plain.list.len()), ("Second level", 0));
    assert_eq!(shown(plain), ["Work/img/c.svg", "far/away/deep.pdf"]);
    let front = note(&plan, "front.markdown");
    assert_eq!((front.title.as_str(), front.tags.join(" ")), ("Front: title", "a b/c".to_owned()));

    let files: Vec<_> =
        plan.attachments.iter().map(|a| (a.name.as_str(), a.mime, a.size)).collect();
    assert_eq!(
        files,
        [
            ("a b.png", "image/png", 3),
            ("c.svg", "image/svg+xml", 3),
            ("deep.pdf", "application/pdf", 4)
        ]
    );
    assert_eq!(reasons(&plan, "unused.txt"), [&Reason::Unreferenced]);
    assert_eq!(reasons(&plan, ".obsidian"), [&Reason::Hidden]);
    assert_eq!(plan.skipped.len(), 2);

    let relinked = oak.text_with(|n| Some(format!("holdfast-attachment:{n}")));
    assert_eq!(relinked, text.replace("../img/a%20b.png", "holdfast-attachment:0"));
    let relinked = plain.text_with(|n| (n == 1).then(|| "here".to_owned()));
    assert_eq!(relinked, plain.text.replace("Work/img/c.svg", "here"));
}

#[test]
fn what_is_left_out_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let outside = tempfile::tempdir().unwrap();
    let root = dir.path().join("vault");
    write(dir.path(), "secret.png", "secret");
    write(&root, "latin.md", b"caf\xe9");
    write(
        &root,
        "sub/n.md",
        "![a](../../secret.png) ![b](/etc/passwd) ![c](a%00b.png) ![d](file:///x.png)\n\n\
        ![e](..\\..\\secret.png) ![f](C:\\x.png) ![g](gone.png) ![h](https://e.org/x.png) [i](other.html) \
        [j](x.md#y) [k](#z) ![l](//e.org/x.png)\n\n`![code](../../secret.png)`\n\n    ![code](../../../x.png)\n",
    );
    write(&root, "large.md", vec![b'a'; LARGEST_NOTE as usize + 1]);
    let deep = "d/".repeat(DEEPEST + 1);
    write(&root, &format!("{deep}n.md"), "x");
    let plan = scan(&root).unwrap();

    assert_eq!(reasons(&plan, "latin.md"), [&Reason::NotUtf8]);
    assert_eq!(reasons(&plan, "large.md"), [&Reason::TooLarge]);
    assert_eq!(reasons(&plan, deep.trim_end_matches('/')), [&Reason::TooMuch]);
    let outside_of = |s: &str| Reason::Outside(s.to_owned());
    assert_eq!(
        reasons(&plan, "sub/n.md"),
        [
            &outside_of("../../secret.png"),
            &outside_of("/etc/passwd"),
            &outside_of("a%00b.png"),
            &outside_of("file:///x.png"),
            // A backslash before a full stop only escapes it.
            &Reason::Missing("....\\secret.png".to_owned()),
            &outside_of("C:\\x.png"),
            &Reason::Missing("gone.png".to_owned()),
        ]
    );
    assert_eq!((plan.notes.len(), plan.attachments.len()), (1, 0));
    assert!(plan.skipped.iter().all(|s| !s.reason.to_string().is_empty()));

    assert!(matches!(scan(&root.join("sub/n.md")), Err(Error::NotAFolder(_))));
    let error = scan(&outside.path().join("none")).unwrap_err();
    assert_eq!(error.code(), "import-unreadable");
}

#[cfg(unix)]
#[test]
fn links_of_the_file_system_are_not_followed() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::symlink;

    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("vault");
    write(dir.path(), "away/secret.md", "secret");
    write(dir.path(), "away/secret.png", "secret");
    write(&root, "n.md", "![a](pic.png) ![b](folder/secret.png)");
    symlink(dir.path().join("away/secret.png"), root.join("pic.png")).unwrap();
    symlink(dir.path().join("away/secret.md"), root.join("m.md")).unwrap();
    symlink(dir.path().join("away"), root.join("folder")).unwrap();
    symlink(&root, root.join("loop")).unwrap();
    fs::write(root.join(OsStr::from_bytes(b"\xff.md")), "x").unwrap();
    let plan = scan(&root).unwrap();
    assert_eq!((plan.notes.len(), plan.attachments.len()), (1, 0));
    for path in ["pic.png", "m.md", "folder", "loop"] {
        assert_eq!(reasons(&plan, path), [&Reason::FileLink]);
    }
    assert!(plan.skipped.iter().any(|s| s.reason == Reason::Name));
}

#[test]
fn front_matter_is_read_in_the_forms_that_apps_write() {
    let tags = |text: &str| front_matter::read(text).tags.join("|");
    assert_eq!(tags("---\ntags: a, b\n---\n"), "a|b");
    assert_eq!(tags("---\ntag: \"#a b\"\n---\n"), "a b");
    assert_eq!(tags("---\r\ntags:\r\n- a\r\n\r\n- b\r\n---\r\n"), "a|b");
    assert_eq!(tags("---\ntags: []\n---\n"), "");
    assert_eq!(tags("---\nnested:\n  tags: a\n---\n"), "");
    assert_eq!(tags("---\ntags: a\n"), "");
    assert_eq!(tags("text\n---\ntags: a\n---\n"), "");
    assert_eq!(tags("---\ntags:\n  - a\ntitle: t\n...\n"), "a");
}

#[test]
fn hostile_html_in_a_note_takes_no_time() {
    let dir = tempfile::tempdir().unwrap();
    write(
        dir.path(),
        "n.md",
        format!("<div>\n{}<img alt='a > b' src=x.png>", "<b><img ".repeat(100_000)),
    );
    write(dir.path(), "m.md", format!("<div><img alt='a > b' SRC=x.png>{}", "<b>".repeat(200_000)));
    write(dir.path(), "x.png", "x");
    let started = std::time::Instant::now();
    let plan = scan(dir.path()).unwrap();
    assert!(started.elapsed().as_secs() < 60, "{:?}", started.elapsed());
    assert_eq!(note(&plan, "m.md").references.len(), 1);
}

/// The Rust book's Markdown, beside the workspace on machines that have it.
#[test]
fn a_book_of_notes_is_scanned_whole() {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let book = ["../shared/data/notes/rust-book", "../../shared/data/notes/rust-book"]
        .map(|p| workspace.join(p))
        .into_iter()
        .find(|p| p.is_dir());
    let Some(book) = book else {
        eprintln!("passed over: the notes of the Rust book are not beside the workspace");
        return;
    };
    let plan = scan(&book).unwrap();
    assert_eq!(plan.notes.len(), 95);
    for note in &plan.notes {
        assert_eq!(fs::read_to_string(book.join(&note.path)).unwrap(), note.text);
        assert!(!note.title.is_empty());
    }
    assert!(plan.attachments.iter().any(|a| a.path == "img/trpl17-01.svg"));
    assert!(plan.attachments.len() >= 9, "{}", plan.attachments.len());
    let pictures = plan.notes.iter().flat_map(|n| &n.references).filter(|r| r.at.is_some());
    assert!(pictures.count() >= 9);
    let missing = plan.skipped.iter().filter(|s| matches!(s.reason, Reason::Missing(_)));
    assert_eq!(missing.count(), 0);
}
