use crate::{StoreError, Tx, columns};
use holdfast_oplog::{Hash, limits};
use rusqlite::OptionalExtension;

impl Tx<'_> {
    /// Keeps the content of an attachment; content that is there already costs nothing. Its hash.
    pub fn add_blob(&self, bytes: &[u8]) -> Result<Hash, StoreError> {
        let hash = Hash::of(bytes);
        let pieces: Vec<&[u8]> = bytes.chunks(limits::ATTACHMENT_CHUNK).collect();
        let added = self.sql.execute(
            "INSERT INTO blobs (hash, size, pieces) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
            (hash.0, bytes.len() as i64, pieces.len() as i64),
        )?;
        if added > 0 {
            for (number, piece) in pieces.into_iter().enumerate() {
                self.sql
                    .prepare_cached(
                        "INSERT INTO blob_pieces (hash, piece, bytes) VALUES (?1, ?2, ?3)",
                    )?
                    .execute((hash.0, number as i64, piece))?;
            }
        }
        Ok(hash)
    }

    /// Whether the content is here.
    pub fn has_blob(&self, hash: Hash) -> Result<bool, StoreError> {
        Ok(self.sql.prepare_cached("SELECT 1 FROM blobs WHERE hash = ?1")?.exists([hash.0])?)
    }

    /// The content with this hash, if it is here. Content that does not match its hash is reported.
    pub fn blob(&self, hash: Hash) -> Result<Option<Vec<u8>>, StoreError> {
        let known: Option<i64> = self
            .sql
            .prepare_cached("SELECT size FROM blobs WHERE hash = ?1")?
            .query_row([hash.0], |row| row.get(0))
            .optional()?;
        if known.is_none() {
            return Ok(None);
        }
        let mut statement = self
            .sql
            .prepare_cached("SELECT bytes FROM blob_pieces WHERE hash = ?1 ORDER BY piece")?;
        let mut rows = statement.query([hash.0])?;
        let mut bytes = Vec::new();
        while let Some(row) = rows.next()? {
            bytes.extend_from_slice(row.get_ref(0)?.as_blob().map_err(rusqlite::Error::from)?);
        }
        if Hash::of(&bytes) == hash {
            Ok(Some(bytes))
        } else {
            Err(StoreError::Damaged("an attachment does not match its hash".into()))
        }
    }

    /// Hashes of all content that is here.
    pub fn blobs(&self) -> Result<Vec<Hash>, StoreError> {
        let mut statement = self.sql.prepare_cached("SELECT hash FROM blobs ORDER BY hash")?;
        let rows = statement.query_map([], |row| row.get::<_, Vec<u8>>(0))?;
        rows.map(|row| columns::hash(&row?)).collect()
    }
}
