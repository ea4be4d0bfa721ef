//! What need not be said again. Something that is refused is offered again by everybody who holds it, at each
//! exchange.

use holdfast_store::{StoreError, Tx, With};

/// So many exchanges are looked through. After that many it may well be said once more.
const LOOKED_THROUGH: usize = 50;

/// Those of some notices that no late record of an exchange of this kind has.
pub(crate) fn untold(
    tx: &Tx<'_>,
    with: With<'_>,
    mut notices: Vec<String>,
) -> Result<Vec<String>, StoreError> {
    if notices.is_empty() {
        return Ok(notices);
    }
    for known in tx.exchanges_with(with, LOOKED_THROUGH)? {
        let Some(told) = known.report.get("notices").and_then(serde_json::Value::as_array) else {
            continue;
        };
        notices.retain(|notice| told.iter().all(|told| told.as_str() != Some(notice.as_str())));
    }
    Ok(notices)
}
