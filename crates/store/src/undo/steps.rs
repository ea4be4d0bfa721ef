//! Which action an undo or a redo would take back, read from the log.
//!
//! An undo takes back what stands: an action, or the redo that did it again. A redo takes back the last
//! undo that stands, as long as nothing else was done since.

use super::{PURGE, REDO, UNDO};
use crate::history::change_at;
use crate::{StoreError, Tx};
use holdfast_model::Dot;
use holdfast_model::change::Change;
use holdfast_oplog::{ActorId, Space};
use std::collections::BTreeSet;

/// Actions that an undo looks back over.
const REACH: usize = 10_000;

/// What would be undone or done again: the changes of one action, newest first.
#[derive(Debug, Clone)]
pub struct UndoStep {
    /// The changes.
    pub changes: Vec<Change>,
    /// Where the newest of them stands in the log of this device.
    pub position: i64,
}

impl UndoStep {
    /// What the person did.
    pub fn action(&self) -> &str {
        self.changes.first().map_or("", |change| &change.action)
    }
}

impl Tx<'_> {
    /// The last action of this device that is not undone.
    pub fn undo_step(&self, actor: ActorId) -> Result<Option<UndoStep>, StoreError> {
        self.step(actor, true, undoes)
    }

    /// The newest change of [`Tx::undo_step`] alone: enough to say what it was.
    pub fn undo_head(&self, actor: ActorId) -> Result<Option<Change>, StoreError> {
        Ok(self.step(actor, false, undoes)?.and_then(|step| step.changes.into_iter().next()))
    }

    /// The last undo, where nothing else was done since.
    pub fn redo_step(&self, actor: ActorId) -> Result<Option<UndoStep>, StoreError> {
        self.step(actor, true, redoes)
    }

    /// The newest change of [`Tx::redo_step`] alone.
    pub fn redo_head(&self, actor: ActorId) -> Result<Option<Change>, StoreError> {
        Ok(self.step(actor, false, redoes)?.and_then(|step| step.changes.into_iter().next()))
    }

    /// What an undo or redo step ultimately reverses, for its label: the original action's code.
    pub fn reverted_action(&self, space: Space, change: &Change) -> Result<String, StoreError> {
        let mut action = change.action.clone();
        let mut reverts = change.reverts;
        for _ in 0..REACH {
            let Some(dot) = reverts else { break };
            let Some(before) = self.change(dot.in_space(space))? else { break };
            action.clone_from(&before.action);
            reverts = before.reverts;
        }
        Ok(action)
    }

    /// Walks from the newest action of this device to the one that is looked for.
    fn step(
        &self,
        actor: ActorId,
        whole: bool,
        stands: impl Fn(&str) -> Stands,
    ) -> Result<Option<UndoStep>, StoreError> {
        let own: BTreeSet<ActorId> = self.own_names(actor)?.into_iter().collect();
        let mut statement = self
            .sql
            .prepare_cached("SELECT pos, space, actor, seq, body FROM changes ORDER BY pos DESC")?;
        let mut rows = statement.query([])?;
        let mut walk = Walk::default();
        let mut found: Option<UndoStep> = None;
        let mut passed = 0;
        while let Some(row) = rows.next()? {
            let by = crate::columns::actor(&row.get::<_, Vec<u8>>("actor")?)?;
            if !own.contains(&by) {
                continue;
            }
            let change = change_at(row)?;
            if let Some(step) = &mut found {
                let group = step.changes.first().and_then(|first| first.group);
                if group.is_none() || change.group != group {
                    break;
                }
                step.changes.push(change);
                continue;
            }
            let reverted = walk.is_reverted(&change);
            walk.take(&change);
            passed += 1;
            if passed > REACH {
                break;
            }
            // One of which nothing is left: what it said was taken out of the log again.
            if reverted || (change.ops.is_empty() && change.reverts.is_none()) {
                continue;
            }
            match stands(&change.action) {
                Stands::IsIt => {
                    let last = !whole || change.group.is_none();
                    found = Some(UndoStep { changes: vec![change], position: row.get("pos")? });
                    if last {
                        break;
                    }
                }
                Stands::Passes => {}
                Stands::Ends => break,
            }
        }
        Ok(found)
    }
}

fn undoes(action: &str) -> Stands {
    match action {
        // What is gone for good does not come back.
        UNDO | PURGE => Stands::Passes,
        _ => Stands::IsIt,
    }
}

fn redoes(action: &str) -> Stands {
    match action {
        UNDO => Stands::IsIt,
        REDO => Stands::Passes,
        _ => Stands::Ends,
    }
}

/// What an action that is not taken back means for the step that is looked for.
enum Stands {
    /// It is the one.
    IsIt,
    /// The one is looked for behind it.
    Passes,
    /// There is none.
    Ends,
}

/// Which changes are taken back, met while walking from the newest to the oldest.
#[derive(Default)]
struct Walk {
    dots: BTreeSet<(Space, Dot)>,
    groups: BTreeSet<u64>,
}

impl Walk {
    /// What an undo or redo names is taken back, whether or not it is taken back itself: then what took
    /// it back stands for it.
    fn take(&mut self, change: &Change) {
        if change.action == UNDO || change.action == REDO {
            self.dots.extend(change.reverts.map(|dot| (change.space, dot)));
        }
    }
    fn is_reverted(&mut self, change: &Change) -> bool {
        let direct = self.dots.contains(&(change.space, change.dot()));
        if direct {
            self.groups.extend(change.group);
        }
        direct || change.group.is_some_and(|group| self.groups.contains(&group))
    }
}
