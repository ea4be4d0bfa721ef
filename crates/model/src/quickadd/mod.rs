//! Quick add: one typed line into the fields of a task.
//!
//! Owns the syntax `Buy oak tomorrow 9am #Workshop @shop p1 !fri *every 2 weeks`. Pure: the
//! caller says what "now" is, and nothing is looked up (whether a list exists is the caller's
//! business). Nothing typed is lost: every word is in the title or in a recognised [`Span`].
//!
//! | typed | means |
//! |---|---|
//! | `tomorrow 9am`, `12 nov`, `in 3 days`, `noon` | when |
//! | `!fri`, `!next friday`, `!2026-11-30` | deadline |
//! | `#Workshop`, `#"Two words"` | list |
//! | `@shop`, `@"two words"` | tag |
//! | `p1`, `p2`, `p3` | priority |
//! | `*every 2 weeks`, `*every! 3 days`, `*monthly` | repeat |
//! | `//text` up to the end, and every further line | note |
//! | `[[Title]]` | link, whose words stay in the title |
//! | `"call at noon"` | text as it is, without the quotes |
//!
//! A sigil counts only at the start of a word, so `Done!`, `C#`, `a@b.c` and `10*2` are text.

mod beside;
mod pieces;
mod recognise;
mod recognised;
mod title;

use std::ops::Range;

use jiff::civil::{Date, DateTime};
use serde::Serialize;

use crate::dates::{self, When};
use crate::recurrence::Repeat;

/// Longest line that is looked through, in bytes. A longer one is a title as it stands.
pub const LONGEST_LINE: usize = 10_000;

/// What a line is read against.
#[derive(Debug, Clone)]
pub struct Context {
    /// Now, and how weeks go.
    pub dates: dates::Context,
    /// Byte ranges of the input that must stay text: recognitions that the person dismissed. A
    /// recognition that touches one is not made.
    pub ignore: Vec<Range<usize>>,
}

impl Context {
    /// A context in which everything is recognised and weeks start on Monday.
    pub fn new(now: DateTime) -> Self {
        Self { dates: dates::Context::new(now), ignore: Vec::new() }
    }
}

/// What a line says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Parsed {
    /// The text without what was recognised; all of it where nothing else would be left.
    pub title: String,
    /// The planned date. Without a span of its own it follows from the repeat, whose first date
    /// it is.
    pub when: Option<When>,
    /// The deadline.
    pub deadline: Option<Date>,
    /// The name of the list.
    pub list: Option<String>,
    /// Names of tags, each once, in the order typed.
    pub tags: Vec<String>,
    /// 1 to 3.
    pub priority: Option<u8>,
    /// The repeat, anchored to the planned date.
    pub repeat: Option<Repeat>,
    /// Text for the notes of the task.
    pub note: Option<String>,
    /// Titles between `[[` and `]]`, each once.
    pub links: Vec<String>,
    /// What was recognised, in the order typed, none overlapping another.
    pub spans: Vec<Span>,
}

/// A recognised part of the input.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Span {
    /// Where it starts, in bytes of the input.
    pub start: usize,
    /// Where it ends, in bytes of the input.
    pub end: usize,
    /// Where it starts, in UTF-16 units, as an interface counts.
    pub start16: usize,
    /// Where it ends, in UTF-16 units.
    pub end16: usize,
    /// What it says.
    pub kind: Kind,
    /// What it came to, in words for a chip.
    pub label: String,
}

/// What a span says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// The planned date, its time, or both.
    When,
    /// The deadline.
    Deadline,
    /// The list.
    List,
    /// A tag.
    Tag,
    /// The priority.
    Priority,
    /// The repeat.
    Repeat,
    /// The note.
    Note,
    /// A link to a note or task.
    Link,
}

/// Reads a line. Never fails: what is not recognised is the title.
pub fn parse(input: &str, context: &Context) -> Parsed {
    let lines = pieces::Lines::of(input, context);
    let mut found = recognised::Recognised::default();
    let pieces = match lines.first(input) {
        line if line.len() <= LONGEST_LINE => pieces::pieces(input, &lines, context),
        _ => Vec::new(),
    };
    recognise::recognise(input, &pieces, context, &mut found);
    if let Some(rest) = lines.rest.clone()
        && !found.has_note()
    {
        found.note(input, rest);
    }
    let title = title::title(input, &lines, &pieces, &found.spans);
    found.finish(input, title, context)
}

#[cfg(test)]
mod table_tests;
#[cfg(test)]
mod tests;
