//! One keystroke in a long note, from the editor's splice until it is on disk.

use crate::plain;
use crate::table::{Row, Times, timed};
use crate::tasks::on_disk;
use anyhow::Result;
use holdfast_model::entity::{Draft, Seen};
use holdfast_model::fields::{TEXT, TITLE};
use holdfast_model::text::{Splice, TextDoc, writer_of};
use holdfast_model::{EntityId, Kind};
use holdfast_store::{LocalChange, StoreError, Tx};
use holdfast_tests::Replica;

const NOW: i64 = 1_800_000_000_000;
const SIZE: usize = 100_000;
const ROUNDS: usize = 500;

fn type_into(replica: &mut Replica, note: EntityId, splice: Splice) -> Result<()> {
    let author = replica.author(NOW);
    replica.store.write(|tx| {
        let action = typed(tx, note, writer_of(&author.actor.0), splice)?;
        tx.append(author, action)
    })?;
    Ok(())
}

fn typed(
    tx: &Tx<'_>,
    id: EntityId,
    writer: u64,
    splice: Splice,
) -> Result<LocalChange, StoreError> {
    let mut doc: TextDoc = tx.open_text(id, writer)?;
    let update = doc.splice(&[splice])?.update;
    let (state, space) = tx.expect_entity(id, "note")?;
    let mut draft = state.draft();
    draft.text(TEXT, update);
    let edits = draft.finish().into_iter().collect();
    let texts = vec![(id, doc)];
    Ok(LocalChange { space, action: "note.text".into(), edits, texts, ..LocalChange::default() })
}

/// Types one character after another into the middle; beside it, a plain table's row is rewritten
/// with the whole text.
pub(crate) fn keystroke() -> Result<Row> {
    let folder = tempfile::tempdir()?;
    let mut replica = on_disk(&folder.path().join("ours.db"))?;
    let conn = plain::open(&folder.path().join("plain.db"))?;
    let sentence = "The boards were stacked against the wall until the varnish had dried.\n";
    let mut body: String = sentence.repeat(SIZE / sentence.len());
    let note = EntityId::named("a long note");
    let mut draft = Draft::new(note, Kind::Note.as_str());
    draft.set(TITLE, "A long note", &Seen::All);
    replica.edit(NOW, draft.finish().into_iter().collect())?;
    type_into(&mut replica, note, Splice::new(0, 0, body.clone()))?;
    conn.execute("INSERT INTO notes (id, body) VALUES (?1, ?2)", (*note.as_bytes(), &body))?;
    let (mut own, mut plain_times) = (Vec::new(), Vec::new());
    for at in (SIZE / 2..).take(ROUNDS) {
        own.push(timed(|| type_into(&mut replica, note, Splice::new(at, 0, "x")))?);
        body.insert(at, 'x');
        plain_times.push(timed(|| {
            let sql = "UPDATE notes SET body = ?2 WHERE id = ?1";
            Ok(conn.prepare_cached(sql)?.execute((*note.as_bytes(), &body))?)
        })?);
    }
    Ok(Row { ours: Times::new(own), plain: Times::new(plain_times) })
}
