//! What other devices said that they hold, as they signed it. Never looks into it.

use crate::{StoreError, Tx, columns};
use holdfast_oplog::{DeviceId, Hash};

/// A device's last word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// The device.
    pub device: DeviceId,
    /// When it said so, in milliseconds since 1970, by its own clock.
    pub made_ms: i64,
    /// A hash of what it said that it holds: two words with one hash say the same.
    pub about: Hash,
    /// The word with its signature.
    pub signed: Vec<u8>,
}

impl Tx<'_> {
    /// Keeps a word, where it is later than the one that is kept of its device; of two at the same time,
    /// the one with the greater hash, so that all devices come to keep the same. Whether it says something
    /// else.
    pub fn keep_word(&self, word: &Word) -> Result<bool, StoreError> {
        let known = self.word(word.device)?;
        let order = |word: &Word| (word.made_ms, word.about.0);
        if known.as_ref().is_some_and(|known| order(known) >= order(word)) {
            return Ok(false);
        }
        self.sql
            .prepare_cached(
                "INSERT INTO words (device, made_ms, about, signed) VALUES (?1, ?2, ?3, ?4)
                 ON CONFLICT (device) DO UPDATE SET made_ms = excluded.made_ms,
                    about = excluded.about, signed = excluded.signed",
            )?
            .execute((word.device.0, word.made_ms, word.about.0, &word.signed))?;
        Ok(known.is_none_or(|known| known.about != word.about))
    }

    fn word(&self, device: DeviceId) -> Result<Option<Word>, StoreError> {
        Ok(self.words()?.into_iter().find(|word| word.device == device))
    }

    /// The last word of each device that said one, by device. A row that cannot be read is left out: its
    /// device says it again.
    pub fn words(&self) -> Result<Vec<Word>, StoreError> {
        Ok(self.rows_of_words()?.into_iter().flatten().collect())
    }

    /// How many rows are no words.
    pub(crate) fn unreadable_words(&self) -> Result<usize, StoreError> {
        Ok(self.rows_of_words()?.into_iter().filter(Result::is_err).count())
    }

    /// Takes out the rows that are no words. How many.
    pub(crate) fn remove_unreadable_words(&self) -> Result<usize, StoreError> {
        let rows = self.rows_of_words()?;
        let unreadable = rows.iter().filter(|row| row.is_err()).count();
        if unreadable > 0 {
            self.sql.execute("DELETE FROM words", [])?;
            for word in rows.into_iter().flatten() {
                self.keep_word(&word)?;
            }
        }
        Ok(unreadable)
    }

    fn rows_of_words(&self) -> Result<Vec<Result<Word, StoreError>>, StoreError> {
        let mut statement = self
            .sql
            .prepare_cached("SELECT device, made_ms, about, signed FROM words ORDER BY device")?;
        let rows = statement.query_map([], |row| {
            Ok((row.get::<_, Vec<u8>>(0)?, row.get(1)?, row.get::<_, Vec<u8>>(2)?, row.get(3)?))
        })?;
        let rows = rows.map(|row| {
            let (device, made_ms, about, signed) = row?;
            let (device, about) = (DeviceId::from_slice(&device)?, columns::hash(&about)?);
            Ok(Word { device, made_ms, about, signed })
        });
        Ok(rows.collect())
    }
}
