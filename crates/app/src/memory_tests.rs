//! Devices in memory, for tests that need thousands of them: everything but keys at rest and the disk is
//! as in a window.

use crate::difference::Picture;
use crate::home::Home;
use crate::secrets::Secrets;
use crate::{App, AppError, view};
use holdfast_model::entity::ALIVE;
use holdfast_model::fields::REVIEWED;
use holdfast_model::{EntityId, Kind, Value};
use holdfast_oplog::{ActorId, LogId, Range};
use holdfast_store::{Arrivals, PrivateStore, Run, Store, StoreError};
use holdfast_vault::membership::{Introduction, found};
use holdfast_vault::{DeviceKeys, Keyring, RootSecret};
use rand_core::OsRng;
use std::collections::BTreeMap;

/// What the devices of one vault share.
pub(crate) struct Vault {
    keyring: Keyring,
    template: Store,
}

thread_local! {
    /// Making the tables takes longer than a whole history: they are made once and copied.
    static EMPTY: Vault = Vault::new();
}

impl Vault {
    fn new() -> Self {
        let keys = DeviceKeys::generate(&mut OsRng);
        let introduction =
            Introduction { name: "Laptop", platform: "test", actor: ActorId([1; 16]), time: 0 };
        let (id, record) = found(&keys, introduction, &mut OsRng).unwrap();
        let mut store = Store::in_memory(id).unwrap();
        store.write(|tx| tx.add_membership(&record).map(drop)).unwrap();
        let keyring = Keyring::generate(id, &mut OsRng);
        Self { keyring, template: store }
    }
}

/// A device in memory, with a data folder that is not there.
pub(crate) fn device(actor: u8) -> App {
    EMPTY.with(|vault| {
        let app = App::at(Home::at("/nonexistent/holdfast-in-memory")).unwrap();
        let store = vault.template.copy_in_memory().unwrap();
        let secrets = Secrets {
            private: PrivateStore::in_memory().unwrap(),
            keys: DeviceKeys::generate(&mut OsRng),
            keyring: vault.keyring.clone(),
            actor: ActorId([actor; 16]),
            root: RootSecret::generate(&mut OsRng),
        };
        let open = app.open_on(secrets, store).unwrap();
        app.adopt(open);
        app
    })
}

/// What one device has and another lacks, cut into as many runs as `most` changes each make.
fn missing(from: &App, to: &App, most: u64) -> Vec<Run> {
    let there = to.with(|open| Ok(open.store.read(|tx| tx.held())?)).unwrap();
    departs(from);
    from.with(|open| {
        Ok(open.store.read(|tx| {
            let mut runs = Vec::new();
            for range in tx.held()?.missing_in(&there) {
                let mut first = range.first;
                while first <= range.last {
                    let last = range.last.min(first.saturating_add(most - 1));
                    let Some(run) = tx.run(Range { first, last, ..range })? else { break };
                    first = run.last() + 1;
                    runs.push(run);
                }
            }
            Ok::<_, StoreError>(runs)
        })?)
    })
    .unwrap()
}

/// What one device has and another lacks, change by change.
pub(crate) fn one_by_one(from: &App, to: &App) -> Vec<Run> {
    missing(from, to, 1)
}

/// Takes runs in, in one transaction.
pub(crate) fn take_in(to: &App, runs: &[Run]) {
    to.with(|open| {
        let now_ms = open.now_ms();
        open.store.write(|tx| {
            let mut arrivals = Arrivals::new(tx, now_ms);
            for run in runs {
                arrivals.receive(run, None)?;
            }
            arrivals.finish().map(drop)
        })?;
        Ok(())
    })
    .unwrap();
}

/// Everything that one device has goes to another, as an exchange would bring it.
pub(crate) fn carry(from: &App, to: &App) {
    take_in(to, &missing(from, to, u64::MAX));
}

/// Everything that a device has written counts as handed out: no change is taken out of its log.
pub(crate) fn departs(app: &App) {
    app.with(|open| {
        Ok(open.store.write(|tx| {
            let held = tx.held()?;
            tx.departing(&held)
        })?)
    })
    .unwrap();
}

/// What a person sees of one item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) kind: String,
    pub(crate) life: Vec<String>,
    pub(crate) space: String,
    pub(crate) fields: BTreeMap<String, Vec<Value>>,
    pub(crate) sets: BTreeMap<String, Vec<Value>>,
    pub(crate) text: String,
}

impl Seen {
    pub(crate) fn is_alive(&self) -> bool {
        self.life.iter().any(|life| life == ALIVE)
    }
}

/// What a person sees of everything, in use or in the trash.
pub(crate) fn seen(app: &App) -> BTreeMap<EntityId, Seen> {
    let picture = app.with(|open| open.store.read(Picture::of)).unwrap();
    let mut seen = BTreeMap::new();
    for kind in Kind::ALL {
        for (id, item) in picture.items_of(kind) {
            let values = |register: &holdfast_model::Register| {
                let mut values: Vec<Value> =
                    register.distinct().into_iter().map(|v| v.value.clone()).collect();
                values.sort();
                values
            };
            let life = values(&item.state.life);
            let registers = item.state.registers.iter();
            let fields = registers
                .map(|(field, register)| (field.clone(), values(register)))
                .filter(|(_, values)| values.iter().any(|value| !value.is_null()));
            let sets = item.state.sets.keys().filter(|field| *field != REVIEWED);
            let sets = sets
                .map(|field| {
                    (field.clone(), item.state.elements(field).into_iter().cloned().collect())
                })
                .filter(|(_, values): &(String, Vec<Value>)| !values.is_empty());
            seen.insert(
                id,
                Seen {
                    kind: item.state.kind.clone(),
                    life: life.iter().filter_map(|l| l.as_str().map(str::to_owned)).collect(),
                    space: item.space.as_str().to_owned(),
                    fields: fields.collect(),
                    sets: sets.collect(),
                    text: item.text.clone(),
                },
            );
        }
    }
    seen
}

/// Undoes everything that can be undone; what was left alone, in words.
pub(crate) fn undo_all(app: &App) -> (usize, Vec<String>) {
    let (mut count, mut skipped) = (0, Vec::new());
    loop {
        match app.undo() {
            Ok(done) => skipped.extend(done.skipped),
            Err(AppError::NothingTo(_)) => return (count, skipped),
            Err(error) => panic!("{error}"),
        }
        count += 1;
    }
}

pub(crate) fn add(app: &App, text: &str) -> String {
    let none = view::QuickAddDefaults { list: None, when: None, parent: None };
    app.quick_add(text, &[], &none).unwrap().ids[0].clone()
}

pub(crate) fn patch(app: &App, id: &str, patch: &view::TaskPatch) {
    app.edit_tasks(&[id.to_owned()], patch, None).unwrap();
}

pub(crate) fn log_of(actor: u8, space: holdfast_oplog::Space) -> LogId {
    LogId { space, actor: ActorId([actor; 16]) }
}
