//! Logs that are as long on both sides, and not the same.
//!
//! Two devices were given two different changes of one number: their version vectors say nothing of it. What the
//! other one says of its last changes does ([`holdfast_sync::Acknowledgement::heads`]).

use super::protocol::{Answer, Ask, News};
use super::{Call, PeerError};
use holdfast_oplog::{DeviceId, Range, SealedBatch};
use holdfast_sync::{Refusals, Session, membership, open_acknowledgement};

/// What has to be asked for of logs of which the other side holds another branch: from where that leaves what is
/// held here. Cost: some batches back from its end, twice as far each time, until one goes on here.
pub(super) fn ask(
    session: &mut Session<'_>,
    call: &mut dyn Call,
    news: &News,
    from: DeviceId,
    refusals: &Refusals,
) -> Result<Vec<Range>, PeerError> {
    let keyring = session.keyring;
    let parted = session.store.read(|tx| {
        let said = open_acknowledgement(keyring, &membership(tx)?, &news.said);
        let Some(said) = said.ok().filter(|said| said.device == from) else {
            return Ok(Vec::new());
        };
        let mut parted = Vec::new();
        for (log, last) in tx.parted_from(&said.holds, &said.heads)? {
            if news.offers.get(log) >= last {
                // What was pruned on either side nobody can compare.
                let first = tx.first_in_log(log)?.max(news.base.get(log).saturating_add(1));
                parted.push(Range { log, first, last });
            }
        }
        Ok::<_, PeerError>(parted)
    })?;
    let mut asked = Vec::new();
    for range in parted.into_iter().filter(|range| !refusals.has(range.log)) {
        asked.extend(leaves(session, call, range)?);
    }
    Ok(asked)
}

/// Where a log of the other side leaves what is held here; none where it did so before the first number that is
/// asked for, or nothing is to be had.
fn leaves(
    session: &mut Session<'_>,
    call: &mut dyn Call,
    range: Range,
) -> Result<Option<Range>, PeerError> {
    let (mut first, mut step) = (range.last, 1_u64);
    while first >= range.first {
        let asked = Range { first, ..range };
        let batch = match call.ask(Ask::Batch(asked))? {
            Answer::Batch(Some(batch)) => batch,
            Answer::Batch(None) => return Ok(None),
            _ => return Err(PeerError::Unexpected),
        };
        let header = SealedBatch::decode(&batch)?.header()?;
        if header.log() != range.log || header.first != first {
            return Ok(None);
        }
        let goes_on =
            session.store.read(|tx| tx.goes_on_here(range.log, first, header.prev_hash))?;
        if goes_on {
            return Ok(Some(asked));
        }
        if first == range.first {
            break;
        }
        first = first.saturating_sub(step).max(range.first);
        step = step.saturating_mul(2);
    }
    Ok(None)
}
