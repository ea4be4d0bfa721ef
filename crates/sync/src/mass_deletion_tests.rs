use super::*;

/// Losses in a list; what is left in it stands in `left`.
fn losses(list: Option<&str>, count: usize, alive: bool) -> Vec<Loss> {
    let list = list.map(EntityId::named);
    let device = DeviceId([1; 16]);
    let name = |at: usize| EntityId::named(&format!("{list:?} {at} {alive}"));
    (0..count).map(|at| Loss { device, entity: name(at), list, alive }).collect()
}

/// What is much where so many items stand in the vault, and so many of them in the list `list`.
fn much(losses: &[Loss], vault: u64, in_list: u64) -> Option<(u64, Option<EntityId>)> {
    let listed = Some(EntityId::named("list"));
    let standing = |of: Option<EntityId>| {
        Ok(if of.is_none() {
            vault
        } else if of == listed {
            in_list
        } else {
            1_000
        })
    };
    is_much(losses, FEW, &standing).unwrap()
}

#[test]
fn more_than_half_of_the_vault_waits_and_half_does_not() {
    assert_eq!(much(&losses(None, 20, false), 20, 0), None);
    assert_eq!(much(&losses(None, 20, false), 19, 0), Some((20, None)));
}

#[test]
fn few_losses_never_wait() {
    assert_eq!(much(&losses(None, 9, false), 0, 0), None);
    assert_eq!(much(&losses(Some("list"), 9, false), 0, 0), None);
    assert_eq!(much(&losses(None, 10, false), 0, 0), Some((10, None)));
    assert_eq!(much(&[], 0, 0), None);
}

#[test]
fn more_than_half_of_a_list_waits_although_the_vault_is_large() {
    let of_list = losses(Some("list"), 12, false);
    assert_eq!(much(&of_list, 500, 12), None);
    let all = [of_list, losses(Some("other"), 3, false)].concat();
    assert_eq!(much(&all, 500, 11), Some((15, Some(EntityId::named("list")))));
}

#[test]
fn a_few_of_each_of_many_lists_do_not_wait() {
    let spread: Vec<Loss> =
        (0..10).flat_map(|at| losses(Some(&at.to_string()), 5, false)).collect();
    assert_eq!(much(&spread, 60, 6), None);
}

/// What is emptied stands still, and is as much of a list as what is deleted.
#[test]
fn emptied_items_count_like_deleted_ones() {
    assert_eq!(much(&losses(Some("list"), 12, true), 500, 24), None);
    assert_eq!(
        much(&losses(Some("list"), 12, true), 500, 23),
        Some((12, Some(EntityId::named("list"))))
    );
    let both = [losses(None, 6, true), losses(None, 6, false)].concat();
    assert_eq!(much(&both, 17, 0), Some((12, None)));
}
