//! Merge policies. A policy changes only what is shown and listed, never what is stored: no policy is
//! baked into a change.

use crate::EntityId;
use std::collections::BTreeMap;

/// What happens with concurrent, different edits of one kind of data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Policy {
    /// The newest stands; what was set aside is in the history.
    Newest,
    /// Merged; overlaps are listed for review.
    Merge,
    /// A person decides.
    Ask,
}

impl Policy {
    /// The name in settings and in the command line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Newest => "newest",
            Self::Merge => "merge",
            Self::Ask => "ask",
        }
    }
    /// The policy of that name.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Newest, Self::Merge, Self::Ask].into_iter().find(|p| p.as_str() == name)
    }
}

/// One kind of data, its label, its default and what may be chosen.
#[derive(Debug, Clone, Copy)]
pub struct PolicyKind {
    /// Name in the command line.
    pub name: &'static str,
    /// What people read.
    pub label: &'static str,
    /// Until someone chooses.
    pub default: Policy,
    /// What makes sense for the kind.
    pub choices: &'static [Policy],
}

const REGISTER: &[Policy] = &[Policy::Newest, Policy::Ask];
const SET: &[Policy] = &[Policy::Merge];
const TEXT: &[Policy] = &[Policy::Newest, Policy::Merge, Policy::Ask];

const fn kind(
    name: &'static str,
    label: &'static str,
    default: Policy,
    choices: &'static [Policy],
) -> PolicyKind {
    PolicyKind { name, label, default, choices }
}

/// All kinds of data that have a policy.
pub const KINDS: &[PolicyKind] = &[
    kind("title", "Titles", Policy::Ask, REGISTER),
    kind("dates", "Dates and deadlines", Policy::Ask, REGISTER),
    kind("repeat", "Repeats", Policy::Ask, REGISTER),
    kind("place", "List and parent", Policy::Ask, REGISTER),
    kind("delete", "Deleted here, edited there", Policy::Ask, &[Policy::Ask]),
    kind("text", "Note text", Policy::Merge, TEXT),
    kind("task-notes", "Task notes", Policy::Merge, TEXT),
    kind("status", "Status", Policy::Newest, REGISTER),
    kind("priority", "Priority", Policy::Newest, REGISTER),
    kind("color", "Colour", Policy::Newest, REGISTER),
    kind("order", "Order", Policy::Newest, &[Policy::Newest]),
    kind("tags", "Tags", Policy::Merge, SET),
    kind("links", "Links", Policy::Merge, SET),
    kind("other", "Everything else", Policy::Newest, REGISTER),
];

/// The policies that the person has chosen.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Policies {
    chosen: BTreeMap<String, Policy>,
}

impl Policies {
    /// The kind of that name.
    pub fn kind(name: &str) -> Option<&'static PolicyKind> {
        KINDS.iter().find(|kind| kind.name == name)
    }
    /// The setting that keeps the policy of a kind.
    pub fn setting(kind: &str) -> EntityId {
        EntityId::named(&format!("policy/{kind}"))
    }
    /// Takes a choice into account; one that the kind does not offer is ignored.
    pub fn choose(&mut self, kind: &str, policy: Policy) {
        if Self::kind(kind).is_some_and(|known| known.choices.contains(&policy)) {
            self.chosen.insert(kind.to_owned(), policy);
        }
    }
    /// Whether the person chose it.
    pub fn is_chosen(&self, kind: &str) -> bool {
        self.chosen.contains_key(kind)
    }
    /// The policy that holds for a kind of data.
    pub fn of(&self, kind: &str) -> Policy {
        self.chosen
            .get(kind)
            .copied()
            .unwrap_or_else(|| Self::kind(kind).map_or(Policy::Newest, |known| known.default))
    }
    /// The policy that holds for a field.
    pub fn of_field(&self, entity_kind: &str, field: &str) -> Policy {
        self.of(crate::fields::policy_kind(entity_kind, field))
    }
}
