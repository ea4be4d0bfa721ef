//! The input cut into pieces: words, quoted text, links, notes. Never says what a word means.

use std::ops::Range;

use super::{Context, LONGEST_LINE};

/// The line that is looked through, and what follows it.
#[derive(Debug, Clone)]
pub(super) struct Lines {
    pub(super) first: Range<usize>,
    /// Further lines that are not blank: they are a note.
    pub(super) rest: Option<Range<usize>>,
}

impl Lines {
    pub(super) fn of(input: &str, context: &Context) -> Self {
        let start = input.len() - input.trim_start().len();
        let end = input.trim_end().len().max(start);
        let body = input.get(start..end).unwrap_or_default();
        let line = body.find(['\n', '\r']).map_or(end, |at| start + at);
        let after = input.get(line..end).unwrap_or_default();
        let rest = end - after.trim_start().len()..end;
        let dismissed = rest.len() + line < LONGEST_LINE && touches(context, &rest);
        if rest.is_empty() || dismissed {
            return Self { first: start..end, rest: None };
        }
        Self { first: start..line, rest: Some(rest) }
    }

    pub(super) fn first<'i>(&self, input: &'i str) -> &'i str {
        input.get(self.first.clone()).unwrap_or_default()
    }
}

/// Whether a recognition there was dismissed.
pub(super) fn touches(context: &Context, range: &Range<usize>) -> bool {
    context.ignore.iter().any(|r| r.start < range.end && range.start < r.end)
}

/// A part of the line without white space around it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Piece {
    pub(super) at: Range<usize>,
    pub(super) form: Form,
    /// Follows another piece with no space between, so that no sigil or date can start in it.
    pub(super) glued: bool,
}

/// What a piece looks like. The ranges are of the text inside its marks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Form {
    Word,
    Quoted(Range<usize>),
    QuotedList(Range<usize>),
    QuotedTag(Range<usize>),
    Link(Range<usize>),
    /// Up to the end of the input.
    Note(Range<usize>),
}

pub(super) fn pieces(input: &str, lines: &Lines, context: &Context) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let (mut at, end) = (lines.first.start, lines.first.end);
    let mut last_end = None;
    while let Some(rest) = input.get(at..end) {
        let start = end - rest.trim_start().len();
        let Some(text) = input.get(start..end).filter(|t| !t.is_empty()) else { break };
        let glued = last_end == Some(start);
        let word = start..start + text.find(char::is_whitespace).unwrap_or(text.len());
        let form = if glued { None } else { marked(input, start, text) };
        let (piece_end, form) = match form {
            // Quoted text is no recognition, so it cannot be dismissed.
            Some((piece_end, form @ Form::Quoted(_))) => (piece_end, form),
            Some((piece_end, form)) if !touches(context, &(start..piece_end)) => (piece_end, form),
            _ => (word.end, Form::Word),
        };
        pieces.push(Piece { at: start..piece_end, form, glued });
        last_end = Some(piece_end);
        at = piece_end;
    }
    pieces
}

/// A piece that begins with a mark and may hold spaces, with where it ends.
fn marked(input: &str, start: usize, text: &str) -> Option<(usize, Form)> {
    let inside = |skip: usize, close: &[char], mark: usize| {
        let from = start + skip;
        let body = text.get(skip..)?;
        let len = body.find(close)?;
        let inner = body.get(..len)?;
        (!inner.trim().is_empty()).then(|| (from + len + mark, from..from + len))
    };
    if let Some(body) = text.strip_prefix("//") {
        // A note takes everything that follows, further lines too.
        let all = input.get(start + 2..)?;
        return (!body.trim().is_empty()).then(|| {
            let note = start + 2 + (all.len() - all.trim_start().len())..input.trim_end().len();
            (note.end, Form::Note(note))
        });
    }
    if text.starts_with("[[") {
        let body = text.get(2..)?;
        let len = body.find("]]")?;
        let inner = body.get(..len)?;
        let plain = !inner.trim().is_empty() && !inner.contains('[');
        return plain.then(|| (start + len + 4, Form::Link(start + 2..start + 2 + len)));
    }
    let (sigil, quote) = match text.strip_prefix(['#', '@']) {
        Some(rest) => (text.chars().next(), rest),
        None => (None, text),
    };
    let skip = usize::from(sigil.is_some());
    let (end, inner) = if quote.starts_with('"') {
        inside(skip + 1, &['"'], 1)?
    } else if quote.starts_with('\u{201c}') {
        inside(skip + '\u{201c}'.len_utf8(), &['\u{201d}'], '\u{201d}'.len_utf8())?
    } else {
        return None;
    };
    Some((
        end,
        match sigil {
            Some('#') => Form::QuotedList(inner),
            Some(_) => Form::QuotedTag(inner),
            None => Form::Quoted(inner),
        },
    ))
}
