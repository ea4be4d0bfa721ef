//! Turning a checklist line of a note into a task that links back.

use crate::{App, AppError, act, view};

impl App {
    /// Replaces a line of a note, given in UTF-16 positions of the text at `version`, by a link to a
    /// new task with the line's words. One undo step.
    pub fn turn_into_task(
        &self,
        note: &str,
        version: &str,
        line_start: u32,
        line_end: u32,
    ) -> Result<view::Done, AppError> {
        let id = act::id(note, "note")?;
        self.with(|open| {
            open.act("task.add", |work| {
                let doc = work.text(id)?;
                let text = doc.plain();
                let text = holdfast_model::text::ending::shown(&text);
                if crate::texts::version_text(&doc.version()) != version {
                    return Err(AppError::Invalid("The note changed meanwhile: try again.".into()));
                }
                let units: Vec<u16> = text.encode_utf16().collect();
                let line = units.get(line_start as usize..line_end as usize).ok_or_else(|| {
                    AppError::Invalid("That line is not in the note any more: try again.".into())
                })?;
                let line = String::from_utf16_lossy(line);
                let words = line.trim_start().trim_start_matches(['-', '*', '+']).trim_start();
                let words = words.trim_start_matches("[ ]").trim_start_matches("[x]").trim();
                if words.is_empty() {
                    return Err(AppError::Invalid(
                        "The line is empty: type what is to be done.".into(),
                    ));
                }
                let parsed = crate::quick_add::parse(words, &[], work)?;
                let list = work
                    .tx
                    .expect_entity(id, "note")?
                    .0
                    .text(holdfast_model::fields::LIST)
                    .parse()
                    .ok();
                let task = work.add_task(&parsed, list, None, None)?;
                let link = format!("- [ ] {}", holdfast_model::links::link(task));
                let splice = holdfast_model::text::Splice::new(
                    line_start as usize,
                    (line_end - line_start) as usize,
                    link,
                );
                let splices = holdfast_model::text::splice::from_utf16(text, &[splice])
                    .map_err(holdfast_store::StoreError::from)?;
                work.edit_text(id, doc, &splices)?;
                work.ids.push(task);
                Ok(format!("'{}' is a task now", parsed.title))
            })
        })
    }
}
