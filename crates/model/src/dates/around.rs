//! Whether a phrase is the whole of what was said. Words of dates and times that stand beside it and
//! do not fit into it mean that something else was said: "from monday to friday", "3 days after
//! monday", "tomorrow 9-10am". Then the phrase is left as it was typed, whole: half of it taken out
//! would be a wrong date and a broken title. Never says what a phrase means.

use super::words::{Meaning, Word};

/// What the words before and after a phrase mean; `Unknown` for what is recognised or put aside.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Around<'a> {
    /// The word before the phrase, and the one before that.
    pub(crate) before: [Meaning; 2],
    /// The words that follow, up to the end of the sentence.
    pub(crate) after: &'a [Meaning],
}

impl Around<'_> {
    /// Whether words of a planned date stand alone.
    pub(crate) fn leaves_whole(&self, words: &[Meaning]) -> bool {
        !self.is_begun(words) && !goes_on(self.after)
    }

    /// Whether the words of a deadline stand alone: it has no time, so one that follows is not its.
    pub(crate) fn leaves_deadline_whole(&self) -> bool {
        let time = match *self.after {
            [Meaning::Word(Word::At), next, ..] | [next, ..] => is_time(next),
            [] => false,
        };
        time || !goes_on(self.after)
    }

    /// Whether the words of a repeat stand alone. Its first date and its time may follow.
    pub(crate) fn leaves_repeat_whole(&self) -> bool {
        use Meaning::Word as W;
        !match *self.after {
            [
                W(Word::Unit(_) | Word::Of | Word::Unread) | Meaning::Ordinal(_) | Meaning::Figures,
                ..,
            ] => true,
            [W(Word::Ties | Word::After | Word::And | Word::Or | Word::Blocks), ref rest @ ..] => {
                starts(rest)
            }
            _ => false,
        }
    }

    /// Whether what stands before belongs to the phrase.
    fn is_begun(&self, words: &[Meaning]) -> bool {
        use Meaning::{Clock, Dotted, Figures, Iso, Number, Ordinal, Word as W};
        let [before, further] = self.before;
        let first = words.first().copied().unwrap_or(Meaning::Unknown);
        let names_day = matches!(first, W(Word::Weekday { .. } | Word::Weekend));
        let names_month = matches!(first, W(Word::Month { .. }));
        let bare_time = words.iter().all(|word| is_time(*word) || *word == W(Word::At));
        match before {
            W(
                Word::Blocks
                | Word::Ties
                | Word::After
                | Word::Every
                | Word::EveryAfter
                | Word::Last
                | Word::Of
                | Word::Other
                | Word::The
                | Word::One
                | Word::This
                | Word::Next
                | Word::At
                | Word::Unread
                | Word::OClock
                | Word::Half
                | Word::Today
                | Word::Tomorrow
                | Word::Yesterday
                | Word::Tonight
                | Word::Part(_)
                | Word::Noon
                | Word::Weekend
                | Word::Weekday { sure: true, .. },
            )
            | Clock(_)
            | Iso(..)
            | Dotted { sure: true, .. } => true,
            W(Word::And | Word::Or) => is_day_or_time(further),
            W(Word::Nth(_)) | Ordinal(_) => names_day || names_month,
            W(Word::Unit(_)) => {
                let counts = matches!(further, Number(_));
                // "every month on the 31st" without the sign of a repeat is no date of that month.
                counts
                    || matches!(
                        further,
                        W(Word::One
                            | Word::Next
                            | Word::Last
                            | Word::Half
                            | Word::Every
                            | Word::EveryAfter
                            | Word::Other)
                    )
            }
            W(Word::Month { .. }) => {
                matches!(further, Number(_) | Ordinal(_)) || matches!(first, Number(_))
            }
            // "two days after tomorrow" is not the day after tomorrow.
            Number(_) if matches!(first, W(Word::Unit(_))) => true,
            Number(_) => names_month || matches!(further, W(Word::Month { .. })),
            Figures | Dotted { sure: false, .. } => bare_time,
            _ => false,
        }
    }
}

/// Whether what follows a phrase belongs to it.
fn goes_on(after: &[Meaning]) -> bool {
    use Meaning::{Number, Word as W};
    match *after {
        [W(Word::Of), ..] => true,
        [
            W(
                Word::Ties
                | Word::After
                | Word::And
                | Word::Or
                | Word::At
                | Word::On
                | Word::In
                | Word::The
                | Word::Next
                | Word::This
                | Word::One
                | Word::Last,
            ),
            ref rest @ ..,
        ] => starts(rest),
        // A figure that nothing follows is read as an hour where it can be one.
        [Number(_), ref rest @ ..] => {
            matches!(rest.first(), Some(next) if is_day_or_time(*next) || is_joint(*next))
        }
        [first, ..] => is_day_or_time(first),
        [] => false,
    }
}

/// Whether a date, a time or a length of time starts there.
fn starts(words: &[Meaning]) -> bool {
    use Meaning::{Number, Word as W};
    match *words {
        [
            W(
                Word::The
                | Word::Next
                | Word::This
                | Word::In
                | Word::On
                | Word::At
                | Word::One
                | Word::Last,
            ),
            ref rest @ ..,
        ] => starts(rest),
        [Number(_)] => true,
        [Number(_), next, ..] => is_day_or_time(next) || is_joint(next),
        [first, ..] => is_day_or_time(first),
        [] => false,
    }
}

fn is_joint(word: Meaning) -> bool {
    matches!(word, Meaning::Word(Word::Ties | Word::After | Word::And | Word::Or))
}

/// Whether a word belongs to dates and times and to little else.
fn is_day_or_time(word: Meaning) -> bool {
    use Meaning::{Clock, Dotted, Figures, Iso, Ordinal, Word as W};
    matches!(
        word,
        W(Word::Today
            | Word::Tomorrow
            | Word::Yesterday
            | Word::Tonight
            | Word::Part(_)
            | Word::Noon
            | Word::Weekday { .. }
            | Word::Weekend
            | Word::Month { .. }
            | Word::Unit(_)
            | Word::OClock
            | Word::Unread
            | Word::Half
            | Word::Am
            | Word::Pm)
            | Ordinal(_)
            | Clock(_)
            | Iso(..)
            | Dotted { .. }
            | Figures
    )
}

fn is_time(word: Meaning) -> bool {
    use Meaning::{Clock, Number, Word as W};
    matches!(word, Clock(_) | Number(_) | W(Word::Noon | Word::Am | Word::Pm | Word::OClock))
}
