//! Two people writing one blog post for an hour, keystroke by keystroke, as recorded.

use std::io::Read;
use std::path::PathBuf;
use std::time::Instant;

use serde::Deserialize;

use super::*;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Trace {
    end_content: String,
    txns: Vec<Txn>,
}

#[derive(Deserialize)]
struct Txn {
    parents: Vec<usize>,
    agent: usize,
    patches: Vec<(usize, usize, String)>,
}

/// The recording, where the shared test data lies beside the workspace.
fn trace(name: &str) -> Option<Trace> {
    let beside = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared");
    let shared = std::env::var_os("HOLDFAST_SHARED").map_or_else(beside, PathBuf::from);
    let path = shared.join("data/editing-traces").join(name);
    let Ok(file) = std::fs::File::open(&path) else {
        eprintln!("skipped: {} is not there; set HOLDFAST_SHARED", path.display());
        return None;
    };
    let mut json = String::new();
    flate2::read::GzDecoder::new(file).read_to_string(&mut json).unwrap();
    Some(serde_json::from_str(&json).unwrap())
}

#[test]
fn a_recorded_hour_of_two_writers() {
    let Some(trace) = trace("friendsforever.json.gz") else { return };
    let started = Instant::now();
    let mut docs = [TextDoc::new(1), TextDoc::new(2)];
    let mut edits: Vec<Edit> = Vec::with_capacity(trace.txns.len());
    let mut has = [vec![false; trace.txns.len()], vec![false; trace.txns.len()]];
    let mut fetch = |docs: &mut [TextDoc; 2], at: usize, heads: &[usize], edits: &[Edit]| {
        let mut missing = heads.to_vec();
        let mut new = Vec::new();
        while let Some(txn) = missing.pop() {
            if !std::mem::replace(&mut has[at][txn], true) {
                new.push(txn);
                missing.extend(&trace.txns[txn].parents);
            }
        }
        new.sort_unstable();
        for txn in new {
            let writer = trace.txns[txn].agent;
            if writer != at {
                docs[at].import(&edits[txn].update, writer as u64 + 1).unwrap();
            }
        }
    };
    for txn in &trace.txns {
        fetch(&mut docs, txn.agent, &txn.parents, &edits);
        let splices: Vec<Splice> = txn
            .patches
            .iter()
            .map(|(pos, delete, insert)| Splice::new(*pos, *delete, insert.as_str()))
            .collect();
        edits.push(docs[txn.agent].splice(&splices).unwrap());
    }
    let all: Vec<usize> = (0..trace.txns.len()).collect();
    fetch(&mut docs, 0, &all, &edits);
    fetch(&mut docs, 1, &all, &edits);
    let replayed = started.elapsed();
    assert_eq!(docs[0].plain(), trace.end_content);
    assert_eq!(docs[1].plain(), trace.end_content);

    let reviewing = Instant::now();
    let mut cache = ReviewCache::default();
    let review = docs[0].review(&[], &mut cache).unwrap();
    let whole = reviewing.elapsed();
    assert_eq!(docs[1].review(&[], &mut ReviewCache::default()).unwrap(), review);
    let again = Instant::now();
    docs[0].splice(&[Splice::new(0, 0, "!")]).unwrap();
    let after = docs[0].review(&[], &mut cache).unwrap();
    assert_eq!(after.conflict.map(|c| c.passages), review.conflict.as_ref().map(|c| c.passages));
    eprintln!(
        "replay {replayed:?}, first review {whole:?}, after one more edit {:?}, {:?} passages, cache {} bytes",
        again.elapsed(),
        review.conflict.map(|c| c.passages),
        rmp_serde::to_vec_named(&cache).unwrap().len(),
    );
    assert_eq!(evaluate::replayed(&docs[1]).unwrap(), trace.end_content);
}
