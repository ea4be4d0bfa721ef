//! What stands, what is shown and what a person has to decide, found by comparing pasts.

use super::{Fact, Id, InSpace, Oracle, Past, Seen, Written};
use holdfast_model::entity::{ALIVE, DELETED, PURGED};
use holdfast_model::fields::{LIFE, NOTES, PARENT, TEXT, VALUE};
use holdfast_model::policy::KINDS;
use holdfast_model::{EntityId, Hlc, Kind, Moved, Policies, Policy, Value};
use holdfast_oplog::{ActorId, Space};
use serde_json::{Map, Value as Json, json};
use std::collections::{BTreeMap, BTreeSet};

impl Oracle {
    pub(super) fn facts<'a>(
        &'a self,
        item: InSpace,
        at: &'a Past,
    ) -> impl Iterator<Item = &'a Fact> {
        let facts = self.items.get(&item).map(Vec::as_slice).unwrap_or_default();
        facts.iter().filter(|fact| at.get(&fact.id.0).is_some_and(|seq| *seq >= fact.id.1))
    }

    /// The writes of a field that nobody has replaced.
    pub(super) fn standing(&self, item: InSpace, field: &str, at: &Past) -> Vec<(Id, Written)> {
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
    pub fn values(&self, item: InSpace, field: &str, at: &Past) -> BTreeSet<Value> {
        let standing = self.standing(item, field, at);
        standing.into_iter().flat_map(|(_, write)| write.values).map(|(value, ..)| value).collect()
    }

    /// The value that is shown, when it was written, and by which change: of those that stand, the
    /// latest.
    fn shown(&self, item: InSpace, field: &str, at: &Past) -> Option<(Value, Hlc, Id)> {
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

    fn is_alive(&self, item: InSpace, at: &Past) -> bool {
        let values = self.values(item, LIFE, at);
        // A copy that was left to those who hold no other is in use, unless someone deleted it.
        let left = values.contains(&Moved::Left.as_str().into());
        let gone = values.contains(&DELETED.into()) || values.contains(&PURGED.into());
        values.is_empty() || values.contains(&ALIVE.into()) || (left && !gone)
    }

    /// The policies in force.
    fn policies(&self, at: &Past) -> Policies {
        let mut policies = Policies::default();
        for kind in KINDS {
            let setting = (Policies::setting(kind.name), Space::Everywhere);
            if self.is_alive(setting, at)
                && let Some((Value::Text(name), ..)) = self.shown(setting, VALUE, at)
                && let Some(policy) = Policy::parse(&name)
            {
                policies.choose(kind.name, policy);
            }
        }
        policies
    }

    fn fields_of<'a>(&'a self, item: InSpace, at: &'a Past) -> BTreeSet<&'a str> {
        self.facts(item, at)
            .flat_map(|fact| fact.writes.iter().map(|write| write.field.as_str()))
            .filter(|field| *field != LIFE)
            .collect()
    }

    /// The dump of a device that has applied exactly `at`, without the texts.
    pub fn dump(&self, at: &Past) -> Json {
        let mut items = Vec::new();
        let mut all: Vec<&InSpace> = self.items.keys().collect();
        all.sort_by_key(|(id, space)| (*id, space.as_str()));
        for item in all {
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
                "id": item.0.to_string(), "kind": kind, "space": item.1.as_str(),
                "life": shown_in_dump(&life), "fields": fields,
            }));
        }
        json!({ "format": 1, "items": items })
    }

    fn sets(&self, item: InSpace, at: &Past) -> BTreeMap<String, BTreeSet<Value>> {
        let facts: Vec<&Fact> = self.facts(item, at).collect();
        let mut sets: BTreeMap<String, BTreeSet<Value>> = BTreeMap::new();
        for fact in &facts {
            for taken in &fact.removes {
                sets.entry(taken.element.0.clone()).or_default();
            }
            for added in &fact.adds {
                let set = sets.entry(added.0.clone()).or_default();
                let gone = facts.iter().any(|f| {
                    f.saw(fact.id) && f.removes.iter().any(|taken| taken.takes(added, fact.id))
                });
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
                parents.insert(item.0, (parent, (time, id.0.actor, id.1)));
            }
        }
        parents
    }

    /// The moves that give way: of each circle the one made last.
    pub fn cut(&self, at: &Past) -> BTreeSet<EntityId> {
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
    /// under a policy that asks, and moves that give way; of items that are in use. Not of items that
    /// were moved between spaces, and once one was, no circles: what is shown of several versions of an
    /// item is not the oracle's business.
    pub fn disputes(&self, at: &Past) -> BTreeSet<(EntityId, String)> {
        let policies = self.policies(at);
        let cut = self.cut(at);
        let moved = self.moved();
        let mut disputes = BTreeSet::new();
        for item in self.items.keys().filter(|item| self.is_alive(**item, at)) {
            if moved.contains(&item.0) {
                continue;
            }
            let Some(kind) = self.facts(*item, at).map(|fact| fact.kind.clone()).next() else {
                continue;
            };
            let asks = |field: &str| {
                policies.of_field(&kind, field) == Policy::Ask
                    && (field != PARENT || moved.is_empty())
            };
            for field in self.fields_of(*item, at).into_iter().chain([LIFE]) {
                let mut values = self.values(*item, field, at);
                if field == LIFE {
                    // Deleting for good gives way.
                    values.remove(&PURGED.into());
                }
                let differ = values.len() > 1;
                if asks(field) && (differ || (field == PARENT && cut.contains(&item.0))) {
                    disputes.insert((item.0, field.to_owned()));
                }
            }
        }
        disputes
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
pub fn without_texts(dump: &str) -> Json {
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
