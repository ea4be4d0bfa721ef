//! Taking a decision back: the versions that it replaced stand beside each other again.

use crate::conflicts::{Ended, RESOLVE, is_taken_back};
use crate::{App, AppError, act, view};
use holdfast_model::Register;
use holdfast_model::change::Again;
use holdfast_store::{Decided, Decision};

/// Action code of taking a decision back.
const REOPEN: &str = "conflict.reopen";

impl App {
    /// Takes the last decision on an item back, whether it was made in the review or by an edit in
    /// passing. What was written since is a version like the others.
    pub fn reopen(&self, entity: &str) -> Result<view::Done, AppError> {
        let id = act::id(entity, "item")?;
        self.with(|open| {
            let last: Option<Decision> = open.store.read(|tx| {
                let (state, _) = tx.expect_entity(id, "item")?;
                let policies = tx.policies()?;
                for decision in tx.decisions_on(id)? {
                    if Ended::of(&decision, &state, &policies).is_some()
                        && !is_taken_back(tx, id, &decision.change)?
                    {
                        return Ok(Some(decision));
                    }
                }
                Ok::<_, AppError>(None)
            })?;
            let decision = last.ok_or(AppError::NothingTo("reopen on this item"))?;
            let last = &decision.change;
            if last.action != RESOLVE {
                return open.act_back(REOPEN, last.dot(), last.space, |work| {
                    let policies = work.tx.policies()?;
                    let (state, space) = work.tx.expect_entity(id, "item")?;
                    let mut draft = state.draft();
                    let asked = |field: &Decided| {
                        field.entity == id
                            && policies.of_field(&state.kind, &field.field)
                                == holdfast_model::Policy::Ask
                    };
                    for field in decision.fields.iter().filter(|field| asked(field)) {
                        let versions = beside(field, state.register(&field.field));
                        draft.again(&field.field, versions);
                    }
                    work.push(space, draft);
                    work.ids.push(id);
                    Ok("Conflict reopened".into())
                });
            }
            // A decision on several spaces is a change in each.
            let history = open.store.read(|tx| tx.history(id))?;
            let changes: Vec<holdfast_model::Change> = history
                .iter()
                .rev()
                .map(|item| &item.change)
                .filter(|change| {
                    change.id() == last.id() || (last.group.is_some() && change.group == last.group)
                })
                .cloned()
                .collect();
            let mut done = open.reverse(&changes, REOPEN, Some(last.dot()))?;
            done.label = "Conflict reopened".into();
            Ok(done)
        })
    }
}

/// The versions that were replaced, and beside them what stands by now where that is another value.
fn beside(field: &Decided, now: Option<&Register>) -> Vec<Again> {
    let mut versions = field.replaced.clone();
    for version in now.map(Register::distinct).unwrap_or_default() {
        if versions.iter().all(|again| again.value != version.value) {
            versions.push(Again {
                value: version.value.clone(),
                origin: version.author(),
                time: version.time,
            });
        }
    }
    versions
}
