use serde_json::{from_value, json, to_value};

use super::{
    Decision, ExportRequest, ListPatch, SpliceResult, TaskPatch, TaskQuery, TaskStatus, Yes,
};

#[test]
fn a_patch_tells_an_absent_field_from_an_emptied_one() {
    let patch: TaskPatch = from_value(json!({
        "when": null, "deadline": "2026-11-13", "status": "done", "addTags": ["shop"],
    }))
    .unwrap();
    assert_eq!(patch.when, Some(None));
    assert_eq!(patch.deadline, Some(Some("2026-11-13".to_owned())));
    assert_eq!(patch.status, Some(TaskStatus::Done));
    assert_eq!(patch.add_tags, Some(vec!["shop".to_owned()]));
    assert_eq!((patch.list, patch.parent, patch.repeat), (None, None, None));
    assert_eq!(from_value::<TaskPatch>(json!({})).unwrap(), TaskPatch::default());
    assert_eq!(from_value::<ListPatch>(json!({"color": null})).unwrap().color, Some(None));
}

#[test]
fn a_patch_with_a_field_that_is_not_known_is_refused() {
    assert!(from_value::<TaskPatch>(json!({"titel": "Buy oak"})).is_err());
    assert!(from_value::<TaskPatch>(json!({"status": "later"})).is_err());
}

#[test]
fn a_decision_is_known_by_its_field() {
    let conflict = || "c".to_owned();
    for (json, decision) in [
        (
            json!({"conflict": "c", "take": "v"}),
            Decision::Take { conflict: conflict(), take: "v".into() },
        ),
        (
            json!({"conflict": "c", "value": "x"}),
            Decision::Value { conflict: conflict(), value: Some("x".into()) },
        ),
        (
            json!({"conflict": "c", "value": null}),
            Decision::Value { conflict: conflict(), value: None },
        ),
        (
            json!({"conflict": "c", "text": "t"}),
            Decision::Text { conflict: conflict(), text: "t".into() },
        ),
        (
            json!({"conflict": "c", "keepBoth": true}),
            Decision::KeepBoth { conflict: conflict(), keep_both: Yes },
        ),
        (
            json!({"conflict": "c", "looksRight": true}),
            Decision::LooksRight { conflict: conflict(), looks_right: Yes },
        ),
    ] {
        let read: Decision = from_value(json).unwrap();
        assert_eq!(read, decision);
        assert_eq!(read.conflict(), "c");
    }
}

#[test]
fn an_unfinished_or_doubtful_decision_is_refused() {
    for json in [
        json!({"conflict": "c"}),
        json!({"take": "v"}),
        json!({"conflict": "c", "keepBoth": false}),
        json!({"conflict": "c", "take": "v", "value": null}),
        json!({"conflict": "c", "take": null}),
    ] {
        assert!(from_value::<Decision>(json.clone()).is_err(), "{json}");
    }
}

#[test]
fn tagged_values_are_written_as_the_interface_reads_them() {
    let query = TaskQuery::List { list: "l".into(), with_completed: true };
    let json = json!({"view": "list", "list": "l", "withCompleted": true});
    assert_eq!(to_value(&query).unwrap(), json);
    assert_eq!(from_value::<TaskQuery>(json).unwrap(), query);
    assert_eq!(
        to_value(SpliceResult::Stored { version: "v".into(), splices: Vec::new() }).unwrap(),
        json!({"status": "stored", "version": "v", "splices": []})
    );
    assert_eq!(
        from_value::<ExportRequest>(json!({"kind": "update", "device": null})).unwrap(),
        ExportRequest::Update { device: None }
    );
}
