//! Bundles taken in by a device that holds something: what is refused changes nothing, and showing
//! what an import would do never does.

use super::bundle::rehashed;
use crate::Target;
use crate::world::{self, World};
use std::cell::RefCell;
use std::mem::ManuallyDrop;

pub(crate) const TARGET: Target = Target { name: "bundle_import", run, seeds, mutations: 600 };

thread_local! {
    // Not dropped with the thread: the text library's own state is gone by then.
    static WORLD: RefCell<Option<ManuallyDrop<(World, String)>>> = const { RefCell::new(None) };
}

fn world() -> (World, String) {
    let mut world = world::used(5, 12);
    let before = world.phone.trace();
    (world, before)
}

fn seeds() -> Vec<Vec<u8>> {
    // Of the very world that takes them in, and one step further.
    let (mut here, _) = world();
    let mut further = world::used(5, 14);
    vec![here.laptop.export(world::EVERYTHING), further.laptop.export(world::EVERYTHING)]
}

fn run(data: &[u8]) {
    one(data);
    one(&rehashed(data));
}

fn one(data: &[u8]) {
    WORLD.with_borrow_mut(|slot| {
        let (world, before) = &mut **slot.get_or_insert_with(|| ManuallyDrop::new(world()));
        let shown = world.phone.inspect(data);
        if shown.is_err() || data.len().is_multiple_of(8) {
            assert_eq!(world.phone.trace(), *before, "showing an import changed something");
        }
        let taken = world.phone.import(data);
        match (&shown, &taken) {
            (Ok(()), Ok(())) => {
                world.phone.import(data).expect("the same bundle again");
                drop(slot.take().map(ManuallyDrop::into_inner));
            }
            (Err(shown), Err(taken)) => {
                assert_eq!(shown.code(), taken.code());
                assert!(!taken.to_string().is_empty());
                assert_eq!(world.phone.trace(), *before, "a refused bundle changed something");
            }
            _ => panic!("shown: {shown:?}, taken: {taken:?}"),
        }
    });
}
