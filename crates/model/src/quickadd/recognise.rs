//! What the pieces of a line mean: sigils, dates, priorities. Windows of words are tried longest
//! first, each field takes the first phrase that fits it, and later ones stay text.

use std::ops::Range;

use super::pieces::{Form, Piece, touches};
use super::recognised::Recognised;
use super::{Context, Kind};
use crate::dates::{
    Around, Meaning, Reading, TRAILING, Token, Trust, format_relative, format_time, format_when,
    read, token,
};
use crate::recurrence::{self, Repeat};

/// Most words in a date phrase ("on the 12th of november 2027 at 9 am").
const DATE_WORDS: usize = 9;
/// Most words in a repeat ("every 2 weeks on mon, tue, wed, thu and fri").
const REPEAT_WORDS: usize = 12;
/// Longest name of a list or tag, in bytes.
const LONGEST_NAME: usize = 200;

pub(super) fn recognise(input: &str, pieces: &[Piece], context: &Context, into: &mut Recognised) {
    let mut scan = Scan { input, pieces, context, into, deadline_end: None };
    let mut at = 0;
    while at < pieces.len() {
        at += scan.piece(at).max(1);
    }
}

pub(super) struct Scan<'s> {
    pub(super) input: &'s str,
    pub(super) pieces: &'s [Piece],
    pub(super) context: &'s Context,
    pub(super) into: &'s mut Recognised,
    /// The piece after a deadline: a time there belongs to the deadline, which has none.
    deadline_end: Option<usize>,
}

impl Scan<'_> {
    pub(super) fn text(&self, range: &Range<usize>) -> &str {
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

    pub(super) fn dismissed(&self, range: &Range<usize>) -> bool {
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
            let name = match priority {
                1 => "High",
                2 => "Medium",
                _ => "Low",
            };
            self.into.span(at, Kind::Priority, format!("{name} priority"));
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
        read: impl Fn(&[Token], bool) -> Option<T>,
    ) -> Option<Phrase<T>> {
        let (tokens, ends): (Vec<Token>, Vec<usize>) =
            self.window(at, skip, most).into_iter().unzip();
        let start = self.pieces.get(at)?.at.start;
        (1..=tokens.len()).rev().find_map(|count| {
            let range = start..*ends.get(count - 1)?;
            if self.dismissed(&range) {
                return None;
            }
            let words = tokens.get(..count)?;
            let ended = words.last().is_some_and(|token| token.ends);
            let says = read(words, ended || self.is_closed(at + count))?;
            let words = words.iter().map(|token| token.meaning).collect();
            Some(Phrase { says, count, range, words, ended })
        })
    }

    /// Whether a phrase is the whole of what is said there.
    fn stands_whole<T>(
        &self,
        at: usize,
        phrase: &Phrase<T>,
        is_whole: impl FnOnce(&Around<'_>) -> bool,
    ) -> bool {
        let after = if phrase.ended { Vec::new() } else { self.after(at + phrase.count) };
        is_whole(&Around { before: self.before(at), after: &after })
    }

    fn deadline(&mut self, at: usize) -> usize {
        let context = &self.context.dates;
        let date_alone = |tokens: &[Token], _| {
            let reading = Reading { context, trust: Trust::Asked, closed: false };
            read(tokens, &reading).filter(|f| f.time.is_none()).and_then(|f| f.date)
        };
        if self.into.parsed.deadline.is_some() {
            return 1;
        }
        let Some(phrase) = self.longest(at, 1, DATE_WORDS, date_alone) else {
            return 1;
        };
        if self.stands_whole(at, &phrase, |around| around.leaves_deadline_whole()) {
            let date = phrase.says;
            self.into.parsed.deadline = Some(date);
            let label = format_relative(date, self.context.dates.now.date());
            self.into.span(phrase.range, Kind::Deadline, label);
            self.deadline_end = Some(at + phrase.count);
        }
        phrase.count
    }

    fn repeat(&mut self, at: usize) -> usize {
        if self.into.parsed.repeat.is_some() {
            return 1;
        }
        let Some(phrase) = self.longest(at, 1, REPEAT_WORDS, |tokens, _| recurrence::read(tokens))
        else {
            return 1;
        };
        if self.stands_whole(at, &phrase, |around| around.leaves_repeat_whole()) {
            self.into.span(phrase.range, Kind::Repeat, Repeat::describe(&phrase.says));
            self.into.parsed.repeat = Some(phrase.says);
        }
        phrase.count
    }

    fn when(&mut self, at: usize) -> usize {
        let context = &self.context.dates;
        let read = |tokens: &[Token], closed| {
            read(tokens, &Reading { context, trust: Trust::Prose, closed })
        };
        let Some(phrase) = self.longest(at, 0, DATE_WORDS, read) else {
            return 1;
        };
        let found = phrase.says;
        let of_deadline = found.date.is_none() && self.deadline_end == Some(at);
        let whole = self.stands_whole(at, &phrase, |around| around.leaves_whole(&phrase.words));
        if of_deadline || !whole || !self.into.take_when(found) {
            return phrase.count;
        }
        let today = self.context.dates.now.date();
        let label = match (found.date, found.time) {
            (None, Some(time)) => format_time(time),
            _ => format_when(found.when(&self.context.dates), today),
        };
        self.into.span(phrase.range, Kind::When, label);
        phrase.count
    }
}

/// A run of words that says something.
struct Phrase<T> {
    says: T,
    /// How many pieces it takes.
    count: usize,
    /// Where it stands, in bytes.
    range: Range<usize>,
    words: Vec<Meaning>,
    /// Punctuation ends it.
    ended: bool,
}
