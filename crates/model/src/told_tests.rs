use super::*;
use crate::change::{Edit, Write};
use crate::entity::{ALIVE, Draft, Seen};
use crate::fields::TITLE;
use crate::{EntityId, Hlc};
use holdfast_oplog::ActorId;

const LAPTOP: ActorId = ActorId([1; 16]);
const PHONE: ActorId = ActorId([2; 16]);

fn dot(actor: ActorId, seq: u64) -> Dot {
    Dot { actor, seq }
}

fn at(ms: i64) -> Hlc {
    Hlc::new(ms, 0)
}

fn edit(title: &str, supersedes: Vec<Dot>) -> Edit {
    let mut draft = Draft::new(EntityId::named("oak"), "task");
    draft.set(TITLE, title, &Seen::Versions(supersedes.clone()));
    draft.life(ALIVE, &Seen::Versions(supersedes));
    draft.finish().unwrap()
}

/// An item that the laptop made with its first change.
fn made() -> EntityState {
    let edit = edit("Buy oak", Vec::new());
    let mut state = EntityState::new(edit.entity, "task", at(1), dot(LAPTOP, 1));
    state.apply(&edit, dot(LAPTOP, 1), at(1));
    state
}

fn laptop(dot: Dot) -> bool {
    dot.actor == LAPTOP && dot.seq == 1
}

fn everything(_: Dot) -> bool {
    true
}

#[test]
fn what_is_left_out_stays() {
    let mut empty = made();
    empty.registers.clear();
    empty.life = crate::Register::default();
    assert_eq!(made().merge_told(&laptop, &laptop, &empty, &everything), made());
    // What is left out of a true merge was replaced, and that leaves a version.
    assert_ne!(made().merge(&laptop, &empty, &everything), made());
}

#[test]
fn what_is_replaced_by_what_is_not_known_here_goes() {
    let mut told = made();
    told.apply(&edit("Buy ash", vec![dot(LAPTOP, 1)]), dot(PHONE, 1), at(2));
    let merged = made().merge_told(&laptop, &laptop, &told, &everything);
    assert_eq!(merged.text(TITLE), "Buy ash");
    assert_eq!(merged, told);
}

#[test]
fn what_a_known_change_wrote_cannot_be_told_otherwise() {
    let mut told = made();
    let mut title = crate::Register::default();
    title.apply(dot(LAPTOP, 1), at(9), &Write::new("I owe you 100000", Vec::new()));
    told.registers.insert(TITLE.into(), title);
    told.created = (at(0), dot(LAPTOP, 1));
    told.kind = "setting".into();
    let merged = made().merge_told(&laptop, &laptop, &told, &everything);
    assert_eq!((merged.text(TITLE), merged.kind.as_str()), ("Buy oak", "task"));
    // Nor can an item be told of that known changes would have made.
    assert_eq!(told.only_news(&laptop, &everything), None);
    let news = told.only_news(&|_| false, &everything).unwrap();
    assert_eq!(news.text(TITLE), "I owe you 100000");
}

#[test]
fn every_change_that_made_a_state_is_named() {
    let mut state = made();
    let mut more = edit("Buy ash", Vec::new());
    more.add.insert("tags".into(), vec!["wood".into()]);
    state.apply(&more, dot(PHONE, 3), at(4));
    let mut named: Vec<Dot> = state.named().collect();
    named.sort_unstable();
    named.dedup();
    assert_eq!(named, [dot(LAPTOP, 1), dot(PHONE, 3)]);
}
