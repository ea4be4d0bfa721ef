//! Trees of tasks at any depth: what is done with the task at the top is done with all that is below it.

use crate::story_tests::{Device, add, exchange, two};
use crate::{Space, view};

const LEVELS: usize = 80;

/// A task with a subtask, which has one, and so on.
fn tree(device: &Device) -> Vec<String> {
    let mut ids = vec![add(device, "Level 0 #Work")];
    for level in 1..=LEVELS {
        let parent = ids.last().cloned();
        let at = view::QuickAddDefaults { list: None, when: None, parent };
        let made = device.app.quick_add(&format!("Level {level}"), &[], &at).unwrap();
        ids.push(made.ids[0].clone());
    }
    ids
}

fn lists(device: &Device, ids: &[String]) -> Vec<Option<String>> {
    ids.iter().map(|id| device.app.task(id).unwrap().task.list).collect()
}

fn move_to(device: &Device, id: &str, list: &str) {
    let to = Some(Some(list.to_owned()));
    let patch = view::TaskPatch { list: to, ..view::TaskPatch::default() };
    device.app.edit_tasks(&[id.to_owned()], &patch, None).unwrap();
}

#[test]
fn a_tree_of_eighty_levels_moves_whole() {
    let (laptop, phone) = two();
    let ids = tree(&laptop);
    exchange(&laptop, &phone);
    let work = lists(&laptop, &ids);
    let home = laptop.app.add_list("Home", None, Space::Everywhere).unwrap().ids[0].clone();
    move_to(&laptop, &ids[0], &home);
    assert_eq!(lists(&laptop, &ids), vec![Some(home.clone()); ids.len()]);
    exchange(&laptop, &phone);
    assert_eq!(lists(&phone, &ids), vec![Some(home.clone()); ids.len()]);
    laptop.app.undo().unwrap();
    assert_eq!(lists(&laptop, &ids), work);
    laptop.app.redo().unwrap();

    // Into a list that stays on this device.
    let here = laptop.app.add_list("Here", None, Space::Device).unwrap().ids[0].clone();
    move_to(&laptop, &ids[0], &here);
    assert_eq!(lists(&laptop, &ids), vec![Some(here.clone()); ids.len()]);
    for id in &ids {
        let item = laptop.app.item_json(id.parse().unwrap()).unwrap();
        assert_eq!(item["space"], "device", "{item}");
    }
}

#[test]
fn a_tree_of_eighty_levels_goes_to_the_trash_and_comes_back_whole() {
    let (laptop, phone) = two();
    let ids = tree(&laptop);
    let deleted = |device: &Device| -> usize {
        let is =
            |id: &&String| device.app.item_json(id.parse().unwrap()).unwrap()["deleted"] == true;
        ids.iter().filter(is).count()
    };
    laptop.app.delete_items(&ids[..1], None).unwrap();
    assert_eq!(deleted(&laptop), ids.len());
    laptop.app.restore_items(&ids[..1]).unwrap();
    exchange(&laptop, &phone);
    assert_eq!((deleted(&laptop), deleted(&phone)), (0, 0));
}
