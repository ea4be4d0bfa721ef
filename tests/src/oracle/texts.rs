//! Texts: every character is followed from where it was typed to where it was deleted.

use super::{Fact, InSpace, Oracle, Past, marks};
use std::collections::BTreeMap;

impl Oracle {
    /// Checks a merged text: everything typed that nobody deleted is there, nothing else is, and
    /// what one person typed in one go is broken up only by someone who saw it.
    pub fn check_text(&self, item: InSpace, at: &Past, text: &str) {
        let facts: Vec<&Fact> = self.facts(item, at).collect();
        let mut typed: BTreeMap<char, Vec<&Fact>> = BTreeMap::new();
        for fact in &facts {
            for c in &fact.inserted {
                typed.entry(*c).or_default().push(fact);
            }
        }
        let shown: Vec<char> = marks(text);
        for (c, by) in &typed {
            let survives =
                by.iter().any(|f| !facts.iter().any(|d| d.deleted.contains(c) && d.saw(f.id)));
            assert!(
                !survives || shown.contains(c),
                "{c} of {item:?} is lost; the text is {text:?}"
            );
            // Typed once and put back never: then its fate is known exactly.
            assert!(
                by.len() > 1 || survives || !shown.contains(c),
                "{c} of {item:?} was deleted and is back; the text is {text:?}"
            );
        }
        assert!(shown.iter().all(|c| typed.contains_key(c)), "nobody typed this: {text:?}");
        let once = |c: &char| typed[c].len() == 1;
        for fact in &facts {
            let run: Vec<usize> = fact
                .inserted
                .iter()
                .filter(|c| once(c))
                .filter_map(|c| shown.iter().position(|s| s == c))
                .collect();
            for pair in run.windows(2) {
                for c in shown[pair[0]..pair[1]].iter().skip(1).filter(|c| once(c)) {
                    assert!(
                        typed[c][0].saw(fact.id),
                        "{c} of {item:?} breaks up a run in {text:?}"
                    );
                }
            }
        }
    }

    /// Whether the text of an item was edited twice by people of whom neither had seen the other's
    /// edit.
    pub fn text_edited_apart(&self, item: InSpace, at: &Past) -> bool {
        let edits: Vec<&Fact> = self.facts(item, at).filter(|fact| fact.text).collect();
        edits.iter().any(|a| edits.iter().any(|b| a.id != b.id && !a.saw(b.id) && !b.saw(a.id)))
    }
}
