//! Two devices over a connection, and a device with a relay: the exchange of `holdfast_sync`.

use super::super::device::Device;
use super::super::tally::Group;
use super::super::world::World;
use super::wire::Wire;
use crate::oracle::Past;
use holdfast_oplog::{Range, VersionVector};
use holdfast_sync::{
    Carrier, Mailbox, Session, SyncError, Transport, exchange, hear, membership, offer, offered,
    open_acknowledgement, outgoing, seal_acknowledgement,
};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// The device at the other end of a connection.
struct Peer<'a> {
    device: &'a mut Device,
    now_ms: i64,
    carrier: Carrier,
    rng: ChaCha8Rng,
}

/// Why sealing a range stopped.
enum Stop {
    /// One batch is enough for now.
    Batch(Vec<u8>),
    Failed(SyncError),
}

impl From<SyncError> for Stop {
    fn from(error: SyncError) -> Self {
        Self::Failed(error)
    }
}

impl From<holdfast_store::StoreError> for Stop {
    fn from(error: holdfast_store::StoreError) -> Self {
        Self::Failed(error.into())
    }
}

impl Peer<'_> {
    /// The first batch of a range.
    fn first_batch(&mut self, range: Range) -> Result<Option<Vec<u8>>, SyncError> {
        let session = self.device.session(self.now_ms);
        session.store.write(|tx| offer(tx, self.carrier))?;
        let sealed = session.store.read(|tx| {
            outgoing(tx, session.keyring, range, session.rng, |_, batch| Err(Stop::Batch(batch)))
        });
        match sealed {
            Ok(()) => Ok(None),
            Err(Stop::Batch(batch)) => Ok(Some(batch)),
            Err(Stop::Failed(error)) => Err(error),
        }
    }
}

impl Transport for Peer<'_> {
    fn holds(&mut self) -> Result<VersionVector, SyncError> {
        let session = self.device.session(self.now_ms);
        Ok(session.store.read(|tx| offered(tx, self.carrier))?)
    }

    fn pull(&mut self, range: Range) -> Result<Option<Vec<u8>>, SyncError> {
        // Small batches, so that much can happen between them; a part that came under one signature
        // cannot be cut.
        let last = range.first.saturating_add(self.rng.gen_range(0..6)).min(range.last);
        match self.first_batch(Range { last, ..range }) {
            Ok(Some(batch)) => Ok(Some(batch)),
            _ => self.first_batch(range),
        }
    }

    fn push(&mut self, batch: Vec<u8>) -> Result<(), SyncError> {
        let (_, applied) = self.device.take(self.now_ms, &batch)?;
        assert!(applied.notices.is_empty(), "{:?}", applied.notices);
        Ok(())
    }

    fn notified(&mut self) -> Result<bool, SyncError> {
        Ok(false)
    }

    fn acknowledge(&mut self, said: Vec<u8>) -> Result<(), SyncError> {
        let Session { store, keyring, wall_ms, .. } = self.device.session(self.now_ms);
        store.write(|tx| {
            let said = open_acknowledgement(keyring, &membership(tx)?, &said)?;
            hear(tx, &said, wall_ms)?;
            Ok(())
        })
    }

    fn acknowledged(&mut self) -> Result<Vec<Vec<u8>>, SyncError> {
        let held = self.holds()?;
        let Session { keys, keyring, actor, wall_ms, rng, .. } = self.device.session(self.now_ms);
        Ok(vec![seal_acknowledgement(keys, keyring, actor, wall_ms, &held, rng)?])
    }
}

/// What goes wrong during an exchange.
struct Trouble {
    cut: Option<(u32, bool)>,
    faulty: bool,
    claimed: Option<VersionVector>,
}

impl World {
    fn trouble(&mut self, faults: bool, there: &Past) -> Trouble {
        if !faults {
            return Trouble { cut: None, faulty: false, claimed: None };
        }
        let rng = &mut self.rng;
        let cut = rng.gen_bool(0.25).then(|| (rng.gen_range(1..8), rng.gen_bool(0.5)));
        let faulty = rng.gen_bool(0.3);
        let claimed = rng.gen_bool(0.1).then(|| {
            // Some of what the other side holds, as it was a while ago.
            there.iter().map(|(log, seq)| (*log, rng.gen_range(0..=*seq))).collect()
        });
        Trouble { cut, faulty, claimed }
    }

    /// Two devices meet and exchange.
    pub(crate) fn meet(&mut self, a: usize, b: usize, faults: bool) {
        let carrier = Carrier::Lan;
        let (before_a, before_b) = (self.devices[a].holds(), self.devices[b].holds());
        let there_before = self.travels(&before_b, carrier);
        let mut trouble = self.trouble(faults, &there_before);
        if let Some(claimed) = &mut trouble.claimed {
            // What was pruned nobody may ask for again.
            claimed.join(&self.base(a));
        }
        let (wire_rng, peer_rng) = (self.branch(), self.branch());
        let now_ms = self.now_ms;
        let [here, there] = self.devices.get_disjoint_mut([a, b]).unwrap();
        let mut peer = Peer { device: there, now_ms, carrier, rng: peer_rng };
        let mut wire = Wire::new(&mut peer, wire_rng);
        (wire.cut, wire.faulty, wire.claimed) = (trouble.cut, trouble.faulty, trouble.claimed);
        let result = exchange(&mut here.session(now_ms), &mut wire, carrier).map(|_| ());
        let Wire { seen, said, faults, .. } = wire;
        for said in &said {
            self.inspect_acknowledgement(said, carrier);
        }
        let whole = self.exchanged(a, result, &faults, &seen, carrier);
        self.came(a, &before_a, &there_before, whole);
        let here_before = self.travels(&before_a, carrier);
        self.came(b, &before_b, &here_before, whole);
        self.tally.count(Group::Exchanges, "connection");
        self.event(format_args!("{a} met {b}: {faults:?} {}", seen.len()));
    }

    /// A device exchanges with the relay.
    pub(crate) fn visit_relay(&mut self, a: usize, faults: bool) {
        let carrier = Carrier::Relay;
        let before = self.devices[a].holds();
        let mut relay = std::mem::take(&mut self.carried.relay);
        let there: Past = relay.holds().unwrap().iter().collect();
        let pruned = self.base(a).iter().collect();
        let pruned = self.travels(&pruned, carrier);
        if !super::includes(&there, &pruned) {
            // It would need a snapshot, which a relay without one cannot give.
            self.carried.relay = relay;
            self.tally.count(Group::Faults, "relay emptied of what was pruned");
            return;
        }
        let mut trouble = self.trouble(faults, &there);
        if let Some(claimed) = &mut trouble.claimed {
            claimed.join(&pruned.into_iter().collect());
        }
        let wire_rng = self.branch();
        let now_ms = self.now_ms;
        let mut wire = Wire::new(&mut relay, wire_rng);
        (wire.cut, wire.faulty, wire.claimed) = (trouble.cut, trouble.faulty, trouble.claimed);
        let here = &mut self.devices[a];
        let result = exchange(&mut here.session(now_ms), &mut wire, carrier).map(|_| ());
        let Wire { seen, said, faults, .. } = wire;
        for said in &said {
            self.inspect_acknowledgement(said, carrier);
        }
        let whole = self.exchanged(a, result, &faults, &seen, carrier);
        self.came(a, &before, &there, whole);
        let after: Past = relay.holds().unwrap().iter().collect();
        let holds = self.devices[a].holds();
        let sent = self.travels(&holds, carrier);
        assert!(!whole || super::includes(&after, &sent), "the relay did not get what was sent");
        self.carried.relay = relay;
        self.tally.count(Group::Exchanges, "relay");
        self.event(format_args!("{a} at the relay: {faults:?} {}", seen.len()));
    }

    /// The relay was set up anew and holds nothing.
    pub(crate) fn wipe_relay(&mut self) {
        self.carried.relay = Mailbox::new();
        self.tally.count(Group::Faults, "relay emptied");
        self.event(format_args!("relay emptied"));
    }

    /// Looks at what went, and whether all of it had to arrive: an exchange fails only where
    /// something went wrong.
    fn exchanged(
        &mut self,
        device: usize,
        result: Result<(), SyncError>,
        faults: &[&'static str],
        seen: &[Vec<u8>],
        carrier: Carrier,
    ) -> bool {
        for fault in faults {
            self.tally.count(Group::Faults, fault);
        }
        for batch in seen {
            self.inspect(batch, carrier);
        }
        let crashed = self.restart_crashed();
        let excused = crashed || faults.iter().any(|fault| *fault != "batch sent twice");
        if let Err(error) = &result {
            assert!(excused, "device {device} could not exchange over {carrier:?}: {error}");
        }
        !excused
    }

    /// Choices of their own for a part of a step.
    fn branch(&mut self) -> ChaCha8Rng {
        ChaCha8Rng::seed_from_u64(self.rng.r#gen())
    }
}
