//! A device reduced to what merging needs: its store in memory, its writing identity, its clock.
//!
//! Hands runs of changes from store to store as transports do, without sealing or carrying them.

use holdfast_model::EntityId;
use holdfast_model::change::Edit;
use holdfast_model::text::TextDoc;
use holdfast_oplog::{ActorId, ChangeId, Hash, LogId, Range, Space, VaultId, VersionVector};
use holdfast_store::{Applied, Arrivals, Author, LocalChange, Received, Run, Store, StoreError};

/// The vault that all replicas share.
pub const VAULT: VaultId = VaultId([7; 16]);

/// One device.
#[derive(Debug)]
pub struct Replica {
    /// Its database.
    pub store: Store,
    /// Who writes on it.
    pub actor: ActorId,
    /// How far its clock is off, in milliseconds.
    pub skew_ms: i64,
}

/// Stands for a signature: anyone can check it, which is all that the store asks of one.
pub fn seal(_place: ChangeId, hash: Hash) -> [u8; 64] {
    let mut signature = [0; 64];
    for (to, from) in signature.iter_mut().zip(hash.0.iter().chain(hash.0.iter())) {
        *to = *from;
    }
    signature
}

/// Whether [`seal`] made this signature.
pub fn verify(log: LogId, seq: u64, hash: Hash, signature: &[u8; 64]) -> bool {
    seal(ChangeId { space: log.space, actor: log.actor, seq }, hash) == *signature
}

impl Replica {
    /// A new device with an empty store. `number` makes its identity.
    pub fn new(number: u8, skew_ms: i64) -> Result<Self, StoreError> {
        Ok(Self { store: Store::in_memory(VAULT)?, actor: ActorId([number; 16]), skew_ms })
    }

    /// The same device's data a second time: a cloned machine, or a backup to restore. `file` is
    /// where the copy lies.
    pub fn copy(&self, file: &std::path::Path) -> Result<Self, StoreError> {
        self.store.copy_to(file)?;
        Ok(Self { store: Store::open(file)?, actor: self.actor, skew_ms: self.skew_ms })
    }

    /// Writes under `actor` from now on.
    pub fn take_actor(&mut self, actor: ActorId) -> Result<(), StoreError> {
        self.actor = actor;
        self.store.write(|tx| tx.take_actor(actor))
    }

    /// Whether it has to take another identity before it writes.
    pub fn must_renew(&mut self) -> Result<bool, StoreError> {
        let actor = self.actor;
        self.store.read(|tx| tx.must_renew(actor))
    }

    /// Writes as this device at the true time `now_ms`.
    pub fn author(&self, now_ms: i64) -> Author<'static> {
        Author { actor: self.actor, sign: &seal, wall_ms: now_ms + self.skew_ms }
    }

    /// Appends one action of the person.
    pub fn append(&mut self, now_ms: i64, action: LocalChange) -> Result<Applied, StoreError> {
        let author = self.author(now_ms);
        self.store.write(|tx| tx.append(author, action))
    }

    /// Appends one action that consists of these edits.
    pub fn edit(&mut self, now_ms: i64, edits: Vec<Edit>) -> Result<Applied, StoreError> {
        self.edit_with(now_ms, edits, Vec::new())
    }

    /// The same with texts that contain the edits already.
    pub fn edit_with(
        &mut self,
        now_ms: i64,
        edits: Vec<Edit>,
        texts: Vec<(EntityId, TextDoc)>,
    ) -> Result<Applied, StoreError> {
        let action = LocalChange { action: "test".into(), edits, texts, ..LocalChange::default() };
        self.append(now_ms, action)
    }

    /// What it holds.
    pub fn held(&mut self) -> Result<VersionVector, StoreError> {
        self.store.read(|tx| tx.held())
    }

    /// What it holds and someone who holds `held` lacks, in runs of about `size` changes.
    pub fn runs(
        &mut self,
        held: &VersionVector,
        mut size: impl FnMut() -> u64,
    ) -> Result<Vec<Run>, StoreError> {
        self.store.read(|tx| {
            let mut runs = Vec::new();
            for range in tx.parents_first(tx.held()?.missing_in(held))? {
                let mut first = range.first;
                while first <= range.last {
                    let last = first.saturating_add(size().max(1) - 1).min(range.last);
                    // A part that was received ends at its signature: where none lies in the piece,
                    // the piece is taken longer.
                    let run = match tx.run(Range { log: range.log, first, last })? {
                        Some(run) => Some(run),
                        None => tx.run(Range { log: range.log, first, last: range.last })?,
                    };
                    let Some(run) = run else { break };
                    first += run.changes.len() as u64;
                    runs.push(run);
                }
            }
            Ok(runs)
        })
    }

    /// Takes a run in and applies what can be applied.
    pub fn take_in(&mut self, now_ms: i64, run: &Run) -> Result<Received, StoreError> {
        let wall = now_ms + self.skew_ms;
        self.store.write(|tx| {
            let received = tx.receive(run, None)?;
            tx.apply_ready(wall)?;
            Ok(received)
        })
    }

    /// Fetches everything that `from` holds, in one transaction.
    pub fn fetch(&mut self, now_ms: i64, from: &mut Self) -> Result<Applied, StoreError> {
        let runs = from.runs(&self.held()?, || u64::MAX)?;
        self.take_all(now_ms, &runs)
    }

    /// Takes several runs in, in one transaction.
    pub fn take_all(&mut self, now_ms: i64, runs: &[Run]) -> Result<Applied, StoreError> {
        let wall = now_ms + self.skew_ms;
        self.store.write(|tx| {
            let mut arrivals = Arrivals::new(tx, wall);
            for run in runs {
                arrivals.receive(run, None)?;
            }
            arrivals.finish()
        })
    }

    /// Takes in the base of `from`; where `whole`, everything that `from` has applied as a base.
    pub fn take_snapshot(
        &mut self,
        now_ms: i64,
        from: &mut Self,
        whole: bool,
    ) -> Result<Applied, StoreError> {
        let (heads, records) = from.store.try_out(|tx| {
            if whole {
                tx.fold_log(&verify)?;
            }
            let mut records = Vec::new();
            tx.each_base_record::<StoreError>(&Space::ALL, |record| {
                records.push(record);
                Ok(())
            })?;
            Ok::<_, StoreError>((tx.base_heads()?, records))
        })?;
        let (wall, own) = (now_ms + self.skew_ms, Some(self.actor));
        self.store.write(|tx| {
            let mut intake = tx.begin_intake(heads, own, holdfast_oplog::DeviceId([9; 16]))?;
            for record in &records {
                intake.take(tx, record)?;
            }
            intake.finish(tx, wall)
        })
    }

    /// The dump of all spaces, as bytes.
    pub fn dump(&mut self) -> Result<String, StoreError> {
        self.store.read(|tx| Ok(tx.dump(None)?.to_string()))
    }

    /// The list of conflicts with everything in it.
    pub fn conflicts(&mut self) -> Result<String, StoreError> {
        self.store.read(|tx| Ok(format!("{:#?}", tx.conflicts(None)?)))
    }

    /// The open and merged conflicts: item, field, whether a person has to decide.
    pub fn listed(&mut self) -> Result<Vec<(EntityId, String, bool)>, StoreError> {
        self.store.read(|tx| {
            let conflicts = tx.conflicts(None)?;
            Ok(conflicts
                .into_iter()
                .map(|c| (c.entity, c.field, c.state == holdfast_store::ConflictState::Open))
                .collect())
        })
    }
}

/// Where a device's changes of a space stand.
pub const fn log(space: Space, actor: ActorId) -> LogId {
    LogId { space, actor }
}
