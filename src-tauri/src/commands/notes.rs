//! Notes, texts and what is kept with them.

use holdfast_app::markup;
use holdfast_app::view::{
    Attachment, Done, Id, NoteDetail, NotePage, NotePatch, NoteQuery, Position, Splice,
    SpliceResult, TextChanges,
};

use serde_json::json;
use specta::{Type, Types, datatype::DataType};
use tauri::ipc::{InvokeResponseBody, IpcResponse};

use super::Holdfast;
use crate::error::{Answer, ask};

/// Notes, pinned ones first.
#[tauri::command]
#[specta::specta]
pub(crate) async fn notes(app: Holdfast<'_>, query: NoteQuery) -> Answer<NotePage> {
    ask(&app, move |app| app.notes(&query)).await
}

/// One note with everything about it.
#[tauri::command]
#[specta::specta]
pub(crate) async fn note(app: Holdfast<'_>, id: Id) -> Answer<NoteDetail> {
    ask(&app, move |app| app.note(&id)).await
}

/// Makes a note.
#[tauri::command]
#[specta::specta]
pub(crate) async fn add_note(
    app: Holdfast<'_>,
    title: String,
    list: Option<Id>,
    text: String,
) -> Answer<Done> {
    ask(&app, move |app| app.add_note(&title, list.as_deref(), &text)).await
}

/// Changes notes, not their texts.
#[tauri::command]
#[specta::specta]
pub(crate) async fn edit_notes(
    app: Holdfast<'_>,
    ids: Vec<Id>,
    patch: NotePatch,
    as_of: Position,
) -> Answer<Done> {
    ask(&app, move |app| app.edit_notes(&ids, &patch, Some(as_of))).await
}

/// Edits a text.
#[tauri::command]
#[specta::specta]
pub(crate) async fn splice_text(
    app: Holdfast<'_>,
    id: Id,
    version: String,
    splices: Vec<Splice>,
) -> Answer<SpliceResult> {
    ask(&app, move |app| app.splice_text(&id, &version, &splices)).await
}

/// What changed in a text since a version.
#[tauri::command]
#[specta::specta]
pub(crate) async fn text_since(app: Holdfast<'_>, id: Id, version: String) -> Answer<TextChanges> {
    ask(&app, move |app| app.text_since(&id, &version)).await
}

/// Sanitised HTML of Markdown.
#[tauri::command]
#[specta::specta]
pub(crate) async fn render_markdown(app: Holdfast<'_>, text: String) -> Answer<String> {
    ask(&app, move |_| Ok(markup::render(&text))).await
}

/// Turns a line of a note into a task that links back.
#[tauri::command]
#[specta::specta]
pub(crate) async fn turn_into_task(
    app: Holdfast<'_>,
    note: Id,
    version: String,
    line_start: u32,
    line_end: u32,
) -> Answer<Done> {
    ask(&app, move |app| app.turn_into_task(&note, &version, line_start, line_end)).await
}

/// A file kept with a note.
#[tauri::command]
#[specta::specta]
pub(crate) async fn attachment(app: Holdfast<'_>, id: Id) -> Answer<AttachmentBytes> {
    ask(&app, move |app| app.attachment(&id)).await.map(AttachmentBytes)
}

/// A file as the interface receives it, without a detour through JSON: the length of a head in four
/// bytes (big-endian), the head `{"name", "mime"}` as JSON, then what is in the file.
pub(crate) struct AttachmentBytes(Attachment);

impl AttachmentBytes {
    fn encode(self) -> Vec<u8> {
        let Attachment { name, mime, bytes } = self.0;
        let head = json!({ "name": name, "mime": mime }).to_string().into_bytes();
        // A name and a media type never come near four gigabytes.
        let length = u32::try_from(head.len()).unwrap_or(u32::MAX);
        [&length.to_be_bytes(), head.as_slice(), bytes.as_slice()].concat()
    }
}

impl IpcResponse for AttachmentBytes {
    fn body(self) -> tauri::Result<InvokeResponseBody> {
        Ok(InvokeResponseBody::Raw(self.encode()))
    }
}

impl Type for AttachmentBytes {
    fn definition(_types: &mut Types) -> DataType {
        specta_typescript::define("ArrayBuffer").into()
    }
}

#[cfg(test)]
mod tests {
    use super::{Attachment, AttachmentBytes};

    #[test]
    fn a_file_is_its_head_and_then_its_bytes() {
        let file =
            Attachment { name: "Bär.png".into(), mime: "image/png".into(), bytes: vec![1, 2] };
        let bytes = AttachmentBytes(file).encode();
        let (length, rest) = bytes.split_at(4);
        let length = u32::from_be_bytes(length.try_into().unwrap()) as usize;
        let (head, content) = rest.split_at(length);
        let head: serde_json::Value = serde_json::from_slice(head).unwrap();
        assert_eq!(head, serde_json::json!({"name": "Bär.png", "mime": "image/png"}));
        assert_eq!(content, [1, 2]);
    }
}
