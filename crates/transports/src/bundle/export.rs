use super::format::{
    BUNDLE_FORMAT, BundleHeader, BundleKind, BundleWriter, SectionKind, hash_of_handovers,
    write_atomically,
};
use super::spool::Spool;
use super::{BundleError, CARRIER, HEADER_CONTEXT, MEMBERSHIP_PLACE, pieces};
use holdfast_oplog::{DeviceId, Space, VersionVector};
use holdfast_store::{Destination, Direction, Heads, Tx};
use holdfast_sync::devices::ready_keys;
use holdfast_sync::snapshot::{outgoing_snapshot, vouched};
use holdfast_sync::{ANYONE, Carrier, Session, delivered, membership, offer, outgoing, spaces};
use holdfast_vault::membership::pack;
use holdfast_vault::{Membership, Purpose, seal_blob};
use serde_json::json;
use std::path::Path;

/// Of so many logs a header has room to say which changes their last ones are.
const TOLD: usize = 1024;
/// A log up to this many bytes goes along as it is.
const LARGE_LOG: u64 = 1024 * 1024;
/// From how many times what is alive on a log is left behind.
const MUCH_LARGER: u64 = 3;

/// How much goes into a bundle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExportScope {
    /// What someone may lack.
    Update {
        /// For this device: everything that it has not acknowledged. For nobody in particular:
        /// everything since the last export that not every other device has acknowledged.
        device: Option<DeviceId>,
    },
    /// Everything that the carried spaces hold.
    Full,
}

/// What the person asked to export.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExportRequest {
    /// How much.
    pub scope: ExportScope,
    /// Whether lists marked Nearby go along.
    pub nearby: bool,
}

/// What was exported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exported {
    /// Changes in the bundle.
    pub changes: u64,
    /// Sealed batches in the bundle.
    pub batches: u64,
    /// Pieces of attachments in the bundle.
    pub chunks: u64,
    /// Size of the file in bytes.
    pub bytes: u64,
    /// For whom it was made, where that is one device.
    pub device: Option<DeviceId>,
    /// Number of the recorded exchange.
    pub exchange: i64,
}

/// An invitation that goes into a bundle.
pub(super) struct Invited {
    /// The invitation section.
    pub(super) section: Vec<u8>,
    /// The membership record that it refers to; stored here once the file is written.
    pub(super) record: Vec<u8>,
}

/// Writes a bundle. The file is whole or absent. What a destination holds is not raised by this, only
/// by what comes back from it.
pub fn export(
    session: &mut Session<'_>,
    request: ExportRequest,
    path: &Path,
) -> Result<Exported, BundleError> {
    write(session, request, None, path)
}

pub(super) fn write(
    session: &mut Session<'_>,
    request: ExportRequest,
    invited: Option<Invited>,
    path: &Path,
) -> Result<Exported, BundleError> {
    super::format_file::refuse_occupied(path)?;
    let carrier = Carrier::Bundle { nearby_ticked: request.nearby };
    let carried = spaces(carrier);
    let Session { store, keys, keyring, actor, wall_ms, rng } = session;
    let me = keys.device_id();
    // What was heard by another way may have ended the epoch under which this device seals.
    let mut fresh = (*keyring).clone();
    store.write(|tx| ready_keys(tx, keys, &mut fresh))?;
    let keyring = &fresh;
    let device = match request.scope {
        ExportScope::Update { device } => device,
        ExportScope::Full => None,
    };
    let folder = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let holds = store.write(|tx| offer(tx, carrier))?;
    let compact = match &invited {
        Some(_) => store.read(|tx| worth_compacting(tx, &carried))?,
        None => false,
    };
    let seal_all = |tx: &Tx<'_>| {
        let members = membership(tx)?;
        if !members.is_active(me) {
            return Err(BundleError::NotAMember);
        }
        let since = taken_to_hold(tx, &members, me, request.scope, &carried, &holds)?;
        let mut spool = Spool::new(folder)?;
        if compact {
            tx.fold_log(&vouched(&members, tx.vault()))?;
        }
        let pruned = tx.pruned_after(&since, &carried)?;
        let mut covered = since.clone();
        if !pruned.is_empty() {
            let snapshot =
                outgoing_snapshot(tx, keyring, keys, &pruned, *wall_ms, *rng, |piece| {
                    spool.piece(&piece)
                })?;
            covered.join(&snapshot.holds);
        }
        // Whoever lacks what the snapshot holds gets it from there.
        let base = tx.base_vector()?.within(&pruned);
        let needed: VersionVector =
            since.iter().filter(|(log, seq)| base.get(*log) < *seq).collect();
        for range in tx.parents_first(holds.missing_in(&covered))? {
            outgoing(tx, keyring, range, *rng, |header, bytes| {
                spool.batch(&bytes, header.last.saturating_sub(header.first).saturating_add(1))
            })?;
        }
        for hash in pieces::contents(tx, &holds, &since)? {
            pieces::seal(tx, keyring, hash, *rng, |bytes| spool.chunk(bytes))?;
        }
        let handovers = tx.handovers()?;
        let few = holds.logs() <= TOLD;
        let heads = if few { tx.heads_of(&holds)? } else { Heads::default() };
        let header = BundleHeader {
            format: BUNDLE_FORMAT,
            kind: match (&invited, request.scope) {
                (Some(_), _) => BundleKind::Invitation,
                (None, ExportScope::Full) => BundleKind::Full,
                (None, ExportScope::Update { .. }) => BundleKind::Update,
            },
            vault: tx.vault(),
            from: me,
            actor: *actor,
            made: u64::try_from(*wall_ms).unwrap_or(0),
            holds,
            since: needed,
            counts: spool.counts,
            handovers: hash_of_handovers(&handovers),
            heads,
        };
        let mut records = members.records().to_vec();
        records.extend(invited.iter().map(|invited| invited.record.clone()));
        let sealed =
            seal_blob(keyring, Purpose::Membership, MEMBERSHIP_PLACE, &pack(&records)?, &mut *rng)?;
        let bytes = BundleWriter::<Vec<u8>>::header_bytes(&header)?;
        let signature = keys.sign(HEADER_CONTEXT, &bytes);
        write_atomically(path, |out| {
            let mut writer = BundleWriter::new(out, &header)?;
            writer.section(SectionKind::Signature, &signature)?;
            if let Some(invited) = &invited {
                writer.section(SectionKind::Invitation, &invited.section)?;
            }
            writer.section(SectionKind::Membership, &sealed)?;
            for handover in &handovers {
                writer.section(SectionKind::Handover, handover)?;
            }
            spool.copy_to(&mut writer)?;
            writer.finish().map(|_| ())
        })?;
        let file = path.file_name().map(|name| name.to_string_lossy().into_owned());
        let name = device.and_then(|device| members.name(device)).map(str::to_owned).or(file);
        Ok((header, name.unwrap_or_default()))
    };
    // What is folded for this bundle alone is undone.
    let (header, name) = if compact { store.try_out(seal_all) } else { store.read(seal_all) }?;
    let bytes = std::fs::metadata(path)?.len();
    let exchange = store.write(|tx| {
        if let Some(invited) = &invited {
            tx.add_membership(&invited.record)?;
        }
        record(tx, &header, device, &name, bytes, *wall_ms)
    })?;
    let counts = header.counts;
    Ok(Exported {
        changes: counts.changes,
        batches: counts.batches,
        chunks: counts.chunks,
        bytes,
        device,
        exchange,
    })
}

/// Whether a new device is better served with what is alive than with how it came about: where the log
/// is much larger. History that it then lacks is on the other devices.
pub(crate) fn worth_compacting(tx: &Tx<'_>, carried: &[Space]) -> Result<bool, BundleError> {
    if carried.is_empty() || !tx.has_history()? {
        return Ok(false);
    }
    let sizes = tx.sizes()?;
    let alive = sizes.live.saturating_add(sizes.texts);
    Ok(sizes.log > LARGE_LOG && sizes.log / MUCH_LARGER > alive)
}

/// What the receiver is taken to hold already; never more than is held here.
fn taken_to_hold(
    tx: &Tx<'_>,
    members: &Membership,
    me: DeviceId,
    scope: ExportScope,
    carried: &[Space],
    holds: &VersionVector,
) -> Result<VersionVector, BundleError> {
    let known = match scope {
        ExportScope::Full => VersionVector::new(),
        ExportScope::Update { device: None } => {
            let others: Vec<DeviceId> =
                members.active().map(|device| device.id).filter(|id| *id != me).collect();
            delivered(&others, &tx.destinations()?)
        }
        ExportScope::Update { device: Some(device) } => {
            if device == me || !members.is_active(device) {
                return Err(BundleError::NoSuchDevice(device));
            }
            tx.destination(device)?.map(|known| known.holds).unwrap_or_default()
        }
    };
    let known = known.within(carried);
    Ok(known.iter().map(|(log, seq)| (log, seq.min(holds.get(log)))).collect())
}

/// Records that a bundle was made: the exchange, and what was exported at all.
fn record(
    tx: &Tx<'_>,
    header: &BundleHeader,
    device: Option<DeviceId>,
    name: &str,
    bytes: u64,
    wall_ms: i64,
) -> Result<i64, BundleError> {
    let exchange = tx.begin_exchange(Direction::Sent, CARRIER, device, wall_ms, name)?;
    tx.report_exchange(
        exchange,
        &json!({
            "kind": header.kind,
            "changes": header.counts.changes,
            "batches": header.counts.batches,
            "chunks": header.counts.chunks,
            "pieces": header.counts.pieces,
            "bytes": bytes,
        }),
    )?;
    for to in device.into_iter().chain([ANYONE]) {
        let mut destination = tx.destination(to)?.unwrap_or_else(|| unknown(to));
        destination.last_export_ms = Some(wall_ms);
        if to == ANYONE {
            destination.holds.join(&header.holds);
        }
        tx.keep_destination(&destination)?;
    }
    Ok(exchange)
}

/// A destination of which nothing is known yet.
pub(super) fn unknown(device: DeviceId) -> Destination {
    Destination { device, holds: VersionVector::new(), last_seen_ms: None, last_export_ms: None }
}
