//! Replicas that edit apart and exchange in any order must not differ in anything that can be read.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::graph;
use super::*;

/// What happens, on which replica; numbers are reduced to what fits when it happens.
#[derive(Debug, Clone)]
enum Step {
    Type { at: usize, pos: usize, text: String },
    Remove { at: usize, pos: usize, len: usize },
    Fetch { from: usize, to: usize },
    Decide { at: usize },
}

fn step() -> impl Strategy<Value = Step> {
    let words = prop_oneof![
        Just("x".to_owned()),
        Just("ab ".to_owned()),
        Just("New one. ".to_owned()),
        Just("line\n".to_owned()),
        Just("\n".to_owned()),
        Just("😀é".to_owned()),
    ];
    prop_oneof![
        4 => (any::<usize>(), any::<usize>(), words)
            .prop_map(|(at, pos, text)| Step::Type { at, pos, text }),
        3 => (any::<usize>(), any::<usize>(), 1_usize..6)
            .prop_map(|(at, pos, len)| Step::Remove { at, pos, len }),
        3 => (any::<usize>(), any::<usize>()).prop_map(|(from, to)| Step::Fetch { from, to }),
        1 => any::<usize>().prop_map(|at| Step::Decide { at }),
    ]
}

/// All edits that were made, in an order in which each can be taken in.
type Log = Vec<(u64, Version, Edit)>;

struct World {
    docs: Vec<TextDoc>,
    caches: Vec<ReviewCache>,
    /// What each replica lists that reviews only after an edit whose writer had not seen everything,
    /// or a decision.
    listed: Vec<TextReview>,
    log: Log,
    decisions: Vec<Version>,
}

/// Hands `doc` the edits of `log` that `until` holds, in the order given, trying again what came too
/// early. Some come twice.
fn deliver(doc: &mut TextDoc, log: &[&(u64, Version, Edit)]) {
    let mut left: Vec<_> = log.to_vec();
    while !left.is_empty() {
        let before = left.len();
        left.retain(|(writer, _, edit)| match doc.import(&edit.update, *writer) {
            Ok(_) => {
                assert!(doc.import(&edit.update, *writer).unwrap().splices.is_empty());
                false
            }
            Err(TextError::MissingEarlier) => true,
            Err(error) => panic!("{error}"),
        });
        assert!(left.len() < before, "stuck");
    }
}

fn play(replicas: usize, steps: &[Step]) -> World {
    let mut first = TextDoc::new(100);
    let edit = first.replace("One here. Two.\nSecond line\n\nEnd").unwrap();
    let mut world = World {
        docs: (0..replicas).map(|n| TextDoc::new(n as u64 * 7 + 1)).collect(),
        caches: vec![ReviewCache::default(); replicas],
        listed: vec![TextReview::default(); replicas],
        log: vec![(100, first.version(), edit.clone())],
        decisions: Vec::new(),
    };
    for doc in &mut world.docs {
        doc.import(&edit.update, 100).unwrap();
    }
    for step in steps {
        let mut due = matches!(step, Step::Decide { .. });
        let edited = match step {
            Step::Type { at, pos, text } => {
                let doc = &mut world.docs[at % replicas];
                let pos = pos % (doc.len_chars() + 1);
                Some((at % replicas, doc.splice(&[Splice::new(pos, 0, text.as_str())]).unwrap()))
            }
            Step::Remove { at, pos, len } => {
                let doc = &mut world.docs[at % replicas];
                if doc.len_chars() == 0 {
                    None
                } else {
                    let pos = pos % doc.len_chars();
                    let len = (*len).min(doc.len_chars() - pos);
                    Some((at % replicas, doc.splice(&[Splice::new(pos, len, "")]).unwrap()))
                }
            }
            Step::Fetch { from, to } => {
                let wanted = world.docs[from % replicas].version();
                let doc = &mut world.docs[to % replicas];
                let mut text = doc.plain();
                for (writer, version, edit) in &world.log {
                    if wanted.covers(version) {
                        let heard = doc.import(&edit.update, *writer).unwrap();
                        due |= heard.concurrent;
                        text = splice::apply(&text, &heard.splices).unwrap();
                    }
                }
                assert_eq!(text, doc.plain(), "what an open editor was told");
                None
            }
            Step::Decide { at } => {
                world.decisions.push(world.docs[at % replicas].version());
                None
            }
        };
        if let Some((at, edit)) = edited {
            let doc = &world.docs[at];
            world.log.push((doc.writer(), doc.version(), edit));
        }
        // Reviewing in between must not change what a later review says.
        for at in 0..replicas {
            let review = world.docs[at].review(&world.decisions, &mut world.caches[at]).unwrap();
            let scratch =
                world.docs[at].review(&world.decisions, &mut ReviewCache::default()).unwrap();
            assert_eq!(review, scratch);
            if due {
                world.listed[at] = review;
            } else {
                let listed = &mut world.listed[at];
                let both = [&mut listed.conflict, &mut listed.merged_automatically];
                for divergence in both.into_iter().flatten() {
                    divergence.merged = world.docs[at].plain();
                }
                assert_eq!(*listed, review, "an edit by who had seen everything asked something");
            }
        }
    }
    world
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_replica_reads_the_same(
        replicas in 2_usize..5,
        steps in prop::collection::vec(step(), 1..40),
        order in any::<u64>(),
    ) {
        let mut world = play(replicas, &steps);
        // Everything to everyone, each in an order of its own.
        for (at, doc) in world.docs.iter_mut().enumerate() {
            let mut log: Vec<_> = world.log.iter().collect();
            let turn = (order as usize).wrapping_mul(at + 1) % log.len();
            log.rotate_left(turn);
            if at % 2 == 1 {
                log.reverse();
            }
            deliver(doc, &log);
        }
        let first = &world.docs[0];
        let review = first.review(&world.decisions, &mut ReviewCache::default()).unwrap();
        let runs = |doc: &TextDoc| {
            let empty = Version::empty();
            graph::bubbles(&doc.pieces_since(&empty).unwrap(), &empty).unwrap()
        };
        for (doc, cache) in world.docs.iter().zip(&mut world.caches) {
            prop_assert_eq!(doc.plain(), first.plain());
            prop_assert_eq!(doc.version(), first.version());
            prop_assert_eq!(runs(doc), runs(first));
            prop_assert_eq!(&doc.review(&world.decisions, cache).unwrap(), &review);
            prop_assert_eq!(doc.authors(), first.authors());
        }
        // The same history cut differently: whole, as a snapshot.
        let loaded = TextDoc::load(&first.snapshot().unwrap(), 999).unwrap();
        prop_assert_eq!(runs(&loaded), runs(first));
        prop_assert_eq!(&loaded.review(&world.decisions, &mut ReviewCache::default()).unwrap(), &review);
        // The review's own replay agrees with the sequence CRDT about the text.
        prop_assert_eq!(evaluate::replayed(first).unwrap(), first.plain());
        // One decision by someone who has seen everything settles everything.
        let all = first.review(&[first.version()], &mut ReviewCache::default()).unwrap();
        prop_assert_eq!(all, TextReview::default());
    }

    /// What one typed and nobody took away is there after any merge.
    #[test]
    fn nothing_typed_is_lost(places in prop::collection::vec((0_usize..3, any::<usize>()), 1..30)) {
        let mut docs: Vec<TextDoc> = (1..4).map(TextDoc::new).collect();
        let mut log = Vec::new();
        let mut typed = BTreeSet::new();
        for (n, (at, pos)) in places.into_iter().enumerate() {
            let c = char::from_u32(0x4e00 + n as u32).unwrap();
            typed.insert(c);
            let doc = &mut docs[at];
            let pos = pos % (doc.len_chars() + 1);
            let edit = doc.splice(&[Splice::new(pos, 0, c)]).unwrap();
            log.push((doc.writer(), doc.version(), edit));
        }
        for doc in &mut docs {
            deliver(doc, &log.iter().collect::<Vec<_>>());
            prop_assert_eq!(doc.plain().chars().collect::<BTreeSet<_>>(), typed.clone());
            prop_assert_eq!(doc.len_chars(), typed.len());
        }
    }

    /// Whole replacements of different lines, made apart, all survive the merge.
    #[test]
    fn replacements_of_different_lines_all_stand(left in 0_usize..8, right in 0_usize..8) {
        prop_assume!(left != right);
        let lines: Vec<String> = (0..8).map(|n| format!("line {n} of the note\n")).collect();
        let rewrite = |at: usize, with: &str| -> String {
            lines.iter().enumerate().map(|(n, line)| if n == at { with } else { line.as_str() }).collect()
        };
        let mut a = TextDoc::new(1);
        a.replace(&lines.concat()).unwrap();
        let mut b = TextDoc::load(&a.snapshot().unwrap(), 2).unwrap();
        let from_a = a.replace(&rewrite(left, "from the laptop\n")).unwrap();
        let from_b = b.replace(&rewrite(right, "from the phone\n")).unwrap();
        a.import(&from_b.update, 2).unwrap();
        b.import(&from_a.update, 1).unwrap();
        prop_assert_eq!(a.plain(), b.plain());
        prop_assert!(a.plain().contains("from the laptop\n"));
        prop_assert!(a.plain().contains("from the phone\n"));
        prop_assert_eq!(a.review(&[], &mut ReviewCache::default()).unwrap().conflict, None);
    }
}
