//! Snapshots of a member with changed software: everything that is signed is in order, and the records are
//! not.

use super::*;
use crate::{Carrier, offer, outgoing, take_in, weigh};
use holdfast_model::entity::PURGED;
use holdfast_model::fields::TEXT;
use holdfast_model::text::{TextDoc, writer_of};
use holdfast_model::{Dot, EntityState, Write};
use holdfast_store::Arrivals;

/// Hands what `from` holds to `to`, change by change.
fn carry(from: &mut Device, to: &mut Device, keyring: &Keyring, rng: &mut ChaCha20Rng) {
    let offered = from.store.write(|tx| offer(tx, Carrier::Lan)).unwrap();
    let held = to.store.read(|tx| tx.held()).unwrap();
    let mut batches = Vec::new();
    from.store
        .read(|tx| {
            for range in offered.missing_in(&held) {
                outgoing(tx, keyring, range, rng, |_, bytes| {
                    batches.push(bytes);
                    Ok::<_, SyncError>(())
                })?;
            }
            Ok::<_, SyncError>(())
        })
        .unwrap();
    to.store
        .write(|tx| {
            let members = membership(tx)?;
            let mut arrivals = Arrivals::new(tx, 10);
            for bytes in &batches {
                take_in(&mut arrivals, keyring, &members, bytes, None, None)?;
            }
            arrivals.finish().map_err(SyncError::from)
        })
        .unwrap();
}

/// A laptop with changed software, and a phone that holds "Buy oak" of the laptop and its own "Call mill"
/// as changes. The laptop wrote one change that the phone lacks.
fn vault(seed: u64) -> Vault {
    let mut vault = Vault::new(seed);
    vault.laptop.add(Space::Everywhere, "Buy oak");
    vault.phone.add(Space::Everywhere, "Call mill");
    note(&mut vault.phone, "Beams are in the barn");
    let Vault { laptop, phone, keyring, rng } = &mut vault;
    carry(laptop, phone, keyring, rng);
    carry(phone, laptop, keyring, rng);
    vault.laptop.add(Space::Everywhere, "New of the laptop");
    vault
}

fn note(device: &mut Device, text: &str) {
    let vault = device.store.vault();
    let keys = &device.keys;
    let sign = |id, hash| sign_change(keys, vault, id, hash);
    let author = Author { actor: device.actor, sign: &sign, wall_ms: 1_000 };
    let mut doc = TextDoc::new(writer_of(&device.actor.0));
    let update = doc.replace(text).unwrap().update;
    let mut draft = Draft::new(EntityId::named("note"), Kind::Note.as_str());
    draft.text(TEXT, update);
    let edits = draft.finish().into_iter().collect();
    let change = LocalChange { space: Space::Everywhere, edits, ..Default::default() };
    device.store.write(|tx| tx.append(author, change)).unwrap();
}

/// A snapshot of the laptop whose records were changed after they were made.
fn told(vault: &mut Vault, change: impl FnOnce(&mut Vec<BaseRecord>)) -> Vec<Vec<u8>> {
    let Vault { laptop, keyring, rng, .. } = vault;
    let (heads, mut records) = laptop
        .store
        .try_out(|tx| {
            let members = membership(tx)?;
            tx.fold_log(&vouched(&members, tx.vault()))?;
            let mut records = Vec::new();
            tx.each_base_record::<StoreError>(&[Space::Everywhere], |record| {
                records.push(record);
                Ok(())
            })?;
            Ok::<_, StoreError>((tx.base_heads()?, records))
        })
        .unwrap();
    change(&mut records);
    let mut pieces = Vec::new();
    let hand_over = |piece| {
        pieces.push(piece);
        Ok::<_, SyncError>(())
    };
    let id = [8; 16];
    let mut writer = Writer { keyring, rng, id, number: 0, bytes: 0, seal: sealing(), hand_over };
    let from = laptop.keys.device_id();
    let logs = heads.iter().map(LogHead::from).collect();
    writer
        .put::<SyncError>(HEAD, &encode(&Head { from, made_ms: 9, schema: SCHEMA, logs }).unwrap())
        .unwrap();
    for record in &records {
        let bytes = encode(record).unwrap();
        let bytes = [(bytes.len() as u32).to_be_bytes().as_slice(), &bytes].concat();
        writer.put::<SyncError>(RECORDS, &bytes).unwrap();
    }
    let records = records.len() as u64;
    let signature = laptop.keys.sign(CONTEXT, &signed(&writer.seal, id, records)).to_vec();
    writer.put::<SyncError>(END, &encode(&End { records, signature }).unwrap()).unwrap();
    pieces
}

fn state_of(record: &BaseRecord) -> Option<EntityState> {
    let BaseRecord::Entity { state, .. } = record else { return None };
    Some(decode(state, limits::SNAPSHOT_RECORD, "a state").unwrap())
}

/// Changes the state of one item.
fn alter(records: &mut [BaseRecord], title: &str, change: impl FnOnce(&mut EntityState)) {
    let of =
        |record: &&mut BaseRecord| state_of(record).is_some_and(|s| s.id == EntityId::named(title));
    let record = records.iter_mut().find(of).unwrap();
    let mut state = state_of(record).unwrap();
    change(&mut state);
    *record = BaseRecord::Entity { space: Space::Everywhere, state: encode(&state).unwrap() };
}

fn wrote(state: &mut EntityState, field: &str, dot: Dot, value: &str) {
    let mut register = holdfast_model::Register::default();
    register.apply(dot, state.created.0, &Write::new(value, Vec::new()));
    if field == holdfast_model::fields::LIFE {
        state.life = register;
    } else {
        state.registers.insert(field.into(), register);
    }
}

#[test]
fn a_true_snapshot_is_taken_in_and_what_is_new_has_a_teller() {
    let mut vault = vault(1);
    let pieces = told(&mut vault, |_| {});
    let taken = vault.receive(&pieces).unwrap();
    assert!(taken.applied.items.iter().all(|item| !item.lost));
    assert_eq!(vault.phone.dump(), vault.laptop.dump());
    let (laptop, phone) = (vault.laptop.actor, vault.phone.actor);
    let by = vault.laptop.keys.device_id();
    let told = vault.phone.store.read(|tx| tx.told_in(Space::Everywhere)).unwrap();
    let of = |actor, seq| told.by(Dot { actor, seq });
    assert_eq!((of(laptop, 1), of(laptop, 2), of(laptop, 3)), (None, Some(by), None));
    assert_eq!((of(phone, 1), of(phone, 2)), (None, None));
    // Later changes are held again.
    vault.laptop.add(Space::Everywhere, "Later");
    let Vault { laptop, phone, keyring, rng } = &mut vault;
    carry(laptop, phone, keyring, rng);
    assert_eq!(vault.phone.dump(), vault.laptop.dump());
}

/// C1: heads that everybody signed, and nothing under them.
#[test]
fn a_snapshot_without_records_empties_nothing_and_is_refused() {
    let mut vault = vault(2);
    let before = vault.phone.dump();
    for kept in [0, 1, 2] {
        let pieces = told(&mut vault, |records| records.truncate(kept));
        let refused = vault.receive(&pieces).unwrap_err();
        assert_eq!(refused.code(), "snapshot_lacks", "{refused}");
        assert_eq!(vault.phone.dump(), before);
    }
    // The same after what the phone holds was pruned there.
    let verify = |_: LogId, _: u64, _: Hash, _: &[u8; 64]| true;
    vault.phone.store.write(|tx| tx.fold_log(&verify)).unwrap();
    let pieces = told(&mut vault, Vec::clear);
    assert_eq!(vault.receive(&pieces).unwrap_err().code(), "snapshot_lacks");
    assert_eq!(vault.phone.dump(), before);
}

#[test]
fn items_without_content_in_a_snapshot_keep_what_they_have() {
    let mut vault = vault(3);
    let pieces = told(&mut vault, |records| {
        for title in ["Buy oak", "Call mill"] {
            alter(records, title, |state| {
                state.registers.clear();
                state.life = holdfast_model::Register::default();
            });
        }
    });
    let taken = vault.receive(&pieces).unwrap();
    assert!(taken.applied.items.iter().all(|item| !item.lost));
    assert_eq!(vault.phone.dump(), vault.laptop.dump());
}

/// Altered content under heads that others signed.
#[test]
fn what_is_held_cannot_be_told_otherwise() {
    let mut vault = vault(4);
    let phone = Dot { actor: vault.phone.actor, seq: 1 };
    let pieces = told(&mut vault, |records| {
        alter(records, "Call mill", |state| {
            wrote(state, TITLE, phone, "I owe you 100000");
            wrote(state, holdfast_model::fields::LIFE, phone, PURGED);
        });
        let invented = EntityId::named("invented");
        let mut state = EntityState::new(invented, "task", holdfast_model::Hlc::default(), phone);
        wrote(&mut state, TITLE, phone, "Written by the phone, it says");
        let state = encode(&state).unwrap();
        records.push(BaseRecord::Entity { space: Space::Everywhere, state });
    });
    vault.receive(&pieces).unwrap();
    assert_eq!(vault.phone.dump(), vault.laptop.dump());
    assert!(vault.phone.dump().contains("Call mill"));
}

#[test]
fn changes_that_a_snapshot_does_not_cover_cannot_be_told_of() {
    for seq in [0, 4, u64::MAX] {
        let mut vault = vault(5);
        let phone = Dot { actor: vault.phone.actor, seq };
        let before = vault.phone.dump();
        let pieces = told(&mut vault, |records| {
            alter(records, "Call mill", |state| wrote(state, TITLE, phone, "Not yet written"));
        });
        assert_eq!(vault.receive(&pieces).unwrap_err().code(), "malformed");
        assert_eq!(vault.phone.dump(), before);
    }
}

#[test]
fn a_text_keeps_the_words_that_are_held_and_its_author_wrote_no_more() {
    let mut vault = vault(6);
    let writer = writer_of(&vault.phone.actor.0);
    let with_text = |vault: &mut Vault, text: &str| {
        let mut doc = TextDoc::new(writer);
        doc.replace(text).unwrap();
        let snapshot = doc.snapshot().unwrap();
        told(vault, |records| {
            for record in records {
                if let BaseRecord::Text { snapshot: told, .. } = record {
                    *told = snapshot.clone();
                }
            }
        })
    };
    // Other words under the same names.
    let other = with_text(&mut vault, "Beams are in my barn!");
    vault.receive(&other).unwrap();
    assert_eq!(vault.phone.dump(), vault.laptop.dump());
    // More words than the phone wrote.
    let mut vault = super::hostile::vault(7);
    let before = vault.phone.dump();
    let longer = with_text(&mut vault, "Beams are in the barn, and I owe you 100000");
    assert_eq!(vault.receive(&longer).unwrap_err().code(), "malformed");
    assert_eq!(vault.phone.dump(), before);
}

/// What the laptop really deleted goes, and counts as deleted by the laptop, whomever it names.
#[test]
fn what_vanishes_by_a_snapshot_is_lost_by_whoever_told_it() {
    let mut vault = vault(8);
    let unheld = Dot { actor: vault.laptop.actor, seq: 2 };
    let pieces = told(&mut vault, |records| {
        for title in ["Buy oak", "Call mill"] {
            alter(records, title, |state| {
                wrote(state, holdfast_model::fields::LIFE, unheld, PURGED);
            });
        }
    });
    let laptop = vault.laptop.actor;
    let taken = vault.receive(&pieces).unwrap();
    let lost: Vec<_> = taken.applied.items.iter().filter(|item| item.lost).collect();
    assert_eq!(lost.len(), 2);
    assert!(lost.iter().all(|item| item.by == Some(laptop)));
    let items = &taken.applied.items;
    vault
        .phone
        .store
        .write(|tx| {
            let members = membership(tx)?;
            let weighed = weigh(tx, &members, items, 10)?;
            assert!(!weighed.is_empty() && weighed.mass.is_none());
            Ok::<_, StoreError>(())
        })
        .unwrap();
}
