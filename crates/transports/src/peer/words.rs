//! What third devices hold, by their own words, as two devices pass them on.

use super::protocol::{Answer, Ask, News};
use super::{Call, PeerError, Taken};
use holdfast_oplog::DeviceId;
use holdfast_sync::{Session, hear, membership, open_acknowledgement, words_hash};

/// Asks what the other device heard of third ones, where that may be something else than what this one did.
pub(super) fn ask(
    session: &mut Session<'_>,
    call: &mut dyn Call,
    news: &News,
    from: DeviceId,
    taken: &mut dyn FnMut(Taken),
) -> Result<(), PeerError> {
    let Some(theirs) = news.words else { return Ok(()) };
    let Session { store, keys, keyring, wall_ms, .. } = session;
    let (me, wall_ms) = (keys.device_id(), *wall_ms);
    let ours = store.read(|tx| words_hash(tx, &membership(tx)?, me, from))?;
    if ours == theirs {
        return Ok(());
    }
    let Answer::Words(words) = call.ask(Ask::Words)? else { return Err(PeerError::Unexpected) };
    let new = store.write(|tx| {
        let members = membership(tx)?;
        // No more than there are devices: each costs a signature.
        let words = words.iter().take(members.devices().len());
        let said = words.filter_map(|word| open_acknowledgement(keyring, &members, word).ok());
        let mut new = false;
        for said in said.filter(|said| said.device != me) {
            new |= hear(tx, &said, wall_ms)?;
        }
        Ok::<_, PeerError>(new)
    })?;
    if new {
        taken(Taken::Word);
    }
    Ok(())
}
