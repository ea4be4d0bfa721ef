//! What comes from another device: asked for, staged, and taken in within transactions of bounded size.

use super::batches::{Batches, Room, Staged};
use super::protocol::News;
use super::report::together;
use super::{CARRIER, Call, PeerError, attachments, parted, records, words};
use crate::bundle::preview::{Preview, mass_by, summarize, waiting_notices};
use crate::bundle::{changes, parted_notice};
use crate::untold::untold;
use holdfast_oplog::{DeviceId, LogId, Range};
use holdfast_store::{Applied, AppliedSum, Arrivals, Direction, Tx, With};
use holdfast_sync::{
    Carrier, Refusals, Session, Taking, hear, membership, open_acknowledgement, plan, spaces,
    stand_few, weigh,
};
use holdfast_vault::{Keyring, Membership};
use std::collections::{BTreeSet, VecDeque};
use std::path::Path;

/// So many bytes of batches at most are taken in within one transaction.
const STAGE: usize = 8 * 1024 * 1024;
/// So many bytes and changes at most, where nothing has to be judged as a whole: whoever writes here
/// meanwhile does not wait long, and the person sees them come.
const STREAM: Room = Room { bytes: 1024 * 1024, changes: 4096 };
/// Exchanges with one device that follow each other within this time are one in the activity.
const SAME_EXCHANGE_MS: i64 = 10 * 60 * 1_000;

/// From whom, and what is done with what comes.
#[derive(Debug, Clone, Copy)]
pub struct Receiving<'a> {
    /// The device at the other end, as the connection proved it.
    pub from: DeviceId,
    /// Whether the person said yes to a large deletion.
    pub confirmed: bool,
    /// Where pieces of attachments and snapshots are kept until they are whole.
    pub folder: &'a Path,
}

/// What came.
#[derive(Debug)]
pub struct Came {
    /// What changed; none where nothing new was there.
    pub preview: Option<Preview>,
    /// Number of the recorded exchange.
    pub exchange: Option<i64>,
    /// The vault's keys, where new ones came: to be kept in place of the old.
    pub keyring: Option<Keyring>,
}

/// What is on the disk now and can be looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// Changes.
    Changes,
    /// What a device holds, by its own word: others that do not meet it are told.
    Word,
    /// The content of an attachment. Whoever asked this device for it before has to be told: what it holds
    /// is the same as then, so nothing else brings them to ask again.
    Content,
}

/// Asks for everything that the other device has and this one lacks, and takes it in. What was taken
/// in before an error stays, and is not asked for again. `taken` is called whenever something new is on
/// the disk, whatever happens afterwards.
pub fn receive(
    session: &mut Session<'_>,
    call: &mut dyn Call,
    news: &News,
    receiving: Receiving<'_>,
    taken: &mut dyn FnMut(Taken),
) -> Result<Came, PeerError> {
    let (known, before) = (records::ask(session, call, news)?, session.keyring.clone());
    let keyring = known.keyring;
    let mut session = Session {
        store: &mut *session.store,
        keys: session.keys,
        keyring: &keyring,
        actor: session.actor,
        wall_ms: session.wall_ms,
        rng: &mut *session.rng,
    };
    let mut coming = Coming::new(receiving, known.notices);
    let outcome = coming.everything(&mut session, call, news, taken);
    let outcome =
        outcome.and_then(|()| words::ask(&mut session, call, news, receiving.from, taken));
    let came = coming.close(&mut session, news, taken)?;
    outcome?;
    let new = (keyring != before).then(|| keyring.clone());
    Ok(Came { keyring: new, ..came })
}

/// Changes that came.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Counts {
    pub(super) new: u64,
    known: u64,
    set_aside: u64,
    /// Refused, because they leave their log before what was pruned.
    parted: u64,
}

/// What came so far.
pub(super) struct Coming<'a> {
    pub(super) receiving: Receiving<'a>,
    pub(super) exchange: Option<i64>,
    pub(super) applied: AppliedSum,
    /// Whether this device had hardly anything before: then no deletion that comes is a large one.
    nothing_stood: bool,
    /// Whether the last transaction took as much as one may.
    full: bool,
    /// What went wrong after something had been taken in.
    failed: Option<PeerError>,
    open_before: u64,
    pub(super) counts: Counts,
    attached: u64,
    pub(super) snapshot: bool,
    /// What is said of a snapshot that was refused.
    pub(super) refused_snapshot: Option<String>,
    notices: Vec<String>,
    /// Logs of which another branch was asked for from its beginning.
    whole: BTreeSet<LogId>,
    /// Logs of which something was refused.
    pub(super) refusals: Refusals,
}

impl<'a> Coming<'a> {
    fn new(receiving: Receiving<'a>, notices: Vec<String>) -> Self {
        Self {
            receiving,
            exchange: None,
            applied: AppliedSum::default(),
            nothing_stood: false,
            full: false,
            failed: None,
            open_before: 0,
            counts: Counts::default(),
            attached: 0,
            snapshot: false,
            refused_snapshot: None,
            notices,
            whole: BTreeSet::new(),
            refusals: Refusals::default(),
        }
    }

    fn everything(
        &mut self,
        session: &mut Session<'_>,
        call: &mut dyn Call,
        news: &News,
        taken: &mut dyn FnMut(Taken),
    ) -> Result<(), PeerError> {
        let carried = spaces(Carrier::Lan);
        (self.open_before, self.nothing_stood) = session
            .store
            .read(|tx| Ok::<_, PeerError>((tx.conflict_counts()?.0, stand_few(tx)?)))?;
        self.base(session, call, news, &carried)?;
        if self.counts.new > 0 {
            taken(Taken::Changes);
        }
        let mut again: Vec<Range> = Vec::new();
        // Of what is as long on both sides, whether it is the same.
        let mut compared = false;
        loop {
            let mut asked = std::mem::take(&mut again);
            asked.extend(session.store.read(|tx| {
                let held = tx.held()?.within(&carried);
                let there = tx.settled(&news.offers)?.within(&carried);
                Ok::<_, PeerError>(plan(&held, &held, &there, &carried).ask)
            })?);
            // What was pruned there comes as a snapshot or not at all.
            asked.retain(|range| {
                !self.refusals.has(range.log) && range.first > news.base.get(range.log)
            });
            let mut batches = Batches::new(call, asked)?;
            let (mut any, before) = (false, self.counts.new);
            while let Some(first) = batches.next()? {
                any = true;
                let before = self.counts.new;
                again.extend(self.take(session, first, &mut batches)?);
                if self.counts.new > before {
                    taken(Taken::Changes);
                }
                if std::mem::take(&mut self.full) {
                    // Much more may come. What came last is moved by the ordinary writes after it.
                    session.store.checkpoint()?;
                }
                self.failed.take().map_or(Ok(()), Err)?;
            }
            // Or what the other side sends does not get this device further.
            if !any || (self.counts.new == before && again.is_empty()) {
                if compared {
                    break;
                }
                compared = true;
                again = parted::ask(session, call, news, self.receiving.from, &self.refusals)?;
                if again.is_empty() {
                    break;
                }
            }
        }
        attachments::fetch(session, call, self.receiving.folder, &mut || {
            self.attached += 1;
            taken(Taken::Content);
        })
    }

    /// Takes a batch in, and those that come after it, as many as fit into one transaction. What is to be
    /// asked for again, from its beginning.
    fn take(
        &mut self,
        session: &mut Session<'_>,
        first: Staged,
        batches: &mut Batches<'_>,
    ) -> Result<Vec<Range>, PeerError> {
        let mut staged = vec![first];
        if !self.nothing_stood {
            // A large deletion is judged as a whole, so all of it has to be here.
            let mut size = 0_usize;
            while size < STAGE
                && let Some(next) = batches.next()?
            {
                size = size.saturating_add(next.bytes.len());
                staged.push(next);
            }
        }
        let Session { store, keyring, wall_ms, .. } = session;
        // Where the transaction does not happen, nothing of this did.
        let before = (self.exchange, self.counts, self.whole.clone(), self.refusals.clone());
        let taken = store.write_much(|tx| {
            let members = membership(tx)?;
            let exchange = self.exchange(tx, &members, *wall_ms)?;
            let mut again = Vec::new();
            let taking =
                Taking { keyring, members: &members, bounds: None, exchange: Some(exchange) };
            let mut arrivals = Arrivals::new(tx, *wall_ms);
            let gathered = Room { bytes: STAGE, changes: u64::MAX };
            let mut room = if self.nothing_stood { STREAM } else { gathered };
            let mut staged = VecDeque::from(staged);
            while let Some(Staged { range, bytes, changes }) = staged.pop_front() {
                room.fill(bytes.len(), changes);
                let taken = self.refusals.take_in(&mut arrivals, taking, &bytes)?;
                if taken.refused > 0 {
                    batches.leave(range.log);
                }
                self.counts.new += taken.new;
                self.counts.known += taken.known;
                self.counts.set_aside += taken.set_aside;
                self.counts.parted += taken.parted_in_base;
                // The log parts somewhere before: from its beginning on, the other branch joins.
                if taken.apart > 0 && self.whole.insert(range.log) {
                    again.push(Range { first: tx.first_in_log(range.log)?, ..range });
                }
                if self.nothing_stood && room.is_left() {
                    // Never waited for: others may want to write.
                    match batches.next_here() {
                        Ok(next) => staged.extend(next),
                        // What came before it stays.
                        Err(error) => self.failed = Some(error),
                    }
                }
            }
            self.full = !room.is_left();
            let applied = arrivals.finish()?;
            self.deletions(tx, &applied, &members, *wall_ms)?;
            Ok((again, applied))
        });
        match taken {
            Ok((again, applied)) => {
                self.applied.add(applied);
                Ok(again)
            }
            Err(error) => {
                (self.exchange, self.counts, self.whole, self.refusals) = before;
                Err(error)
            }
        }
    }

    /// The record of the exchange, where something comes: one for what comes within some minutes.
    fn exchange(
        &mut self,
        tx: &Tx<'_>,
        members: &Membership,
        wall_ms: i64,
    ) -> Result<i64, PeerError> {
        if let Some(exchange) = self.exchange {
            return Ok(exchange);
        }
        let from = self.receiving.from;
        let latest = tx.exchanges(1)?.pop().filter(|latest| {
            latest.carrier == CARRIER
                && latest.device == Some(from)
                && latest.direction == Direction::Received
                && wall_ms.saturating_sub(latest.time_ms).unsigned_abs()
                    < SAME_EXCHANGE_MS.unsigned_abs()
        });
        let exchange = match latest {
            // What the person agreed to can be told from what came before it.
            Some(latest) if !self.receiving.confirmed && !tx.is_exchange_cut(latest.id)? => {
                latest.id
            }
            _ => {
                let name = members.name(from).unwrap_or_default();
                tx.begin_exchange(Direction::Received, CARRIER, Some(from), wall_ms, name)?
            }
        };
        self.exchange = Some(exchange);
        Ok(exchange)
    }

    /// Refuses a deletion of more than half, until the person says yes, and keeps count of those that are
    /// taken in. What this exchange brought itself does not count.
    pub(super) fn deletions(
        &mut self,
        tx: &Tx<'_>,
        applied: &Applied,
        members: &Membership,
        wall_ms: i64,
    ) -> Result<(), PeerError> {
        if self.nothing_stood {
            return Ok(());
        }
        let whole = self.applied.items().chain(&applied.items);
        let weighed = weigh(tx, members, whole, wall_ms)?;
        let confirmed = self.receiving.confirmed;
        if let Some(mass) = weighed.mass.filter(|_| !confirmed) {
            let preview = summarize(tx, members, applied.clone(), self.open_before, wall_ms)?;
            let name = members.name(self.receiving.from).unwrap_or("a device");
            let (from, deletes) = mass_by(mass, members, name);
            let report = Box::new(preview.report());
            return Err(PeerError::MassDeletion { from, deletes, report });
        }
        if weighed.is_empty() {
            return Ok(());
        }
        let exchange = self.exchange(tx, members, wall_ms)?;
        weighed.keep(tx, Some(exchange), confirmed, wall_ms)?;
        Ok(())
    }

    /// Hears what the other device holds, and writes the record of the exchange.
    fn close(
        mut self,
        session: &mut Session<'_>,
        news: &News,
        taken: &mut dyn FnMut(Taken),
    ) -> Result<Came, PeerError> {
        let Session { store, keys, keyring, wall_ms, .. } = session;
        let (me, wall_ms) = (keys.device_id(), *wall_ms);
        let mut heard = false;
        let came = store.write(|tx| {
            let members = membership(tx)?;
            if let Ok(said) = open_acknowledgement(keyring, &members, &news.said)
                && said.device != me
            {
                // Where there are two, there is nobody else to be told.
                heard = hear(tx, &said, wall_ms)? && members.active().count() > 2;
            }
            let with = With::Device(self.receiving.from);
            let mut refused = self.refusals.notices(&members);
            refused.extend(self.refused_snapshot.take());
            self.notices.append(&mut untold(tx, with, refused)?);
            let nothing = self.counts.new == 0
                && self.counts.set_aside == 0
                && self.counts.parted == 0
                && self.attached == 0
                && self.notices.is_empty();
            if nothing {
                if let Some(empty) = self.exchange {
                    let used = tx
                        .exchange(empty)?
                        .is_some_and(|known| known.report.get("changes").is_some());
                    if !used {
                        tx.forget_exchange(empty)?;
                    }
                }
                return Ok(Came { preview: None, exchange: None, keyring: None });
            }
            let mut coming = self;
            let exchange = coming.exchange(tx, &members, wall_ms)?;
            let applied = std::mem::take(&mut coming.applied).into_applied();
            let mut preview = summarize(tx, &members, applied, coming.open_before, wall_ms)?;
            coming.say(&mut preview, &members);
            preview.notices.extend(waiting_notices(tx, &members)?);
            preview.made_ms = wall_ms;
            let before = tx.exchange(exchange)?.map(|known| known.report).unwrap_or_default();
            tx.report_exchange(exchange, &together(before, preview.report()))?;
            Ok::<_, PeerError>(Came {
                preview: Some(preview),
                exchange: Some(exchange),
                keyring: None,
            })
        })?;
        if heard {
            taken(Taken::Word);
        }
        Ok(came)
    }

    fn say(&mut self, preview: &mut Preview, members: &Membership) {
        let mut notices = std::mem::take(&mut self.notices);
        if self.counts.set_aside > 0 {
            notices.push(format!(
                "Set aside: {}, written by a device after it was removed.",
                changes(self.counts.set_aside)
            ));
        }
        if self.counts.parted > 0 {
            notices.push(parted_notice(self.counts.parted));
        }
        if self.snapshot {
            notices.push(
                "Old changes were pruned there: what they led to came as a snapshot, which cannot be taken back."
                    .into(),
            );
        }
        notices.append(&mut preview.notices);
        preview.notices = notices;
        preview.changes = self.counts.new;
        preview.already = self.counts.known;
        let name = members.name(self.receiving.from).unwrap_or_default();
        name.clone_into(&mut preview.from_name);
    }
}
