//! What the pieces of a line mean: sigils, dates, priorities. Windows of words are tried longest
//! first, each field takes the first phrase that fits it, and later ones stay text.

use std::ops::Range;

use jiff::civil::{Date, Time};

use super::pieces::{Form, Piece, touches};
use super::{Context, Kind, Parsed, Span};
use crate::dates::{
    Found, Meaning, Reading, TRAILING, Token, Trust, Word, format_relative, format_time,
    format_when, read, token,
};
use crate::recurrence::{self, Repeat};

/// Most words in a date phrase ("on the 12th of november 2027 at 9 am").
const DATE_WORDS: usize = 9;
/// Most words in a repeat ("every 2 weeks on mon, tue, wed, thu and fri").
const REPEAT_WORDS: usize = 12;
/// Longest name of a list or tag, in bytes.
const LONGEST_NAME: usize = 200;

/// What has been recognised so far.
#[derive(Debug, Default)]
pub(super) struct Recognised {
    pub(super) spans: Vec<Span>,
    date: Option<Date>,
    time: Option<Time>,
    /// The time is only that of a named part of the day, and gives way to one that is written.
    loose_time: bool,
    parsed: Parsed,
}

impl Recognised {
    fn span(&mut self, at: Range<usize>, kind: Kind, label: String) {
        let span = Span { start: at.start, end: at.end, start16: 0, end16: 0, kind, label };
        self.spans.push(span);
    }

    pub(super) fn has_note(&self) -> bool {
        self.parsed.note.is_some()
    }

    pub(super) fn note(&mut self, input: &str, at: Range<usize>) {
        self.parsed.note = input.get(at.clone()).map(str::to_owned);
        self.span(at, Kind::Note, "Note".to_owned());
    }

    /// Takes a date phrase where it says something new.
    fn take_when(&mut self, found: Found) -> bool {
        let date_taken = found.date.is_some() && self.date.is_some();
        let time_taken = found.time.is_some() && self.time.is_some() && !self.loose_time;
        if date_taken || time_taken {
            return false;
        }
        self.date = self.date.or(found.date);
        if found.time.is_some() {
            self.time = found.time;
            self.loose_time = found.loose;
        }
        true
    }

    /// The whole result: the date is settled, the repeat anchored, the spans measured.
    pub(super) fn finish(self, input: &str, title: String, context: &Context) -> Parsed {
        let Self { spans, date, time, mut parsed, .. } = self;
        let given = (date.is_some() || time.is_some())
            .then(|| Found { date, time, loose: false }.when(&context.dates));
        parsed.when = given;
        if let Some(repeat) = parsed.repeat.take() {
            if date.is_none() {
                let from = given.map_or(context.dates.now.date(), |w| w.date());
                let first = repeat.first(from);
                parsed.when = first.map(|date| crate::dates::When::new(date, time)).or(given);
            }
            parsed.repeat = Some(match parsed.when {
                Some(when) => repeat.anchored(when.date()),
                None => repeat,
            });
        }
        parsed.title = title;
        parsed.spans = measured(input, spans);
        parsed
    }
}

/// The spans with their places in UTF-16 units, in order.
fn measured(input: &str, mut spans: Vec<Span>) -> Vec<Span> {
    spans.sort_by_key(|s| s.start);
    let (mut byte, mut unit) = (0, 0);
    let mut units_to = |to: usize| {
        unit += input.get(byte..to).unwrap_or_default().encode_utf16().count();
        byte = to;
        unit
    };
    for span in &mut spans {
        span.start16 = units_to(span.start);
        span.end16 = units_to(span.end);
    }
    spans
}

pub(super) fn recognise(input: &str, pieces: &[Piece], context: &Context, into: &mut Recognised) {
    let mut scan = Scan { input, pieces, context, into, deadline_end: None };
    let mut at = 0;
    while at < pieces.len() {
        at += scan.piece(at).max(1);
    }
}

struct Scan<'s> {
    input: &'s str,
    pieces: &'s [Piece],
    context: &'s Context,
    into: &'s mut Recognised,
    /// The piece after a deadline: a time there belongs to the deadline, which has none.
    deadline_end: Option<usize>,
}

impl Scan<'_> {
    fn text(&self, range: &Range<usize>) -> &str {
        self.input.get(range.clone()).unwrap_or_default()
    }

    /// Recognises what starts at a piece; gives the number of pieces it took.
    fn piece(&mut self, at: usize) -> usize {
        let Some(piece) = self.pieces.get(at).cloned() else { return 1 };
        match &piece.form {
            Form::Word if !piece.glued => return self.word(at, &piece),
            Form::Word | Form::Quoted(_) => {}
            Form::QuotedList(name) => self.list(piece.at.clone(), name),
            Form::QuotedTag(name) => self.tag(piece.at.clone(), name),
            Form::Link(title) => {
                let title = self.text(title).trim().to_owned();
                if !self.into.parsed.links.contains(&title) {
                    self.into.parsed.links.push(title.clone());
                }
                self.into.span(piece.at.clone(), Kind::Link, title);
            }
            Form::Note(text) => {
                self.into.parsed.note = Some(self.text(text).to_owned());
                self.into.span(piece.at.clone(), Kind::Note, "Note".to_owned());
            }
        }
        1
    }

    fn word(&mut self, at: usize, piece: &Piece) -> usize {
        let text = self.text(&piece.at);
        let bare = text.trim_end_matches(TRAILING).len();
        let name = piece.at.start + 1..(piece.at.start + bare).max(piece.at.start + 1);
        let whole = piece.at.start..name.end;
        match text.chars().next() {
            Some('#') if self.is_name(&name, '#') => self.list(whole, &name),
            Some('@') if self.is_name(&name, '@') => self.tag(whole, &name),
            Some('!') => return self.deadline(at),
            Some('*') => return self.repeat(at),
            Some('p' | 'P') if bare == 2 => {
                let digit = text.get(1..2).and_then(|d| d.parse::<u8>().ok());
                if let Some(priority @ 1..=3) = digit {
                    self.priority(piece.at.start..piece.at.start + 2, priority);
                } else {
                    return self.when(at);
                }
            }
            _ => return self.when(at),
        }
        1
    }

    /// Whether the text after a sigil can be a name: not a number alone (`#12` is an issue), not
    /// punctuation, with no second sigil (`@me@example.org` is an address).
    fn is_name(&self, range: &Range<usize>, sigil: char) -> bool {
        let name = self.text(range);
        name.chars().next().is_some_and(|c| c.is_alphanumeric() || !c.is_ascii())
            && !name.chars().all(|c| c.is_ascii_digit())
            && !name.contains(sigil)
            && name.len() <= LONGEST_NAME
    }

    fn dismissed(&self, range: &Range<usize>) -> bool {
        touches(self.context, range)
    }

    fn list(&mut self, at: Range<usize>, name: &Range<usize>) {
        let name = self.text(name).trim().to_owned();
        let fits = !name.is_empty() && name.len() <= LONGEST_NAME;
        if self.into.parsed.list.is_none() && fits && !self.dismissed(&at) {
            self.into.parsed.list = Some(name.clone());
            self.into.span(at, Kind::List, name);
        }
    }

    fn tag(&mut self, at: Range<usize>, name: &Range<usize>) {
        let name = self.text(name).trim().to_owned();
        if name.is_empty() || name.len() > LONGEST_NAME || self.dismissed(&at) {
            return;
        }
        if !self.into.parsed.tags.contains(&name) {
            self.into.parsed.tags.push(name.clone());
        }
        self.into.span(at, Kind::Tag, name);
    }

    fn priority(&mut self, at: Range<usize>, priority: u8) {
        if self.into.parsed.priority.is_none() && !self.dismissed(&at) {
            self.into.parsed.priority = Some(priority);
            self.into.span(at, Kind::Priority, format!("Priority {priority}"));
        }
    }

    /// The words from a piece on, `skip` bytes into the first, up to the first that is no word.
    fn window(&self, at: usize, skip: usize, most: usize) -> Vec<(Token, usize)> {
        let words = self.pieces.get(at..).unwrap_or_default().iter().take(most).enumerate();
        words
            .take_while(|(n, p)| p.form == Form::Word && (*n == 0 || !p.glued))
            .map(|(n, piece)| {
                let start = piece.at.start + if n == 0 { skip } else { 0 };
                let token = token(self.text(&(start..piece.at.end)));
                (token, start + token.len)
            })
            .take_while(|(token, _)| token.meaning != Meaning::Unknown)
            .collect()
    }

    /// The longest run of words from a piece on that `read` takes, with where it ends.
    fn longest<T>(
        &self,
        at: usize,
        skip: usize,
        most: usize,
        read: impl Fn(&[Token]) -> Option<T>,
    ) -> Option<(T, usize, Range<usize>)> {
        let (tokens, ends): (Vec<Token>, Vec<usize>) =
            self.window(at, skip, most).into_iter().unzip();
        let start = self.pieces.get(at)?.at.start;
        (1..=tokens.len()).rev().find_map(|count| {
            let range = start..*ends.get(count - 1)?;
            if self.dismissed(&range) {
                return None;
            }
            Some((read(tokens.get(..count)?)?, count, range))
        })
    }

    fn reading(&self, trust: Trust) -> Reading {
        Reading { context: self.context.dates, trust }
    }

    fn deadline(&mut self, at: usize) -> usize {
        let reading = self.reading(Trust::Asked);
        let date_alone = |tokens: &[Token]| {
            read(tokens, &reading).filter(|f| f.time.is_none()).and_then(|f| f.date)
        };
        if self.into.parsed.deadline.is_some() {
            return 1;
        }
        let Some((date, count, range)) = self.longest(at, 1, DATE_WORDS, date_alone) else {
            return 1;
        };
        self.into.parsed.deadline = Some(date);
        let label = format_relative(date, self.context.dates.now.date());
        self.into.span(range, Kind::Deadline, label);
        self.deadline_end = Some(at + count);
        count
    }

    fn repeat(&mut self, at: usize) -> usize {
        if self.into.parsed.repeat.is_some() {
            return 1;
        }
        let Some((repeat, count, range)) = self.longest(at, 1, REPEAT_WORDS, recurrence::read)
        else {
            return 1;
        };
        self.into.span(range, Kind::Repeat, Repeat::describe(&repeat));
        self.into.parsed.repeat = Some(repeat);
        count
    }

    fn when(&mut self, at: usize) -> usize {
        if self.follows_block(at) {
            return 1;
        }
        let reading = self.reading(Trust::Prose);
        let phrase = |tokens: &[Token]| read(tokens, &reading);
        let Some((found, count, range)) = self.longest(at, 0, DATE_WORDS, phrase) else {
            return 1;
        };
        let of_deadline = found.date.is_none() && self.deadline_end == Some(at);
        if of_deadline || !self.into.take_when(found) {
            return count;
        }
        let today = self.context.dates.now.date();
        let label = match (found.date, found.time) {
            (None, Some(time)) => format_time(time),
            _ => format_when(found.when(&self.context.dates), today),
        };
        self.into.span(range, Kind::When, label);
        count
    }

    /// Whether the word before makes what follows no date to plan for: "every friday" without a
    /// sigil, "Black Friday", "since monday", "last week".
    fn follows_block(&self, at: usize) -> bool {
        let before = at.checked_sub(1).and_then(|n| self.pieces.get(n));
        before.filter(|p| p.form == Form::Word).is_some_and(|piece| {
            let token = token(self.text(&piece.at));
            !token.ends
                && matches!(
                    token.meaning,
                    Meaning::Word(Word::Blocks | Word::Every | Word::EveryAfter | Word::Last)
                )
        })
    }
}
