//! A vault in which one device has a newer app: what it writes is kept, passed on and named.

use crate::home::Home;
use crate::keystore::KeyStore;
use crate::{App, NewDevice, view};
use ed25519_dalek::Signer;
use holdfast_model::change::{Change, Edit, FORMAT, Op, SCHEMA, Write};
use holdfast_model::{EntityId, Hlc, Value};
use holdfast_oplog::{ChangeId, Hash, LogId, Space, chain_hash};
use holdfast_store::{Run, StoreError};
use holdfast_vault::sign_change;
use std::collections::BTreeMap;
use tempfile::TempDir;

struct Device {
    app: App,
    folder: TempDir,
}

fn new(name: &str) -> NewDevice<'_> {
    NewDevice { name, key_store: Some(KeyStore::File), passphrase: None, set_aside: None }
}

fn device() -> Device {
    let folder = tempfile::tempdir().unwrap();
    let app = App::at(Home::at(folder.path().join("home"))).unwrap();
    Device { app, folder }
}

fn join(laptop: &Device, name: &str) -> Device {
    let other = device();
    let file = laptop.folder.path().join(format!("{name}.holdfast"));
    let request = view::ExportRequest::Invite { passphrase: "correct horse".into() };
    laptop.app.export_bundle(&request, &file).unwrap();
    other.app.join(&file, "correct horse", &new(name)).unwrap();
    carry(&other, laptop);
    other
}

fn carry(from: &Device, to: &Device) {
    let file = from.folder.path().join("update.holdfast");
    from.app.export_bundle(&view::ExportRequest::Full, &file).unwrap();
    to.app.import_bundle(&file, false).unwrap();
}

fn edit(id: EntityId, set: &[(&str, Value)]) -> Op {
    let set = set.iter().map(|(field, v)| ((*field).to_owned(), Write::new(v.clone(), Vec::new())));
    Op::Edit(Box::new(Edit {
        entity: id,
        kind: "task".into(),
        life: Some(Write::new("alive", Vec::new())),
        set: set.collect(),
        add: BTreeMap::new(),
        remove: BTreeMap::new(),
        text: BTreeMap::new(),
        kept: None,
        takes_back: None,
    }))
}

/// What a newer app on `device` writes: signed by the device, in its log.
fn write_as_newer(device: &Device, schema: u32, changes: Vec<Vec<Op>>) {
    device
        .app
        .with(|open| {
            let log = LogId { space: Space::Everywhere, actor: open.actor };
            let held = open.store.read(|tx| tx.held())?.get(log);
            assert_eq!(held, 0, "the device has written nothing else");
            let mut hash = Hash::ZERO;
            let mut bodies = Vec::new();
            for (ops, seq) in changes.into_iter().zip(1..) {
                let change = Change {
                    format: FORMAT,
                    space: log.space,
                    actor: log.actor,
                    seq,
                    deps: Vec::new(),
                    time: Hlc::new(open.now_ms(), 0),
                    schema,
                    action: "task.add".into(),
                    group: None,
                    more: false,
                    reverts: None,
                    ops,
                };
                let body = change.encode().map_err(StoreError::from)?;
                hash = chain_hash(hash, &body);
                bodies.push(body);
            }
            let last = ChangeId { space: log.space, actor: log.actor, seq: bodies.len() as u64 };
            let signature = sign_change(&open.keys, open.vault(), last, hash);
            let run = Run {
                log,
                first: 1,
                prev_hash: Hash::ZERO,
                changes: bodies,
                last_hash: hash,
                signature,
            };
            let now = open.now_ms();
            open.store.write(|tx| {
                tx.receive(&run, None)?;
                tx.apply_ready(now)
            })?;
            Ok(())
        })
        .unwrap();
}

fn parked(device: &Device) -> Vec<String> {
    device.app.status().unwrap().parked
}

#[test]
fn changes_of_a_newer_app_are_named_on_every_device_they_reach() {
    let laptop = device();
    laptop.app.create(&new("Laptop")).unwrap();
    let (phone, tablet) = (join(&laptop, "Phone"), join(&laptop, "Tablet"));
    let op = |title: &str| vec![edit(EntityId::named(title), &[("title", title.into())])];
    write_as_newer(&phone, SCHEMA + 1, vec![op("one"), op("two"), op("three")]);
    carry(&phone, &laptop);
    assert_eq!(parked(&laptop), ["Update this device to see 3 changes from Phone"]);
    carry(&laptop, &tablet);
    assert_eq!(parked(&tablet), ["Update this device to see 3 changes from Phone"]);
    assert!(!laptop.app.dump(None).unwrap().to_string().contains("three"));
    // The others go on meanwhile, and a start does not forget what waits.
    let none = view::QuickAddDefaults { list: None, when: None, parent: None };
    tablet.app.quick_add("Buy oak", &[], &none).unwrap();
    carry(&tablet, &laptop);
    assert!(laptop.app.dump(None).unwrap().to_string().contains("Buy oak"));
    let again = App::at(Home::at(laptop.folder.path().join("home"))).unwrap();
    again.open(None).unwrap();
    assert_eq!(again.status().unwrap().parked.len(), 1);
    assert!(again.check(false).unwrap().ok);
}

#[test]
fn a_status_of_a_newer_app_is_shown_as_it_is_and_kept() {
    let laptop = device();
    laptop.app.create(&new("Laptop")).unwrap();
    let phone = join(&laptop, "Phone");
    let id = EntityId::named("task");
    let set = [("title", "Buy oak".into()), ("status", "delegated".into())];
    write_as_newer(&phone, SCHEMA, vec![vec![edit(id, &set)]]);
    carry(&phone, &laptop);
    let status = || laptop.app.task(&id.to_string()).unwrap().task.status;
    assert_eq!(status(), "delegated");
    let patch = view::TaskPatch { title: Some("Buy ash".into()), ..Default::default() };
    laptop.app.edit_tasks(&[id.to_string()], &patch, None).unwrap();
    assert_eq!(status(), "delegated");
    assert!(laptop.app.conflicts(view::ConflictTab::Open).unwrap().is_empty());
    carry(&laptop, &phone);
    assert_eq!(phone.app.task(&id.to_string()).unwrap().task.title, "Buy ash");
    assert_eq!(phone.app.dump(None).unwrap(), laptop.app.dump(None).unwrap());
}

#[test]
fn membership_records_of_a_newer_app_are_kept_and_passed_on() {
    let laptop = device();
    laptop.app.create(&new("Laptop")).unwrap();
    let (phone, tablet) = (join(&laptop, "Phone"), join(&laptop, "Tablet"));
    let (vault, by, seed) = phone
        .app
        .with(|open| {
            let document = open.keys.sign_pkcs8();
            let seed: [u8; 32] = document[document.len() - 32..].try_into().unwrap();
            Ok((open.vault(), open.device(), seed))
        })
        .unwrap();
    let entry = |key: &str, value: rmpv::Value| (rmpv::Value::from(key), value);
    // Whatever else it says: like all kinds it tells who made it, and that device signed it.
    let body = rmpv::Value::Map(vec![
        entry("of", "whatever it says".into()),
        entry("by", rmpv::Value::Binary(by.0.to_vec())),
    ]);
    let mut packed = Vec::new();
    rmpv::encode::write_value(&mut packed, &body).unwrap();
    let mut signed = b"holdfast membership v1\0".to_vec();
    signed.extend_from_slice(&vault.0);
    signed.extend_from_slice(&8_u64.to_be_bytes());
    signed.extend_from_slice(b"guardian");
    signed.extend_from_slice(&packed);
    let signature = ed25519_dalek::SigningKey::from_bytes(&seed).sign(&signed).to_bytes().to_vec();
    let record = rmpv::Value::Map(vec![
        entry("vault", rmpv::Value::Binary(vault.0.to_vec())),
        entry("kind", "guardian".into()),
        entry("body", rmpv::Value::Binary(packed)),
        entry("signatures", rmpv::Value::Array(vec![rmpv::Value::Binary(signature)])),
        entry("later", 1.into()),
    ]);
    let mut bytes = Vec::new();
    rmpv::encode::write_value(&mut bytes, &record).unwrap();
    phone.app.with(|open| Ok(open.store.write(|tx| tx.add_membership(&bytes))?)).unwrap();
    carry(&phone, &laptop);
    carry(&laptop, &tablet);
    for device in [&laptop, &tablet] {
        let records = device.app.with(|open| Ok(open.store.read(|tx| tx.membership())?)).unwrap();
        assert!(records.contains(&bytes), "not kept to the last byte");
        let members = device.app.with(|open| open.members()).unwrap();
        assert_eq!((members.active().count(), members.unknown()), (3, 1));
    }
}
