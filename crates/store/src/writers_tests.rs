use super::*;
use holdfast_oplog::Hash;

/// Names that ask for one writer id, as somebody finds them who looks long enough.
fn names() -> Vec<ActorId> {
    let author = ActorId([1; 16]);
    let writer = writer_of(&author.0);
    let branch = |number, first: &[u8]| ActorId::of_branch(number, Hash::of(first));
    vec![
        author,
        branch(writer, b"of another author, ground to be this one's"),
        branch(77, b"first"),
        branch(77, b"second"),
        branch(78, b"beside them"),
    ]
}

#[test]
fn no_two_logs_write_under_one_id_and_the_set_alone_says_which() {
    let mut names = names();
    let writers = Writers::among(names.clone());
    let ids: BTreeSet<u64> = names.iter().map(|name| writers.of(*name)).collect();
    assert_eq!(ids.len(), names.len());
    assert_eq!(writers.of(names[0]), writer_of(&names[0].0), "an identity keeps its own");
    for _ in 0..names.len() {
        names.rotate_left(1);
        assert_eq!(Writers::among(names.clone()), writers);
    }
    // Nobody's id changes where none meet.
    assert_eq!(Writers::among([names[0], names[2]]), Writers::default());
}
