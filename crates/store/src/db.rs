use crate::access::{self, Access};
use crate::guard::Guard;
use crate::lately::Lately;
use crate::restore_point::RestorePoint;
use crate::upgrade;
use crate::{StoreError, foreign, newer, private_file, schema};
use holdfast_model::Policies;
use holdfast_oplog::VaultId;
use rusqlite::backup::Backup;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, OptionalExtension, Transaction, TransactionBehavior};
use std::cell::RefCell;
use std::path::Path;
use std::time::Duration;

/// How long a write waits for another process before it gives up.
pub(crate) const BUSY: Duration = Duration::from_secs(10);

/// Pages in the write-ahead log from which on a commit moves them into the database: SQLite's own choice.
const CHECKPOINT: i64 = 1000;

/// A vault's database on this device.
#[derive(Debug)]
pub struct Store {
    conn: Connection,
    vault: VaultId,
    lately: RefCell<Lately>,
    guard: Guard,
    /// What was taken out of the file when it was opened.
    foreign: Vec<String>,
    pub(crate) point: RestorePoint,
    access: Access,
}

/// One transaction: everything in it happens, or nothing.
#[derive(Debug)]
pub struct Tx<'a> {
    pub(crate) sql: Transaction<'a>,
    pub(crate) vault: VaultId,
    /// Texts that were edited lately.
    pub(crate) lately: &'a RefCell<Lately>,
    /// Whether this transaction may write.
    pub(crate) writes: bool,
    /// How a restore point is made; none where nothing of this will be kept.
    pub(crate) point: Option<&'a RestorePoint>,
}

impl Store {
    /// Creates the database of a vault. Fails when there is one of another vault.
    pub fn create(path: &Path, vault: VaultId) -> Result<Self, StoreError> {
        Self::create_on(path, vault, None)
    }

    /// [`Store::create`] over a virtual file system that was registered with SQLite under a name. Tests
    /// put one between the database and the disk, to fail operations and to lose what was not flushed.
    pub fn create_with_vfs(path: &Path, vault: VaultId, vfs: &str) -> Result<Self, StoreError> {
        Self::create_on(path, vault, Some(vfs))
    }

    fn create_on(path: &Path, vault: VaultId, vfs: Option<&str>) -> Result<Self, StoreError> {
        if vfs.is_none() {
            private_file::create(path).map_err(StoreError::file)?;
        }
        let (conn, access, foreign) = connect(path, vfs, true)?;
        name(&conn, vault)?;
        let store = Self::on_disk(conn, access, foreign)?;
        if store.vault == vault {
            Ok(store)
        } else {
            Err(StoreError::Damaged("it belongs to another vault".into()))
        }
    }

    /// A database in memory, for simulations: everything but durability is as on disk.
    pub fn in_memory(vault: VaultId) -> Result<Self, StoreError> {
        let mut conn = Connection::open_in_memory()?;
        keep_statements(&conn)?;
        schema::migrate(&mut conn)?;
        name(&conn, vault)?;
        Self::from_connection(conn, Guard::off())
    }

    /// A copy in memory of everything that is committed, for simulations.
    pub fn copy_in_memory(&self) -> Result<Self, StoreError> {
        let mut conn = Connection::open_in_memory()?;
        keep_statements(&conn)?;
        Backup::new(&self.conn, &mut conn)?.step(-1)?;
        Self::from_connection(conn, Guard::off())
    }

    /// Lets every commit fail for which `refuse` says so, as a crash at that moment would: what the
    /// transaction did is gone. For simulations.
    pub fn refuse_commits(
        &self,
        refuse: impl FnMut() -> bool + Send + 'static,
    ) -> Result<(), StoreError> {
        Ok(self.conn.commit_hook(Some(refuse))?)
    }

    /// Opens the database of a vault.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        Self::open_on(path, None)
    }

    /// [`Store::open`] over a virtual file system that was registered with SQLite under a name.
    pub fn open_with_vfs(path: &Path, vfs: &str) -> Result<Self, StoreError> {
        Self::open_on(path, Some(vfs))
    }

    /// Opens a database for reading alone, and leaves its tables as they are: a backup, or one whose keys
    /// are gone. One of an older version is read as a copy in memory.
    pub fn open_for_reading(path: &Path) -> Result<Self, StoreError> {
        expect_content(path)?;
        newer::refuse_file(path, schema::KNOWN)?;
        let settle = |conn: &Connection, _: Access| {
            settle(conn, Access::Read)?;
            Ok(conn.pragma_update(None, "query_only", "ON")?)
        };
        let (conn, _) = access::open(path, false, &settle)?;
        if is_up_to_date(&conn)? {
            Self::on_disk(conn, Access::Read, Vec::new())
        } else {
            Self::brought_up_to_date(&conn)
        }
    }

    fn open_on(path: &Path, vfs: Option<&str>) -> Result<Self, StoreError> {
        expect_content(path)?;
        let (conn, access, foreign) = connect(path, vfs, false)?;
        if access == Access::Read && !is_up_to_date(&conn)? {
            return Self::brought_up_to_date(&conn);
        }
        Self::on_disk(conn, access, foreign)
    }

    fn on_disk(conn: Connection, access: Access, foreign: Vec<String>) -> Result<Self, StoreError> {
        let guard = Guard::watch(&conn)?;
        Ok(Self { foreign, access, ..Self::from_connection(conn, guard)? })
    }

    /// A database of an older version that cannot be written, as a copy in memory that this version reads.
    fn brought_up_to_date(conn: &Connection) -> Result<Self, StoreError> {
        let mut copy = Connection::open_in_memory()?;
        keep_statements(&copy)?;
        Backup::new(conn, &mut copy)?.step(-1)?;
        foreign::harden(&copy)?;
        foreign::clear(&mut copy)?;
        schema::migrate(&mut copy)?;
        let mut store = Self::from_connection(copy, Guard::off())?;
        store.write(|tx| tx.catch_up(0))?;
        Ok(Self { access: Access::Read, ..store })
    }

    /// What may be done with it.
    pub const fn access(&self) -> Access {
        self.access
    }

    fn from_connection(conn: Connection, guard: Guard) -> Result<Self, StoreError> {
        let vault: Option<[u8; 16]> = conn
            .query_row("SELECT value FROM meta WHERE key = 'vault'", [], |row| row.get(0))
            .optional()?;
        let vault = vault.ok_or_else(|| StoreError::Damaged("it does not name a vault".into()))?;
        Ok(Self {
            conn,
            vault: VaultId(vault),
            lately: RefCell::default(),
            guard,
            foreign: Vec::new(),
            point: RestorePoint::default(),
            access: Access::Full,
        })
    }

    /// The vault.
    pub const fn vault(&self) -> VaultId {
        self.vault
    }

    /// What was in the file beside the tables of this program when it was opened, in words: triggers,
    /// views, tables. It was taken out, and nothing of it was run.
    pub fn foreign_parts(&self) -> &[String] {
        &self.foreign
    }

    /// Runs `work` in one write transaction and commits it. When this returns `Ok`, it is on disk.
    /// [`StoreError::ReadOnly`] where it may only be read.
    pub fn write<T, E: From<StoreError>>(
        &mut self,
        work: impl FnOnce(&Tx<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        if self.access == Access::Read {
            return Err(StoreError::ReadOnly.into());
        }
        let guard = self.guard.clone();
        let tx = self.begin(TransactionBehavior::Immediate)?;
        let value = work(&tx)?;
        guard.sum(&tx.sql)?;
        let lately = tx.lately;
        tx.sql.commit().map_err(StoreError::from)?;
        lately.borrow_mut().commit();
        guard.committed();
        Ok(value)
    }

    /// [`Store::write`] of much at once: whoever waits for it is told first, and what it wrote is moved
    /// from the write-ahead log into the database after that, by [`Store::checkpoint`].
    pub fn write_much<T, E: From<StoreError>>(
        &mut self,
        work: impl FnOnce(&Tx<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        self.checkpoint_after(0)?;
        let outcome = self.write(work);
        self.checkpoint_after(CHECKPOINT)?;
        outcome
    }

    /// Moves what is committed from the write-ahead log into the database, as far as no reader needs it
    /// where it is.
    pub fn checkpoint(&self) -> Result<(), StoreError> {
        self.conn.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()))?;
        Ok(())
    }

    fn checkpoint_after(&self, pages: i64) -> Result<(), StoreError> {
        Ok(self.conn.pragma_update(None, "wal_autocheckpoint", pages)?)
    }

    /// Runs `work` in a write transaction and undoes it: what would happen, without it happening. Where
    /// nothing can be written, on a copy in memory.
    pub fn try_out<T, E: From<StoreError>>(
        &mut self,
        work: impl FnOnce(&Tx<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        if self.access == Access::Read {
            return self.copy_in_memory()?.try_out(work);
        }
        let mut tx = self.begin(TransactionBehavior::Immediate)?;
        tx.point = None;
        let value = work(&tx)?;
        tx.sql.rollback().map_err(StoreError::from)?;
        Ok(value)
    }

    /// Runs `work` on one consistent view.
    pub fn read<T, E: From<StoreError>>(
        &mut self,
        work: impl FnOnce(&Tx<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let tx = self.begin(TransactionBehavior::Deferred)?;
        work(&tx)
    }

    fn begin(&mut self, behavior: TransactionBehavior) -> Result<Tx<'_>, StoreError> {
        let (vault, lately, point) = (self.vault, &self.lately, Some(&self.point));
        let writes = matches!(behavior, TransactionBehavior::Immediate);
        // What the last transaction left uncommitted is undone.
        lately.borrow_mut().roll_back();
        Ok(Tx { sql: self.conn.transaction_with_behavior(behavior)?, vault, lately, writes, point })
    }

    /// A number that changes whenever another process commits to this database.
    pub fn data_version(&self) -> Result<i64, StoreError> {
        Ok(self.conn.pragma_query_value(None, "data_version", |row| row.get(0))?)
    }

    pub(crate) fn vacuum(&self) -> Result<(), StoreError> {
        self.conn.execute_batch("VACUUM")?;
        Ok(())
    }

    pub(crate) fn connection(&self) -> &Connection {
        &self.conn
    }
    pub(crate) fn connection_mut(&mut self) -> &mut Connection {
        &mut self.conn
    }
}

impl Tx<'_> {
    /// The vault.
    pub const fn vault(&self) -> VaultId {
        self.vault
    }

    /// Runs a part of the transaction. Where it fails, what it wrote is undone and the rest stands.
    pub fn attempt<T, E>(
        &self,
        part: impl FnOnce() -> Result<T, E>,
    ) -> Result<Result<T, E>, StoreError> {
        self.sql.execute_batch("SAVEPOINT part")?;
        let outcome = part();
        if outcome.is_err() {
            // Loading what the part had not touched again costs less than telling them apart.
            self.lately.borrow_mut().roll_back();
        }
        self.sql.execute_batch(if outcome.is_ok() {
            "RELEASE part"
        } else {
            "ROLLBACK TO part; RELEASE part"
        })?;
        Ok(outcome)
    }

    /// The position of the last applied change: what a view read now has seen.
    pub fn position(&self) -> Result<i64, StoreError> {
        let last: i64 =
            self.sql
                .query_row("SELECT coalesce(max(pos), 0) FROM changes", [], |row| row.get(0))?;
        Ok(last.max(self.base_position()?))
    }

    /// The policies that the person has chosen.
    pub fn policies(&self) -> Result<Policies, StoreError> {
        let mut policies = Policies::default();
        for kind in holdfast_model::policy::KINDS {
            let setting = self.entity(Policies::setting(kind.name))?;
            // One that was taken back is in force no longer.
            if let Some((state, _)) = setting
                && state.is_alive()
                && let Some(policy) =
                    holdfast_model::Policy::parse(state.text(holdfast_model::fields::VALUE))
            {
                policies.choose(kind.name, policy);
            }
        }
        Ok(policies)
    }

    pub(crate) fn meta(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let mut statement = self.sql.prepare_cached("SELECT value FROM meta WHERE key = ?1")?;
        Ok(statement.query_row([key], |row| row.get(0)).optional()?)
    }

    pub(crate) fn set_meta(&self, key: &str, value: &[u8]) -> Result<(), StoreError> {
        self.sql
            .prepare_cached(
                "INSERT INTO meta (key, value) VALUES (?1, ?2)
                 ON CONFLICT (key) DO UPDATE SET value = excluded.value",
            )?
            .execute((key, value))?;
        Ok(())
    }

    /// Stores a membership record; one that is known already changes nothing. Whether it was new.
    pub fn add_membership(&self, record: &[u8]) -> Result<bool, StoreError> {
        let hash = holdfast_oplog::Hash::of(record);
        let added = self.sql.execute(
            "INSERT INTO membership (hash, record) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
            (hash.0, record),
        )?;
        Ok(added > 0)
    }

    /// Keeps exactly these membership records. Whether that changed anything.
    pub fn keep_membership(&self, records: &[Vec<u8>]) -> Result<bool, StoreError> {
        let keep: std::collections::BTreeSet<[u8; 32]> =
            records.iter().map(|record| holdfast_oplog::Hash::of(record).0).collect();
        let mut changed = false;
        for record in self.membership()? {
            let hash = holdfast_oplog::Hash::of(&record).0;
            if !keep.contains(&hash) {
                self.sql.execute("DELETE FROM membership WHERE hash = ?1", [hash])?;
                changed = true;
            }
        }
        for record in records {
            changed |= self.add_membership(record)?;
        }
        Ok(changed)
    }

    /// Drops a handover that no device needs.
    pub fn drop_handover(&self, sealed: &[u8]) -> Result<(), StoreError> {
        let hash = holdfast_oplog::Hash::of(sealed).0;
        self.sql.execute("DELETE FROM handovers WHERE hash = ?1", [hash])?;
        Ok(())
    }

    /// Keeps a sealed list of records for devices that missed an epoch.
    pub fn add_handover(&self, sealed: &[u8]) -> Result<(), StoreError> {
        self.sql.execute(
            "INSERT INTO handovers (hash, sealed) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
            (holdfast_oplog::Hash::of(sealed).0, sealed),
        )?;
        Ok(())
    }

    /// All handovers, to be passed on.
    pub fn handovers(&self) -> Result<Vec<Vec<u8>>, StoreError> {
        let mut statement =
            self.sql.prepare_cached("SELECT sealed FROM handovers ORDER BY hash")?;
        let sealed = statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
        Ok(sealed)
    }

    /// The hashes of all handovers, in order.
    pub fn handover_names(&self) -> Result<Vec<Vec<u8>>, StoreError> {
        let mut statement = self.sql.prepare_cached("SELECT hash FROM handovers ORDER BY hash")?;
        let names = statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
        Ok(names)
    }

    /// All membership records.
    pub fn membership(&self) -> Result<Vec<Vec<u8>>, StoreError> {
        let mut statement =
            self.sql.prepare_cached("SELECT record FROM membership ORDER BY hash")?;
        let records = statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
        Ok(records)
    }
}

/// Statements are prepared once: also those whose plan SQLite would otherwise work out anew for each
/// bound value.
/// Names the vault in a new database, and that this build makes its views. One that has a name stays as
/// it is.
fn name(conn: &Connection, vault: VaultId) -> Result<(), StoreError> {
    let named = conn.execute(
        "INSERT INTO meta (key, value) VALUES ('vault', ?1) ON CONFLICT DO NOTHING",
        [&vault.0],
    )?;
    if named > 0 {
        conn.execute(
            "INSERT INTO meta (key, value) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
            (upgrade::MARK, upgrade::READS.to_be_bytes()),
        )?;
    }
    Ok(())
}

fn keep_statements(conn: &Connection) -> Result<(), StoreError> {
    conn.set_prepared_statement_cache_capacity(128);
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    Ok(())
}

/// An empty file is what a failing disk or a broken copy leaves: it is not made a new database.
fn expect_content(path: &Path) -> Result<(), StoreError> {
    match std::fs::metadata(path) {
        Ok(file) if file.len() > 0 || access::beside(path, "-wal").exists() => Ok(()),
        Ok(_) => Err(StoreError::Damaged("its file is empty".into())),
        Err(_) => Err(StoreError::NotFound { what: "database", id: path.display().to_string() }),
    }
}

/// The connection, what may be done with it, and what was taken out of the file because it is not this
/// program's. Where nothing can be written that stays in it, and is not run.
fn connect(
    path: &Path,
    vfs: Option<&str>,
    create: bool,
) -> Result<(Connection, Access, Vec<String>), StoreError> {
    newer::refuse_file(path, schema::KNOWN)?;
    let (mut conn, access) = match vfs {
        Some(vfs) => {
            let conn = Connection::open_with_flags_and_vfs(path, OpenFlags::default(), vfs)?;
            conn.busy_timeout(BUSY)?;
            settle(&conn, Access::Full)?;
            (conn, Access::Full)
        }
        None => access::open(path, create, &settle)?,
    };
    let mut foreign = Vec::new();
    if access == Access::Full {
        foreign = foreign::clear(&mut conn)?;
        schema::migrate(&mut conn)?;
        schema::complete(&conn)?;
    }
    Ok((conn, access, foreign))
}

fn settle(conn: &Connection, access: Access) -> Result<(), StoreError> {
    foreign::harden(conn)?;
    newer::refuse_connection(conn, schema::KNOWN)?;
    keep_statements(conn)?;
    if access == Access::Full {
        // What is acknowledged must survive power loss. EXTRA counts for the one transaction of a new
        // database that still has a rollback journal: were the removal of that journal lost with the
        // power, it would be played back later and empty the database. With a write-ahead log it means
        // FULL.
        conn.pragma_update(None, "synchronous", "EXTRA")?;
        conn.pragma_update(None, "journal_mode", "WAL")?;
        conn.pragma_update(None, "foreign_keys", "ON")?;
    }
    // Negative: in KiB. What a first sync writes in one transaction is not pushed out and read back
    // half-way; no more is taken than is used.
    conn.pragma_update(None, "cache_size", -32 * 1024)?;
    Ok(())
}

/// Whether tables and views are those of this build.
fn is_up_to_date(conn: &Connection) -> Result<bool, StoreError> {
    let version: i64 = conn.pragma_query_value(None, "user_version", |row| row.get(0))?;
    Ok(version == schema::KNOWN && upgrade::is_done(conn)?)
}

#[cfg(test)]
#[path = "db_tests.rs"]
mod tests;
