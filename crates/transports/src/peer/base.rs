//! Snapshots over a connection: fetched whole, then taken in within one transaction.

use super::protocol::{Answer, Ask, News};
use super::receive::Coming;
use super::{Call, PeerError};
use holdfast_oplog::{Space, limits};
use holdfast_store::Tx;
use holdfast_sync::snapshot::{SnapshotReader, SnapshotReceiver};
use holdfast_sync::{Fault, Session, SyncError, believes, membership};
use std::io::{Read, Seek, SeekFrom, Write};

impl Coming<'_> {
    /// Takes in a snapshot, where the other side no longer has the changes that are missing here.
    pub(super) fn base(
        &mut self,
        session: &mut Session<'_>,
        call: &mut dyn Call,
        news: &News,
        carried: &[Space],
    ) -> Result<(), PeerError> {
        let held = session.store.read(|tx| Ok::<_, PeerError>(tx.held()?.within(carried)))?;
        let pruned = !news.base.within(carried).missing_in(&held).is_empty();
        let newcomer = held.is_empty() && !news.offers.within(carried).is_empty();
        if !pruned && !newcomer {
            return Ok(());
        }
        let (from, own) = (self.receiving.from, session.actor);
        let believed = |tx: &Tx<'_>| believes(tx, &membership(tx)?, Some(own), from);
        if !session.store.read(believed)? {
            if pruned {
                let error = SyncError::NotBelieved;
                self.refused_snapshot = Some(format!("A snapshot was not taken in: {error}."));
            }
            return Ok(());
        }
        let Answer::Snapshot(pieces) = call.ask(Ask::Snapshot(held))? else {
            return Err(PeerError::Unexpected);
        };
        if pieces == 0 {
            return Ok(());
        }
        // Fetched before anything is written: the database never waits for the network.
        holdfast_store::private_file::create_folder(self.receiving.folder)?;
        let mut file = tempfile::tempfile_in(self.receiving.folder)?;
        let mut size = 0_u64;
        for number in 0..pieces {
            let Answer::Piece(Some(piece)) = call.ask(Ask::SnapshotPiece(number))? else {
                return Err(PeerError::Unexpected);
            };
            size = size.saturating_add(piece.len() as u64);
            if size > limits::SNAPSHOT {
                return Err(PeerError::TooLarge(size));
            }
            file.write_all(&(piece.len() as u64).to_be_bytes())?;
            file.write_all(&piece)?;
        }
        file.seek(SeekFrom::Start(0))?;
        let Session { store, keyring, actor, wall_ms, .. } = session;
        let before = self.exchange;
        let taken = store.write(|tx| {
            let members = membership(tx)?;
            let mut reader = SnapshotReader::new(SnapshotReceiver {
                keyring,
                members: &members,
                carried,
                bounds: Some(&news.offers),
                own: Some(*actor),
            });
            for _ in 0..pieces {
                let mut length = [0; 8];
                file.read_exact(&mut length)?;
                let mut piece = Vec::new();
                (&mut file).take(u64::from_be_bytes(length)).read_to_end(&mut piece)?;
                reader.piece(tx, &piece)?;
            }
            let taken = reader.finish(tx, *wall_ms)?;
            self.deletions(tx, &taken.applied, &members, *wall_ms)?;
            Ok::<_, PeerError>(taken)
        });
        // Where the transaction does not happen, nothing of this did.
        let taken = taken.inspect_err(|_| self.exchange = before);
        let taken = match taken {
            // Another device may well know otherwise; what both still have as changes comes all the same.
            Err(PeerError::Sync(error)) if error.fault() == Fault::Log => {
                self.refused_snapshot = Some(format!("A snapshot was not taken in: {error}."));
                return Ok(());
            }
            other => other?,
        };
        if !taken.known {
            self.counts.new += 1;
            self.snapshot = true;
            self.applied.add(taken.applied);
        }
        Ok(())
    }
}
