//! What must come out, worked out apart from the engine: keeps every write for ever, with all that
//! its writer had applied, and finds what stands by comparing pasts. Slow and plain on purpose.

use holdfast_model::change::Edit;
use holdfast_model::entity::{ALIVE, DELETED};
use holdfast_model::fields::{LIFE, NOTES, PARENT, TEXT, VALUE};
use holdfast_model::policy::KINDS;
use holdfast_model::{EntityId, Hlc, Kind, Policies, Policy, Value};
use holdfast_oplog::{ActorId, LogId, Space};
use serde_json::{Map, Value as Json, json};
use std::collections::{BTreeMap, BTreeSet};

/// How much of each log someone has applied.
pub(crate) type Past = BTreeMap<LogId, u64>;
/// Names one change.
pub(crate) type Id = (LogId, u64);

/// What a write says that its maker saw.
#[derive(Debug, Clone)]
pub(crate) enum Seen {
    /// Everything that the device had applied.
    Everything,
    /// Only these writes.
    Only(BTreeSet<Id>),
}

/// Why the life of an item is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Life {
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

/// What one change did to one item.
#[derive(Debug, Clone)]
struct Fact {
    id: Id,
    past: Past,
    kind: String,
    writes: Vec<Written>,
    adds: Vec<(String, Value)>,
    removes: Vec<(String, Value)>,
    inserted: Vec<char>,
    deleted: BTreeSet<char>,
}

impl Fact {
    fn saw(&self, other: Id) -> bool {
        self.past.get(&other.0).is_some_and(|seq| *seq >= other.1)
    }
}

/// Everything that everyone wrote, and what each device has got.
#[derive(Debug, Default)]
pub(crate) struct Oracle {
    items: BTreeMap<EntityId, (Space, Vec<Fact>)>,
    pasts: BTreeMap<Id, Past>,
    received: Vec<Past>,
    applied: Vec<Past>,
}

/// An edit as the oracle is told of it.
#[derive(Debug)]
pub(crate) struct Told<'a> {
    pub(crate) edit: &'a Edit,
    pub(crate) life: Life,
    /// Fields that were decided by someone who had seen only these writes.
    pub(crate) decided: BTreeMap<String, BTreeSet<Id>>,
    /// The text before and after, where it was edited.
    pub(crate) text: Option<(String, String)>,
}

fn marks(text: &str) -> Vec<char> {
    text.chars().filter(|c| *c >= FIRST_MARK).collect()
}

/// Characters from here on are typed once in a history, so each can be followed.
pub(crate) const FIRST_MARK: char = '\u{4e00}';

impl Oracle {
    pub(crate) fn new(devices: usize) -> Self {
        Self {
            received: vec![Past::new(); devices],
            applied: vec![Past::new(); devices],
            ..Self::default()
        }
    }

    pub(crate) fn applied(&self, device: usize) -> &Past {
        &self.applied[device]
    }

    pub(crate) fn received(&self, device: usize) -> &Past {
        &self.received[device]
    }

    /// Every change that anyone made.
    pub(crate) fn everything(&self) -> Past {
        let mut all = Past::new();
        for (log, seq) in self.pasts.keys() {
            let held = all.entry(*log).or_insert(0);
            *held = (*held).max(*seq);
        }
        all
    }

    /// A change was acknowledged on a device.
    pub(crate) fn wrote(&mut self, device: usize, id: Id, time: Hlc, told: &[Told<'_>]) {
        let past: Past = self.applied[device]
            .iter()
            .filter(|(log, _)| log.space == id.0.space)
            .map(|(log, seq)| (*log, *seq))
            .collect();
        for told in told {
            let fact = self.fact(id, time, &past, told);
            let item = self.items.entry(told.edit.entity).or_insert((id.0.space, Vec::new()));
            item.1.push(fact);
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
                    self.standing(edit.entity, LIFE, past)
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
            removes.extend(removals.iter().map(|removal| (field.clone(), removal.value.clone())));
        }
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
        }
    }

    /// A run arrived. Like every device, the oracle has no use for one that leaves a gap.
    pub(crate) fn received_run(&mut self, device: usize, log: LogId, first: u64, last: u64) {
        let held = self.received[device].entry(log).or_insert(0);
        if first <= *held + 1 {
            *held = (*held).max(last);
        }
        if *held == 0 {
            self.received[device].remove(&log);
        }
    }

    /// The device applies what it can: a change once all that its writer had seen is applied.
    pub(crate) fn apply(&mut self, device: usize) {
        let mut progress = true;
        while progress {
            progress = false;
            for (log, held) in self.received[device].clone() {
                let next = self.applied[device].get(&log).copied().unwrap_or(0) + 1;
                let applied = &self.applied[device];
                if next <= held
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

    fn facts<'a>(&'a self, item: EntityId, at: &'a Past) -> impl Iterator<Item = &'a Fact> {
        let facts = self.items.get(&item).map(|(_, facts)| facts.as_slice()).unwrap_or_default();
        facts.iter().filter(|fact| at.get(&fact.id.0).is_some_and(|seq| *seq >= fact.id.1))
    }

    /// The writes of a field that nobody has replaced.
    fn standing(&self, item: EntityId, field: &str, at: &Past) -> Vec<(Id, Written)> {
        let all: Vec<(&Fact, &Written)> = self
            .facts(item, at)
            .flat_map(|fact| fact.writes.iter().map(move |write| (fact, write)))
            .filter(|(_, write)| write.field == field)
            .collect();
        all.iter()
            .filter(|(fact, _)| {
                !all.iter().any(|(later, write)| match &write.seen {
                    Seen::Everything => later.saw(fact.id),
                    Seen::Only(ids) => ids.contains(&fact.id),
                })
            })
            .map(|(fact, write)| (fact.id, (*write).clone()))
            .collect()
    }

    /// The distinct values that stand, in order.
    pub(crate) fn values(&self, item: EntityId, field: &str, at: &Past) -> BTreeSet<Value> {
        let standing = self.standing(item, field, at);
        standing.into_iter().flat_map(|(_, write)| write.values).map(|(value, ..)| value).collect()
    }

    /// The value that is shown, when it was written, and by which change: of those that stand, the
    /// latest.
    fn shown(&self, item: EntityId, field: &str, at: &Past) -> Option<(Value, Hlc, Id)> {
        let standing = self.standing(item, field, at);
        let versions = standing.into_iter().flat_map(|(id, write)| {
            write.values.into_iter().map(move |(value, time, origin)| (time, origin, id, value))
        });
        versions
            .max_by_key(|(time, origin, id, _)| {
                (*time, (origin.0.actor, origin.1), (id.0.actor, id.1))
            })
            .map(|(time, _, id, value)| (value, time, id))
    }

    fn is_alive(&self, item: EntityId, at: &Past) -> bool {
        let values = self.values(item, LIFE, at);
        values.is_empty() || values.contains(&ALIVE.into())
    }

    /// The policies in force.
    fn policies(&self, at: &Past) -> Policies {
        let mut policies = Policies::default();
        for kind in KINDS {
            let setting = Policies::setting(kind.name);
            if self.is_alive(setting, at)
                && let Some((Value::Text(name), ..)) = self.shown(setting, VALUE, at)
                && let Some(policy) = Policy::parse(&name)
            {
                policies.choose(kind.name, policy);
            }
        }
        policies
    }

    fn fields_of<'a>(&'a self, item: EntityId, at: &'a Past) -> BTreeSet<&'a str> {
        self.facts(item, at)
            .flat_map(|fact| fact.writes.iter().map(|write| write.field.as_str()))
            .filter(|field| *field != LIFE)
            .collect()
    }

    /// The dump of a device that has applied exactly `at`, without the texts.
    pub(crate) fn dump(&self, at: &Past) -> Json {
        let mut items = Vec::new();
        for (item, (space, _)) in &self.items {
            let life = self.values(*item, LIFE, at);
            let purged = !self.is_alive(*item, at) && !life.contains(&DELETED.into());
            let Some(kind) = self.facts(*item, at).map(|fact| fact.kind.clone()).next() else {
                continue;
            };
            if purged {
                continue;
            }
            let mut fields: Map<String, Json> = Map::new();
            for field in self.fields_of(*item, at) {
                fields.insert(field.to_owned(), shown_in_dump(&self.values(*item, field, at)));
            }
            for (field, elements) in self.sets(*item, at) {
                let elements = elements.iter().map(Value::to_json).collect();
                fields.insert(field, Json::Array(elements));
            }
            items.push(json!({
                "id": item.to_string(), "kind": kind, "space": space.as_str(),
                "life": shown_in_dump(&life), "fields": fields,
            }));
        }
        json!({ "format": 1, "items": items })
    }

    fn sets(&self, item: EntityId, at: &Past) -> BTreeMap<String, BTreeSet<Value>> {
        let facts: Vec<&Fact> = self.facts(item, at).collect();
        let mut sets: BTreeMap<String, BTreeSet<Value>> = BTreeMap::new();
        for fact in &facts {
            for (field, _) in &fact.removes {
                sets.entry(field.clone()).or_default();
            }
            for added in &fact.adds {
                let set = sets.entry(added.0.clone()).or_default();
                let gone = facts.iter().any(|f| f.saw(fact.id) && f.removes.contains(added));
                if !gone {
                    set.insert(added.1.clone());
                }
            }
        }
        sets
    }

    /// The parents that are shown, before circles are broken.
    fn parents(&self, at: &Past) -> BTreeMap<EntityId, (EntityId, (Hlc, ActorId, u64))> {
        let mut parents = BTreeMap::new();
        for item in self.items.keys() {
            if let Some((Value::Text(parent), time, id)) = self.shown(*item, PARENT, at)
                && let Ok(parent) = parent.parse()
            {
                parents.insert(*item, (parent, (time, id.0.actor, id.1)));
            }
        }
        parents
    }

    /// The moves that give way: of each circle the one made last.
    pub(crate) fn cut(&self, at: &Past) -> BTreeSet<EntityId> {
        let parents = self.parents(at);
        let mut cut = BTreeSet::new();
        for start in parents.keys() {
            let mut circle = vec![*start];
            while let Some((parent, _)) = circle.last().and_then(|last| parents.get(last)) {
                if parent == start {
                    cut.extend(circle.iter().max_by_key(|member| parents[*member].1));
                    break;
                }
                if circle.contains(parent) {
                    break;
                }
                circle.push(*parent);
            }
        }
        cut
    }

    /// The fields that a person has to decide, apart from texts: those whose standing writes differ,
    /// under a policy that asks, and moves that give way; of items that are in use.
    pub(crate) fn disputes(&self, at: &Past) -> BTreeSet<(EntityId, String)> {
        let policies = self.policies(at);
        let cut = self.cut(at);
        let mut disputes = BTreeSet::new();
        for item in self.items.keys().filter(|item| self.is_alive(**item, at)) {
            let Some(kind) = self.facts(*item, at).map(|fact| fact.kind.clone()).next() else {
                continue;
            };
            let asks = |field: &str| policies.of_field(&kind, field) == Policy::Ask;
            for field in self.fields_of(*item, at).into_iter().chain([LIFE]) {
                let differ = self.values(*item, field, at).len() > 1;
                if asks(field) && (differ || (field == PARENT && cut.contains(item))) {
                    disputes.insert((*item, field.to_owned()));
                }
            }
        }
        disputes
    }

    /// Checks a merged text: everything typed that nobody deleted is there, nothing else is, and
    /// what one person typed in one go is broken up only by someone who saw it.
    pub(crate) fn check_text(&self, item: EntityId, at: &Past, text: &str) {
        let facts: Vec<&Fact> = self.facts(item, at).collect();
        let mut typed: BTreeMap<char, Vec<&Fact>> = BTreeMap::new();
        for fact in &facts {
            for c in &fact.inserted {
                typed.entry(*c).or_default().push(fact);
            }
        }
        let shown: Vec<char> = marks(text);
        for (c, by) in &typed {
            let survives =
                by.iter().any(|f| !facts.iter().any(|d| d.deleted.contains(c) && d.saw(f.id)));
            assert!(!survives || shown.contains(c), "{c} of {item} is lost; the text is {text:?}");
            // Typed once and put back never: then its fate is known exactly.
            assert!(
                by.len() > 1 || survives || !shown.contains(c),
                "{c} of {item} was deleted and is back; the text is {text:?}"
            );
        }
        assert!(shown.iter().all(|c| typed.contains_key(c)), "nobody typed this: {text:?}");
        let once = |c: &char| typed[c].len() == 1;
        for fact in &facts {
            let run: Vec<usize> = fact
                .inserted
                .iter()
                .filter(|c| once(c))
                .filter_map(|c| shown.iter().position(|s| s == c))
                .collect();
            for pair in run.windows(2) {
                for c in shown[pair[0]..pair[1]].iter().skip(1).filter(|c| once(c)) {
                    assert!(typed[c][0].saw(fact.id), "{c} of {item} breaks up a run in {text:?}");
                }
            }
        }
    }

    /// All items with a text, by what they are.
    pub(crate) fn items(&self) -> impl Iterator<Item = EntityId> + '_ {
        self.items.keys().copied()
    }
}

fn shown_in_dump(values: &BTreeSet<Value>) -> Json {
    if values.len() > 1 {
        json!({ "disputed": values.iter().map(Value::to_json).collect::<Vec<_>>() })
    } else {
        values.first().map_or(Json::Null, Value::to_json)
    }
}

/// A dump of the engine without the texts, which are checked apart.
pub(crate) fn without_texts(dump: &str) -> Json {
    let mut dump: Json = serde_json::from_str(dump).unwrap();
    for item in dump["items"].as_array_mut().unwrap() {
        let field = match Kind::parse(item["kind"].as_str().unwrap()) {
            Some(Kind::Note) => TEXT,
            _ => NOTES,
        };
        item["fields"].as_object_mut().unwrap().remove(field);
    }
    dump
}
