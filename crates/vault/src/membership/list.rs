//! Records on their way: a list that is read within bounds.

use crate::{VaultError, limits};
use serde_bytes::{ByteBuf, Bytes};

const WHAT: &str = "the list of membership records";

/// Puts records into one value, to be sealed with [`crate::Purpose::Membership`].
pub fn pack(records: &[Vec<u8>]) -> Result<Vec<u8>, VaultError> {
    if records.len() > limits::RECORDS {
        let (size, limit) = (records.len(), limits::RECORDS);
        return Err(VaultError::TooLarge { what: WHAT, size, limit });
    }
    let list: Vec<&Bytes> = records.iter().map(|record| Bytes::new(record)).collect();
    let packed = holdfast_oplog::encode(&list)?;
    if packed.len() > limits::RECORD_LIST {
        let (size, limit) = (packed.len(), limits::RECORD_LIST);
        return Err(VaultError::TooLarge { what: WHAT, size, limit });
    }
    Ok(packed)
}

/// Reads what [`pack`] wrote. The records are not checked here.
pub fn unpack(bytes: &[u8]) -> Result<Vec<Vec<u8>>, VaultError> {
    let list: Vec<ByteBuf> = holdfast_oplog::decode(bytes, limits::RECORD_LIST, WHAT)?;
    if list.len() > limits::RECORDS {
        let (size, limit) = (list.len(), limits::RECORDS);
        return Err(VaultError::TooLarge { what: WHAT, size, limit });
    }
    Ok(list.into_iter().map(ByteBuf::into_vec).collect())
}
