//! Tasks as to-dos of a calendar (iCalendar, RFC 5545). Dates stay dates and times stay civil times, without
//! a zone: a task is on the same day wherever one is.

use super::Which;
use crate::{App, AppError, view};
use holdfast_model::recurrence::Repeat;
use holdfast_store::query::{TaskFilter, TaskRow};
use icalendar::{Calendar, Component, EventLike, Property, Todo};
use std::path::Path;

impl App {
    /// Writes `tasks.ics` into a folder, as [`App::export_all`] chooses it: every task with a date or deadline as a to-do.
    /// What is marked to stay on this device is left out, unless the person wants it along.
    pub fn export_ics(
        &self,
        folder: &Path,
        device_only: bool,
    ) -> Result<view::ExportAllResult, AppError> {
        let stamp = self.clock().now().strftime("%Y%m%dT%H%M%SZ").to_string();
        let which = Which { device_only };
        let (calendar, left_out) = self.with(|open| {
            open.store.read(|tx| {
                let mut calendar = Calendar::new();
                for row in tx.tasks(&TaskFilter::All, usize::MAX)? {
                    let dated = row.when.is_some() || row.deadline.is_some();
                    if dated && which.takes_item(tx, row.id)? {
                        let text = which.text(tx, row.id)?;
                        calendar.push(to_do(&row, &text, &stamp));
                    }
                }
                Ok::<_, AppError>((calendar, which.left_out(tx)?))
            })
        })?;
        self.write_export(folder, &[("tasks.ics", calendar.to_string().into_bytes())], left_out)
    }
}

pub(super) fn to_do(row: &TaskRow, text: &str, stamp: &str) -> Todo {
    let mut to_do = Todo::new();
    to_do.add_property("UID", row.id.to_string()).add_property("DTSTAMP", stamp);
    to_do.add_property("SUMMARY", one_kind_of_break(&row.title));
    if !text.is_empty() {
        to_do.add_property("DESCRIPTION", one_kind_of_break(text));
    }
    let open = row.status == "open";
    let repeat = row.repeat.as_deref().and_then(|rule| rule.parse::<Repeat>().ok());
    // What is finished does not come again: its next occurrence is a task of its own.
    let repeat = repeat.filter(|repeat| open && !repeat.after_completion());
    let span = Span::of(row.when.clone(), row.deadline.clone());
    if let Some(start) = span.start.as_ref().or(span.due.as_ref().filter(|_| repeat.is_some())) {
        to_do.append_property(start.property("DTSTART"));
    }
    if let Some(due) = &span.due {
        to_do.append_property(due.property("DUE"));
    }
    if let Some(planned) = &span.planned {
        to_do.add_property("COMMENT", format!("Planned for {planned}, after the deadline"));
    }
    if let Some(repeat) = repeat {
        let timed = span.start.as_ref().or(span.due.as_ref()).is_some_and(|start| start.is_timed());
        to_do.add_property("RRULE", rule(&repeat.rule(), timed));
    }
    let status = match row.status.as_str() {
        "done" => "COMPLETED",
        "cancelled" => "CANCELLED",
        _ => "NEEDS-ACTION",
    };
    to_do.add_property("STATUS", status);
    // RFC 5545: 1 is the highest, 5 medium, 9 the lowest.
    let priority = match row.priority {
        1 => "1",
        2 => "5",
        3 => "9",
        _ => "0",
    };
    to_do.add_property("PRIORITY", priority);
    if !row.tags.is_empty() {
        to_do.categories(row.tags.iter().map(|tag| one_kind_of_break(tag)));
    }
    to_do
}

/// A civil date, or a civil date and time.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Civil(String);

impl Civil {
    fn is_timed(&self) -> bool {
        self.0.contains('T')
    }

    fn day(&self) -> &str {
        self.0.split('T').next().unwrap_or_default()
    }

    /// The same as a moment of the day, where it is none yet.
    fn at(self, time: &str) -> Self {
        if self.is_timed() { self } else { Self(format!("{}T{time}", self.0)) }
    }

    /// `2026-11-23T09:00` as `20261123T090000`, `2026-11-23` as `20261123` that says it is a date.
    fn property(&self, name: &str) -> Property {
        let digits: String = self.0.chars().filter(|c| *c != '-' && *c != ':').collect();
        if self.is_timed() {
            Property::new(name, digits + "00")
        } else {
            Property::new(name, digits).add_parameter("VALUE", "DATE").done()
        }
    }
}

/// The start and the end of a to-do: both dates or both times, the end not before the start.
struct Span {
    start: Option<Civil>,
    due: Option<Civil>,
    /// When it was planned, where that is after the deadline and a calendar cannot hold both.
    planned: Option<String>,
}

impl Span {
    fn of(when: Option<String>, deadline: Option<String>) -> Self {
        match (when.map(Civil), deadline.map(Civil)) {
            (Some(start), Some(due)) => {
                if start.day() > due.day() {
                    return Self { start: None, due: Some(due), planned: Some(start.0) };
                }
                let mixed = start.is_timed() != due.is_timed();
                // A whole day begins with its first minute and ends with its last.
                let (start, due) =
                    if mixed { (start.at("00:00"), due.at("23:59")) } else { (start, due) };
                if start > due {
                    return Self { start: None, due: Some(due), planned: Some(start.0) };
                }
                Self { start: Some(start), due: Some(due), planned: None }
            }
            (start, due) => Self { start, due, planned: None },
        }
    }
}

/// The rule with an end of the same kind as the start, as RFC 5545 (3.3.10) has it: a date for dates, a civil
/// time for civil times, and the last day whole.
fn rule(rule: &str, timed: bool) -> String {
    let part = |part: &str| match part.strip_prefix("UNTIL=") {
        Some(until) => {
            let day: String = until.chars().take_while(char::is_ascii_digit).collect();
            let end = if timed { "T235959" } else { "" };
            format!("UNTIL={day}{end}")
        }
        None => part.to_owned(),
    };
    rule.split(';').map(part).collect::<Vec<_>>().join(";")
}

/// Other line breaks than this one are not escaped in a calendar, and would end the line.
fn one_kind_of_break(text: &str) -> String {
    text.replace("\r\n", "\n")
        .replace(['\r', '\u{b}', '\u{c}', '\u{85}', '\u{2028}', '\u{2029}'], "\n")
}

#[cfg(test)]
mod tests {
    use super::Span;

    /// Deadlines with a time come from other devices' newer apps.
    #[test]
    fn both_ends_are_dates_or_both_are_times() {
        let span = |when: &str, deadline: &str| {
            let span = Span::of(Some(when.into()), Some(deadline.into()));
            (span.start.map(|start| start.0), span.due.map(|due| due.0), span.planned)
        };
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(
            span("2026-11-23", "2026-11-23T17:00"),
            (some("2026-11-23T00:00"), some("2026-11-23T17:00"), None)
        );
        assert_eq!(
            span("2026-11-27T10:00", "2026-11-27T09:00"),
            (None, some("2026-11-27T09:00"), some("2026-11-27T10:00"))
        );
    }
}
