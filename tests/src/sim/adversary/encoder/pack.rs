//! Values as MessagePack.

pub(crate) use rmpv::Value;

/// A map with names as keys, in the order given.
pub(crate) fn map<const N: usize>(entries: [(&str, Value); N]) -> Value {
    Value::Map(entries.into_iter().map(|(name, value)| (Value::from(name), value)).collect())
}

/// A binary string.
pub(crate) fn bin(bytes: &[u8]) -> Value {
    Value::Binary(bytes.to_vec())
}

/// A list.
pub(crate) fn list(values: impl IntoIterator<Item = Value>) -> Value {
    Value::Array(values.into_iter().collect())
}

/// Its bytes.
pub(crate) fn bytes(value: &Value) -> Vec<u8> {
    let mut out = Vec::new();
    rmpv::encode::write_value(&mut out, value).expect("memory takes everything");
    out
}

/// What bytes say, where they are one value.
pub(crate) fn read(bytes: &[u8]) -> Option<Value> {
    let mut rest = bytes;
    rmpv::decode::read_value(&mut rest).ok().filter(|_| rest.is_empty())
}

/// The entry of a map.
pub(crate) fn get<'a>(value: &'a Value, name: &str) -> Option<&'a Value> {
    let entries = value.as_map()?;
    entries.iter().find(|(key, _)| key.as_str() == Some(name)).map(|(_, value)| value)
}

/// A binary string of that length in a map.
pub(crate) fn fixed<const N: usize>(value: &Value, name: &str) -> Option<[u8; N]> {
    get(value, name)?.as_slice()?.try_into().ok()
}

/// A number in a map.
pub(crate) fn number(value: &Value, name: &str) -> Option<u64> {
    get(value, name)?.as_u64()
}
