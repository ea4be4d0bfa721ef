//! What must come out, worked out apart from the engine: keeps every write for ever, with all that
//! its writer had applied, and finds what stands by comparing pasts. Slow and plain on purpose.

mod shown;
mod texts;

pub use shown::without_texts;

use holdfast_model::change::Edit;
use holdfast_model::fields::LIFE;
use holdfast_model::{EntityId, Hlc, Value};
use holdfast_oplog::{ActorId, LogId, Space};
use std::collections::{BTreeMap, BTreeSet};

/// How much of each log someone has applied.
pub type Past = BTreeMap<LogId, u64>;
/// Names one change.
pub type Id = (LogId, u64);

/// An item in one of the spaces: one that was moved is in several, and each is a thing of its own.
pub type InSpace = (EntityId, Space);

/// What a write says that its maker saw.
#[derive(Debug, Clone)]
pub enum Seen {
    /// Everything that the device had applied.
    Everything,
    /// Only these writes.
    Only(BTreeSet<Id>),
}

/// Why the life of an item is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Life {
    /// Because the content is edited: the item is as alive as it was, and nothing is decided.
    Implied,
    /// Because the person deletes, restores or purges.
    Meant,
}

#[derive(Debug, Clone)]
struct Written {
    field: String,
    values: Vec<(Value, Hlc, Id)>,
    seen: Seen,
}

/// An element that was taken out of a set.
#[derive(Debug, Clone)]
struct TakenOut {
    element: (String, Value),
    /// These additions alone; all that were seen, where none are named.
    only: Option<BTreeSet<Id>>,
}

impl TakenOut {
    fn takes(&self, added: &(String, Value), by: Id) -> bool {
        self.element == *added && self.only.as_ref().is_none_or(|only| only.contains(&by))
    }
}

/// What one change did to one item.
#[derive(Debug, Clone)]
struct Fact {
    id: Id,
    past: Past,
    kind: String,
    writes: Vec<Written>,
    adds: Vec<(String, Value)>,
    removes: Vec<TakenOut>,
    inserted: Vec<char>,
    deleted: BTreeSet<char>,
    /// Whether it edited the text.
    text: bool,
}

impl Fact {
    fn saw(&self, other: Id) -> bool {
        self.past.get(&other.0).is_some_and(|seq| *seq >= other.1)
    }
}

/// Everything that everyone wrote, and what each device has got.
#[derive(Debug, Default)]
pub struct Oracle {
    items: BTreeMap<InSpace, Vec<Fact>>,
    pasts: BTreeMap<Id, Past>,
    /// Changes that only a newer app may interpret: nobody here ever applies them.
    too_new: BTreeSet<Id>,
    received: Vec<Past>,
    applied: Vec<Past>,
}

/// An edit as the oracle is told of it.
#[derive(Debug)]
pub struct Told<'a> {
    /// The edit.
    pub edit: &'a Edit,
    /// Why it writes the life of the item.
    pub life: Life,
    /// Fields that were decided by someone who had seen only these writes.
    pub decided: BTreeMap<String, BTreeSet<Id>>,
    /// The text before and after, where it was edited.
    pub text: Option<(String, String)>,
}

fn marks(text: &str) -> Vec<char> {
    text.chars().filter(|c| *c >= FIRST_MARK).collect()
}

/// Characters from here on are typed once in a history, so each can be followed.
pub const FIRST_MARK: char = '\u{4e00}';

impl Oracle {
    /// Nothing was written yet, on so many devices.
    pub fn new(devices: usize) -> Self {
        Self {
            received: vec![Past::new(); devices],
            applied: vec![Past::new(); devices],
            ..Self::default()
        }
    }

    /// What a device has applied.
    pub fn applied(&self, device: usize) -> &Past {
        &self.applied[device]
    }

    /// What a device has received.
    pub fn received(&self, device: usize) -> &Past {
        &self.received[device]
    }

    /// Every change that anyone made.
    pub fn everything(&self) -> Past {
        let mut all = Past::new();
        for (log, seq) in self.pasts.keys() {
            let held = all.entry(*log).or_insert(0);
            *held = (*held).max(*seq);
        }
        all
    }

    /// A change was acknowledged on a device.
    pub fn wrote(&mut self, device: usize, id: Id, time: Hlc, told: &[Told<'_>]) {
        let past: Past = self.applied[device]
            .iter()
            .filter(|(log, _)| log.space == id.0.space)
            .map(|(log, seq)| (*log, *seq))
            .collect();
        for told in told {
            let fact = self.fact(id, time, &past, told);
            self.items.entry((told.edit.entity, id.0.space)).or_default().push(fact);
        }
        self.pasts.insert(id, past);
        self.received[device].insert(id.0, id.1);
        self.applied[device].insert(id.0, id.1);
    }

    fn fact(&self, id: Id, time: Hlc, past: &Past, told: &Told<'_>) -> Fact {
        let edit = told.edit;
        let mut writes = Vec::new();
        let fields = edit.set.iter().map(|(field, write)| (field.as_str(), write));
        for (field, write) in fields.chain(edit.life.as_ref().map(|write| (LIFE, write))) {
            let values = if write.again.is_empty() {
                vec![(write.value.clone(), time, id)]
            } else {
                let origin = |dot: holdfast_model::Dot| {
                    (LogId { space: id.0.space, actor: dot.actor }, dot.seq)
                };
                write.again.iter().map(|a| (a.value.clone(), a.time, origin(a.origin))).collect()
            };
            let seen = if let Some(only) = told.decided.get(field) {
                Seen::Only(only.clone())
            } else if field == LIFE && told.life == Life::Implied && write.again.is_empty() {
                let same = |w: &&(Id, Written)| w.1.values.iter().all(|v| v.0 == write.value);
                Seen::Only(
                    self.standing((edit.entity, id.0.space), LIFE, past)
                        .iter()
                        .filter(same)
                        .map(|w| w.0)
                        .collect(),
                )
            } else {
                Seen::Everything
            };
            writes.push(Written { field: field.to_owned(), values, seen });
        }
        let mut adds = Vec::new();
        for (field, values) in &edit.add {
            adds.extend(values.iter().map(|value| (field.clone(), value.clone())));
        }
        let mut removes = Vec::new();
        for (field, removals) in &edit.remove {
            removes.extend(removals.iter().map(|removal| {
                let named = |dot: &holdfast_model::Dot| {
                    (LogId { space: id.0.space, actor: dot.actor }, dot.seq)
                };
                // An undo takes out what this device put in, and never what another one did.
                let only = edit
                    .takes_back
                    .map(|_| removal.seen.iter().map(named).collect::<BTreeSet<Id>>());
                TakenOut { element: (field.clone(), removal.value.clone()), only }
            }));
        }
        let text = told.text.is_some();
        let (before, after) = told.text.clone().unwrap_or_default();
        let (before, after) = (marks(&before), marks(&after));
        Fact {
            id,
            past: past.clone(),
            kind: edit.kind.clone(),
            writes,
            adds,
            removes,
            inserted: after.iter().filter(|c| !before.contains(c)).copied().collect(),
            deleted: before.iter().filter(|c| !after.contains(c)).copied().collect(),
            text,
        }
    }

    /// A newer app wrote a change that this one must not interpret.
    pub fn wrote_too_new(&mut self, device: usize, id: Id) {
        self.wrote(device, id, Hlc::default(), &[]);
        self.too_new.insert(id);
    }

    /// What was received and cannot be applied yet, by who wrote it: whether it was written by a
    /// newer app, and how many changes.
    pub fn unapplied(&self, device: usize) -> BTreeMap<ActorId, (bool, u64)> {
        let mut waiting = BTreeMap::new();
        for (log, held) in &self.received[device] {
            let applied = self.applied[device].get(log).copied().unwrap_or(0);
            if *held > applied {
                let parked = self.too_new.contains(&(*log, applied + 1));
                let entry = waiting.entry(log.actor).or_insert((false, 0));
                *entry = (entry.0 | parked, entry.1 + held - applied);
            }
        }
        waiting
    }

    /// Everything of these logs arrived up to the given numbers.
    pub fn received_up_to(&mut self, device: usize, holds: &Past) {
        for (log, seq) in holds {
            let held = self.received[device].entry(*log).or_insert(0);
            *held = (*held).max(*seq);
        }
    }

    /// A run arrived. Like every device, the oracle has no use for one that leaves a gap.
    pub fn received_run(&mut self, device: usize, log: LogId, first: u64, last: u64) {
        let held = self.received[device].entry(log).or_insert(0);
        if first <= *held + 1 {
            *held = (*held).max(last);
        }
        if *held == 0 {
            self.received[device].remove(&log);
        }
    }

    /// The device applies what it can: a change once all that its writer had seen is applied.
    pub fn apply(&mut self, device: usize) {
        let mut progress = true;
        while progress {
            progress = false;
            for (log, held) in self.received[device].clone() {
                let next = self.applied[device].get(&log).copied().unwrap_or(0) + 1;
                let applied = &self.applied[device];
                if next <= held
                    && !self.too_new.contains(&(log, next))
                    && self.pasts[&(log, next)]
                        .iter()
                        .all(|(log, seq)| applied.get(log).is_some_and(|have| have >= seq))
                {
                    self.applied[device].insert(log, next);
                    progress = true;
                }
            }
        }
    }

    /// The items that anyone moved from one space to another.
    pub fn moved(&self) -> BTreeSet<EntityId> {
        let ids = self.items.keys().zip(self.items.keys().skip(1));
        ids.filter(|(one, next)| one.0 == next.0).map(|(one, _)| one.0).collect()
    }

    /// The moved items that are or were in another space than these.
    pub fn moved_beyond(&self, spaces: &[Space]) -> BTreeSet<EntityId> {
        let mut moved = self.moved();
        let beyond: BTreeSet<EntityId> = self
            .items
            .keys()
            .filter(|(_, space)| !spaces.contains(space))
            .map(|(id, _)| *id)
            .collect();
        moved.retain(|id| beyond.contains(id));
        moved
    }

    /// The items whose text someone has edited.
    pub fn items_with_text<'a>(&'a self, at: &'a Past) -> impl Iterator<Item = InSpace> + 'a {
        self.items.keys().copied().filter(|item| self.facts(*item, at).any(|fact| fact.text))
    }
}
