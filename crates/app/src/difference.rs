//! The forward edits that lead from what is shown now to what was shown before: for a restored backup
//! that all devices shall get, and for what repair could save only from the lists.

use crate::act::Work;
use crate::{AppError, items, view};
use holdfast_model::entity::{ALIVE, DELETED, Draft, Seen};
use holdfast_model::fields::{REVIEWED, TITLE};
use holdfast_model::{EntityId, EntityState, Kind, Register, Value};
use holdfast_oplog::Space;
use holdfast_store::{Applied, Author, Tx};
use std::collections::{BTreeMap, BTreeSet};

/// Items that a preview names at most.
const NAMED: usize = 500;

/// Everything that is shown, as it stood at one moment.
#[derive(Debug, Default)]
pub(crate) struct Picture {
    items: BTreeMap<EntityId, Item>,
}

/// One item of a picture.
#[derive(Debug)]
pub(crate) struct Item {
    pub(crate) state: EntityState,
    pub(crate) space: Space,
    pub(crate) text: String,
}

/// How two pictures differ, in items.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) added: u32,
    pub(crate) changed: u32,
    pub(crate) deleted: u32,
}

impl Picture {
    /// What a database shows.
    pub(crate) fn of(tx: &Tx<'_>) -> Result<Self, AppError> {
        let mut items = BTreeMap::new();
        for kind in Kind::ALL {
            for (state, space) in tx.entities_of(kind.as_str())? {
                let text = match kind.text_field() {
                    Some(_) => crate::texts::read(tx, state.id)?,
                    None => String::new(),
                };
                items.insert(state.id, Item { state, space, text });
            }
        }
        Ok(Self { items })
    }

    pub(crate) fn item(&self, id: EntityId) -> Option<&Item> {
        self.items.get(&id)
    }

    /// The items of a kind, by id.
    pub(crate) fn items_of(&self, kind: Kind) -> impl Iterator<Item = (EntityId, &Item)> {
        let of = self.items.iter().filter(move |(_, item)| item.state.kind == kind.as_str());
        of.map(|(id, item)| (*id, item))
    }

    /// What would happen on the way from `now` to this.
    pub(crate) fn counts_from(&self, now: &Self) -> Counts {
        let mut counts = Counts::default();
        let alive = |item: Option<&Item>| item.is_some_and(|item| item.state.is_alive());
        for id in self.items.keys().chain(now.items.keys()).collect::<BTreeSet<_>>() {
            let (wanted, there) = (self.items.get(id), now.items.get(id));
            match (alive(wanted), alive(there)) {
                (true, false) => counts.added += 1,
                (false, true) => counts.deleted += 1,
                (true, true) if !same(wanted, there) => counts.changed += 1,
                _ => {}
            }
        }
        counts
    }

    /// The items that differ on the way from `now` to this, by name.
    pub(crate) fn items_from(&self, now: &Self) -> Vec<view::PreviewItem> {
        let alive = |item: Option<&Item>| item.is_some_and(|item| item.state.is_alive());
        let ids = self.items.keys().chain(now.items.keys()).collect::<BTreeSet<_>>();
        let items = ids.into_iter().filter_map(|id| {
            let (wanted, there) = (self.items.get(id), now.items.get(id));
            let what = match (alive(wanted), alive(there)) {
                (true, false) => view::PreviewChange::Added,
                (false, true) => view::PreviewChange::Deleted,
                (true, true) if !same(wanted, there) => view::PreviewChange::Changed,
                _ => return None,
            };
            let item = wanted.filter(|item| item.state.is_alive()).or(there)?;
            Some(view::PreviewItem {
                id: id.to_string(),
                kind: item.state.kind.clone(),
                title: items::note_name(item.state.text(TITLE), &item.text),
                what,
            })
        });
        items.take(NAMED).collect()
    }

    /// Hashes of the contents that attachments name.
    pub(crate) fn contents(&self) -> Vec<holdfast_oplog::Hash> {
        let attachments =
            self.items.values().filter(|item| item.state.kind == Kind::Attachment.as_str());
        attachments
            .filter_map(|item| crate::import_markdown::parse_hash(item.state.text("hash")))
            .collect()
    }
}

fn same(left: Option<&Item>, right: Option<&Item>) -> bool {
    let (Some(left), Some(right)) = (left, right) else { return false };
    let fields = left.state.registers.keys().chain(right.state.registers.keys());
    left.text == right.text
        && fields
            .into_iter()
            .all(|field| values(left.state.register(field)) == values(right.state.register(field)))
        && left.state.sets.keys().chain(right.state.sets.keys()).all(|field| {
            field == REVIEWED || left.state.elements(field) == right.state.elements(field)
        })
}

/// The distinct values of a register; one that was never written is as good as an empty one.
fn values(register: Option<&Register>) -> Vec<&Value> {
    let mut values: Vec<&Value> = register
        .map(|register| register.distinct().into_iter().map(|version| &version.value).collect())
        .unwrap_or_default();
    values.sort();
    if values.is_empty() { vec![&Value::Null] } else { values }
}

/// Writes, as one action, what leads from what is shown now to `wanted`. What cannot be brought back is
/// named. Returns the changed items and the names.
pub(crate) fn lead_to(
    wanted: &Picture,
    tx: &Tx<'_>,
    author: Author<'_>,
    now: &jiff::Zoned,
    action: &str,
) -> Result<crate::act::Outcome, AppError> {
    let there = Picture::of(tx)?;
    let group = Some(rand_core::RngCore::next_u64(&mut rand_core::OsRng));
    let mut work = Work::new(tx, author.actor, now.clone());
    work.group = group;
    let mut long = Vec::new();
    for (id, item) in &wanted.items {
        let title = || name(item);
        match there.items.get(id) {
            Some(known) if known.space != item.space => work
                .skipped
                .push(format!("'{}' travels in another way by now and stays as it is", title())),
            // One that was in the trash then has nothing to come back to.
            Some(known) if is_purged(known) && !item.state.is_alive() => {}
            Some(known) if is_purged(known) => {
                work.skipped.push(format!("'{}' was deleted for good and stays so", title()));
            }
            Some(known) => work.bring_back(*id, Some(known), item, &mut long),
            None if item.state.is_alive() => work.bring_back(*id, None, item, &mut long),
            None => {}
        }
    }
    for (id, known) in &there.items {
        if known.state.is_alive() && !wanted.items.contains_key(id) {
            let mut draft = known.state.draft();
            draft.life(DELETED, &Seen::All);
            work.push(known.space, draft);
            work.ids.push(*id);
        }
    }
    let mut outcome = work.commit(author, action, None)?;
    // Texts of new items, and those that one change does not hold, follow in changes of the same group.
    outcome.applied.extend(write_texts(long, tx, author, now, group, action)?);
    Ok(outcome)
}

/// Writes the texts of items, each in as many changes of one group as it takes.
pub(crate) fn write_texts(
    texts: Vec<(EntityId, &str)>,
    tx: &Tx<'_>,
    author: Author<'_>,
    now: &jiff::Zoned,
    group: Option<u64>,
    action: &str,
) -> Result<Vec<Applied>, AppError> {
    let mut applied = Vec::new();
    for (id, text) in texts {
        let mut work = Work::new(tx, author.actor, now.clone());
        work.group = group;
        work.rewrite_text(id, text)?;
        applied.extend(work.commit(author, action, None)?.applied);
    }
    Ok(applied)
}

pub(crate) fn is_purged(item: &Item) -> bool {
    item.state.is_purged()
}

pub(crate) fn name(item: &Item) -> String {
    let title = item.state.text(holdfast_model::fields::TITLE);
    let line = item.text.lines().next().unwrap_or_default();
    let shown = if title.is_empty() { line } else { title };
    if shown.is_empty() { "Untitled".into() } else { shown.chars().take(80).collect() }
}

impl Work<'_, '_> {
    fn bring_back<'w>(
        &mut self,
        id: EntityId,
        known: Option<&Item>,
        wanted: &'w Item,
        long: &mut Vec<(EntityId, &'w str)>,
    ) {
        if same(known, Some(wanted))
            && known.is_some_and(|known| known.state.is_alive() == wanted.state.is_alive())
        {
            return;
        }
        let mut draft = match known {
            Some(known) => known.state.draft(),
            None => Draft::new(id, &wanted.state.kind),
        };
        let none = BTreeMap::new();
        let (registers, sets) =
            known.map_or((&none, None), |known| (&known.state.registers, Some(&known.state.sets)));
        let fields: BTreeSet<&String> =
            wanted.state.registers.keys().chain(registers.keys()).collect();
        for field in fields {
            let now = known.and_then(|known| known.state.register(field));
            if values(now) != values(wanted.state.register(field)) {
                draft.set(field, wanted.state.value(field).clone(), &Seen::All);
            }
        }
        let fields: BTreeSet<&String> =
            wanted.state.sets.keys().chain(sets.into_iter().flat_map(|s| s.keys())).collect();
        for field in fields.into_iter().filter(|field| *field != REVIEWED) {
            let now = known.map(|known| known.state.elements(field)).unwrap_or_default();
            let then = wanted.state.elements(field);
            for value in then.iter().filter(|value| !now.contains(value)) {
                draft.add(field, (*value).clone());
            }
            for value in now.into_iter().filter(|value| !then.contains(value)) {
                draft.remove(field, value.clone());
            }
        }
        let alive = known.is_none_or(|known| known.state.is_alive());
        match (wanted.state.is_alive(), alive) {
            (true, false) => _ = draft.life(ALIVE, &Seen::All),
            (false, true) if wanted.state.is_trashed() => _ = draft.life(DELETED, &Seen::All),
            _ => {}
        }
        self.push(wanted.space, draft);
        if known.map_or("", |known| known.text.as_str()) != wanted.text {
            long.push((id, &wanted.text));
        }
        self.ids.push(id);
    }
}
