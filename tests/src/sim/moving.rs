//! Items that people move from one space to another: written anew where they go, withdrawn where they
//! were. Both happen, or neither.

use super::tally::Group;
use super::world::{ASK_NEEDLE, Action, DEVICE_NEEDLE, Meant, NEARBY_NEEDLE, World};
use crate::oracle::Life;
use holdfast_model::{EntityId, EntityState, Kind, Moved};
use holdfast_oplog::Space;
use holdfast_store::{MovePlan, MoveRequest};
use rand::Rng;
use rand::seq::SliceRandom;
use std::collections::{BTreeMap, BTreeSet};

const SPACES: [Space; 4] = [Space::Everywhere, Space::Nearby, Space::Ask, Space::Device];

/// What a move to another space is called.
pub(super) const MOVED: &str = "space.move";
/// What is moved by itself.
const KINDS: [Kind; 3] = [Kind::Task, Kind::Note, Kind::List];

impl World {
    /// Someone moves an item with all that is in it to another space.
    pub(super) fn move_between_spaces(&mut self, device: usize) {
        if !self.by_clock {
            return;
        }
        let back = if self.rng.gen_bool(0.4) { self.moved_before(device) } else { None };
        let Some((state, home)) = back.or_else(|| self.pick(device, &KINDS)) else { return };
        let id = state.id;
        let others: Vec<Space> = SPACES.into_iter().filter(|space| *space != home).collect();
        // What was moved once is moved back rather than on.
        let on = home == Space::Everywhere || self.rng.gen_bool(0.5);
        let to = if on { *others.choose(&mut self.rng).unwrap() } else { Space::Everywhere };
        let how = if self.rng.gen_bool(0.5) { Moved::Left } else { Moved::Withdrawn };
        let with = BTreeMap::new();
        let request = MoveRequest { roots: &[id], to, how, with: &with };
        let plan = self.devices[device].read(|tx| tx.plan_move(request));
        if plan.edits.is_empty() || says_what_may_not_go(&plan, to) {
            // Nobody lets the words go that the table of who may see what is checked by.
            return;
        }
        let (moved, many) = (plan.moved.clone(), plan.moved.len() > 1);
        let parts = self.parts(device, plan, to);
        if self.commit_together(device, parts) {
            for from in moved.into_values() {
                let row =
                    if to < from { "move to a wider space" } else { "move to a narrower space" };
                self.tally.count(Group::Edits, row);
            }
            if many {
                self.tally.count(Group::Edits, "move to another space with what is in it");
            }
        }
    }

    /// An item that was moved before, and lives in a narrower space here.
    fn moved_before(&mut self, device: usize) -> Option<(EntityState, Space)> {
        let moved: Vec<EntityId> = self.oracle.moved().into_iter().collect();
        let shown = moved.into_iter().filter_map(|id| self.devices[device].item(id));
        let shown: Vec<_> = shown
            .filter(|(state, home)| state.is_alive() && *home != Space::Everywhere)
            .filter(|(state, _)| Kind::parse(&state.kind).is_some_and(|kind| KINDS.contains(&kind)))
            .collect();
        shown.choose(&mut self.rng).cloned()
    }

    /// What a move writes, by space: what the oracle must know of it along.
    fn parts(
        &mut self,
        device: usize,
        plan: MovePlan,
        to: Space,
    ) -> Vec<(Action<'static>, Vec<Meant>)> {
        let group = Some(self.rng.r#gen());
        let mut docs: BTreeMap<EntityId, _> = plan.texts.into_iter().collect();
        let mut told = BTreeSet::new();
        let mut parts = Vec::new();
        for space in SPACES {
            let mut meant = Vec::new();
            for (_, edit) in plan.edits.iter().filter(|(at, _)| *at == space) {
                let mut of_edit = Meant::content(edit.clone());
                of_edit.life = Life::Meant;
                let id = edit.entity;
                if space == to && !edit.text.is_empty() && told.insert(id) {
                    let before = self.devices[device].read(|tx| tx.plain_in(id, to));
                    of_edit.doc = docs.remove(&id);
                    let after = of_edit.doc.as_ref().map(holdfast_model::text::TextDoc::plain);
                    of_edit.text = Some((before, after.expect("a text that is written anew")));
                }
                meant.push(of_edit);
            }
            if !meant.is_empty() {
                let action = Action { space, name: MOVED, reverts: None, group };
                parts.push((action, meant));
            }
        }
        parts
    }
}

/// Whether a plan takes words along that must not be read where it goes.
fn says_what_may_not_go(plan: &MovePlan, to: Space) -> bool {
    let mut needles = vec![
        (Space::Nearby, NEARBY_NEEDLE),
        (Space::Ask, ASK_NEEDLE),
        (Space::Device, DEVICE_NEEDLE),
    ];
    needles.retain(|(space, _)| to != Space::Device && *space != to);
    let edits = plan.edits.iter().filter(|(space, _)| *space == to);
    let mut words: Vec<String> = edits.map(|(_, edit)| format!("{edit:?}")).collect();
    words.extend(plan.texts.iter().map(|(_, doc)| doc.plain()));
    words.iter().any(|words| needles.iter().any(|(_, needle)| words.contains(needle)))
}
