use super::*;

fn place(machine: &str, folder: &str) -> Place {
    Place { machine: machine.into(), folder: folder.into() }
}

#[test]
fn another_machine_or_folder_is_another_place_and_what_is_not_known_is_not() {
    let here = place("m", "f");
    assert_eq!(here.differs(&here.clone()), None);
    assert_eq!(here.differs(&place("n", "f")), Some(Why::Machine));
    assert_eq!(here.differs(&place("m", "g")), Some(Why::Copied));
    assert_eq!(here.differs(&place("", "f")), None);
    assert_eq!(place("", "f").differs(&here), None);
}

#[test]
fn a_folder_is_itself_under_another_name_and_its_copy_is_another() {
    let parent = tempfile::tempdir().unwrap();
    let (one, two) = (parent.path().join("one"), parent.path().join("two"));
    std::fs::create_dir(&one).unwrap();
    let before = Place::of(&one);
    std::fs::create_dir(&two).unwrap();
    assert_eq!(Place::of(&two).differs(&before), Some(Why::Copied));
    let moved = parent.path().join("three");
    std::fs::rename(&one, &moved).unwrap();
    if cfg!(unix) {
        assert_eq!(Place::of(&moved).differs(&before), None);
    }
}
