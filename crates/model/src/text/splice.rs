//! Splices: what an editor says it changed, and what it is told that others changed.

use serde::{Deserialize, Serialize};

use super::error::TextError;

/// At `pos`, take `delete` characters away and put `insert` there.
///
/// Positions and lengths are Unicode code points unless the function that returned or takes the
/// splice has `utf16` in its name. In a list, each splice speaks of the text as the ones before it
/// left it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Splice {
    /// Where, from the start of the text.
    pub pos: usize,
    /// How many characters go.
    pub delete: usize,
    /// What comes in their place.
    pub insert: String,
}

impl Splice {
    /// A splice, in one line.
    pub fn new(pos: usize, delete: usize, insert: impl Into<String>) -> Self {
        Self { pos, delete, insert: insert.into() }
    }

    /// Whether nothing would change.
    pub fn is_empty(&self) -> bool {
        self.delete == 0 && self.insert.is_empty()
    }
}

/// Checks that `splices`, applied in order to a text of `len` code points, stay inside it.
pub(super) fn check(splices: &[Splice], len: usize) -> Result<(), TextError> {
    let mut len = len;
    for splice in splices {
        let end = splice.pos.saturating_add(splice.delete);
        if end > len {
            return Err(TextError::OutOfBounds { end, len });
        }
        len = len - splice.delete + splice.insert.chars().count();
    }
    Ok(())
}

/// `text` after `splices` (code points), in order.
pub fn apply(text: &str, splices: &[Splice]) -> Result<String, TextError> {
    let mut chars: Vec<char> = text.chars().collect();
    check(splices, chars.len())?;
    for splice in splices {
        chars.splice(splice.pos..splice.pos + splice.delete, splice.insert.chars());
    }
    Ok(chars.into_iter().collect())
}

/// `splices` in UTF-16 units over `text`, turned into code points.
///
/// Errors: [`TextError::OutOfBounds`] (in UTF-16 units) and [`TextError::SplitsCharacter`].
pub fn from_utf16(text: &str, splices: &[Splice]) -> Result<Vec<Splice>, TextError> {
    convert(text, splices, char::len_utf16, |_| 1)
}

/// `splices` in code points over `text`, turned into the UTF-16 units that editors use.
pub fn to_utf16(text: &str, splices: &[Splice]) -> Result<Vec<Splice>, TextError> {
    convert(text, splices, |_| 1, char::len_utf16)
}

/// Walks the text once a splice; `from` and `to` say how wide a character is in either unit.
fn convert(
    text: &str,
    splices: &[Splice],
    from: impl Fn(char) -> usize,
    to: impl Fn(char) -> usize,
) -> Result<Vec<Splice>, TextError> {
    let mut chars: Vec<char> = text.chars().collect();
    let mut converted = Vec::with_capacity(splices.len());
    for splice in splices {
        let end = splice.pos.saturating_add(splice.delete);
        let (first, pos) = seek(&chars, 0, splice.pos, end, &from, &to)?;
        let (last, delete) = seek(&chars, first, splice.delete, end, &from, &to)?;
        chars.splice(first..last, splice.insert.chars());
        converted.push(Splice { pos, delete, insert: splice.insert.clone() });
    }
    Ok(converted)
}

/// The index that lies `units` after index `start`, and that distance in the other unit. `end` is
/// what an error names.
fn seek(
    chars: &[char],
    start: usize,
    units: usize,
    end: usize,
    from: &impl Fn(char) -> usize,
    to: &impl Fn(char) -> usize,
) -> Result<(usize, usize), TextError> {
    let (mut index, mut left, mut other) = (start, units, 0);
    while left > 0 {
        let Some(c) = chars.get(index).copied() else {
            return Err(TextError::OutOfBounds { end, len: chars.iter().map(|c| from(*c)).sum() });
        };
        left = left.checked_sub(from(c)).ok_or(TextError::SplitsCharacter { pos: end })?;
        other += to(c);
        index += 1;
    }
    Ok((index, other))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_units_say_the_same() {
        let text = "a😀b😀c";
        let points = [Splice::new(2, 1, "😀😀"), Splice::new(4, 1, "x")];
        let units = to_utf16(text, &points).unwrap();
        assert_eq!(units, [Splice::new(3, 1, "😀😀"), Splice::new(7, 2, "x")]);
        assert_eq!(from_utf16(text, &units).unwrap(), points);
        assert_eq!(apply(text, &points).unwrap(), "a😀😀😀xc");
    }

    #[test]
    fn refuses_what_does_not_fit() {
        assert_eq!(
            from_utf16("😀", &[Splice::new(1, 0, "x")]),
            Err(TextError::SplitsCharacter { pos: 1 })
        );
        assert_eq!(
            from_utf16("😀", &[Splice::new(0, 3, "")]),
            Err(TextError::OutOfBounds { end: 3, len: 2 })
        );
        assert!(apply("ab", &[Splice::new(0, 2, ""), Splice::new(1, 0, "x")]).is_err());
        assert!(apply("ab", &[Splice::new(usize::MAX, usize::MAX, "")]).is_err());
    }
}
