//! Merge policies: settings that travel like everything else.

use crate::{App, AppError, view};
use holdfast_model::entity::{Draft, Seen};
use holdfast_model::fields::VALUE;
use holdfast_model::policy::KINDS;
use holdfast_model::{Kind, Policies, Policy};
use holdfast_oplog::Space;

impl App {
    /// Every kind of data with its policy and what may be chosen.
    pub fn policies(&self) -> Result<Vec<view::PolicyView>, AppError> {
        self.with(|open| {
            let chosen = open.store.read(|tx| tx.policies())?;
            Ok(KINDS
                .iter()
                .map(|kind| view::PolicyView {
                    kind: kind.name.into(),
                    label: kind.label.into(),
                    policy: shown(chosen.of(kind.name)),
                    choices: kind.choices.iter().copied().map(shown).collect(),
                    set: chosen.is_chosen(kind.name),
                })
                .collect())
        })
    }

    /// Chooses a policy for one kind of data, on all devices.
    pub fn set_policy(&self, kind: &str, policy: view::Policy) -> Result<view::Done, AppError> {
        let known = Policies::kind(kind).ok_or_else(|| {
            let names: Vec<&str> = KINDS.iter().map(|kind| kind.name).collect();
            AppError::Invalid(format!(
                "'{kind}' is no kind of data. There are: {}.",
                names.join(", ")
            ))
        })?;
        let policy = match policy {
            view::Policy::Newest => Policy::Newest,
            view::Policy::Merge => Policy::Merge,
            view::Policy::Ask => Policy::Ask,
        };
        if !known.choices.contains(&policy) {
            let choices: Vec<&str> = known.choices.iter().map(|choice| choice.as_str()).collect();
            return Err(AppError::Invalid(format!(
                "{} can be: {}.",
                known.label,
                choices.join(", ")
            )));
        }
        self.with(|open| {
            open.act("policy.set", |work| {
                let id = Policies::setting(known.name);
                if let Some((state, space)) = work.tx.entity(id)? {
                    let mut draft = state.draft();
                    draft.set(VALUE, policy.as_str(), &Seen::All);
                    work.push(space, draft);
                } else {
                    let mut draft = Draft::new(id, Kind::Setting.as_str());
                    draft.set(VALUE, policy.as_str(), &Seen::All);
                    work.push(Space::Everywhere, draft);
                }
                Ok(format!("{}: {}", known.label, policy.as_str()))
            })
        })
    }
}

fn shown(policy: Policy) -> view::Policy {
    match policy {
        Policy::Newest => view::Policy::Newest,
        Policy::Merge => view::Policy::Merge,
        Policy::Ask => view::Policy::Ask,
    }
}
