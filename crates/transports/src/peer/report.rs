//! The record of an exchange that goes on.

/// Items that a record names at most.
const NAMED: usize = 500;

/// What an exchange did before and what it did now, as one record.
pub(super) fn together(before: serde_json::Value, now: serde_json::Value) -> serde_json::Value {
    use serde_json::Value;
    let (Value::Object(mut sum), Value::Object(now)) = (before, now) else {
        return Value::Null;
    };
    for (name, value) in now {
        let joined = match (sum.remove(&name), value) {
            (Some(Value::Number(a)), Value::Number(b)) => {
                let (a, b) = (a.as_u64().unwrap_or(0), b.as_u64().unwrap_or(0));
                Value::from(a.saturating_add(b))
            }
            (Some(Value::Array(a)), Value::Array(b)) => {
                // The newest word on an item is the one that counts.
                let id = |item: &Value| item.get("id").cloned();
                let kept = a.into_iter().filter(|old| {
                    id(old).is_none_or(|old| !b.iter().any(|new| id(new).as_ref() == Some(&old)))
                });
                let mut all: Vec<Value> = kept.chain(b.iter().cloned()).collect();
                let more = all.len().saturating_sub(NAMED);
                all.drain(..more);
                Value::Array(all)
            }
            (_, value) => value,
        };
        sum.insert(name, joined);
    }
    Value::Object(sum)
}
