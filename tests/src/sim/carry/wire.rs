//! A transport over which things go wrong: cut at any call, repeated, damaged, told stale news.

use holdfast_oplog::{Range, VersionVector};
use holdfast_sync::{SyncError, Transport};
use rand::Rng;
use rand_chacha::ChaCha8Rng;

/// Stands between a device and a transport.
pub(super) struct Wire<'a> {
    pub(super) inner: &'a mut dyn Transport,
    pub(super) rng: ChaCha8Rng,
    /// The call at which the connection is cut, and whether the call still gets through.
    pub(super) cut: Option<(u32, bool)>,
    /// Whether batches may be repeated and damaged.
    pub(super) faulty: bool,
    /// What the other side is said to hold, where that is not the truth.
    pub(super) claimed: Option<VersionVector>,
    /// Every batch that went either way.
    pub(super) seen: Vec<Vec<u8>>,
    /// Every acknowledgement that was handed over.
    pub(super) said: Vec<Vec<u8>>,
    /// What went wrong.
    pub(super) faults: Vec<&'static str>,
    calls: u32,
}

impl<'a> Wire<'a> {
    /// One over which everything goes well.
    pub(super) const fn new(inner: &'a mut dyn Transport, rng: ChaCha8Rng) -> Self {
        Self {
            inner,
            rng,
            cut: None,
            faulty: false,
            claimed: None,
            seen: Vec::new(),
            said: Vec::new(),
            faults: Vec::new(),
            calls: 0,
        }
    }

    /// One call: whether it is cut before or after.
    fn call<T>(
        &mut self,
        work: impl FnOnce(&mut Self) -> Result<T, SyncError>,
    ) -> Result<T, SyncError> {
        self.calls += 1;
        let Some((at, through)) = self.cut.filter(|(at, _)| self.calls >= *at) else {
            return work(self);
        };
        if through && self.calls == at {
            work(self)?;
        }
        if self.calls == at {
            self.faults.push("connection cut");
        }
        Err(SyncError::Unreachable("cut".into()))
    }

    /// Some byte of it is another one.
    fn damage(&mut self, batch: &mut [u8]) {
        let at = self.rng.gen_range(0..batch.len());
        batch[at] ^= 1 << self.rng.gen_range(0..8);
        self.faults.push("batch damaged");
    }
}

impl Transport for Wire<'_> {
    fn holds(&mut self) -> Result<VersionVector, SyncError> {
        self.call(|wire| {
            let truth = wire.inner.holds()?;
            let claimed = wire.claimed.take();
            Ok(claimed.inspect(|_| wire.faults.push("other side told old news")).unwrap_or(truth))
        })
    }

    fn pull(&mut self, range: Range) -> Result<Option<Vec<u8>>, SyncError> {
        self.call(|wire| {
            let mut batch = wire.inner.pull(range)?;
            wire.seen.extend(batch.clone());
            if let Some(batch) = &mut batch
                && wire.faulty
                && wire.rng.gen_bool(0.1)
            {
                wire.damage(batch);
            }
            Ok(batch)
        })
    }

    fn push(&mut self, batch: Vec<u8>) -> Result<(), SyncError> {
        self.call(|wire| {
            wire.seen.push(batch.clone());
            if wire.faulty && wire.rng.gen_bool(0.15) {
                wire.inner.push(batch.clone())?;
                wire.faults.push("batch sent twice");
            }
            wire.inner.push(batch)
        })
    }

    fn notified(&mut self) -> Result<bool, SyncError> {
        self.inner.notified()
    }

    fn acknowledge(&mut self, said: Vec<u8>) -> Result<(), SyncError> {
        self.call(|wire| {
            wire.said.push(said.clone());
            wire.inner.acknowledge(said)
        })
    }

    fn acknowledged(&mut self) -> Result<Vec<Vec<u8>>, SyncError> {
        self.call(|wire| wire.inner.acknowledged())
    }
}
