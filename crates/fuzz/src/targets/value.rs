//! Values and operations: what a newer app may have written into any place.

use super::assert_stable;
use crate::{Target, world};
use holdfast_model::{Op, Value};
use holdfast_oplog::{decode, encode};
use std::collections::BTreeMap;

pub(crate) const TARGET: Target = Target { name: "value", run, seeds, mutations: 60_000 };

fn seeds() -> Vec<Vec<u8>> {
    let map = BTreeMap::from([
        ("list".to_owned(), Value::List(vec![Value::Int(-1), Value::Bytes(vec![0, 255])])),
        ("text".to_owned(), Value::from("words")),
        ("none".to_owned(), Value::Null),
        ("number".to_owned(), Value::Float(1.5_f64.to_bits())),
        ("yes".to_owned(), Value::Bool(true)),
    ]);
    let mut seeds = vec![encode(&Value::Map(map)).expect("bytes")];
    for change in world::used(6, 12).laptop.changes() {
        let change: holdfast_model::Change =
            decode(&change, usize::MAX, "change").expect("an honest change");
        seeds.extend(change.ops.iter().map(|op| encode(op).expect("bytes")));
    }
    // An extension type, a number that is no i64, a small float.
    seeds.extend([vec![0xd4, 5, 7], vec![0xcf, 255, 255, 255, 255, 255, 255, 255, 255]]);
    seeds.push(vec![0xca, 0x7f, 0xc0, 0, 0]);
    seeds
}

fn run(data: &[u8]) {
    if let Ok(value) = decode::<Value>(data, 1 << 20, "value") {
        assert_stable(&value, "a value");
        let json = value.to_json().to_string();
        assert!(!json.is_empty());
    }
    if let Ok(op) = decode::<Op>(data, 1 << 20, "operation") {
        assert_stable(&op, "an operation");
        if let Op::Unknown(_) = &op {
            // What is not known is passed on with everything that is in it.
            let bytes = encode(&op).expect("bytes");
            let again: Op = decode(&bytes, usize::MAX, "operation").expect("an operation");
            assert!(matches!(again, Op::Unknown(_)), "an unknown operation became a known one");
        }
    }
}
