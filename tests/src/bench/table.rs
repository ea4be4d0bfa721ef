//! Times of both sides and the table that shows them.

use std::fmt::Write;
use std::time::{Duration, Instant};

/// The times of one work, sorted.
pub(crate) struct Times(Vec<Duration>);

impl Times {
    pub(crate) fn new(mut times: Vec<Duration>) -> Self {
        times.sort_unstable();
        Self(times)
    }

    fn at(&self, percent: usize) -> Duration {
        let last = self.0.len().saturating_sub(1);
        self.0.get(last * percent / 100).copied().unwrap_or_default()
    }
}

/// One row: Holdfast, and plain SQLite doing the same.
pub(crate) struct Row {
    pub(crate) ours: Times,
    pub(crate) plain: Times,
}

/// How long a work takes.
pub(crate) fn timed<T>(work: impl FnOnce() -> anyhow::Result<T>) -> anyhow::Result<Duration> {
    let start = Instant::now();
    work()?;
    Ok(start.elapsed())
}

fn shown(time: Duration) -> String {
    let us = time.as_secs_f64() * 1e6;
    if us < 1_000.0 {
        format!("{us:.0} µs")
    } else if us < 1e6 {
        format!("{:.1} ms", us / 1e3)
    } else {
        format!("{:.2} s", us / 1e6)
    }
}

/// The table, its columns aligned, as Markdown.
pub(crate) fn render(rows: &[(&str, Row)]) -> String {
    let mut lines = vec![
        ["work", "Holdfast p50", "p99", "plain SQLite p50", "p99", "ratio of p50"]
            .map(str::to_owned)
            .to_vec(),
    ];
    for (name, row) in rows {
        let ratio = row.ours.at(50).as_secs_f64() / row.plain.at(50).as_secs_f64().max(1e-9);
        lines.push(vec![
            (*name).to_owned(),
            shown(row.ours.at(50)),
            shown(row.ours.at(99)),
            shown(row.plain.at(50)),
            shown(row.plain.at(99)),
            format!("{ratio:.1} ×"),
        ]);
    }
    let width = |column: usize| {
        lines.iter().filter_map(|l| l.get(column)).map(|c| c.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..6).map(width).collect();
    let mut table = String::new();
    for (number, line) in lines.iter().enumerate() {
        for (column, (cell, width)) in line.iter().zip(&widths).enumerate() {
            let gap = " ".repeat(width - cell.chars().count());
            let _ = if column == 0 {
                write!(table, "| {cell}{gap} ")
            } else {
                write!(table, "| {gap}{cell} ")
            };
        }
        table.push_str("|\n");
        if number == 0 {
            for (column, width) in widths.iter().enumerate() {
                let end = if column == 0 { "-" } else { ":" };
                let _ = write!(table, "|{}{end}", "-".repeat(width + 1));
            }
            table.push_str("|\n");
        }
    }
    table
}
