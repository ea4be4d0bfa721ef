//! Titles as names of files and folders that every system accepts. A name cannot lead out of the folder
//! in which it stands, and an ending is kept whatever is cut.

/// How long a name may be, in bytes of UTF-8 and with its ending. File systems take 255 bytes; the rest is
/// for the number that makes a name free.
const MOST_BYTES: usize = 180;
/// An ending that is longer is no ending.
const MOST_ENDING: usize = 16;

/// Names of devices, which Windows does not give to files, whatever stands behind a dot.
const RESERVED: &[&str] = &["con", "prn", "aux", "nul", "conin$", "conout$"];
/// With one digit behind them they are devices too.
const NUMBERED: &[&str] = &["com", "lpt"];

/// The title as the name of a folder, or of a file to which no ending is added.
pub(super) fn file_name(title: &str) -> String {
    named(title, "")
}

/// The title as the name of a file with this ending, such as `.md`.
pub(super) fn named(title: &str, ending: &str) -> String {
    let cleaned: String = title
        .chars()
        .map(|c| if c.is_control() || "/\\:*?\"<>|".contains(c) { '-' } else { c })
        .collect();
    let cleaned = cleaned.trim().trim_matches('.').trim();
    let cleaned = if cleaned.is_empty() { "Untitled" } else { cleaned };
    let (stem, own) = if ending.is_empty() { split(cleaned) } else { (cleaned, ending) };
    let most = MOST_BYTES.saturating_sub(own.len());
    let stem = cut(stem, most).trim_end_matches([' ', '.']);
    let mark = if is_reserved(stem) { "-" } else { "" };
    // The mark stands before the first dot: `con.txt` is a device as much as `con` is.
    match stem.split_once('.').filter(|_| !mark.is_empty()) {
        Some((first, rest)) => format!("{first}{mark}.{rest}{own}"),
        None => format!("{stem}{mark}{own}"),
    }
}

/// A name and its ending, where it has one.
pub(super) fn split(name: &str) -> (&str, &str) {
    match name.rfind('.') {
        Some(dot)
            if dot > 0
                && name.len() - dot <= MOST_ENDING
                && name.get(dot + 1..).is_some_and(is_ending) =>
        {
            name.split_at(dot)
        }
        _ => (name, ""),
    }
}

fn is_ending(text: &str) -> bool {
    !text.is_empty() && text.chars().all(char::is_alphanumeric)
}

fn is_reserved(stem: &str) -> bool {
    let first = stem.split('.').next().unwrap_or_default().trim_end().to_lowercase();
    // Windows takes the raised digits for digits here.
    let numbered = |device: &&str| {
        first.strip_prefix(*device).is_some_and(|digit| {
            let mut digits = digit.chars();
            let digit = digits.next().is_some_and(|c| "123456789¹²³".contains(c));
            digit && digits.next().is_none()
        })
    };
    RESERVED.contains(&first.as_str()) || NUMBERED.iter().any(numbered)
}

/// As much of the beginning as fits into `most` bytes, in whole characters.
fn cut(text: &str, most: usize) -> &str {
    let mut end = most.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::{file_name, named, split};

    #[test]
    fn names_stay_inside_the_folder_and_are_accepted_everywhere() {
        assert_eq!(file_name("../../etc/passwd"), "-..-etc-passwd");
        assert_eq!(file_name("CON"), "CON-");
        assert_eq!(file_name("a\0b:c"), "a-b-c");
        assert_eq!(file_name(" .. "), "Untitled");
    }

    #[test]
    fn names_of_devices_are_marked_with_and_without_an_ending() {
        for (title, name) in [
            ("con.txt", "con-.txt"),
            ("nul.tar.gz", "nul-.tar.gz"),
            ("Com1", "Com1-"),
            ("lpt9.md", "lpt9-.md"),
            ("COM¹", "COM¹-"),
            ("com10", "com10"),
            ("com0", "com0"),
            ("Concert", "Concert"),
        ] {
            assert_eq!(file_name(title), name);
        }
        assert_eq!(named("aux", ".md"), "aux-.md");
        assert_eq!(named("prn.old", ".md"), "prn-.old.md");
    }

    #[test]
    fn long_names_are_cut_by_bytes_and_keep_their_ending() {
        let long = "木".repeat(300);
        for name in [file_name(&format!("{long}.jpeg")), named(&long, ".md")] {
            assert!(name.len() <= 181 && name.starts_with('木'), "{name}");
        }
        assert!(file_name(&format!("{long}.jpeg")).ends_with("木.jpeg"));
        assert!(named(&long, ".md").ends_with("木.md"));
        // Not everything behind a dot is an ending.
        assert_eq!(
            split("v1.2 of the plan for the garden"),
            ("v1.2 of the plan for the garden", "")
        );
        assert_eq!(split(".hidden"), (".hidden", ""));
    }
}
