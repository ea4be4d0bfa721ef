//! Undo and redo over random histories, at the door that the window and the command line use.
//!
//! Each action is undone and done again at once, later, in any order that a person can choose. The model
//! is a stack of what was seen before and after each action.

use crate::memory_tests::{Seen, carry, departs, device, seen, undo_all};
use crate::{App, AppError, view};
use holdfast_model::{EntityId, Kind};
use holdfast_oplog::Space;
use rand::prelude::*;
use rand_chacha::ChaCha8Rng;
use std::collections::{BTreeMap, BTreeSet};

type Picture = BTreeMap<EntityId, Seen>;

const WORDS: [&str; 8] = ["oak", "ash", "elm", "fir", "yew", "ivy", "fern", "moss"];

fn word(rng: &mut ChaCha8Rng) -> &'static str {
    WORDS.choose(rng).unwrap()
}

/// The items of a kind that are in use (or in the trash), as the interface names them.
fn ids(picture: &Picture, kind: Kind, alive: bool) -> Vec<String> {
    let of = picture.iter().filter(|(_, item)| item.kind == kind.as_str());
    of.filter(|(_, item)| item.is_alive() == alive).map(|(id, _)| id.to_string()).collect()
}

fn one(rng: &mut ChaCha8Rng, ids: &[String]) -> Option<String> {
    ids.choose(rng).cloned()
}

/// One or several of them.
fn some(rng: &mut ChaCha8Rng, ids: &[String]) -> Vec<String> {
    let count = if rng.gen_bool(0.3) { rng.gen_range(1..4) } else { 1 };
    ids.choose_multiple(rng, count).cloned().collect()
}

fn maybe(rng: &mut ChaCha8Rng, ids: &[String]) -> Option<String> {
    if rng.gen_bool(0.3) { None } else { one(rng, ids) }
}

fn task_patch(rng: &mut ChaCha8Rng, picture: &Picture) -> view::TaskPatch {
    let mut patch = view::TaskPatch::default();
    let (tasks, lists) = (ids(picture, Kind::Task, true), ids(picture, Kind::List, true));
    match rng.gen_range(0..12) {
        0 | 1 => patch.title = Some(word(rng).into()),
        2 => patch.status = Some(view::TaskStatus::Done),
        3 => patch.status = Some(view::TaskStatus::Open),
        4 => {
            patch.status = Some(view::TaskStatus::Cancelled);
            // One that repeats is not cancelled without it.
            let which = [view::Occurrences::This, view::Occurrences::Following];
            patch.occurrences = which.choose(rng).copied();
        }
        5 => patch.when = Some(rng.gen_bool(0.7).then(|| "2027-03-04".into())),
        6 => patch.deadline = Some(rng.gen_bool(0.7).then(|| "2027-05-06".into())),
        7 => patch.priority = Some(rng.gen_range(0..4)),
        8 => patch.repeat = Some(rng.gen_bool(0.8).then(|| "every 2 days".into())),
        9 => patch.list = Some(maybe(rng, &lists)),
        10 => patch.parent = Some(maybe(rng, &tasks)),
        _ => {
            patch.add_tags = rng.gen_bool(0.6).then(|| vec![word(rng).into()]);
            patch.remove_tags = rng.gen_bool(0.6).then(|| vec![word(rng).into()]);
        }
    }
    patch
}

fn edit_text(app: &App, rng: &mut ChaCha8Rng, id: &str, put: &str) -> Result<(), AppError> {
    let id: EntityId = id.parse().unwrap();
    let now = seen(app)[&id].text.chars().count();
    if rng.gen_bool(0.1) {
        let text = format!("{} {}\n{}", word(rng), word(rng), word(rng));
        return app.replace_text(id, &text).map(drop);
    }
    let pos = rng.gen_range(0..=now);
    let delete = if rng.gen_bool(0.5) { rng.gen_range(0..=(now - pos).min(4)) } else { 0 };
    app.splice_chars(id, pos, delete, put).map(drop)
}

/// Does something, of any kind that can be undone.
fn act(app: &App, rng: &mut ChaCha8Rng, moves: bool) -> Result<(), AppError> {
    let picture = seen(app);
    let of = |kind| ids(&picture, kind, true);
    let (tasks, notes, lists) = (of(Kind::Task), of(Kind::Note), of(Kind::List));
    let everything = [tasks.as_slice(), &notes, &lists].concat();
    match rng.gen_range(0..20) {
        0 | 1 => {
            let defaults =
                view::QuickAddDefaults { list: maybe(rng, &lists), when: None, parent: None };
            let text = match rng.gen_range(0..4) {
                0 => format!("{} @{}", word(rng), word(rng)),
                1 => format!("{} *every day", word(rng)),
                2 => format!("{} 2027-02-03", word(rng)),
                _ => word(rng).to_owned(),
            };
            app.quick_add(&text, &[], &defaults)?;
        }
        2 if !tasks.is_empty() => {
            let parent = one(rng, &tasks);
            let defaults = view::QuickAddDefaults { list: None, when: None, parent };
            app.quick_add(word(rng), &[], &defaults)?;
        }
        3..=7 => {
            let patch = task_patch(rng, &picture);
            app.edit_tasks(&some(rng, &tasks), &patch, None)?;
        }
        8 if tasks.len() > 1 => {
            let [id, after] = [0, 1].map(|_| one(rng, &tasks).unwrap());
            app.move_task(&id, Some(&after), None, None)?;
        }
        9 => drop(app.add_list(word(rng), maybe(rng, &lists).as_deref(), Space::Everywhere)?),
        10 if !lists.is_empty() => {
            let mut patch = view::ListPatch::default();
            match rng.gen_range(0..4) {
                0 => patch.title = Some(word(rng).into()),
                1 => patch.parent = Some(maybe(rng, &lists)),
                2 => patch.color = Some(rng.gen_bool(0.7).then(|| "green".into())),
                _ => patch.archived = Some(rng.r#gen()),
            }
            app.edit_list(&one(rng, &lists).unwrap(), &patch, None)?;
        }
        11 => drop(app.add_note(word(rng), maybe(rng, &lists).as_deref(), "one two\nthree")?),
        12 if !notes.is_empty() => {
            let mut patch = view::NotePatch::default();
            match rng.gen_range(0..4) {
                0 => patch.title = Some(word(rng).into()),
                1 => patch.pinned = Some(rng.r#gen()),
                2 => patch.list = Some(maybe(rng, &lists)),
                _ => patch.add_tags = Some(vec![word(rng).into()]),
            }
            app.edit_notes(&some(rng, &notes), &patch, None)?;
        }
        13 | 14 if !everything.is_empty() => {
            app.delete_items(&some(rng, &everything), None)?;
        }
        15 => {
            let trash: Vec<String> = [Kind::Task, Kind::Note, Kind::List]
                .iter()
                .flat_map(|kind| ids(&picture, *kind, false))
                .collect();
            app.restore_items(&some(rng, &trash))?;
        }
        16 | 17 => {
            let texts = [tasks.as_slice(), &notes].concat();
            if let Some(id) = one(rng, &texts) {
                let put = word(rng);
                edit_text(app, rng, &id, put)?;
            }
        }
        18 => {
            let policy = if rng.r#gen() { view::Policy::Ask } else { view::Policy::Newest };
            app.set_policy("title", policy)?;
        }
        19 if moves && !lists.is_empty() => {
            let to = *[Space::Everywhere, Space::Nearby, Space::Device].choose(rng).unwrap();
            app.set_space(&one(rng, &lists).unwrap(), to, view::Copies::Remove)?;
        }
        _ => drop(app.set_history_days(Some(rng.gen_range(40..50)))?),
    }
    Ok(())
}

fn position(app: &App) -> i64 {
    app.with(|open| Ok(open.store.read(|tx| tx.position())?)).unwrap()
}

/// What was there then is there as it was; what was made since is in use no more.
fn agrees(now: &Picture, then: &Picture, what: &str) {
    for (id, item) in then {
        assert_eq!(now.get(id), Some(item), "{what}: {id}");
    }
    for (id, item) in now.iter().filter(|(id, _)| !then.contains_key(id)) {
        assert!(!item.is_alive(), "{what}: {id} {item:?}");
    }
}

/// One device alone.
fn alone(seed: u64, moves: bool) {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let app = device(1);
    for _ in 0..3 {
        let _ = act(&app, &mut rng, false);
    }
    let mut steps: Vec<(Picture, Picture)> = Vec::new();
    let mut at = 0;
    // What was there before can be undone too, but is not part of the model.
    for _ in 0..rng.gen_range(4..14) {
        departs(&app);
        let roll: f64 = rng.r#gen();
        if roll < 0.2 && at > 0 {
            at -= 1;
            assert_eq!(app.undo().unwrap().skipped, Vec::<String>::new(), "seed {seed}");
            agrees(&seen(&app), &steps[at].0, &format!("seed {seed}, undo"));
        } else if roll < 0.35 && at < steps.len() {
            app.redo().unwrap();
            agrees(&seen(&app), &steps[at].1, &format!("seed {seed}, redo"));
            at += 1;
        } else {
            let (before, from) = (seen(&app), position(&app));
            let done = act(&app, &mut rng, moves);
            if position(&app) > from {
                done.unwrap();
                steps.truncate(at);
                steps.push((before, seen(&app)));
                at += 1;
            }
        }
    }
    let end = at;
    while at > 0 {
        at -= 1;
        app.undo().unwrap();
        agrees(&seen(&app), &steps[at].0, &format!("seed {seed}, undo all"));
    }
    while at < end {
        app.redo().unwrap();
        agrees(&seen(&app), &steps[at].1, &format!("seed {seed}, redo all"));
        at += 1;
    }
}

/// One device alone, of whose edits only some were handed out when items move: nobody else wrote
/// anything, so nothing is ever asked, and the last action can be undone and done again.
fn partly_handed_out(seed: u64) {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let app = device(1);
    for _ in 0..rng.gen_range(8..20) {
        if rng.gen_bool(0.3) {
            departs(&app);
        }
        let (before, from) = (seen(&app), position(&app));
        if act(&app, &mut rng, true).is_err() || position(&app) == from {
            continue;
        }
        asks_nothing(&app, &format!("seed {seed}, after an action"));
        let after = seen(&app);
        if rng.gen_bool(0.4) {
            let undone = app.undo().unwrap();
            assert_eq!(undone.skipped, Vec::<String>::new(), "seed {seed}");
            agrees(&seen(&app), &before, &format!("seed {seed}, undo"));
            asks_nothing(&app, &format!("seed {seed}, after undo"));
            if rng.r#gen() {
                app.redo().unwrap();
                agrees(&seen(&app), &after, &format!("seed {seed}, redo"));
                asks_nothing(&app, &format!("seed {seed}, after redo"));
            }
        }
    }
}

fn asks_nothing(app: &App, when: &str) {
    let open = app.conflicts(view::ConflictTab::Open).unwrap();
    assert!(open.is_empty(), "{when}: {open:?}");
}

/// A device beside another that edits the same items.
fn beside(seed: u64) {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let (laptop, phone) = (device(1), device(2));
    for _ in 0..4 {
        let _ = act(&phone, &mut rng, false);
    }
    carry(&phone, &laptop);
    let begin = seen(&laptop);
    let before = written_by_phone(&laptop);
    for _ in 0..rng.gen_range(4..12) {
        match rng.gen_range(0..10) {
            0..=4 => drop(act(&laptop, &mut rng, false)),
            5 | 6 => drop(act(&phone, &mut rng, false)),
            7 => carry(&phone, &laptop),
            8 => carry(&laptop, &phone),
            _ => drop(laptop.undo()),
        }
    }
    carry(&phone, &laptop);
    let others = touched_since(&laptop, 2, &before);
    let end = seen(&laptop);
    let (count, _) = undo_all(&laptop);
    let undone = seen(&laptop);
    let untouched = |id: EntityId, field: &str| !others.contains(&(id, field.to_owned()));
    for (id, item) in &begin {
        let now = &undone[id];
        let none = Vec::new();
        let fields = item.fields.keys().chain(now.fields.keys());
        for field in fields.filter(|field| untouched(*id, field)) {
            let value = |of: &Seen| of.fields.get(field).unwrap_or(&none).clone();
            assert_eq!(value(now), value(item), "seed {seed}: {field} of {id}");
        }
        let sets = item.sets.keys().chain(now.sets.keys());
        for field in sets.filter(|field| untouched(*id, field)) {
            let value = |of: &Seen| of.sets.get(field).unwrap_or(&none).clone();
            assert_eq!(value(now), value(item), "seed {seed}: {field} of {id}");
        }
        if untouched(*id, "life") {
            assert_eq!(now.life, item.life, "seed {seed}: {id}");
        }
        if untouched(*id, "text") && untouched(*id, "notes") {
            assert_eq!(now.text, item.text, "seed {seed}: {id}");
        }
    }
    for (id, item) in undone.iter().filter(|(id, _)| !begin.contains_key(id)) {
        assert!(!item.is_alive() || !untouched(*id, "life"), "seed {seed}: {id} {item:?}");
    }
    for _ in 0..count {
        laptop.redo().unwrap();
    }
    assert_eq!(seen(&laptop), end, "seed {seed}: done again");
    // And it is one history on both devices.
    carry(&laptop, &phone);
    assert_eq!(seen(&phone), end, "seed {seed}: elsewhere");
}

/// How many changes of the other device are there, by space.
fn written_by_phone(app: &App) -> BTreeMap<Space, u64> {
    let held = app.with(|open| Ok(open.store.read(|tx| tx.held())?)).unwrap();
    Space::ALL
        .into_iter()
        .map(|space| (space, held.get(crate::memory_tests::log_of(2, space))))
        .collect()
}

fn touched_since(
    app: &App,
    actor: u8,
    before: &BTreeMap<Space, u64>,
) -> BTreeSet<(EntityId, String)> {
    app.with(|open| {
        Ok(open.store.read(|tx| {
            let mut touched = BTreeSet::new();
            for (space, after) in before {
                for seq in after + 1.. {
                    let log = crate::memory_tests::log_of(actor, *space);
                    let id = holdfast_oplog::ChangeId { space: *space, actor: log.actor, seq };
                    let Some(change) = tx.change(id)? else { break };
                    for edit in change.edits() {
                        touched.insert((edit.entity, "life".to_owned()));
                        let fields = edit.set.keys().chain(edit.add.keys());
                        let fields = fields.chain(edit.remove.keys()).chain(edit.text.keys());
                        touched.extend(fields.map(|field| (edit.entity, field.clone())));
                    }
                }
            }
            Ok::<_, holdfast_store::StoreError>(touched)
        })?)
    })
    .unwrap()
}

#[test]
fn undoing_leads_back_and_redoing_leads_on_in_five_hundred_histories() {
    for seed in 0..500 {
        alone(seed, false);
    }
}

#[test]
fn undoing_leads_back_and_redoing_leads_on_in_five_hundred_more() {
    for seed in 500..1000 {
        alone(seed, false);
    }
}

#[test]
fn moves_between_spaces_are_undone_and_done_again_in_three_hundred_histories() {
    for seed in 1000..1300 {
        alone(seed, true);
    }
}

#[test]
fn one_device_alone_is_never_asked_in_three_hundred_histories() {
    for seed in 3000..3300 {
        partly_handed_out(seed);
    }
}

#[test]
fn what_another_device_wrote_stays_in_seven_hundred_histories() {
    for seed in 2000..2700 {
        beside(seed);
    }
}
