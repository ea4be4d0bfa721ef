//! The targets, one file each.

pub(crate) mod arguments;
pub(crate) mod batch;
pub(crate) mod bundle;
pub(crate) mod bundle_import;
pub(crate) mod change;
pub(crate) mod database;
pub(crate) mod dates;
pub(crate) mod entity_state;
pub(crate) mod folder;
pub(crate) mod keys;
pub(crate) mod markdown_import;
pub(crate) mod markup;
pub(crate) mod membership;
pub(crate) mod nearby;
pub(crate) mod quick_add;
pub(crate) mod signed_changes;
pub(crate) mod text_edits;
pub(crate) mod text_update;
pub(crate) mod value;
pub(crate) mod version_vector;

/// What is read and written again reads the same, and is written the same from then on.
fn assert_stable<T>(first: &T, what: &'static str)
where
    T: serde::Serialize + serde::de::DeserializeOwned,
{
    let bytes = holdfast_oplog::encode(first).expect("what was read can be written");
    let again: T =
        holdfast_oplog::decode(&bytes, usize::MAX, what).expect("what was written can be read");
    let bytes_again = holdfast_oplog::encode(&again).expect("what was read can be written");
    assert_eq!(bytes, bytes_again, "{what} changes by being read and written");
}
