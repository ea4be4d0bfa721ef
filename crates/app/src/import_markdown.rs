//! Bringing a folder of Markdown in: folders become lists, files notes, pictures attachments.

use crate::act::Work;
use crate::import::markdown::{self, Plan};
use crate::{App, AppError, view};
use holdfast_model::entity::{Draft, Seen};
use holdfast_model::fields::TITLE;
use holdfast_model::{EntityId, Kind};
use holdfast_oplog::{Hash, Space};
use std::collections::BTreeMap;
use std::path::Path;

/// Notes in one change; the change is cut further where it grows too large.
const NOTES: usize = 50;

fn failed(error: markdown::Error) -> AppError {
    AppError::Import(error.to_string())
}

impl App {
    /// What importing a folder would bring. Changes nothing.
    pub fn scan_markdown(&self, folder: &Path) -> Result<view::MarkdownPreview, AppError> {
        let plan = markdown::scan(folder).map_err(failed)?;
        Ok(view::MarkdownPreview {
            token: String::new(),
            folder: folder.display().to_string(),
            notes: plan.notes.len() as u32,
            lists: plan.lists.iter().map(|path| path.join(" › ")).collect(),
            attachments: plan.attachments.len() as u32,
            skipped: plan
                .skipped
                .iter()
                .map(|skipped| view::SkippedFile {
                    path: skipped.path.clone(),
                    reason: skipped.reason.to_string(),
                })
                .collect(),
        })
    }

    /// Imports a folder. The ids of the new notes come back; what could not be read is named.
    pub fn import_markdown(&self, folder: &Path) -> Result<view::Done, AppError> {
        let plan = markdown::scan(folder).map_err(failed)?;
        let group = rand_core::RngCore::next_u64(&mut rand_core::OsRng);
        self.with(|open| {
            let now = open.clock.zoned();
            let mut done = open.write(|tx, author| {
                let mut work = Work::new(tx, author.actor, now.clone());
                work.group = Some(group);
                let lists = work.make_lists(&plan);
                let attachments = work.make_attachments(&plan)?;
                let mut done = work.commit(author, "import", None)?.done("");
                for notes in plan.notes.chunks(NOTES) {
                    let mut work = Work::new(tx, author.actor, now.clone());
                    work.group = Some(group);
                    for note in notes {
                        let text = note.text_with(|index| {
                            attachments.get(index).map(|id| format!("holdfast-attachment:{id}"))
                        });
                        let list = lists.get(&note.list).copied();
                        let id = work.add_note(&note.title, list, &text, &note.tags)?;
                        work.ids.push(id);
                    }
                    done.ids.extend(work.commit(author, "import", None)?.done("").ids);
                }
                Ok(done)
            })?;
            done.skipped =
                plan.skipped.iter().map(|s| format!("{}: {}", s.path, s.reason)).collect();
            done.label = format!("{} notes imported", done.ids.len());
            Ok(done)
        })
    }
}

impl Work<'_, '_> {
    /// Makes a list for every folder, nested as the folders are.
    fn make_lists(&mut self, plan: &Plan) -> BTreeMap<Vec<String>, EntityId> {
        let mut lists: BTreeMap<Vec<String>, EntityId> = BTreeMap::new();
        for path in &plan.lists {
            let Some((name, above)) = path.split_last() else { continue };
            let parent = lists.get(above).copied();
            let id = self.new_id(Kind::List);
            let mut draft = Draft::new(id, Kind::List.as_str());
            let place = crate::order::after(&format!("80{:04x}", lists.len()));
            draft
                .set(TITLE, name.as_str(), &Seen::All)
                .set(holdfast_model::fields::ORDER, place, &Seen::All)
                .set(holdfast_model::fields::PARENT, parent.map(|p| p.to_string()), &Seen::All);
            self.push(Space::Everywhere, draft);
            lists.insert(path.clone(), id);
        }
        lists
    }

    fn make_attachments(&mut self, plan: &Plan) -> Result<Vec<EntityId>, AppError> {
        let mut ids = Vec::new();
        for attachment in &plan.attachments {
            let most = holdfast_oplog::limits::ATTACHMENT;
            let bytes = holdfast_store::plain_file::read(&attachment.file, most)
                .map_err(AppError::file(&attachment.file))?;
            let hash = self.tx.add_blob(&bytes)?;
            let id = self.new_id(Kind::Attachment);
            let mut draft = Draft::new(id, Kind::Attachment.as_str());
            draft
                .set("name", attachment.name.as_str(), &Seen::All)
                .set("mime", attachment.mime.to_string(), &Seen::All)
                .set("size", bytes.len() as i64, &Seen::All)
                .set("hash", hash.to_hex(), &Seen::All);
            self.push(Space::Everywhere, draft);
            ids.push(id);
        }
        Ok(ids)
    }
}

/// A hash as an attachment's field keeps it.
pub(crate) fn parse_hash(hex: &str) -> Option<Hash> {
    let bytes: Option<Vec<u8>> = (0..hex.len())
        .step_by(2)
        .map(|at| hex.get(at..at + 2).and_then(|pair| u8::from_str_radix(pair, 16).ok()))
        .collect();
    Hash::from_slice(&bytes?).ok()
}
