//! Order among siblings: fractional indexes, so that moving one item writes one item.

use fractional_index::FractionalIndex;

fn parse(key: &str) -> Option<FractionalIndex> {
    FractionalIndex::from_string(key).ok()
}

/// A key after all others; `last` is the greatest there is, or empty.
pub(crate) fn after(last: &str) -> String {
    match parse(last) {
        Some(last) => FractionalIndex::new_after(&last),
        None => FractionalIndex::default(),
    }
    .to_string()
}

/// A key between two neighbours; empty ones are the ends. Neighbours with equal keys (two devices
/// appended apart) cannot be told apart by key: then the item goes behind both.
pub(crate) fn between(before: &str, next: &str) -> String {
    match (parse(before), parse(next)) {
        (Some(low), Some(high)) => FractionalIndex::new_between(&low, &high)
            .unwrap_or_else(|| FractionalIndex::new_after(&low))
            .to_string(),
        (Some(low), None) => FractionalIndex::new_after(&low).to_string(),
        (None, Some(high)) => FractionalIndex::new_before(&high).to_string(),
        (None, None) => FractionalIndex::default().to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_sort_as_text_in_the_order_they_were_made_for() {
        let first = after("");
        let second = after(&first);
        let middle = between(&first, &second);
        let front = between("", &first);
        let mut keys = vec![second.clone(), middle.clone(), front.clone(), first.clone()];
        keys.sort();
        assert_eq!(keys, vec![front, first, middle, second]);
    }

    #[test]
    fn damaged_and_equal_keys_still_give_a_key() {
        let key = after("");
        assert!(!between("nonsense", "").is_empty());
        assert!(between(&key, &key) > key);
    }
}
