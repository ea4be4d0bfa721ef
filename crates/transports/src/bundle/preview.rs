use super::BundleError;
use super::format_error::changes;
use holdfast_store::{Applied, ItemChange, ItemEvent, Tx};
use holdfast_sync::{MassDeletion, Weighed, is_counted, weigh};
use holdfast_vault::Membership;
use serde_json::{Value as Json, json};

/// Items that the record of an exchange names at most.
const NAMED: usize = 500;

/// What importing a bundle would do, or did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preview {
    /// Name of the device that made the bundle.
    pub from_name: String,
    /// When it says that it did, in milliseconds since 1970.
    pub made_ms: i64,
    /// Changes that are new here.
    pub changes: u64,
    /// Changes in the bundle that were here already.
    pub already: u64,
    /// Tasks, notes and lists that are added.
    pub adds: u64,
    /// Tasks, notes and lists that are edited.
    pub updates: u64,
    /// Tasks, notes and lists that are deleted.
    pub deletes: u64,
    /// Items that need a decision and did not before.
    pub conflicts: u64,
    /// Items whose text merged by itself.
    pub merged: u64,
    /// Every item that changes; tags, attachments and settings too.
    pub items: Vec<ItemChange>,
    /// What else the person should know, in words.
    pub notices: Vec<String>,
    /// Whether so much would be deleted that the person has to confirm it.
    pub needs_confirmation: bool,
    /// What is lost by it.
    pub(crate) weighed: Weighed,
}

impl Preview {
    /// How many items are gone by whom, where that waits for the person; `otherwise` names the sender.
    pub(crate) fn mass_deletion(
        &self,
        members: &Membership,
        otherwise: &str,
    ) -> Option<(String, u64)> {
        self.weighed.mass.map(|mass| mass_by(mass, members, otherwise))
    }

    /// The record of the exchange.
    pub(crate) fn report(&self) -> Json {
        let items: Vec<Json> = self.items.iter().take(NAMED).map(item).collect();
        json!({
            "changes": self.changes,
            "already": self.already,
            "adds": self.adds,
            "updates": self.updates,
            "deletes": self.deletes,
            "conflicts": self.conflicts,
            "merged": self.merged,
            "items": items,
            "more_items": self.items.len().saturating_sub(NAMED),
            "notices": self.notices,
        })
    }
}

fn item(item: &ItemChange) -> Json {
    json!({
        "id": item.id.to_string(),
        "kind": item.kind,
        "title": item.title,
        "event": match item.event {
            ItemEvent::Added => "added",
            ItemEvent::Changed => "changed",
            ItemEvent::Deleted => "deleted",
            ItemEvent::Withdrawn => "moved away",
        },
        "conflict": item.conflict,
        "merged": item.merged,
    })
}

/// Who made how much vanish.
pub(crate) fn mass_by(mass: MassDeletion, members: &Membership, otherwise: &str) -> (String, u64) {
    let name = mass.device.and_then(|device| members.name(device)).unwrap_or(otherwise);
    (name.to_owned(), mass.deletes)
}

/// What applying did, as people count it. `open_before` is how many items needed a decision before;
/// `wall_ms` is this device's clock.
pub(crate) fn summarize(
    tx: &Tx<'_>,
    members: &Membership,
    applied: Applied,
    open_before: u64,
    wall_ms: i64,
) -> Result<Preview, BundleError> {
    let mut preview = Preview {
        from_name: String::new(),
        made_ms: 0,
        changes: 0,
        already: 0,
        adds: 0,
        updates: 0,
        deletes: 0,
        conflicts: 0,
        merged: 0,
        items: Vec::with_capacity(applied.items.len()),
        notices: applied.notices,
        needs_confirmation: false,
        weighed: weigh(tx, members, &applied.items, wall_ms)?,
    };
    for item in applied.items {
        if item.event == ItemEvent::Added && !item.alive {
            // Added and deleted before it ever came here: nothing that anyone sees.
            continue;
        }
        preview.conflicts += u64::from(item.conflict);
        preview.merged += u64::from(item.merged);
        if is_counted(&item.kind) {
            match item.event {
                ItemEvent::Added => preview.adds += 1,
                ItemEvent::Changed => preview.updates += 1,
                ItemEvent::Deleted | ItemEvent::Withdrawn => preview.deletes += 1,
            }
        }
        preview.items.push(item);
    }
    // Moves that close a circle are listed on items that the bundle itself did not touch.
    let (open, _) = tx.conflict_counts()?;
    preview.conflicts = preview.conflicts.max(open.saturating_sub(open_before));
    preview.needs_confirmation = preview.weighed.mass.is_some();
    Ok(preview)
}

/// What changed about the vault's devices, in words. Nothing where they were not known before.
pub(crate) fn device_notices(before: &Membership, after: &Membership) -> Vec<String> {
    let mut notices = Vec::new();
    if before.devices().is_empty() {
        return notices;
    }
    for device in after.devices() {
        match before.device(device.id) {
            // One that does not count as having entered did not join; some of its changes came.
            None if !device.entered => {}
            None => notices.push(format!("{} joined the vault.", device.name)),
            Some(known) => {
                if known.name != device.name {
                    notices.push(format!("{} is now called {}.", known.name, device.name));
                }
                if known.removal.is_none() && device.removal.is_some() {
                    notices.push(format!("{} was removed from the vault.", device.name));
                }
            }
        }
    }
    for device in before.devices().iter().filter(|known| after.device(known.id).is_none()) {
        notices.push(format!(
            "{} is no longer in the vault: another device used the same invitation.",
            device.name
        ));
    }
    notices
}

/// What was taken in but cannot be shown yet, in words.
pub(crate) fn waiting_notices(
    tx: &Tx<'_>,
    members: &Membership,
) -> Result<Vec<String>, BundleError> {
    let waiting = tx.unapplied()?;
    Ok(waiting
        .into_iter()
        .map(|(actor, parked, count)| {
            let name = members.device_of(actor).map_or("another device", |d| d.name.as_str());
            let changes = changes(count);
            if parked {
                format!("Update this device to see {changes} from {name}.")
            } else {
                format!(
                    "Waiting for earlier changes of other devices: {changes} from {name}. Import their bundles too."
                )
            }
        })
        .collect())
}
