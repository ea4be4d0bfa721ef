//! Title and tags of a file's YAML front matter: the few forms in which note apps write them.
//! Anything else in it is left alone, as the front matter stays in the text.

/// Most lines that are looked at.
const MOST_LINES: usize = 1000;
/// Most tags that are taken.
const MOST_TAGS: usize = 200;

/// What is taken from front matter.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct FrontMatter {
    pub(super) title: Option<String>,
    pub(super) tags: Vec<String>,
}

/// Reads the block between the first line `---` and the next `---` or `...`.
pub(super) fn read(text: &str) -> FrontMatter {
    let mut found = FrontMatter::default();
    let mut lines = text.lines().take(MOST_LINES);
    if lines.next().map(str::trim_end) != Some("---") {
        return found;
    }
    let block: Vec<&str> = lines.by_ref().take_while(|l| !is_end(l)).collect();
    // Without an end it was a ruler and text.
    if !text.lines().skip(1).take(MOST_LINES).any(is_end) {
        return found;
    }
    let mut in_tags = false;
    for line in block {
        if in_tags {
            let item = line.trim_start();
            if let Some(tag) = item.strip_prefix("- ") {
                found.tag(tag);
                continue;
            }
            if item.is_empty() {
                continue;
            }
            in_tags = false;
        }
        // Indented lines belong to a key that is not looked at.
        let Some((key, value)) = line.split_once(':').filter(|(k, _)| !k.starts_with([' ', '\t']))
        else {
            continue;
        };
        let value = plain(value);
        match key.trim().to_ascii_lowercase().as_str() {
            "title" => found.title = Some(value.to_owned()).filter(|t| !t.is_empty()),
            "tags" | "tag" if value.is_empty() => in_tags = true,
            "tags" | "tag" => {
                let inner = value.strip_prefix('[').and_then(|v| v.strip_suffix(']'));
                inner.unwrap_or(value).split(',').for_each(|tag| found.tag(tag));
            }
            _ => {}
        }
    }
    found
}

impl FrontMatter {
    fn tag(&mut self, written: &str) {
        let tag = plain(written).trim_start_matches('#').trim();
        let known = self.tags.iter().any(|t| t == tag);
        if !tag.is_empty() && !known && self.tags.len() < MOST_TAGS {
            self.tags.push(tag.to_owned());
        }
    }
}

fn is_end(line: &str) -> bool {
    matches!(line.trim_end(), "---" | "...")
}

/// A value without its quotes or comment.
fn plain(value: &str) -> &str {
    let value = value.trim();
    for quote in ['"', '\''] {
        if let Some((inner, _)) = value.strip_prefix(quote).and_then(|v| v.rsplit_once(quote)) {
            return inner;
        }
    }
    value.split_once(" #").map_or(value, |(value, _)| value.trim_end())
}
