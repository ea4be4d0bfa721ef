//! How words are compared: one folding for what is indexed, what is asked and what is shown of a hit.
//!
//! Case, accents, vowel points and the forms of one letter make no difference. Scripts that put no spaces
//! between words are taken letter by letter, so that a part of a run is found. Emoji and other pictures are
//! words of their own; signs (`+`, `_`, `-`) are kept where they stand between or beside words.

use caseless::Caseless;
use finl_unicode::categories::CharacterCategories;
use std::ops::Range;
use unicode_normalization::UnicodeNormalization;

/// Longer words are told apart by so many characters.
const LONGEST: usize = 64;

/// What a piece of a text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sort {
    /// Letters and digits.
    Word,
    /// One letter of a script without spaces.
    Letter,
    /// An emoji, an arrow, a currency.
    Picture,
    /// One sign of ASCII.
    Sign,
}

/// What stands between a piece and the one before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Before {
    /// Nothing.
    Joined,
    /// An apostrophe or a mark of punctuation that nobody looks for.
    Mark,
    /// Space, or the beginning.
    Space,
}

/// A piece of a folded text.
#[derive(Debug, Clone)]
pub(crate) struct Piece {
    pub(crate) sort: Sort,
    pub(crate) before: Before,
    /// Where it stands in the folded text.
    folded: Range<usize>,
    /// Where it stood in the text as it was, in bytes.
    pub(crate) source: Range<usize>,
    /// Characters of it.
    length: usize,
}

/// A text as it is compared.
#[derive(Debug, Clone)]
pub(crate) struct Folded {
    text: String,
    pub(crate) pieces: Vec<Piece>,
    before: Before,
}

/// Folds a text. Cost: in proportion to it.
pub(crate) fn fold(source: &str) -> Folded {
    let mut folded = Folded {
        text: String::with_capacity(source.len()),
        pieces: Vec::new(),
        before: Before::Space,
    };
    let mut rest = source.char_indices().peekable();
    while let Some((start, c)) = rest.next() {
        let mut end = start + c.len_utf8();
        if c.is_ascii() && rest.peek().is_none_or(|(_, next)| next.is_ascii()) {
            folded.push(c.to_ascii_lowercase(), start..end);
            continue;
        }
        // A letter and the marks on it, or the parts of a syllable, which are one character for a reader.
        while let Some((_, mark)) = rest.next_if(|(_, next)| belongs(*next)) {
            end += mark.len_utf8();
        }
        let cluster = source.get(start..end).unwrap_or_default();
        let letters = cluster.nfkd().filter(|c| !is_dropped(*c)).default_case_fold().nfc();
        for letter in letters {
            match same_letter(letter) {
                Some(letters) => letters.chars().for_each(|c| folded.push(c, start..end)),
                None => folded.push(letter, start..end),
            }
        }
    }
    folded
}

impl Folded {
    fn push(&mut self, c: char, source: Range<usize>) {
        let Some(sort) = sort(c) else {
            let space = c.is_whitespace() || c.is_control();
            if space || self.before == Before::Joined {
                self.before = if space { Before::Space } else { Before::Mark };
            }
            return;
        };
        let before = std::mem::replace(&mut self.before, Before::Joined);
        if sort == Sort::Word
            && before == Before::Joined
            && let Some(last) = self.pieces.last_mut().filter(|last| last.sort == Sort::Word)
        {
            last.source.end = source.end;
            last.length += 1;
            if last.length <= LONGEST {
                self.text.push(c);
                last.folded.end = self.text.len();
            }
            return;
        }
        let from = self.text.len();
        self.text.push(c);
        self.pieces.push(Piece { sort, before, folded: from..self.text.len(), source, length: 1 });
    }

    /// A part of it alone.
    pub(crate) fn only(&self, pieces: &[Piece]) -> Self {
        Self { text: self.text.clone(), pieces: pieces.to_vec(), before: self.before }
    }

    /// The words of a piece.
    pub(crate) fn text(&self, piece: &Piece) -> &str {
        self.text.get(piece.folded.clone()).unwrap_or_default()
    }

    /// The pieces between spaces.
    pub(crate) fn chunks(&self) -> impl Iterator<Item = &[Piece]> {
        self.pieces.chunk_by(|_, next| next.before != Before::Space)
    }

    /// The terms of the words, one space apart.
    pub(crate) fn terms(&self) -> String {
        let mut out = String::with_capacity(self.text.len() * 5 / 4);
        self.push_terms(&self.pieces, &mut out);
        out
    }

    /// Appends the terms of words among pieces: two letters at a time where there are no spaces, and the
    /// last of a run by itself.
    pub(crate) fn push_terms(&self, pieces: &[Piece], out: &mut String) {
        let mut pieces = pieces.iter().peekable();
        while let Some(piece) = pieces.next() {
            if piece.sort == Sort::Sign {
                continue;
            }
            if !out.is_empty() {
                out.push(' ');
            }
            out.push_str(self.text(piece));
            let next = pieces.peek().filter(|next| {
                piece.sort == Sort::Letter
                    && next.sort == Sort::Letter
                    && next.before == Before::Joined
            });
            if let Some(next) = next {
                out.push_str(self.text(next));
            }
        }
    }

    /// The terms of what signs stand in, one space apart: word by word and sign by sign.
    pub(crate) fn sign_terms(&self) -> String {
        let mut out = String::new();
        for chunk in self.chunks() {
            if core(chunk, self).is_empty() {
                continue;
            }
            if !out.is_empty() {
                out.push(' ');
                out.push(APART);
            }
            self.push_sign_terms(chunk, &mut out);
        }
        out
    }

    /// Appends pieces one by one, signs too.
    pub(crate) fn push_sign_terms(&self, pieces: &[Piece], out: &mut String) {
        for piece in pieces {
            if !out.is_empty() {
                out.push(' ');
            }
            let text = self.text(piece);
            if piece.sort == Sort::Sign {
                out.extend(text.chars().map(wide));
            } else {
                out.push_str(text);
            }
        }
    }

    /// How many letters the run has with which it ends.
    pub(crate) fn last_run(&self) -> usize {
        let mut letters = 0;
        for piece in self.pieces.iter().rev().take_while(|piece| piece.sort == Sort::Letter) {
            letters += 1;
            if piece.before != Before::Joined {
                break;
            }
        }
        letters
    }

    /// The words of letters alone, which may be mistyped.
    pub(crate) fn spelled(&self) -> impl Iterator<Item = &str> {
        self.pieces.iter().filter(|piece| is_spelled(piece.length)).filter_map(|piece| {
            let word = self.text(piece);
            (piece.sort == Sort::Word && word.chars().all(char::is_alphabetic)).then_some(word)
        })
    }
}

/// Between the terms of two chunks with signs. No folded text has it.
const APART: char = '\u{ffed}';

/// A sign of ASCII as a term: in its wide form, which no folded text has.
fn wide(sign: char) -> char {
    u32::from(sign).checked_add(0xfee0).and_then(char::from_u32).unwrap_or(sign)
}

/// Whether a word of so many letters is forgiven a typing error.
pub(crate) fn is_spelled(letters: usize) -> bool {
    (3..=24).contains(&letters)
}

/// The part of a chunk that has signs a person would look for: without the punctuation of sentences around
/// it, save where there are only signs. Empty where there are none.
pub(crate) fn core<'p>(chunk: &'p [Piece], folded: &Folded) -> &'p [Piece] {
    let is_sign = |piece: &Piece| piece.sort == Sort::Sign;
    let is_one_of = |piece: &Piece, signs: &str| {
        is_sign(piece) && folded.text(piece).chars().all(|c| signs.contains(c))
    };
    if chunk.iter().all(is_sign) {
        let is_punctuation =
            chunk.len() == 1 && chunk.iter().all(|piece| is_one_of(piece, "()[]{}\"'.,;:!?"));
        return if is_punctuation { &[] } else { chunk };
    }
    let from = chunk.iter().position(|piece| !is_one_of(piece, "([{<\"'")).unwrap_or(0);
    let last = chunk.iter().rposition(|piece| !is_one_of(piece, ".,;:!?)]}>\"'"));
    let inner = chunk.get(from..last.map_or(0, |at| at + 1)).unwrap_or_default();
    if inner.iter().any(is_sign) { inner } else { &[] }
}

fn sort(c: char) -> Option<Sort> {
    if c == '\'' {
        None
    } else if c.is_ascii_punctuation() {
        Some(Sort::Sign)
    } else if is_run(c) {
        Some(Sort::Letter)
    } else if c.is_alphanumeric() || c.is_mark() || c.is_private_use() {
        Some(Sort::Word)
    } else if c.is_symbol() {
        Some(Sort::Picture)
    } else {
        None
    }
}

/// Whether a character belongs to the one before it: a mark on a letter, a part of a Korean syllable.
fn belongs(c: char) -> bool {
    c.is_mark() || matches!(c, '\u{1160}'..='\u{11ff}' | '\u{ff9e}' | '\u{ff9f}')
}

/// Scripts that put no spaces between words, and Korean, whose words grow endings.
const fn is_run(c: char) -> bool {
    matches!(c,
        '\u{0e00}'..='\u{0e7f}' | '\u{0e80}'..='\u{0eff}' | '\u{1000}'..='\u{109f}'
        | '\u{1780}'..='\u{17ff}' | '\u{1100}'..='\u{11ff}'
        | '\u{3005}'..='\u{3007}' | '\u{3040}'..='\u{309f}' | '\u{30a1}'..='\u{30fa}'
        | '\u{30fc}'..='\u{30ff}' | '\u{3100}'..='\u{318f}' | '\u{31a0}'..='\u{31bf}'
        | '\u{31f0}'..='\u{31ff}' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}'
        | '\u{a960}'..='\u{a97f}' | '\u{ac00}'..='\u{d7ff}' | '\u{f900}'..='\u{faff}'
        | '\u{16fe0}'..='\u{18dff}' | '\u{1aff0}'..='\u{1b16f}' | '\u{20000}'..='\u{3ffff}')
}

/// Marks that make no difference to whoever looks for a word: accents, vowel points, joiners, the colour of
/// a hand. Not the vowels of scripts that cannot be read without them, nor what makes another kana of one.
fn is_dropped(c: char) -> bool {
    matches!(c,
        '\u{00ad}' | '\u{034f}' | '\u{0300}'..='\u{036f}' | '\u{0483}'..='\u{0489}'
        // Hebrew points, Arabic vowel signs and the line that stretches a word.
        | '\u{0591}'..='\u{05bd}' | '\u{05bf}' | '\u{05c1}'..='\u{05c2}' | '\u{05c4}'..='\u{05c5}'
        | '\u{05c7}' | '\u{0610}'..='\u{061a}' | '\u{061c}' | '\u{0640}' | '\u{064b}'..='\u{065f}'
        | '\u{0670}' | '\u{06d6}'..='\u{06dc}' | '\u{06df}'..='\u{06e4}' | '\u{06e7}'..='\u{06e8}'
        | '\u{06ea}'..='\u{06ed}' | '\u{0711}' | '\u{0730}'..='\u{074a}' | '\u{0898}'..='\u{089f}'
        | '\u{08ca}'..='\u{08ff}'
        | '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}' | '\u{20d0}'..='\u{20ff}'
        // Joiners, directions, forms.
        | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{fe20}'..='\u{fe2f}' | '\u{e0100}'..='\u{e01ef}'
        | '\u{1f3fb}'..='\u{1f3ff}')
}

/// Letters that people write in place of another, and that are not taken apart by Unicode.
const fn same_letter(c: char) -> Option<&'static str> {
    Some(match c {
        'ø' => "o",
        'ł' => "l",
        'đ' | 'ð' => "d",
        'ħ' => "h",
        'ŧ' => "t",
        'ı' => "i",
        'æ' => "ae",
        'œ' => "oe",
        'þ' => "th",
        // The forms in which Persian and Urdu keyboards write two Arabic letters.
        'ی' | 'ى' => "ي",
        'ک' => "ك",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_one_word_to_a_reader_is_one_term() {
        for (text, terms) in [
            ("Straße STRASSE", "strasse strasse"),
            ("ёлка Ёлка елка", "елка елка елка"),
            ("Ἀθήνα ΑΘΗΝΑΣ", "αθηνα αθηνασ"),
            ("שָׁלוֹם مُحَمَّد", "שלום محمد"),
            ("Ｆｕｌｌ ﬁn x²", "full fin x2"),
            ("don't don’t", "don t don t"),
            ("Đặng Øre Łódź", "dang ore lodz"),
            ("東京都 と", "東京 京都 都 と"),
            ("한국어 한국어", "한국 국어 어 한국 국어 어"),
            ("がか ｶﾞ", "がか か ガ"),
            ("हिन्दी", "हिन्दी"),
            ("go 👩🏽‍🔧 now", "go 👩 🔧 now"),
            ("soft\u{ad}ly ze\u{200b}ro", "softly zero"),
        ] {
            assert_eq!(fold(text).terms(), terms, "{text}");
        }
    }

    #[test]
    fn signs_count_where_they_are_more_than_punctuation() {
        for (text, terms) in [
            ("Learn C++, now.", "c ＋ ＋ ，"),
            ("(so) \"this\", end.", ""),
            ("a-b", "a － b"),
            ("foo_bar and x -> y", "foo ＿ bar ￭ － ＞"),
            ("don't", ""),
            (".NET :)", "． net ￭ ： ）"),
        ] {
            assert_eq!(fold(text).sign_terms(), terms, "{text}");
        }
    }

    #[test]
    fn an_endless_word_is_one_term_of_bounded_length() {
        let folded = fold(&"x".repeat(100_000));
        assert_eq!(folded.terms().len(), LONGEST);
        assert_eq!(folded.pieces[0].source, 0..100_000);
    }
}
