//! Text updates and snapshots: hostile bytes leave the text as it was.

use crate::Target;
use holdfast_model::text::{Splice, TextDoc};

pub(crate) const TARGET: Target = Target { name: "text_update", run, seeds, mutations: 1_500 };

const HERE: u64 = 11;
const THERE: u64 = 22;

fn base() -> TextDoc {
    let mut doc = TextDoc::new(HERE);
    doc.splice(&[Splice::new(0, 0, "A mortise holds a tenon.\nGlue it with care.\n")])
        .expect("an edit");
    doc
}

fn seeds() -> Vec<Vec<u8>> {
    let mut seeds = Vec::new();
    let mut there = TextDoc::load(&base().snapshot().expect("a snapshot"), THERE).expect("a text");
    for (at, gone, text) in [(0, 0, "> "), (10, 5, "🪵"), (3, 2, ""), (0, 0, "a\u{301}")] {
        seeds.push(there.splice(&[Splice::new(at, gone, text)]).expect("an edit").update);
    }
    seeds.push(there.replace("Something else entirely").expect("an edit").update);
    seeds.push(there.snapshot().expect("a snapshot"));
    seeds
}

fn run(data: &[u8]) {
    let mut doc = base();
    let (before, version) = (doc.plain(), doc.version());
    match doc.import(data, THERE) {
        Err(_) => {
            assert_eq!(
                (doc.plain(), doc.version()),
                (before, version.clone()),
                "refused, yet taken"
            );
        }
        Ok(imported) => {
            let shown = holdfast_model::text::splice::apply(&before, &imported.splices);
            assert_eq!(
                shown.expect("splices that fit"),
                doc.plain(),
                "the editor would be told else"
            );
            assert_eq!(doc.len_chars(), doc.plain().chars().count());
            let taken = doc.plain();
            doc.import(data, THERE).expect("the same again");
            assert_eq!(doc.plain(), taken);
            assert!(doc.version().covers(&version));
        }
    }
    // It can still be edited, kept and loaded.
    doc.splice(&[Splice::new(0, 0, "x")]).expect("an edit");
    let snapshot = doc.snapshot().expect("a snapshot");
    assert_eq!(TextDoc::load(&snapshot, HERE).expect("a text").plain(), doc.plain());
    if let Ok(loaded) = TextDoc::load(data, HERE) {
        let again = TextDoc::load(&loaded.snapshot().expect("a snapshot"), HERE).expect("a text");
        assert_eq!(again.plain(), loaded.plain());
    }
}
