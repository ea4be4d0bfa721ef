use super::*;

fn sample() -> Change {
    let actor = ActorId([7; 16]);
    let seen = vec![Dot { actor, seq: 3 }];
    Change {
        format: FORMAT,
        space: Space::Everywhere,
        actor,
        seq: 4,
        deps: vec![Dep { actor: ActorId([8; 16]), seq: 9, hash: None }],
        time: Hlc::new(1_000, 2),
        schema: SCHEMA,
        action: "task.edit".into(),
        group: None,
        more: false,
        reverts: None,
        ops: vec![Op::Edit(Box::new(Edit {
            entity: EntityId::named("x"),
            kind: "task".into(),
            life: Some(Write::new("alive", seen.clone())),
            set: [("title".to_owned(), Write::new("Buy oak", seen.clone()))].into(),
            add: [("tags".to_owned(), vec!["a".into()])].into(),
            remove: [("tags".to_owned(), vec![Removal { value: "b".into(), seen }])].into(),
            text: [("notes".to_owned(), TextEdit { update: vec![1, 2, 3], copied: None })].into(),
            kept: None,
            takes_back: None,
        }))],
    }
}

#[test]
fn survives_encoding() {
    let change = sample();
    let bytes = change.encode().unwrap();
    assert_eq!(Change::decode(&bytes, change.id()).unwrap(), change);
}

#[test]
fn unknown_operations_fields_and_values_survive() {
    let change = sample();
    let mut value: rmpv::Value = rmp_serde::from_slice(&change.encode().unwrap()).unwrap();
    let rmpv::Value::Map(fields) = &mut value else { panic!("a map") };
    fields.push(("mood".into(), "hopeful".into()));
    let ops = fields.iter_mut().find(|(k, _)| k.as_str() == Some("ops")).unwrap();
    let rmpv::Value::Array(ops) = &mut ops.1 else { panic!("a list") };
    ops.push(rmpv::Value::Map(vec![
        ("op".into(), "paint".into()),
        ("nested".into(), rmpv::Value::Map(vec![("deep".into(), 7.into())])),
    ]));
    let bytes = rmp_serde::to_vec_named(&value).unwrap();
    let read = Change::decode(&bytes, change.id()).unwrap();
    assert_eq!(read.ops.len(), 2);
    assert_eq!(read.edits().count(), 1);
    let Op::Unknown(unknown) = &read.ops[1] else { panic!("unknown") };
    assert_eq!(unknown["nested"]["deep"], rmpv::Value::from(7));
}

#[test]
fn a_change_in_the_wrong_place_is_refused() {
    let change = sample();
    let place = ChangeId { seq: 5, ..change.id() };
    let error = Change::decode(&change.encode().unwrap(), place).unwrap_err();
    assert!(matches!(error, ModelError::Misplaced { .. }));
}

#[test]
fn damaged_bytes_are_an_error_and_never_a_panic() {
    let bytes = sample().encode().unwrap();
    for cut in 0..bytes.len() {
        assert!(Change::decode(&bytes[..cut], sample().id()).is_err());
    }
    for at in 0..bytes.len() {
        for flip in [0x01, 0x80, 0xff] {
            let mut damaged = bytes.clone();
            damaged[at] ^= flip;
            let _ = Change::decode(&damaged, sample().id());
        }
    }
}

#[test]
fn a_dependency_of_the_first_format_reads_and_one_with_a_hash_is_stepped_over_by_it() {
    #[derive(serde::Serialize, serde::Deserialize)]
    struct First {
        deps: Vec<Dot>,
    }
    #[derive(serde::Serialize, serde::Deserialize)]
    struct Now {
        deps: Vec<Dep>,
    }
    let dot = Dot { actor: ActorId([8; 16]), seq: 9 };
    let old = encode(&First { deps: vec![dot] }).unwrap();
    let read: Now = decode(&old, 1000, "deps").unwrap();
    assert_eq!(read.deps, [Dep { actor: dot.actor, seq: 9, hash: None }]);
    assert_eq!(encode(&read).unwrap(), old);
    let hash = Some(ShortHash::of(holdfast_oplog::Hash([5; 32])));
    let new = encode(&Now { deps: vec![Dep { hash, ..read.deps[0] }] }).unwrap();
    assert_eq!(decode::<First>(&new, 1000, "deps").unwrap().deps, [dot]);
    assert_eq!(decode::<Now>(&new, 1000, "deps").unwrap().deps[0].hash, hash);
}
