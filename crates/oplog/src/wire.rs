//! The one way in which values become bytes: MessagePack with field names, so that a reader who does
//! not know a field can step over it.

use crate::OplogError;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Encodes a value with field names.
pub fn encode<T: Serialize>(value: &T) -> Result<Vec<u8>, OplogError> {
    rmp_serde::to_vec_named(value).map_err(|e| OplogError::Malformed(e.to_string()))
}

/// Encodes a value without the names of its fields, in their order: for what only the build that wrote it
/// reads, or makes anew. [`decode`] reads it as well.
pub fn encode_in_order<T: Serialize>(value: &T) -> Result<Vec<u8>, OplogError> {
    rmp_serde::to_vec(value).map_err(|e| OplogError::Malformed(e.to_string()))
}

/// Decodes bytes from outside. Refuses more than `limit` bytes, more than 64 levels of nesting, and
/// bytes left over at the end. `what` names the thing in the error.
pub fn decode<T: DeserializeOwned>(
    bytes: &[u8],
    limit: usize,
    what: &'static str,
) -> Result<T, OplogError> {
    if bytes.len() > limit {
        return Err(OplogError::TooLarge { what, size: bytes.len(), limit });
    }
    let mut rest = std::io::Cursor::new(bytes);
    let mut decoder = rmp_serde::Deserializer::new(&mut rest);
    decoder.set_max_depth(64);
    let value =
        T::deserialize(&mut decoder).map_err(|e| OplogError::Malformed(format!("{what}: {e}")))?;
    if rest.position() != bytes.len() as u64 {
        return Err(OplogError::Malformed(format!("{what}: bytes left over")));
    }
    Ok(value)
}
