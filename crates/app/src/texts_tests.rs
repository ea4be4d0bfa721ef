//! Texts as people read and write them: at the door that the window and the command line use.

use crate::memory_tests::{carry, device};
use crate::{App, view};

fn read(app: &App, id: &str) -> String {
    app.note(id).unwrap().text.text
}

/// An editor on a note: what it shows, at which version.
struct Editor {
    id: String,
    text: String,
    version: String,
}

impl Editor {
    fn open(app: &App, id: &str) -> Self {
        let state = app.note(id).unwrap().text;
        Self { id: id.to_owned(), text: state.text, version: state.version }
    }

    /// Types at the end of what it shows.
    fn type_at_end(&mut self, app: &App, words: &str) {
        let pos = self.text.encode_utf16().count() as u32;
        let splice = view::Splice { pos, delete: 0, insert: words.to_owned() };
        match app.splice_text(&self.id, &self.version, &[splice]).unwrap() {
            view::SpliceResult::Stored { version, .. } => {
                self.version = version;
                self.text.push_str(words);
            }
            behind @ view::SpliceResult::Behind { .. } => panic!("{behind:?}"),
        }
    }

    /// Applies what others wrote meanwhile.
    fn catch_up(&mut self, app: &App) {
        let changes = app.text_since(&self.id, &self.version).unwrap();
        let mut units: Vec<u16> = self.text.encode_utf16().collect();
        for splice in changes.splices {
            let from = splice.pos as usize;
            units.splice(from..from + splice.delete as usize, splice.insert.encode_utf16());
        }
        self.text = String::from_utf16(&units).unwrap();
        self.version = changes.version;
        assert_eq!(self.text, read(app, &self.id), "the editor shows what is read");
    }
}

/// A note that two devices have, with an editor open on each.
fn on_two_devices(text: &str) -> (App, App, Editor, Editor) {
    let (laptop, phone) = (device(1), device(2));
    let id = laptop.add_note("Shopping", None, text).unwrap().ids[0].clone();
    carry(&laptop, &phone);
    let editors = (Editor::open(&laptop, &id), Editor::open(&phone, &id));
    (laptop, phone, editors.0, editors.1)
}

#[test]
fn what_two_devices_begin_and_add_apart_stays_in_lines_of_its_own() {
    for (start, one, other) in [
        ("", "oak", "nails"),
        ("", "oak\nash", "nails"),
        ("ash", "\noak", "\nnails"),
        ("ash", "es", "\nnails"),
        ("ash\n", "oak", "nails"),
    ] {
        let (laptop, phone, mut here, mut there) = on_two_devices(start);
        here.type_at_end(&laptop, one);
        there.type_at_end(&phone, other);
        assert_eq!(read(&laptop, &here.id), format!("{start}{one}"));
        carry(&laptop, &phone);
        carry(&phone, &laptop);
        here.catch_up(&laptop);
        there.catch_up(&phone);
        assert_eq!(here.text, there.text);
        let mut lines: Vec<&str> = here.text.lines().collect();
        lines.sort_unstable();
        let (first, second) = (format!("{start}{one}"), format!("{start}{other}"));
        let mut wanted: Vec<&str> = first.lines().chain(second.lines()).collect();
        wanted.sort_unstable();
        // The line that both had is there once, as the one who added to it left it.
        wanted.dedup();
        wanted.retain(|line| *line != "ash" || one != "es");
        assert_eq!(lines, wanted, "{start:?} {one:?} {other:?}");
    }
}

#[test]
fn what_is_written_is_what_is_read_whatever_it_ends_in() {
    let app = device(1);
    for text in ["", "oak", "oak\n", "oak\n\n", "\n"] {
        let id = app.add_note("Note", None, text).unwrap().ids[0].clone();
        assert_eq!(read(&app, &id), text);
        for other in ["ash\n", "", "ash", "\nash\n\n", text] {
            app.replace_text(id.parse().unwrap(), other).unwrap();
            assert_eq!(read(&app, &id), other);
        }
    }
}

#[test]
fn a_review_shows_and_takes_what_people_read() {
    let (laptop, phone, mut here, mut there) = on_two_devices("oak");
    here.type_at_end(&laptop, " planks");
    there.type_at_end(&phone, " boards");
    carry(&laptop, &phone);
    carry(&phone, &laptop);
    let review = laptop.review(&here.id).unwrap();
    let text = &review.texts[0];
    assert_eq!(text.original.text, "oak");
    let mut sides: Vec<&str> = text.versions.iter().map(|side| side.text.as_str()).collect();
    sides.sort_unstable();
    assert_eq!(sides, ["oak boards", "oak planks"]);
    assert!(!text.merged.ends_with('\n'));
    let decision =
        view::Decision::Text { conflict: text.conflict.clone(), text: "oak beams".into() };
    laptop.resolve(&here.id, &[decision], None).unwrap();
    assert_eq!(read(&laptop, &here.id), "oak beams");
}
