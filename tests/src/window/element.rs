//! Finding things as a person with a screen reader does: by what they are and what they are called.

use std::fmt;

use anyhow::{Context, Result};
use fantoccini::{
    Client,
    elements::{Element, ElementRef},
};
use serde_json::{Value, json};

/// Answers a query with the visible elements, or with the names that there are to choose from.
pub(super) const FIND: &str = include_str!("find.js");

/// The name under which WebDriver passes elements.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// What to look for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum By {
    /// Something with this role and exactly this accessible name.
    Role(&'static str, String),
    /// Something with this role whose accessible name contains this.
    RoleLike(&'static str, String),
    /// Anything with this role.
    AnyOf(&'static str),
    /// A field with this label.
    Label(String),
    /// The innermost element whose text contains this.
    Text(String),
    /// A CSS selector, for what has no name of its own.
    Css(String),
}

impl By {
    /// A button called `name`.
    pub fn button(name: &str) -> Self {
        Self::Role("button", name.to_owned())
    }

    /// Something of `role` called `name`.
    pub fn role(role: &'static str, name: &str) -> Self {
        Self::Role(role, name.to_owned())
    }

    /// Something of `role` whose name contains `part`.
    pub fn role_like(role: &'static str, part: &str) -> Self {
        Self::RoleLike(role, part.to_owned())
    }

    /// A field labelled `name`.
    pub fn label(name: &str) -> Self {
        Self::Label(name.to_owned())
    }

    /// Text that contains `part`.
    pub fn text(part: &str) -> Self {
        Self::Text(part.to_owned())
    }

    /// What the CSS `selector` selects.
    pub fn css(selector: &str) -> Self {
        Self::Css(selector.to_owned())
    }

    pub(super) fn query(&self) -> Value {
        match self {
            Self::Role(role, name) => json!({ "role": role, "name": name }),
            Self::RoleLike(role, part) => json!({ "role": role, "part": part }),
            Self::AnyOf(role) => json!({ "role": role }),
            Self::Label(name) => json!({ "label": name }),
            Self::Text(part) => json!({ "text": part }),
            Self::Css(selector) => json!({ "css": selector }),
        }
    }

    /// The query for what else there is, for the message when nothing was found.
    pub(super) fn choices(&self) -> Value {
        let mut query = self.query();
        if let Some(map) = query.as_object_mut() {
            map.insert("choices".into(), true.into());
        }
        query
    }
}

impl fmt::Display for By {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Role(role, name) => write!(f, "the {role} '{name}'"),
            Self::RoleLike(role, part) => write!(f, "a {role} with '{part}' in its name"),
            Self::AnyOf(role) => write!(f, "any {role}"),
            Self::Label(name) => write!(f, "the field '{name}'"),
            Self::Text(part) => write!(f, "the text '{part}'"),
            Self::Css(selector) => write!(f, "`{selector}`"),
        }
    }
}

/// The elements in an answer to [`FIND`].
pub(super) fn found(client: &Client, answer: Value) -> Result<Vec<Element>> {
    answer
        .as_array()
        .context("the page gave no list of elements")?
        .iter()
        .map(|entry| {
            let id = entry.get(ELEMENT).and_then(Value::as_str).context("not an element")?;
            Ok(Element::from_element_id(client.clone(), ElementRef::from(id.to_owned())))
        })
        .collect()
}
