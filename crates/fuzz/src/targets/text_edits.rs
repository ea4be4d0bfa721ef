//! Two people typing at once: any edits, exchanged in any pieces, end in one text.

use crate::Target;
use holdfast_model::text::{Splice, TextDoc, splice};

pub(crate) const TARGET: Target = Target { name: "text_edits", run, seeds, mutations: 400 };

fn seeds() -> Vec<Vec<u8>> {
    let scripts: [&[u8]; 4] = [
        b"\x00\x00\x00hello world\n\x01\x03\x02there\n\x02\x00\x00\n\x00\x05\x01 \xf0\x9f\xaa\xb5\n",
        b"\x03\x00\x00a whole text, typed anew\n\x01\x00\x00first\n\x02\x00\x00\n\x03\x00\x00b\n",
        b"\x00\x00\x00ab\n\x02\x00\x00\n\x00\x01\x00XXXX\n\x01\x01\x00YYYY\n\x02\x00\x00\n",
        b"\x00\x00\x00e\xcc\x81\xcc\x81\n\x02\x00\x00\n\x01\x01\x01\n\x00\x02\x01z\n",
    ];
    scripts.map(<[u8]>::to_vec).to_vec()
}

struct Writer {
    doc: TextDoc,
    number: u64,
    sent: Vec<Vec<u8>>,
}

impl Writer {
    fn new(number: u64) -> Self {
        Self { doc: TextDoc::new(number), number, sent: Vec::new() }
    }

    fn edit(&mut self, at: usize, gone: usize, words: &str) {
        let len = self.doc.len_chars();
        let at = at % (len + 1);
        let gone = gone.min(len - at);
        let edit = self.doc.splice(&[Splice::new(at, gone, words)]).expect("an edit that fits");
        self.sent.push(edit.update);
    }

    fn replace(&mut self, whole: &str) {
        let edit = self.doc.replace(whole).expect("a whole text");
        assert_eq!(self.doc.plain(), whole);
        self.sent.push(edit.update);
    }

    /// Takes in what the other sent, the editor following by the splices it is told.
    fn hear(&mut self, other: &Self) {
        for update in &other.sent {
            let before = self.doc.plain();
            let heard = self.doc.import(update, other.number).expect("an honest edit");
            let followed = splice::apply(&before, &heard.splices).expect("splices that fit");
            assert_eq!(followed, self.doc.plain(), "the open editor shows something else");
        }
    }
}

fn run(data: &[u8]) {
    let (mut one, mut other) = (Writer::new(1), Writer::new(2));
    // Each line is an action: what, where, how much, words.
    for line in data.split(|byte| *byte == b'\n').take(40) {
        let [what, at, gone, words @ ..] = line else { continue };
        let words = String::from_utf8_lossy(words).chars().take(60).collect::<String>();
        let (at, gone) = (usize::from(*at), usize::from(*gone));
        match what % 5 {
            0 => one.edit(at, gone, &words),
            1 => other.edit(at, gone, &words),
            2 => {
                one.hear(&other);
                other.hear(&one);
            }
            3 => one.replace(&words),
            _ => other.replace(&words),
        }
    }
    one.hear(&other);
    other.hear(&one);
    assert_eq!(one.doc.plain(), other.doc.plain(), "two texts from the same edits");
    let snapshot = one.doc.snapshot().expect("a snapshot");
    assert_eq!(TextDoc::load(&snapshot, 3).expect("a text").plain(), one.doc.plain());
}
