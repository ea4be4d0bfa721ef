//! Undoing a move between spaces: another move, back, with what was edited since.
//!
//! What the move replaced on the way (the list, mostly) is put back where nobody has written it since.

use crate::act::Work;
use crate::session::Open;
use crate::{AppError, view};
use holdfast_model::change::{Change, Write};
use holdfast_model::copying::is_moved;
use holdfast_model::fields::LINKS;
use holdfast_model::{Dot, Edit, EntityId, EntityState, Kept, Moved};
use holdfast_oplog::Space;
use holdfast_store::{MoveRequest, Tx};
use std::collections::{BTreeMap, BTreeSet};

/// The items that the changes of one action moved: from where, and to where.
pub(crate) fn moves_in(changes: &[Change]) -> BTreeMap<EntityId, (Space, Space)> {
    let mut left = BTreeMap::new();
    let mut written: BTreeMap<EntityId, Space> = BTreeMap::new();
    for change in changes {
        for edit in change.edits() {
            match &edit.life {
                Some(life) if is_moved(&life.value) => {
                    left.insert(edit.entity, change.space);
                }
                Some(_) if edit.kept.is_some() => {
                    written.insert(edit.entity, change.space);
                }
                _ => {}
            }
            // Where nobody had seen the old place, nothing there tells of the move.
            if let Some(from) = edit.kept.as_ref().and_then(|kept| kept.from) {
                left.entry(edit.entity).or_insert(from);
            }
        }
    }
    left.into_iter()
        .filter_map(|(id, from)| Some((id, (from, *written.get(&id)?))))
        .filter(|(_, (from, to))| from != to)
        .collect()
}

impl Open {
    /// Moves back what an action moved, as one action.
    pub(crate) fn move_back(
        &mut self,
        changes: &[Change],
        moved: &BTreeMap<EntityId, (Space, Space)>,
        action: &str,
    ) -> Result<view::Done, AppError> {
        let now = self.clock.zoned();
        self.write(|tx, author| {
            let mut work = Work::new(tx, author.actor, now);
            let mut by_way: BTreeMap<(Space, Space), Vec<EntityId>> = BTreeMap::new();
            for (id, way) in moved {
                by_way.entry(*way).or_default().push(*id);
            }
            for ((from, to), ids) in by_way {
                let dots: BTreeSet<Dot> =
                    changes.iter().filter(|c| c.space == to).map(Change::dot).collect();
                let mut with = BTreeMap::new();
                let mut roots = Vec::new();
                for id in ids {
                    let Some((state, home)) = tx.entity(id)? else { continue };
                    if home != to {
                        work.skipped.push(format!(
                            "'{}' was moved again since and stays",
                            state.text(holdfast_model::fields::TITLE)
                        ));
                        continue;
                    }
                    roots.push(id);
                    let kept = changes
                        .iter()
                        .filter(|change| change.space == to)
                        .flat_map(Change::edits)
                        .find_map(|edit| edit.kept.as_ref().filter(|_| edit.entity == id));
                    let edit = put_back(tx, &state, from, &dots, kept)?;
                    with.extend(edit.map(|edit| (id, edit)));
                }
                work.ids.extend(&roots);
                let how = Moved::Withdrawn;
                let mut plan =
                    tx.plan_move(MoveRequest { roots: &roots, to: from, how, with: &with })?;
                for (space, edit) in &mut plan.edits {
                    let did = changes.iter().find(|change| {
                        change.space == *space && change.edits().any(|e| e.entity == edit.entity)
                    });
                    edit.takes_back = did.map(Change::dot);
                }
                work.take_plan(plan, from);
            }
            let reverts = changes.first();
            work.noted_in = reverts.map(|change| change.space);
            work.group = Some(rand_core::RngCore::next_u64(&mut rand_core::OsRng));
            Ok(work.commit(author, action, reverts.map(Change::dot))?.done(""))
        })
    }
}

/// The edit that gives fields back what they held before the move, where they hold what the move wrote.
fn put_back(
    tx: &Tx<'_>,
    state: &EntityState,
    from: Space,
    dots: &BTreeSet<Dot>,
    kept: Option<&Kept>,
) -> Result<Option<Edit>, AppError> {
    let untouched = |field: &str| {
        let register = state.register(field);
        register.is_none_or(|now| now.live().iter().all(|v| dots.contains(&v.dot)))
    };
    let mut edit = Edit {
        entity: state.id,
        kind: state.kind.clone(),
        life: None,
        set: BTreeMap::new(),
        add: BTreeMap::new(),
        remove: BTreeMap::new(),
        text: BTreeMap::new(),
        kept: None,
        takes_back: None,
    };
    if let Some(kept) = kept.filter(|kept| kept.from.is_some()) {
        for (field, value) in kept.before.iter().filter(|(field, _)| untouched(field)) {
            edit.set.insert(field.clone(), Write::new(value.clone(), Vec::new()));
        }
        return Ok((!edit.set.is_empty()).then_some(edit));
    }
    let Some(before) = tx.entity_in(state.id, from)? else { return Ok(None) };
    for (field, register) in &before.registers {
        if untouched(field) && !register.is_disputed() && register.value() != state.value(field) {
            edit.set.insert(field.clone(), Write::new(register.value().clone(), Vec::new()));
        }
    }
    // Links that were cut because they do not travel so.
    for link in before.elements(LINKS) {
        if !state.sets.get(LINKS).is_some_and(|set| set.contains(link)) {
            edit.add.entry(LINKS.to_owned()).or_default().push(link.clone());
        }
    }
    Ok((!edit.set.is_empty() || !edit.add.is_empty()).then_some(edit))
}
