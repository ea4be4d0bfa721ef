use crate::{StoreError, Tx, entities};
use holdfast_model::fields::LIFE;
use holdfast_model::text::ending;
use holdfast_model::{EntityState, Kind, Register};
use holdfast_oplog::{Hash, Space};
use serde_json::{Map, Value as Json, json};

impl Tx<'_> {
    /// The live data of one space, or of all that are held, as one canonical document: the same bytes
    /// on every device that holds the same changes. An item that several spaces hold stands there once
    /// for each. Disputed fields show all their versions; what went
    /// from the trash is left out.
    pub fn dump(&self, space: Option<Space>) -> Result<Json, StoreError> {
        let mut items = Vec::new();
        let mut statement = self.sql.prepare_cached(
            "SELECT e.state, e.space AS space, t.field, t.plain, e.id AS id FROM entities e
             LEFT JOIN texts t ON t.entity = e.id
             WHERE e.life <> 'purged' AND (?1 IS NULL OR e.space = ?1)
             UNION ALL SELECT state, space, field, plain, entity FROM copies
             WHERE life <> 'purged' AND (?1 IS NULL OR space = ?1) ORDER BY id, space",
        )?;
        let mut rows = statement.query([space.map(Space::as_str)])?;
        while let Some(row) = rows.next()? {
            let state = entities::decode_state(&row.get::<_, Vec<u8>>(0)?)?;
            let in_space: String = row.get(1)?;
            let field: Option<String> = row.get(2)?;
            let plain: Option<String> = row.get(3)?;
            items.push(item(&state, &in_space, field.zip(plain)));
        }
        Ok(sorted(json!({ "format": 1, "items": items })))
    }

    /// The live data as it is shown, of the spaces that `keep` allows: each item once.
    pub fn dump_shown(&self, keep: impl Fn(Space) -> bool) -> Result<Json, StoreError> {
        let mut items = Vec::new();
        let mut statement = self.sql.prepare_cached(
            "SELECT e.state, e.space, t.field, t.plain FROM entities e
             LEFT JOIN texts t ON t.entity = e.id WHERE e.life <> 'purged' ORDER BY e.id",
        )?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let in_space: String = row.get(1)?;
            let state = entities::decode_state(&row.get::<_, Vec<u8>>(0)?)?;
            if keep(crate::columns::space(&in_space)?) {
                let text: (Option<String>, Option<String>) = (row.get(2)?, row.get(3)?);
                // Older texts name the targets of their links, also those that stay.
                let plain = text.1.map(|plain| self.spelled_out(&plain, &keep)).transpose()?;
                items.push(item(&state, &in_space, text.0.zip(plain)));
                continue;
            }
            // A tag or an attachment that items use here and there stands in both spaces.
            let used = matches!(Kind::parse(&state.kind), Some(Kind::Tag | Kind::Attachment));
            for (copy, space) in if used { self.copies(state.id)? } else { Vec::new() } {
                if keep(space) && !copy.is_moved_away() && copy.is_alive() {
                    items.push(item(&copy, space.as_str(), None));
                }
            }
        }
        Ok(sorted(json!({ "format": 1, "items": items })))
    }

    /// Hash of [`Tx::dump`] of one space.
    pub fn digest(&self, space: Space) -> Result<String, StoreError> {
        Ok(Hash::of(self.dump(Some(space))?.to_string().as_bytes()).to_hex())
    }
}

fn item(state: &EntityState, space: &str, text: Option<(String, String)>) -> Json {
    let mut fields: Map<String, Json> = Map::new();
    for (name, register) in &state.registers {
        fields.insert(name.clone(), value(register));
    }
    for (name, set) in &state.sets {
        fields.insert(name.clone(), set.iter().map(holdfast_model::Value::to_json).collect());
    }
    if let Some((name, plain)) = text {
        fields.insert(name, Json::from(ending::shown(&plain)));
    }
    json!({
        "id": state.id.to_string(),
        "kind": state.kind,
        "space": space,
        LIFE: value(&state.life),
        "fields": fields,
    })
}

/// A settled value as it is; a disputed one as the list of its distinct values, sorted.
fn value(register: &Register) -> Json {
    if register.is_disputed() {
        let mut values: Vec<&holdfast_model::Value> =
            register.distinct().into_iter().map(|version| &version.value).collect();
        values.sort();
        json!({ "disputed": values.into_iter().map(holdfast_model::Value::to_json).collect::<Vec<_>>() })
    } else {
        register.value().to_json()
    }
}

/// The same document with its keys in order, whatever order the JSON library keeps.
fn sorted(json: Json) -> Json {
    match json {
        Json::Object(map) => {
            let mut entries: Vec<(String, Json)> = map.into_iter().collect();
            entries.sort_by(|a, b| a.0.cmp(&b.0));
            Json::Object(entries.into_iter().map(|(key, value)| (key, sorted(value))).collect())
        }
        Json::Array(values) => Json::Array(values.into_iter().map(sorted).collect()),
        other => other,
    }
}
