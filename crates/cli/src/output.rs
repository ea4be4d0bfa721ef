//! How things are said for people: tables, times and counts. Where it goes is [`crate::terminal`].

use jiff::Timestamp;
use jiff::tz::TimeZone;
use unicode_width::UnicodeWidthStr;

pub(crate) use crate::terminal::{harmless as lines, line};

/// Milliseconds since 1970 as people here read them.
pub(crate) fn time(ms: i64) -> String {
    Timestamp::from_millisecond(ms).map_or_else(
        |_| ms.to_string(),
        |at| at.to_zoned(TimeZone::system()).strftime("%Y-%m-%d %H:%M").to_string(),
    )
}

/// Milliseconds since 1970 as RFC 3339.
pub(crate) fn rfc3339(ms: i64) -> String {
    Timestamp::from_millisecond(ms).map_or_else(|_| ms.to_string(), |at| at.to_string())
}

/// A number of things: "1 note", "2 notes".
pub(crate) fn count(number: u32, thing: &str) -> String {
    if number == 1 { format!("1 {thing}") } else { format!("{number} {thing}s") }
}

/// Rows with aligned columns. The last column is as long as it is.
#[derive(Debug, Default)]
pub(crate) struct Table(Vec<Vec<String>>);

impl Table {
    /// Adds a row.
    pub(crate) fn row<const N: usize>(&mut self, cells: [&str; N]) {
        self.0.push(cells.iter().map(|cell| line(cell).into_owned()).collect());
    }

    /// The rows, one a line.
    pub(crate) fn text(&self) -> String {
        let columns = self.0.iter().map(Vec::len).max().unwrap_or(0);
        let widths: Vec<usize> = (0..columns)
            .map(|column| {
                self.0.iter().filter_map(|row| row.get(column)).map(|cell| cell.width()).max()
            })
            .map(Option::unwrap_or_default)
            .collect();
        let mut text = String::new();
        for row in &self.0 {
            let mut written = String::new();
            for (cell, width) in row.iter().zip(&widths) {
                written.push_str(cell);
                let gap = width.saturating_sub(cell.width()) + 2;
                written.extend(std::iter::repeat_n(' ', gap));
            }
            text.push_str(written.trim_end());
            text.push('\n');
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::{Table, time};

    #[test]
    fn columns_are_aligned_by_width_on_the_screen() {
        let mut table = Table::default();
        table.row(["a", "one"]);
        table.row(["木材", "two"]);
        table.row(["b", ""]);
        assert_eq!(table.text(), "a     one\n木材  two\nb\n");
        assert_eq!(Table::default().text(), "");
    }

    #[test]
    fn an_impossible_time_is_shown_as_its_number() {
        assert_eq!(time(i64::MAX), i64::MAX.to_string());
    }
}
