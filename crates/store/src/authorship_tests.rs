use super::*;
use crate::{Author, LocalChange, Store};
use holdfast_model::change::Again;
use holdfast_model::entity::Draft;
use holdfast_model::fields::TITLE;
use holdfast_model::{Hlc, Register, Write};
use holdfast_oplog::{ActorId, VaultId};

const LAPTOP: ActorId = ActorId([1; 16]);
const PHONE: ActorId = ActorId([2; 16]);

fn oak() -> EntityId {
    EntityId::named("oak")
}

const fn dot(actor: ActorId, seq: u64) -> Dot {
    Dot { actor, seq }
}

fn write(store: &mut Store, actor: ActorId, space: Space, title: Write) {
    let mut edit = Draft::new(oak(), "task").finish().unwrap();
    edit.set.insert(TITLE.into(), title);
    let author = Author { actor, sign: &|_, _| [0; 64], wall_ms: 1_000 };
    let change = LocalChange { space, edits: vec![edit], ..Default::default() };
    store.write(|tx| tx.append(author, change)).unwrap();
}

/// A title of the laptop's, and a phone that says of another one that the laptop wrote it first.
fn claimed(origin: Dot, value: &str, space: Space) -> Authorship {
    let mut store = Store::in_memory(VaultId([7; 16])).unwrap();
    write(&mut store, LAPTOP, space, Write::new("Buy oak", Vec::new()));
    let again = vec![Again { value: value.into(), origin, time: Hlc::default() }];
    let claim = Write { again, ..Write::new("", vec![dot(LAPTOP, 1)]) };
    write(&mut store, PHONE, Space::Everywhere, claim);
    store
        .read(|tx| {
            let state = tx.entity_in(oak(), Space::Everywhere)?.unwrap();
            let title = state.register(TITLE).and_then(Register::shown).unwrap();
            assert_eq!(title.value.as_str(), Some(value));
            let field = Field { entity: oak(), space: Space::Everywhere, name: TITLE };
            tx.authorship(field, title)
        })
        .unwrap()
}

/// C7: "I owe you 100000 (Laptop)".
#[test]
fn an_author_counts_only_where_its_change_is_here_and_wrote_the_value() {
    let phone = Authorship { author: dot(PHONE, 1), told_by: None };
    let laptop = Authorship { author: dot(LAPTOP, 1), told_by: None };
    assert_eq!(claimed(dot(LAPTOP, 1), "Buy oak", Space::Everywhere), laptop);
    assert_eq!(claimed(dot(LAPTOP, 1), "I owe you 100000", Space::Everywhere), phone);
    // Nor may the phone's own change be named as another's.
    assert_eq!(claimed(dot(PHONE, 1), "I owe you 100000", Space::Everywhere), phone);
    // What is not here is the word of who told it.
    let unheld = dot(LAPTOP, 9);
    let told = Authorship { author: unheld, told_by: Some(Teller::Change(dot(PHONE, 1))) };
    assert_eq!(claimed(unheld, "I owe you 100000", Space::Everywhere), told);
}

/// Taking a decision back lists what others wrote. That is no word of whoever takes it back.
#[test]
fn listing_a_value_again_makes_nobody_its_author() {
    let mut store = Store::in_memory(VaultId([7; 16])).unwrap();
    let again =
        |value: &str, origin| vec![Again { value: value.into(), origin, time: Hlc::default() }];
    write(&mut store, PHONE, Space::Everywhere, Write::new("I owe you 100000", Vec::new()));
    // The laptop takes a decision back, in good faith.
    let listed = Write {
        again: again("I owe you 100000", dot(PHONE, 1)),
        ..Write::new("", vec![dot(PHONE, 1)])
    };
    write(&mut store, LAPTOP, Space::Everywhere, listed);
    // The phone says now that the laptop wrote it.
    let claim = Write {
        again: again("I owe you 100000", dot(LAPTOP, 1)),
        ..Write::new("", vec![dot(LAPTOP, 1)])
    };
    write(&mut store, PHONE, Space::Everywhere, claim);
    let author = store.read(|tx| {
        let state = tx.entity_in(oak(), Space::Everywhere)?.unwrap();
        let title = state.register(TITLE).and_then(Register::shown).unwrap();
        tx.authorship(Field { entity: oak(), space: Space::Everywhere, name: TITLE }, title)
    });
    assert_eq!(author.unwrap(), Authorship { author: dot(PHONE, 2), told_by: None });
}

#[test]
fn a_value_that_came_along_from_another_space_has_its_author() {
    let author = claimed(dot(LAPTOP, 1), "Buy oak", Space::Nearby);
    assert_eq!(author, Authorship { author: dot(LAPTOP, 1), told_by: None });
    // A change of that number in another space says nothing of this one.
    let other = claimed(dot(LAPTOP, 1), "I owe you 100000", Space::Nearby);
    assert_eq!(other.told_by, Some(Teller::Change(dot(PHONE, 1))));
}

/// Who is said to have written `value`, of which the phone says that the laptop did, after a decision of the
/// tablet's replaced it.
fn replaced(origin: Dot, value: &str) -> Option<Authorship> {
    const TABLET: ActorId = ActorId([3; 16]);
    let mut store = Store::in_memory(VaultId([7; 16])).unwrap();
    let everywhere = Space::Everywhere;
    write(&mut store, LAPTOP, everywhere, Write::new("Buy oak", Vec::new()));
    let again = [(value, origin), ("Buy ash", dot(PHONE, 1))];
    let again = again.map(|(v, origin)| Again { value: v.into(), origin, time: Hlc::default() });
    let again = again.to_vec();
    write(&mut store, PHONE, everywhere, Write { again, ..Write::new("", Vec::new()) });
    let both = vec![dot(LAPTOP, 1), dot(PHONE, 1)];
    write(&mut store, TABLET, everywhere, Write::new("Buy pine", both));
    store
        .read(|tx| {
            let decided = tx.decided(Some(oak()), 9)?.remove(0);
            let again = decided.replaced.iter().find(|again| again.value == value.into());
            tx.authorship_of_replaced(&decided, again.unwrap())
        })
        .unwrap()
}

/// C7, once more: what a decision put aside is listed under nobody's name who did not write it.
#[test]
fn a_replaced_value_has_the_author_who_wrote_it_and_never_one_who_was_only_named() {
    let phone = Authorship { author: dot(PHONE, 1), told_by: None };
    let laptop = Authorship { author: dot(LAPTOP, 1), told_by: None };
    assert_eq!(replaced(dot(LAPTOP, 1), "Buy oak"), Some(laptop));
    assert_eq!(replaced(dot(LAPTOP, 1), "I owe you 100000"), Some(phone));
    let unheld = dot(LAPTOP, 9);
    let told = Authorship { author: unheld, told_by: Some(Teller::Change(dot(PHONE, 1))) };
    assert_eq!(replaced(unheld, "I owe you 100000"), Some(told));
}
