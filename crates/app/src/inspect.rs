//! Looking at the data as it is: whole items with every field, dumps, digests, ids by prefix.

use crate::{App, AppError, view};
use holdfast_model::fields::LIFE;
use holdfast_model::{EntityId, Register};
use holdfast_oplog::Space;
use serde_json::{Map, Value as Json, json};

impl App {
    /// The one item of a kind (`""` for any) whose id begins with `prefix`.
    pub fn resolve_id(&self, kind: &'static str, prefix: &str) -> Result<EntityId, AppError> {
        self.with(|open| {
            let found = open.store.read(|tx| tx.find_ids(kind, prefix))?;
            let what = if kind.is_empty() { "item" } else { kind };
            match found.as_slice() {
                [id] => Ok(*id),
                _ => Err(AppError::NoSuchItem { what, given: prefix.to_owned() }),
            }
        })
    }

    /// The list that is called so, or whose id begins so.
    pub fn resolve_list(&self, name: &str) -> Result<EntityId, AppError> {
        let named = self.with(|open| Ok(open.store.read(|tx| tx.list_named(name))?))?;
        named.map_or_else(|| self.resolve_id("list", name), Ok)
    }

    /// The live data in one canonical document.
    pub fn dump(&self, space: Option<Space>) -> Result<Json, AppError> {
        self.with(|open| Ok(open.store.read(|tx| tx.dump(space))?))
    }

    /// Hash of the dump of each space.
    pub fn digests(&self) -> Result<Vec<(Space, String)>, AppError> {
        self.with(|open| {
            open.store.read(|tx| {
                Space::ALL.into_iter().map(|space| Ok((space, tx.digest(space)?))).collect()
            })
        })
    }

    /// Vault, device and the actors that wrote what is held here.
    pub fn identity(&self) -> Result<Json, AppError> {
        self.with(|open| {
            let here = open.people()?.here();
            let vault = open.vault();
            let held = open.store.read(|tx| tx.held())?;
            let actors: Vec<Json> = held
                .iter()
                .map(|(log, seq)| json!({ "actor": log.actor.to_string(), "space": log.space.as_str(), "changes": seq }))
                .collect();
            Ok(json!({
                "vault": vault.to_string(),
                "device": { "id": here.id, "name": here.name },
                "actors": actors,
            }))
        })
    }

    /// One item with every field. Disputed ones as `{"disputed": [{value, device, time, change}]}`.
    pub fn item_json(&self, id: EntityId) -> Result<Json, AppError> {
        self.with(|open| {
            let people = open.people()?;
            open.store.read(|tx| {
                let (state, space) = tx.expect_entity(id, "item")?;
                let policies = tx.policies()?;
                let asked = state.disputes(&policies);
                let show = |field: &str, register: &Register| -> Result<Json, AppError> {
                    if !asked.contains(&field) {
                        return Ok(register.value().to_json());
                    }
                    let mut versions = Vec::new();
                    for version in register.distinct() {
                        versions.push(json!({
                            "value": version.value.to_json(),
                            "device": people.author(tx, (id, space), field, version)?.name,
                            "time": time(version.time.shown_ms()),
                            "change": version.author().in_space(space).to_string(),
                        }));
                    }
                    Ok(json!({ "disputed": versions }))
                };
                let mut fields = Map::new();
                for (field, register) in &state.registers {
                    fields.insert(field.clone(), show(field, register)?);
                }
                for (field, set) in &state.sets {
                    if field == holdfast_model::fields::TAGS {
                        let mut titles = Vec::new();
                        for tag in set.iter().filter_map(|value| value.as_str()?.parse().ok()) {
                            if let Some((tag, _)) = tx.entity(tag)? {
                                titles.push(tag.text(holdfast_model::fields::TITLE).to_owned());
                            }
                        }
                        fields.insert(field.clone(), titles.into());
                    } else if field != holdfast_model::fields::REVIEWED {
                        fields.insert(
                            field.clone(),
                            set.iter().map(holdfast_model::Value::to_json).collect(),
                        );
                    }
                }
                let text_field = holdfast_model::Kind::parse(&state.kind)
                    .and_then(holdfast_model::Kind::text_field);
                if let Some(field) = text_field {
                    let text = crate::texts::read(tx, id)?;
                    fields.insert(field.to_owned(), text.into());
                }
                let history: Vec<Json> = tx
                    .history(id)?
                    .iter()
                    .map(|item| {
                        json!({
                            "change": item.change.id().to_string(),
                            "device": people.of(item.change.dot()).name,
                            "time": time(item.change.time.shown_ms()),
                            "action": item.change.action,
                        })
                    })
                    .collect();
                fields.insert("id".into(), state.id.to_string().into());
                fields.insert("kind".into(), state.kind.clone().into());
                fields.insert("space".into(), space.as_str().into());
                let deleted = if state.life.is_disputed() {
                    show(LIFE, &state.life)?
                } else {
                    (!state.is_alive()).into()
                };
                fields.insert("deleted".into(), deleted);
                fields.insert("created".into(), time(state.created.0.shown_ms()).into());
                fields.insert("edited".into(), time(state.edited.0.shown_ms()).into());
                fields.insert("history".into(), history.into());
                Ok(Json::Object(fields))
            })
        })
    }

    /// An attachment's name, kind and content.
    pub fn attachment(&self, id: &str) -> Result<view::Attachment, AppError> {
        let id = crate::act::id(id, "attachment")?;
        self.with(|open| {
            open.store.read(|tx| {
                let (state, _) = tx.expect_entity(id, "attachment")?;
                let missing = || AppError::NoSuchItem { what: "attachment", given: id.to_string() };
                let hash =
                    crate::import_markdown::parse_hash(state.text("hash")).ok_or_else(missing)?;
                let bytes = tx.blob(hash)?.ok_or_else(missing)?;
                Ok(view::Attachment {
                    name: state.text("name").to_owned(),
                    mime: state.text("mime").to_owned(),
                    bytes,
                })
            })
        })
    }
}

/// A time as RFC 3339.
pub(crate) fn time(ms: i64) -> String {
    jiff::Timestamp::from_millisecond(ms).map_or_else(|_| ms.to_string(), |at| at.to_string())
}
