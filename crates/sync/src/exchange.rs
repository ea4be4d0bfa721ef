use crate::{
    Carrier, Refusals, Session, SyncError, Taking, Transport, hear, latest, membership, offer,
    open_acknowledgement, outgoing, plan, say_holds, spaces,
};
use holdfast_oplog::{Range, SealedBatch};
use holdfast_store::{Arrivals, ItemChange};

/// What an exchange moved.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Exchanged {
    /// Changes that went.
    pub sent: u64,
    /// Changes that came and were new.
    pub received: u64,
    /// Changes that were set aside: of removed devices, or of a branch from before what was pruned.
    pub set_aside: u64,
    /// Changes that were refused, with what followed them in their logs.
    pub refused: u64,
    /// Items that changed here.
    pub items: Vec<ItemChange>,
}

/// Exchanges with the other side of a transport until both hold the same within the carried spaces.
/// Each batch is verified, taken in and applied in one transaction, so that a cut connection loses
/// nothing and repeats at most one batch. Nothing is sent but what [`offered`] names.
pub fn exchange(
    session: &mut Session<'_>,
    transport: &mut dyn Transport,
    carrier: Carrier,
) -> Result<Exchanged, SyncError> {
    let carried = spaces(carrier);
    let there = transport.holds()?;
    let (held, offered, there) = session
        .store
        .write(|tx| Ok::<_, SyncError>((tx.held()?, offer(tx, carrier)?, tx.settled(&there)?)))?;
    let planned = plan(&held, &offered, &there, &carried);
    let mut done = Exchanged::default();
    let mut send = planned.send;
    if !planned.ask.is_empty() {
        let mut refusals = Refusals::default();
        for range in planned.ask {
            pull(session, transport, range, &mut refusals, &mut done)?;
        }
        // A log may have been found to part: what goes is called by the names of now.
        send = session.store.write(|tx| {
            let (held, offered) = (tx.held()?, offer(tx, carrier)?);
            Ok::<_, SyncError>(plan(&held, &offered, &tx.settled(&there)?, &carried).send)
        })?;
    }
    let Session { store, keyring, rng, keys, actor, wall_ms } = session;
    store.read(|tx| {
        for range in tx.parents_first(send)? {
            outgoing(tx, keyring, range, *rng, |header, batch| {
                done.sent += header.last.saturating_sub(header.first).saturating_add(1);
                transport.push(batch)
            })?;
        }
        let held = crate::offered(tx, carrier)?;
        let said = say_holds(tx, (keys, keyring, *actor), *wall_ms, &held, *rng)?;
        transport.acknowledge(said)
    })?;
    listen(session, transport)?;
    Ok(done)
}

/// Keeps what the other devices say that they hold. What does not open or is not signed by a member
/// says nothing.
pub fn listen(session: &mut Session<'_>, transport: &mut dyn Transport) -> Result<(), SyncError> {
    let said = transport.acknowledged()?;
    let (keyring, wall_ms, me) = (session.keyring, session.wall_ms, session.keys.device_id());
    session.store.write(|tx| {
        let members = membership(tx)?;
        let said =
            said.iter().filter_map(|bytes| open_acknowledgement(keyring, &members, bytes).ok());
        for said in latest(said.filter(|said| said.device != me).collect()) {
            hear(tx, &said, wall_ms)?;
        }
        Ok(())
    })
}

/// Asks for one range, batch by batch.
fn pull(
    session: &mut Session<'_>,
    transport: &mut dyn Transport,
    range: Range,
    refusals: &mut Refusals,
    done: &mut Exchanged,
) -> Result<(), SyncError> {
    let mut first = range.first;
    let mut whole = false;
    while first <= range.last && !refusals.has(range.log) {
        let Some(bytes) = transport.pull(Range { first, ..range })? else {
            return Err(SyncError::Gap { log: range.log, missing: first });
        };
        let header = SealedBatch::decode(&bytes)?.header()?;
        if header.log() != range.log || header.last < first {
            return Err(SyncError::Unexpected);
        }
        let (keyring, wall_ms) = (session.keyring, session.wall_ms);
        #[cfg(feature = "planted")]
        let before = planted_cursor(session, &header)?;
        let (taken, applied) = session.store.write(|tx| {
            #[cfg(feature = "planted")]
            if let Some((held, hash)) = before {
                tx.planted_held(range.log, held, hash)?;
            }
            let members = membership(tx)?;
            let mut arrivals = Arrivals::new(tx, wall_ms);
            let taking = Taking { keyring, members: &members, bounds: None, exchange: None };
            let taken = refusals.take_in(&mut arrivals, taking, &bytes)?;
            Ok::<_, SyncError>((taken, arrivals.finish()?))
        })?;
        done.received += taken.new;
        done.set_aside += taken.set_aside + taken.parted_in_base;
        done.refused += taken.refused;
        done.items.extend(applied.items);
        // The log parts somewhere before: from its beginning on, the other branch joins.
        if taken.apart > 0 && !whole {
            (first, whole) = (session.store.read(|tx| tx.first_in_log(range.log))?, true);
            continue;
        }
        first = header.last.saturating_add(1);
    }
    Ok(())
}

/// The bug of saving the cursor in a transaction of its own: what was held before.
#[cfg(feature = "planted")]
fn planted_cursor(
    session: &mut Session<'_>,
    header: &holdfast_oplog::BatchHeader,
) -> Result<Option<(u64, holdfast_oplog::Hash)>, SyncError> {
    use holdfast_oplog::planted::{Bug, is};
    if !is(Bug::ForgetCursorTransaction) {
        return Ok(None);
    }
    session
        .store
        .write(|tx| Ok(Some(tx.planted_held(header.log(), header.last, header.last_hash)?)))
}

#[cfg(test)]
#[path = "exchange_tests.rs"]
mod tests;
