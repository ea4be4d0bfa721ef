//! How far lists travel: moving them between spaces, what that means before it is done, and approving
//! what waits.

use crate::act::{self, Work};
use crate::session::Open;
use crate::{App, AppError, describe, items, lists, view};
use holdfast_model::fields::{LIST, TITLE};
use holdfast_model::{Edit, EntityId, Kind, Moved};
use holdfast_oplog::{DeviceId, LogId, Space};
use holdfast_store::{MovePlan, MoveRequest, StoreError, Tx};
use holdfast_sync::{ANYONE, is_place, membership};
use std::collections::{BTreeMap, BTreeSet};

/// Action code of moving a list to another space.
pub(crate) const SET_SPACE: &str = "space.set";
/// Items that are named one by one.
const NAMED: usize = 500;

/// Who holds copies of some items in a space already, as far as is known here.
struct Holders {
    names: Vec<String>,
    devices: Vec<DeviceId>,
    /// Whether they went out to nobody in particular.
    went_out: bool,
}

impl Holders {
    fn any(&self) -> bool {
        self.went_out || !self.names.is_empty()
    }
}

impl App {
    /// What moving a list to another space would do. Changes nothing.
    pub fn preview_space(&self, list: &str, to: Space) -> Result<view::SpacePreview, AppError> {
        let id = act::id(list, "list")?;
        self.with(|open| {
            let me = open.device();
            let people = open.people()?;
            open.store.read(|tx| {
                let (title, from) = list_of(tx, id)?;
                let plan = tx.plan_move(MoveRequest {
                    roots: &[id],
                    to,
                    how: Moved::Left,
                    with: &BTreeMap::new(),
                })?;
                let holders = holders(tx, me, &plan)?;
                let shown = holders.devices.iter().map(|device| people.device(*device)).collect();
                let preview = preview(tx, title, from, to, &plan, &holders)?;
                Ok(view::SpacePreview { list: id.to_string(), holders: shown, ..preview })
            })
        })
    }

    /// Moves a list with everything in it to another space. `copies` is what becomes of the copies that
    /// other devices hold; where nobody can have any, none are left.
    pub fn set_space(
        &self,
        list: &str,
        to: Space,
        copies: view::Copies,
    ) -> Result<view::Done, AppError> {
        let id = act::id(list, "list")?;
        self.with(|open| {
            let me = open.device();
            open.act(SET_SPACE, |work| {
                let (title, from) = list_of(work.tx, id)?;
                if from == to {
                    return Ok(format!("'{title}' stays {}", words(to)));
                }
                let moved = work.move_to(me, &[id], to, Some(copies.into()), &BTreeMap::new())?;
                work.ids.push(id);
                Ok(format!(
                    "'{title}' with {} is now {}",
                    count(moved.saturating_sub(1)),
                    words(to)
                ))
            })
        })
    }

    /// What waits for an approval before it may leave.
    pub fn awaiting_approval(&self) -> Result<view::Approval, AppError> {
        self.with(|open| open.store.read(approval))
    }

    /// Approves everything that waits: it may leave from now on.
    pub fn approve(&self) -> Result<view::Approval, AppError> {
        let approved = self.with(|open| {
            open.store.write(|tx| {
                let approved = approval(tx)?;
                for range in tx.awaiting_approval()? {
                    tx.approve(range.log, range.last)?;
                }
                Ok::<_, AppError>(approved)
            })
        })?;
        self.tell(view::Changed::anything(0));
        Ok(approved)
    }

    /// What waits for an approval, list by list.
    pub fn approvals(&self) -> Result<Vec<view::ApprovalView>, AppError> {
        self.with(|open| open.store.read(|tx| by_list(tx, approval(tx)?)))
    }

    /// What travels where: every list, who has copies, what waits, and what never syncs.
    pub fn travel(&self) -> Result<view::Travel, AppError> {
        self.with(|open| {
            let me = open.device();
            open.store.read(|tx| {
                let mut rows = Vec::new();
                for row in tx.lists()?.into_iter().filter(|row| !row.recovered) {
                    let mut plan = MovePlan::default();
                    plan.moved.insert(row.id, row.space);
                    let holders = holders(tx, me, &plan)?;
                    rows.push(view::TravelRow {
                        list: row.id.to_string(),
                        title: row.title,
                        space: lists::space(row.space),
                        devices: holders.names,
                        went_out: holders.went_out,
                    });
                }
                Ok(view::Travel { lists: rows, approval: approval(tx)?, never: never() })
            })
        })
    }
}

impl Work<'_, '_> {
    /// Moves items with what is in them to another space; how many tasks, notes and lists. Where `how`
    /// is not said, copies are left when the way becomes narrower and withdrawn else.
    pub(crate) fn move_to(
        &mut self,
        me: DeviceId,
        roots: &[EntityId],
        to: Space,
        how: Option<Moved>,
        with: &BTreeMap<EntityId, Edit>,
    ) -> Result<usize, AppError> {
        let request = |how| MoveRequest { roots, to, how, with };
        let mut plan = self.tx.plan_move(request(Moved::Withdrawn))?;
        let narrower = plan.moved.values().any(|from| *from < to);
        let leaves = how.unwrap_or(if narrower { Moved::Left } else { Moved::Withdrawn });
        if leaves == Moved::Left && holders(self.tx, me, &plan)?.any() {
            plan = self.tx.plan_move(request(Moved::Left))?;
        }
        if plan.moved.is_empty()
            && let Some(note) = plan.notes.first()
        {
            return Err(AppError::Invalid(format!("{note}.")));
        }
        let moved = plan.moved.len();
        self.take_plan(plan, to);
        Ok(moved)
    }

    /// Takes in a worked out move.
    pub(crate) fn take_plan(&mut self, plan: MovePlan, to: Space) {
        let left = plan.moved.into_iter().chain(plan.along);
        self.narrowed.extend(left.filter(|(_, from)| *from < to).map(|(id, from)| (from, id)));
        for (space, edit) in plan.edits {
            self.push_edit(space, edit);
        }
        for (id, doc) in plan.texts {
            self.push_text(id, doc);
        }
        self.skipped.extend(plan.notes);
    }

    /// Moves an item into another space together with an edit that is made on the way. Says so.
    pub(crate) fn move_with_edit(
        &mut self,
        id: EntityId,
        to: Space,
        edit: Option<Edit>,
    ) -> Result<(), AppError> {
        let me = self.me()?;
        let mut with = BTreeMap::new();
        let list = edit.as_ref().and_then(|edit| edit.set.get(LIST)).map(|w| w.value.clone());
        if let Some(list) = list {
            // What is part of the item follows it into the list.
            let plan = self.tx.plan_move(MoveRequest {
                roots: &[id],
                to,
                how: Moved::Withdrawn,
                with: &BTreeMap::new(),
            })?;
            for inside in plan.moved.keys().filter(|inside| **inside != id) {
                let Some((state, _)) = self.tx.entity(*inside)? else { continue };
                let mut draft = state.draft();
                draft.set(LIST, list.clone(), &holdfast_model::entity::Seen::All);
                with.extend(draft.finish().map(|edit| (*inside, edit)));
            }
        }
        with.extend(edit.map(|edit| (id, edit)));
        self.move_to(me, &[id], to, None, &with)?;
        let says = format!("it is {} now", words(to));
        if !self.said.contains(&says) {
            self.said.push(says);
        }
        Ok(())
    }

    /// This device.
    pub(crate) fn me(&self) -> Result<DeviceId, AppError> {
        let members = membership(self.tx)?;
        Ok(members.device_of(self.actor).map_or(ANYONE, |device| device.id))
    }
}

impl From<view::Copies> for Moved {
    fn from(copies: view::Copies) -> Self {
        match copies {
            view::Copies::Leave => Self::Left,
            view::Copies::Remove => Self::Withdrawn,
        }
    }
}

fn list_of(tx: &Tx<'_>, id: EntityId) -> Result<(String, Space), AppError> {
    let (state, space) = tx.expect_entity(id, "list")?;
    if state.kind != Kind::List.as_str() || !state.is_alive() {
        return Err(AppError::NoSuchItem { what: "list", given: id.to_string() });
    }
    Ok((state.text(TITLE).to_owned(), space))
}

/// Who holds something of what moves, from what each device acknowledged or wrote itself.
fn holders(tx: &Tx<'_>, me: DeviceId, plan: &MovePlan) -> Result<Holders, StoreError> {
    let members = membership(tx)?;
    let destinations = tx.destinations()?;
    let mut found = BTreeSet::new();
    let mut went_out = false;
    for (id, from) in plan.moved.iter().chain(&plan.along) {
        if *from == Space::Device {
            continue;
        }
        let Some(state) = tx.entity_in(*id, *from)? else { continue };
        let made = state.created.1;
        let log = LogId { space: *from, actor: made.actor };
        for destination in destinations.iter().filter(|to| to.holds.get(log) >= made.seq) {
            if is_place(destination.device) {
                went_out = true;
            } else if let Some(name) = members.name(destination.device)
                && destination.device != me
                && members.is_active(destination.device)
            {
                found.insert((name.to_owned(), destination.device));
            }
        }
        if let Some(author) = members.device_of(made.actor)
            && author.id != me
            && author.removal.is_none()
        {
            found.insert((author.name.clone(), author.id));
        }
    }
    let (names, devices) = found.into_iter().unzip();
    Ok(Holders { names, devices, went_out })
}

fn preview(
    tx: &Tx<'_>,
    title: String,
    from: Space,
    to: Space,
    plan: &MovePlan,
    holders: &Holders,
) -> Result<view::SpacePreview, AppError> {
    let mut counts = [0_u32; 3];
    for id in plan.moved.keys() {
        let Some((state, _)) = tx.entity(*id)? else { continue };
        let at = match Kind::parse(&state.kind) {
            Some(Kind::Task) => 0,
            Some(Kind::Note) => 1,
            _ => 2,
        };
        if let Some(count) = counts.get_mut(at) {
            *count += 1;
        }
    }
    let asks = from < to && holders.any();
    let mut says = vec![sentence(to).to_owned()];
    if asks {
        let who = match holders.names.as_slice() {
            [] => "Copies went out already: other devices may".to_owned(),
            [one] => format!("1 device ({one}) may already"),
            many => format!("{} devices ({}) may already", many.len(), describe::enumerate(many)),
        };
        says.push(format!("{who} have '{title}'."));
    }
    if from < to && from != Space::Device {
        says.push(
            "What was sent before stays in the history of whoever received it, and goes to devices that catch up with that history."
                .into(),
        );
    }
    says.extend(plan.notes.iter().map(|note| format!("{note}.")));
    let [tasks, notes, lists] = counts;
    Ok(view::SpacePreview {
        title,
        from: crate::lists::space(from),
        to: crate::lists::space(to),
        tasks,
        notes,
        lists,
        along: plan.along.len() as u32,
        narrower: from < to,
        list: String::new(),
        holders: Vec::new(),
        went_out: holders.went_out,
        asks_about_copies: asks,
        says,
    })
}

fn approval(tx: &Tx<'_>) -> Result<view::Approval, AppError> {
    let mut counts: BTreeMap<EntityId, u32> = BTreeMap::new();
    let mut changes: u64 = 0;
    for range in tx.awaiting_approval()? {
        changes = changes.saturating_add(range.last.saturating_sub(range.first).saturating_add(1));
        for (id, count) in tx.touched_in(range, NAMED)? {
            *counts.entry(id).or_insert(0) += count;
        }
    }
    let mut waiting = Vec::new();
    for (id, changes) in counts {
        let Some((state, _)) = tx.entity(id)? else { continue };
        let kind = match Kind::parse(&state.kind) {
            Some(Kind::Task) => view::ItemKind::Task,
            Some(Kind::Note) => view::ItemKind::Note,
            Some(Kind::List) => view::ItemKind::List,
            _ => continue,
        };
        let text = tx.text(id)?.map(|text| text.plain).unwrap_or_default();
        let title = items::note_name(state.text(TITLE), &text);
        waiting.push(view::WaitingItem { id: id.to_string(), kind, title, changes });
    }
    Ok(view::Approval { changes: u32::try_from(changes).unwrap_or(u32::MAX), items: waiting })
}

/// What waits, put together by the list that it is in.
fn by_list(tx: &Tx<'_>, approval: view::Approval) -> Result<Vec<view::ApprovalView>, AppError> {
    let mut lists: BTreeMap<EntityId, view::ApprovalView> = BTreeMap::new();
    for item in approval.items {
        let id = act::id(&item.id, "item")?;
        let Some((state, _)) = tx.entity(id)? else { continue };
        let list = if item.kind == view::ItemKind::List {
            id
        } else {
            state.text(LIST).parse().unwrap_or(id)
        };
        let title = match tx.entity(list)? {
            Some((list, _)) if list.id != id => list.text(TITLE).to_owned(),
            _ => item.title.clone(),
        };
        let row = lists.entry(list).or_insert_with(|| view::ApprovalView {
            list: list.to_string(),
            title,
            changes: 0,
            items: Vec::new(),
        });
        row.changes = row.changes.saturating_add(item.changes);
        row.items.push(item);
    }
    Ok(lists.into_values().collect())
}

/// What a space means, for people.
fn sentence(space: Space) -> &'static str {
    match space {
        Space::Everywhere => "Every mode you turn on.",
        Space::Nearby => "Sent directly to paired devices on your network. Never to the cloud.",
        Space::Ask => "Held until you approve each batch.",
        Space::Device => "Not on any network, not in exports.",
    }
}

fn words(space: Space) -> &'static str {
    match space {
        Space::Everywhere => "marked Everywhere",
        Space::Nearby => "marked Nearby only",
        Space::Ask => "marked Ask",
        Space::Device => "marked Never leaves this device",
    }
}

fn count(items: usize) -> String {
    match items {
        1 => "1 item".into(),
        many => format!("{many} items"),
    }
}

/// What never syncs, whatever is chosen, and why.
fn never() -> Vec<view::NeverSyncs> {
    [
        ("Keys and passphrases", "They prove who this device is; another device has its own."),
        ("Sign-in tokens of relays and folders", "They belong to this device alone."),
        ("Window positions and panes", "They fit this screen."),
        ("Theme and density", "They are chosen for this screen."),
        ("Drafts that are not saved", "They are not finished."),
        ("Search index and caches", "Each device makes its own from the data."),
        ("Temporary files and backups", "They can be made again, or are this device's own."),
    ]
    .into_iter()
    .map(|(what, why)| view::NeverSyncs { what: what.into(), why: why.into() })
    .collect()
}

impl Open {
    /// How many items that are shown are marked to stay on this device.
    pub(crate) fn marked_to_stay(tx: &Tx<'_>) -> Result<u32, AppError> {
        let mut count = 0;
        for kind in [Kind::List, Kind::Task, Kind::Note] {
            let states = tx.entities_of(kind.as_str())?;
            let stay = states.iter().filter(|(s, space)| *space == Space::Device && s.is_alive());
            count += u32::try_from(stay.count()).unwrap_or(u32::MAX);
        }
        Ok(count)
    }
}

#[cfg(test)]
#[path = "travel_tests.rs"]
mod tests;
