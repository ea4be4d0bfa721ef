use crate::{Store, StoreError, Tx, columns};

/// How large everything is, in bytes unless said otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sizes {
    /// The database file, without its write-ahead log.
    pub database: u64,
    /// Of it, what is free and will be used again.
    pub free: u64,
    /// What is alive: the merged fields and the plain texts of everything that was not purged.
    pub live: u64,
    /// Changes in the log.
    pub log: u64,
    /// The same, their number.
    pub changes: u64,
    /// What was pruned, as a base.
    pub base: u64,
    /// Texts with their history.
    pub texts: u64,
    /// Contents of attachments.
    pub attachments: u64,
}

impl Tx<'_> {
    /// Measures the database. Reads every row once.
    pub fn sizes(&self) -> Result<Sizes, StoreError> {
        let sum = |sql: &str| -> Result<u64, StoreError> {
            columns::seq(self.sql.query_row(sql, [], |row| row.get(0))?)
        };
        let page: u64 = sum("PRAGMA page_size")?;
        Ok(Sizes {
            database: sum("PRAGMA page_count")?.saturating_mul(page),
            free: sum("PRAGMA freelist_count")?.saturating_mul(page),
            live: sum("SELECT coalesce(sum(length(e.state) + length(CAST(coalesce(t.plain, '') AS BLOB))), 0)
                       FROM entities e LEFT JOIN texts t ON t.entity = e.id WHERE e.life <> 'purged'")?,
            log: sum("SELECT coalesce(sum(n), 0) FROM (
                        SELECT sum(length(body)) AS n FROM changes
                        UNION ALL SELECT sum(length(body)) FROM waiting)")?,
            changes: sum("SELECT (SELECT count(*) FROM changes) + (SELECT count(*) FROM waiting)")?,
            base: sum("SELECT (SELECT coalesce(sum(length(state)), 0) FROM base_entities)
                            + (SELECT coalesce(sum(length(snapshot)), 0) FROM base_texts)")?,
            texts: sum("SELECT (SELECT coalesce(sum(length(snapshot)), 0) FROM texts)
                             + (SELECT coalesce(sum(length(snapshot)), 0) FROM text_bases)
                             + (SELECT coalesce(sum(length(review)), 0) FROM text_reviews)
                             + (SELECT coalesce(sum(length(body)), 0) FROM text_updates)")?,
            attachments: sum("SELECT coalesce(sum(size), 0) FROM blobs")?,
        })
    }

    /// Whether there are clearly more changes than items. Where there are not, what most changes say is what
    /// stands. Cost: two counts.
    pub fn has_history(&self) -> Result<bool, StoreError> {
        Ok(self.sql.query_row(
            "SELECT 2 * (SELECT count(*) FROM changes) > 3 * (SELECT count(*) FROM entities)",
            [],
            |row| row.get(0),
        )?)
    }

    /// How many changes were made before a time, as far as their clocks tell.
    pub fn changes_before(&self, before_ms: i64) -> Result<u64, StoreError> {
        let count: i64 = self.sql.query_row(
            "SELECT count(*) FROM changes WHERE time_ms < ?1",
            [before_ms],
            |row| row.get(0),
        )?;
        columns::seq(count)
    }

    /// When the oldest change in the log was applied first: its time by its maker's clock.
    pub fn oldest_change_ms(&self) -> Result<Option<i64>, StoreError> {
        let mut statement =
            self.sql.prepare_cached("SELECT time_ms FROM changes ORDER BY pos LIMIT 1")?;
        let mut rows = statement.query([])?;
        Ok(rows.next()?.map(|row| row.get(0)).transpose()?)
    }

    /// Whether changes of an exchange are no longer in the log, so that it cannot be taken back.
    pub fn is_exchange_cut(&self, exchange: i64) -> Result<bool, StoreError> {
        Ok(self
            .sql
            .prepare_cached("SELECT 1 FROM cut_exchanges WHERE exchange = ?1")?
            .exists([exchange])?)
    }
}

impl Store {
    /// Gives free space in the file back to the disk, where that is at least a quarter of it. Whether
    /// it did.
    pub fn compact(&mut self) -> Result<bool, StoreError> {
        let sizes = self.read(|tx| {
            let sum = |sql: &str| -> Result<i64, StoreError> {
                Ok(tx.sql.query_row(sql, [], |row| row.get(0))?)
            };
            Ok::<_, StoreError>((sum("PRAGMA page_count")?, sum("PRAGMA freelist_count")?))
        })?;
        let worth = sizes.1.saturating_mul(4) >= sizes.0 && sizes.1 > 0;
        if worth {
            self.vacuum()?;
        }
        Ok(worth)
    }
}
