//! The Markdown importer: no file can make it read outside its folder or point outside its text.

use crate::Target;
use holdfast_app::import::markdown::scan;
use std::fs;
use std::path::PathBuf;
use std::sync::LazyLock;
use tempfile::TempDir;

pub(crate) const TARGET: Target = Target { name: "markdown_import", run, seeds, mutations: 2_500 };

struct Place {
    _keep: TempDir,
    notes: PathBuf,
}

static PLACE: LazyLock<Place> = LazyLock::new(|| {
    let keep = tempfile::tempdir().expect("a folder");
    let notes = keep.path().join("notes");
    fs::create_dir_all(notes.join("sub")).expect("a folder");
    fs::write(keep.path().join("secret.png"), b"secret").expect("a file");
    fs::write(notes.join("dot.png"), b"dot").expect("a file");
    fs::write(notes.join("sub/b c.png"), b"dot").expect("a file");
    Place { _keep: keep, notes }
});

fn seeds() -> Vec<Vec<u8>> {
    [
        "# Title\n\n![dot](dot.png) ![b](sub/b%20c.png) ![s](../secret.png) [l](other.md)\n",
        "---\ntitle: Oak\ntags: [a, b]\ncreated: 2026-01-01\n---\n\ntext #tag\n",
        "---\ntags:\n  - one\n  - two\n---\n<img src=\"dot.png\"> <img src='../secret.png'>\n",
        "![r][ref]\n\n[ref]: <sub/b c.png> \"title\"\n\n![f](file:///etc/passwd) ![[dot.png]]\n",
        "![a](/etc/passwd) ![b](C:\\secret.png) ![c](..%2Fsecret.png) ![d](dot.png#x?y)\n",
        "\u{feff}# Byte order mark\r\n\r\n- [ ] box\r\n",
    ]
    .map(|text| text.as_bytes().to_vec())
    .to_vec()
}

fn run(data: &[u8]) {
    let notes = &PLACE.notes;
    fs::write(notes.join("fuzzed.md"), data).expect("a file");
    let plan = scan(notes).expect("a folder that can be read");
    let inside = notes.canonicalize().expect("a folder");
    for attachment in &plan.attachments {
        let file = attachment.file.canonicalize().expect("a file that is there");
        assert!(file.starts_with(&inside), "{} is outside", file.display());
        assert!(!attachment.name.contains(['/', '\\', '\0']), "{:?}", attachment.name);
    }
    for note in &plan.notes {
        for reference in &note.references {
            assert!(reference.attachment < plan.attachments.len());
            if let Some(at) = &reference.at {
                assert!(note.text.get(at.clone()).is_some(), "a place outside the text");
            }
        }
        let rewritten = note.text_with(|_| Some("holdfast-attachment:x".into()));
        let left = note.text_with(|_| None);
        assert!(rewritten.len() <= note.text.len() + 32 * note.references.len());
        assert!(left.len() <= note.text.len() + 1);
    }
    assert!(plan.notes.len() + plan.skipped.len() >= 1);
}
