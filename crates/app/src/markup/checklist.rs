//! The boxes of checklists. Never changes anything else of a text.

use super::options;
use comrak::nodes::NodeValue;
use comrak::{Arena, parse_document};

/// The text with every box of its checklists empty. What only looks like a box, in code for example,
/// stays as it is.
pub fn unticked(markdown: &str) -> String {
    if !markdown.contains(['x', 'X']) {
        return markdown.to_owned();
    }
    let arena = Arena::new();
    let root = parse_document(&arena, markdown, &options());
    let mut ticks: Vec<(usize, usize)> = root
        .descendants()
        .filter_map(|node| {
            let data = node.data.borrow();
            match &data.value {
                NodeValue::TaskItem(item) if item.symbol.is_some() => {
                    let at = item.symbol_sourcepos.start;
                    Some((at.line, at.column))
                }
                _ => None,
            }
        })
        .collect();
    ticks.sort_unstable();
    let mut ticks = ticks.into_iter().peekable();
    let mut out = String::with_capacity(markdown.len());
    for (number, line) in lines(markdown).enumerate() {
        let mut rest = 0;
        while let Some((_, column)) = ticks.next_if(|(at, _)| *at == number + 1) {
            let at = column.saturating_sub(1);
            if matches!(line.get(at..at + 1), Some("x" | "X")) && at >= rest {
                out.push_str(line.get(rest..at).unwrap_or_default());
                out.push(' ');
                rest = at + 1;
            }
        }
        out.push_str(line.get(rest..).unwrap_or_default());
    }
    out
}

/// The lines as the parser counts them, with what ends them.
fn lines(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let end = match rest.find(['\n', '\r']) {
            Some(at) if rest.get(at..at + 2) == Some("\r\n") => at + 2,
            Some(at) => at + 1,
            None => rest.len(),
        };
        let (line, after) = rest.split_at_checked(end)?;
        rest = after;
        Some(line)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boxes_are_emptied_and_nothing_else_changes() {
        for (ticked, open) in [
            ("- [x] milk\n- [ ] bread", "- [ ] milk\n- [ ] bread"),
            (
                "* [X] milk\n  1. [x] oat\n     and [x] not\n",
                "* [ ] milk\n  1. [ ] oat\n     and [x] not\n",
            ),
            (
                "> - [x] quoted \u{1f333} [x]\r\n> - [x] two\r\n",
                "> - [ ] quoted \u{1f333} [x]\r\n> - [ ] two\r\n",
            ),
            ("```\n- [x] code\n```\n\n- [x] box", "```\n- [x] code\n```\n\n- [ ] box"),
            ("    - [x] code\n\nx", "    - [x] code\n\nx"),
            ("- [x]glued [x](https://x)\n- `[x]`", "- [x]glued [x](https://x)\n- `[x]`"),
            ("---\na: \"- [x]\"\n---\n- [x] after", "---\na: \"- [x]\"\n---\n- [ ] after"),
            ("", ""),
        ] {
            assert_eq!(unticked(ticked), open, "{ticked:?}");
            assert_eq!(unticked(open), open, "{open:?}");
        }
    }

    #[test]
    fn a_long_checklist_takes_time_in_proportion() {
        let list = "- [x] one more thing to pack\n".repeat(20_000);
        let open = unticked(&list);
        assert_eq!(open.matches("[ ]").count(), 20_000);
        assert_eq!(open.len(), list.len());
    }
}
