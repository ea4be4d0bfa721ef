//! Words that another device sent, as they may be handed on: what it says is a claim, and never steers
//! whatever shows it.

/// Characters of a reason that another device gives.
const REASON: usize = 600;
/// Characters of a stable name.
const CODE: usize = 40;

/// At most so many characters of a text, without those that move the cursor or turn the direction.
pub(crate) fn words(text: &str, most: usize) -> String {
    text.chars().filter(|c| !c.is_control() && !turns(*c)).take(most).collect()
}

/// Why the other device does not go on: a stable name, and words.
pub(crate) fn reason(code: &str, text: &str) -> (String, String) {
    let plain = |c: &char| c.is_ascii_lowercase() || c.is_ascii_digit() || *c == '_';
    let code: String = code.chars().filter(plain).take(CODE).collect();
    let code = if code.is_empty() { "refused".to_owned() } else { code };
    (code, words(text, REASON))
}

/// Characters that change the direction of what stands beside them.
const fn turns(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_stranger_says_steers_nothing_and_has_an_end() {
        let (code, text) = reason(
            "\u{1b}]0;own\u{7}ed",
            &format!("a\u{1b}[2Jb\u{9b}31m\u{202e}c\u{2066}\r\n{}", "x".repeat(9_000)),
        );
        assert_eq!(code, "0owned");
        assert!(text.starts_with("a[2Jb31mcxxx"), "{text}");
        assert_eq!(text.chars().count(), REASON);
        assert_eq!(reason("", "").0, "refused");
        assert_eq!(reason(&"a".repeat(99), "").0.len(), CODE);
        assert_eq!(words("שלום, Anna", 64), "שלום, Anna");
    }
}
