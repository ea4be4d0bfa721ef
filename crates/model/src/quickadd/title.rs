//! The title: the line without what was recognised, its white space and punctuation mended.

use super::pieces::{Form, Lines, Piece};
use super::{Kind, Span};

/// Punctuation that is drawn to the word before it when what stood between is taken out.
const CLOSING: [char; 6] = [',', '.', ';', ':', '!', '?'];

pub(super) fn title(input: &str, lines: &Lines, pieces: &[Piece], spans: &[Span]) -> String {
    let line = lines.first(input).trim();
    if pieces.is_empty() {
        return line.to_owned();
    }
    let mut out = String::new();
    let mut taken_out = false;
    let mut end_of_last = lines.first.start;
    for piece in pieces {
        let between = piece.at.start > end_of_last;
        end_of_last = piece.at.end;
        let text = match &piece.form {
            Form::Quoted(inner) | Form::Link(inner) => inner.clone(),
            _ => match spans.iter().find(|s| s.start < piece.at.end && piece.at.start < s.end) {
                // Only the punctuation after a recognised word stays.
                Some(span) => {
                    taken_out = true;
                    span.end.clamp(piece.at.start, piece.at.end)..piece.at.end
                }
                None => piece.at.clone(),
            },
        };
        let text = input.get(text).unwrap_or_default();
        let mut text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        if taken_out && text.starts_with(CLOSING) && text.chars().all(|c| CLOSING.contains(&c)) {
            // At the start, and after another mark, it has lost what it closed.
            if out.is_empty() || out.ends_with(CLOSING) {
                text.clear();
            }
        } else if between && !out.is_empty() && !text.is_empty() {
            out.push(' ');
        }
        out.push_str(&text);
    }
    let dangling = pieces
        .last()
        .is_some_and(|last| spans.iter().any(|s| s.end >= last.at.end && s.kind != Kind::Link));
    let out = if dangling { out.trim_end_matches([',', ';']) } else { &out };
    if out.trim().is_empty() { line.to_owned() } else { out.trim().to_owned() }
}
