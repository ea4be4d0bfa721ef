use super::*;
use std::convert::Infallible;

const OAK: &str = "0192f0c1-5d2e-7c3b-9a4f-1b2c3d4e5f60";

fn oak() -> EntityId {
    OAK.parse().unwrap()
}

/// The text as it is stored, where the target is called "Oak boards".
fn settled(text: &str) -> String {
    let changes =
        rewritten(text, |link| Ok::<_, Infallible>(stored(text, link, Some("Oak boards"))));
    changed(text, &changes.unwrap())
}

#[test]
fn a_name_says_nothing_of_the_id_and_is_its_own_name() {
    let name = oak().in_links();
    assert!(name.is_link_name() && !oak().is_link_name());
    assert_eq!(name.in_links(), name);
    assert_eq!(name, oak().in_links());
    assert_ne!(name, EntityId::named("tag/oak").in_links());
    assert_eq!(name.0.get_variant(), uuid::Variant::RFC4122);
}

#[test]
fn what_is_stored_says_neither_title_nor_id() {
    let name = oak().in_links();
    let link = format!("[](holdfast:{name})");
    for (text, stored) in [
        (format!("see [Oak boards](holdfast:{OAK}) now"), format!("see {link} now")),
        (format!("[**Oak**  boards]( <holdfast:{OAK}> )"), link.clone()),
        (format!("[oak boards](HOLDFAST:{OAK} \"x\")"), link.clone()),
        (
            format!("[Oak boards][1]\n\n[1]: holdfast:{OAK}"),
            format!("{link}\n\n[1]: holdfast:{name}"),
        ),
        (format!("[[holdfast:{OAK}|Oak boards]]"), link.clone()),
        (format!("[the boards](holdfast:{OAK})"), format!("[the boards](holdfast:{name})")),
        (format!("[](holdfast:{OAK})"), link.clone()),
        (
            format!("<holdfast:{OAK}> holdfast:{OAK} `holdfast:{OAK}`"),
            format!("<holdfast:{name}> holdfast:{name} `holdfast:{name}`"),
        ),
        (format!("![x](holdfast-attachment:{OAK})"), format!("![x](holdfast-attachment:{OAK})")),
        (
            format!("{link} [Oak boards](https://e.org)"),
            format!("{link} [Oak boards](https://e.org)"),
        ),
        ("no link at all".into(), "no link at all".into()),
    ] {
        assert_eq!(settled(&text), stored, "{text}");
        assert_eq!(settled(&stored), stored, "stored once more: {text}");
    }
}

#[test]
fn a_link_that_says_its_words_is_stored_without_them() {
    let said = link_saying("Oak boards", oak());
    assert_eq!(settled(&said), link(oak()));
    assert_eq!(
        links(&link_saying("[a] *b* `c`\nd", oak()))[0].words.as_deref(),
        Some("[a] *b* `c` d")
    );
}
