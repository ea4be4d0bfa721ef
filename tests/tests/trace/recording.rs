//! Recorded histories of real documents, from the shared test data.

use serde::Deserialize;
use std::collections::BTreeMap;
use std::io::Read;
use std::path::PathBuf;

/// What people typed, keystroke by keystroke, and the text they ended with.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Trace {
    pub(crate) end_content: String,
    pub(crate) txns: Vec<Txn>,
}

#[derive(Deserialize)]
pub(crate) struct Txn {
    /// What the writer had seen. Nothing where one person wrote alone.
    #[serde(default)]
    pub(crate) parents: Vec<usize>,
    #[serde(default)]
    pub(crate) agent: usize,
    pub(crate) patches: Vec<(usize, usize, String)>,
}

/// The recording, where the shared test data lies beside the workspace.
pub(crate) fn trace(name: &str) -> Option<Trace> {
    let beside = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared");
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

/// Before which transactions a writer has to fetch, and up to which one of the other.
pub(crate) fn exchanges(trace: &Trace) -> BTreeMap<usize, usize> {
    let mut has = [vec![false; trace.txns.len()], vec![false; trace.txns.len()]];
    let mut exchanges = BTreeMap::new();
    for (number, txn) in trace.txns.iter().enumerate() {
        let mut open = txn.parents.clone();
        while let Some(before) = open.pop() {
            if !std::mem::replace(&mut has[txn.agent][before], true) {
                let last = exchanges.entry(number).or_insert(before);
                *last = before.max(*last);
                open.extend(&trace.txns[before].parents);
            }
        }
        has[txn.agent][number] = true;
    }
    exchanges
}
