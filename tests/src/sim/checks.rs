//! The invariants, each in words beside its check.

use super::device::Device;
use super::rows::count_conflict;
use super::tally::Group;
use super::world::{ASK_NEEDLE, World};
use crate::oracle::{InSpace, Past, without_texts};
use holdfast_model::fields::{PARENT, SPACE};
use holdfast_model::{EntityId, Kind};
use holdfast_oplog::{LogId, SealedBatch, Space, VersionVector};
use holdfast_store::query::TaskFilter;
use holdfast_store::{ConflictRecord, ConflictState, StoreError, Tx};
use holdfast_sync::Carrier;
use holdfast_vault::verify_change;
use rand::Rng;
use std::collections::{BTreeMap, BTreeSet};

const MANY: usize = 10_000;

impl World {
    /// What must hold on each device at any time, whatever has arrived and whatever went wrong, of
    /// the devices where something happened since this was asked last.
    pub(super) fn check_each_alone(&mut self) {
        for device in std::mem::take(&mut self.touched) {
            self.check_alone(device);
        }
    }

    fn check_alone(&mut self, device: usize) {
        let at = self.oracle.applied(device).clone();
        // Nothing that was acknowledged or taken in has vanished, and nothing is claimed that is not
        // there.
        assert_eq!(
            &self.devices[device].holds(),
            self.oracle.received(device),
            "device {device} holds something else than it acknowledged and took in"
        );
        // Nobody is said to hold what it does not: status is computed from that.
        for to in self.devices[device].read(|tx| tx.destinations()) {
            let other = self.devices.iter().position(|d| d.keys().device_id() == to.device);
            let Some(other) = other else { continue };
            let known: Past = to.holds.iter().collect();
            let truth = self.oracle.received(other);
            let true_of = known.iter().all(|(log, seq)| truth.get(log).is_some_and(|t| t >= seq));
            assert!(true_of, "device {device} believes that {other} holds what it does not");
        }
        // What waits for other changes or for a newer app is never silent.
        self.waiting_is_said(device);
        let dump = self.devices[device].dump(None);
        // A field shows several values exactly when writes of it that did not know of each other
        // stand and differ, whatever clocks say; a decision took away only what its maker saw; an
        // item deleted here and edited there is still there; an element of a set is there unless
        // someone who saw it took it out; a field and a kind of a newer app are kept: all of it is
        // what the oracle says.
        assert_eq!(
            without_texts(&dump),
            self.oracle.dump(&at),
            "device {device} shows something else than what was written"
        );
        // A question is listed exactly where the oracle finds one.
        let conflicts = self.devices[device].read(|tx| tx.conflicts(None));
        let moved = self.oracle.moved();
        // Which of several versions of an item is shown, and what hangs below it, the oracle does not
        // say.
        let known = |conflict: &ConflictRecord| {
            let place = conflict.field == SPACE || conflict.field == PARENT;
            !moved.contains(&conflict.entity) && (moved.is_empty() || !place)
        };
        let listed: BTreeSet<(EntityId, String)> = conflicts
            .iter()
            .filter(|conflict| conflict.kind != "text" && known(conflict))
            .map(|conflict| (conflict.entity, conflict.field.clone()))
            .collect();
        assert_eq!(listed, self.oracle.disputes(&at), "device {device} asks something else");
        // The number that a badge shows is the number of items that the list shows.
        let open = conflicts.iter().filter(|conflict| conflict.state == ConflictState::Open);
        let items: BTreeSet<EntityId> = open.map(|conflict| conflict.entity).collect();
        let (counted, _) = self.devices[device].read(|tx| tx.conflict_counts());
        assert_eq!(counted, items.len() as u64, "device {device} counts what it does not list");
        // A text is asked about, or marked as merged, only where it was edited apart.
        for conflict in conflicts.iter().filter(|c| c.kind == "text" && known(c)) {
            let (_, space) = self.devices[device].item(conflict.entity).expect("it is asked about");
            assert!(
                self.oracle.text_edited_apart((conflict.entity, space), &at),
                "device {device} asks about a text that nobody edited apart"
            );
        }
        self.check_texts(device, &at);
        self.devices[device].read(everything_can_be_seen);
        self.tally.count(Group::Checks, "device against the oracle");
        let hash = holdfast_oplog::Hash::of(dump.as_bytes());
        self.event(format_args!("{device} shows {} {listed:?}", hash.to_hex()));
    }

    /// Every character that someone typed and nobody deleted is in the text, nothing that was deleted
    /// is, and what one person typed in one go is not broken up by someone who did not see it.
    fn check_texts(&mut self, device: usize, at: &Past) {
        let items: Vec<InSpace> = self.oracle.items_with_text(at).collect();
        for item in items {
            let text = self.devices[device].read(|tx| tx.plain_in(item.0, item.1));
            self.oracle.check_text(item, at, &text);
        }
    }

    /// What must hold once every device has everything.
    pub(super) fn check_all_together(&mut self) {
        self.touched.extend(0..self.devices.len());
        self.check_each_alone();
        // Every acknowledged change that may travel is held everywhere, and what may not travel is
        // nowhere but where it was made.
        let everything = self.oracle.everything();
        for device in 0..self.devices.len() {
            let own = self.devices[device].actor;
            let expected: Past = everything
                .iter()
                .map(|(log, seq)| match log.space {
                    _ if log.actor == own => (*log, *seq),
                    Space::Device => (*log, 0),
                    Space::Ask => (*log, self.approved.get(log).copied().unwrap_or(0)),
                    Space::Everywhere | Space::Nearby => (*log, *seq),
                })
                .filter(|(_, seq)| *seq > 0)
                .collect();
            assert_eq!(self.devices[device].holds(), expected, "device {device} lacks a change");
        }
        // The same changes give the same data and the same conflicts, byte for byte; texts and the
        // review of texts too.
        let shared = self.shared();
        let first = seen(&mut self.devices[0], &shared);
        for device in 1..self.devices.len() {
            let other = seen(&mut self.devices[device], &shared);
            assert_eq!(other.0, first.0, "device {device} shows other data than device 0");
            assert_eq!(other.1, first.1, "device {device} lists other conflicts than device 0");
        }
        self.tally.count(Group::Checks, "all devices the same");
        if shared.spaces.contains(&Space::Ask) && first.0.contains(ASK_NEEDLE) {
            self.tally.count(Group::Checks, "all devices the same in what asked");
        }
        self.event(format_args!(
            "all show {}",
            holdfast_oplog::Hash::of(first.0.as_bytes()).to_hex()
        ));
        for conflict in self.devices[0].read(|tx| tx.conflicts(None)) {
            count_conflict(&mut self.tally, &conflict);
        }
        match self.rng.gen_range(0..7) {
            0 => self.in_another_order(&first, &shared),
            1 => self.everything_again(&first, &shared),
            2 => self.views_made_anew(&first, &shared),
            3 => self.log_verified(),
            4 => self.newcomer_on_the_network(&first, &shared),
            _ => {}
        }
    }

    fn shared(&mut self) -> Shared {
        let waits = (0..self.devices.len())
            .any(|device| !self.devices[device].read(|tx| tx.awaiting_approval()).is_empty());
        let mut spaces = vec![Space::Everywhere, Space::Nearby];
        spaces.extend((!waits).then_some(Space::Ask));
        Shared { apart: self.oracle.moved_beyond(&spaces), spaces }
    }

    /// A device that gets everything in yet another order comes to the same.
    fn in_another_order(&mut self, first: &Seen, shared: &Shared) {
        let from = self.rng.gen_range(0..self.devices.len());
        if self.base(from).iter().next().is_some() {
            return self.newcomer_on_the_network(first, shared);
        }
        let most = self.rng.gen_range(1..12);
        let batches = self.sealed(from, &VersionVector::new(), Carrier::Lan, most);
        let mut logs: BTreeMap<LogId, Vec<Vec<u8>>> = BTreeMap::new();
        for batch in batches.into_iter().rev() {
            let log = SealedBatch::decode(&batch).unwrap().header().unwrap().log();
            logs.entry(log).or_default().push(batch);
        }
        // Each log in order, the logs among each other in any.
        let mut logs: Vec<Vec<Vec<u8>>> = logs.into_values().collect();
        let mut late = Device::new(&self.founded, 0, 0, false);
        while !logs.is_empty() {
            let at = self.rng.gen_range(0..logs.len());
            match logs[at].pop() {
                Some(batch) => drop(late.take(self.now_ms, &batch).unwrap()),
                None => drop(logs.swap_remove(at)),
            }
        }
        let shown = seen(&mut late, shared);
        assert_eq!(shown.0, first.0, "another order gives other data");
        assert_eq!(shown.1, first.1, "another order gives other conflicts");
        self.tally.count(Group::Checks, "another order gives the same");
    }

    /// A device that joins later and gets everything from one on its network comes to the same.
    fn newcomer_on_the_network(&mut self, first: &Seen, shared: &Shared) {
        let from = self.rng.gen_range(0..self.devices.len());
        let mut late = self.newcomer(from);
        let shown = seen(&mut late, shared);
        assert_eq!(shown.0, first.0, "a newcomer has other data");
        assert_eq!(shown.1, first.1, "a newcomer has other conflicts");
        self.tally.count(Group::Checks, "a newcomer on the network gets the same");
    }

    /// Taking everything in again changes nothing.
    fn everything_again(&mut self, first: &Seen, shared: &Shared) {
        let last = self.devices.len() - 1;
        let batches = self.sealed(last, &VersionVector::new(), Carrier::Lan, 5);
        let now_ms = self.now_ms;
        let device = &mut self.devices[0];
        let position = device.read(|tx| tx.position());
        for batch in &batches {
            assert_eq!(device.take(now_ms, batch).unwrap().0.new, 0);
        }
        assert_eq!(device.read(|tx| tx.position()), position);
        assert_eq!(&seen(device, shared), first, "taking everything in again changed something");
        self.tally.count(Group::Checks, "everything again changes nothing");
    }

    /// The views made anew from the log are the views that grew.
    fn views_made_anew(&mut self, first: &Seen, shared: &Shared) {
        let at = self.rng.gen_range(0..self.devices.len());
        let device = &mut self.devices[at];
        device.store.write(|tx| tx.rebuild()).unwrap();
        assert_eq!(&seen(device, shared), first, "made anew, the views differ");
        self.tally.count(Group::Checks, "views made anew are the same");
    }

    /// Every change in the log is the one that its author signed.
    fn log_verified(&mut self) {
        let at = self.rng.gen_range(0..self.devices.len());
        let founded = std::sync::Arc::clone(&self.founded);
        let verify = |log: LogId, seq, hash, signature: &[u8; 64]| {
            let id = holdfast_oplog::ChangeId { space: log.space, actor: log.actor, seq };
            let public = founded.members.public_of(log.actor);
            public.is_some_and(|p| verify_change(&p, founded.vault, id, hash, signature))
        };
        let lines = self.devices[at].read(|tx| tx.check(&verify, &|_| true));
        let wrong: Vec<_> = lines.into_iter().filter(|line| !line.ok).collect();
        assert!(wrong.is_empty(), "device {at}: {wrong:?}");
        self.tally.count(Group::Checks, "log verified");
    }

    /// What is disputed on the first device, with the values: apart from circles, where the later
    /// move gives way and so clocks name the item that is asked about.
    pub(super) fn disputes_apart_from_circles(&mut self) -> Vec<String> {
        let mut disputes = Vec::new();
        for conflict in self.devices[0].read(|tx| tx.conflicts(None)) {
            let ConflictRecord { entity, field, state, .. } = conflict;
            let register = self.devices[0].state(entity).unwrap();
            let register = register.register(&field);
            let mut values: Vec<_> = register
                .map(|r| r.distinct().into_iter().map(|v| v.value.clone()).collect())
                .unwrap_or_default();
            values.sort();
            if field != holdfast_model::fields::PARENT || values.len() > 1 {
                disputes.push(format!("{entity} {field} {state:?} {values:?}"));
            }
        }
        disputes
    }
}

/// What all devices have in common once everything that may travel has arrived.
struct Shared {
    spaces: Vec<Space>,
    /// Items of which some devices hold a version that others may not have: they may show another one,
    /// and hang what is in it elsewhere.
    apart: BTreeSet<EntityId>,
}

/// The data and the conflicts that all have in common, as text.
type Seen = (String, String);

/// The data and the conflicts of some spaces, with everything in them.
fn seen(device: &mut Device, Shared { spaces, apart }: &Shared) -> Seen {
    let dump: String = spaces.iter().map(|space| device.dump(Some(*space))).collect();
    let conflicts = device.read(|tx| {
        let mut shared = Vec::new();
        for conflict in tx.conflicts(None)? {
            let (_, home) = tx.expect_entity(conflict.entity, "item")?;
            let place = conflict.field == SPACE || conflict.field == PARENT;
            let same = !apart.contains(&conflict.entity) && (apart.is_empty() || !place);
            if spaces.contains(&home) && same {
                shared.push(conflict);
            }
        }
        Ok(format!("{shared:#?}"))
    });
    (dump, conflicts)
}

/// The trees have no circles, and every item in use can be reached from what a window shows: the
/// inbox, the lists and the subtasks of what is reached.
fn everything_can_be_seen(tx: &Tx<'_>) -> Result<(), StoreError> {
    let lists = tx.lists()?;
    let parents: BTreeMap<EntityId, Option<EntityId>> =
        lists.iter().map(|list| (list.id, list.parent)).collect();
    acyclic(&parents);
    for (list, parent) in &parents {
        let shown = parent.is_none_or(|parent| parents.contains_key(&parent));
        assert!(shown, "list {list} hangs below one that is not shown");
    }
    let alive = tx.tasks(&TaskFilter::All, MANY)?;
    acyclic(&alive.iter().map(|task| (task.id, task.parent)).collect());
    let mut open: Vec<EntityId> = Vec::new();
    let mut reached: BTreeSet<EntityId> = BTreeSet::new();
    let mut roots = vec![TaskFilter::Inbox, TaskFilter::Completed];
    roots.extend(parents.keys().map(|list| TaskFilter::List(*list)));
    for root in roots {
        open.extend(tx.tasks(&root, MANY)?.iter().map(|task| task.id));
    }
    let listed: BTreeSet<EntityId> = open.iter().copied().collect();
    while let Some(task) = open.pop() {
        if reached.insert(task) {
            let below = tx.tasks(&TaskFilter::Children(task), MANY)?;
            open.extend(below.iter().map(|task| task.id));
        }
    }
    for task in &alive {
        assert!(reached.contains(&task.id), "task {} is in use and nowhere", task.id);
        // What is to be done stands in a list of its own, whatever became of what it is a part of.
        let closed = matches!(task.status.as_str(), "done" | "cancelled");
        assert!(closed || listed.contains(&task.id), "task {} is open and in no view", task.id);
    }
    for (list, _) in tx.entities_of(Kind::List.as_str())? {
        let shown = !list.is_alive() || parents.contains_key(&list.id);
        assert!(shown, "list {} is in use and nowhere", list.id);
    }
    Ok(())
}

fn acyclic(parents: &BTreeMap<EntityId, Option<EntityId>>) {
    for start in parents.keys() {
        let mut at = parents.get(start).copied().flatten();
        for _ in 0..parents.len() {
            assert_ne!(at, Some(*start), "{start} lies within itself");
            at = at.and_then(|id| parents.get(&id).copied().flatten());
        }
    }
}
