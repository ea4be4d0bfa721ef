//! A connection's way to the database.

use super::neighbourhood::Neighbourhood;
use crate::session::Open;
use crate::view;
use holdfast_oplog::DeviceId;
use holdfast_sync::open_acknowledgement;
use holdfast_transports::nearby::HostSession;
use holdfast_transports::peer::{
    self, Answer, Answering, Ask, Call, News, PeerError, Receiving, Taken,
};
use rand_core::OsRng;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError};

/// The folder in which pieces wait until they are whole.
const INCOMING: &str = "incoming";

/// One thread's way to the database, for the connection to one device.
pub(super) struct Way {
    around: Arc<Neighbourhood>,
    twin: Open,
    device: DeviceId,
    answering: Answering,
    folder: PathBuf,
    /// By how many milliseconds the device's clock is ahead, as far as this connection told.
    ahead_ms: Option<i64>,
    /// Whether the device was told that it is out: then this is over.
    parting: bool,
}

impl Way {
    pub(super) fn new(around: Arc<Neighbourhood>, twin: Open, device: DeviceId) -> Self {
        let home = around.app.home().path().to_owned();
        let folder = home.join(INCOMING);
        Self {
            around,
            twin,
            device,
            answering: Answering::new(home),
            folder,
            ahead_ms: None,
            parting: false,
        }
    }

    /// Compares the clocks. What was said may have waited for its turn, which makes it look earlier than
    /// it is: so the latest time counts.
    fn compare_clocks(&mut self, news: &News) {
        let Ok(members) = self.twin.members() else { return };
        let said = open_acknowledgement(&self.twin.keyring, &members, &news.said);
        let Some(said) = said.ok().filter(|said| said.device == self.device) else { return };
        // To the second: every message takes some milliseconds.
        let ahead = said.made_ms.saturating_sub(self.twin.now_ms()) / 1000 * 1000;
        if self.ahead_ms.is_none_or(|known| ahead > known) {
            self.ahead_ms = Some(ahead);
            self.around.heard_clock(self.device, ahead);
        }
    }

    /// Whether the device was removed from the vault, by whatever way that came.
    fn is_removed(&mut self) -> Result<bool, PeerError> {
        let members = self.twin.members().map_err(stopped)?;
        Ok(members.device(self.device).is_some_and(|device| device.removal.is_some()))
    }

    /// Takes up keys that came before an exchange ended with an error.
    fn take_up_keys(&mut self) -> Result<(), PeerError> {
        let before = self.twin.keyring.clone();
        self.twin.recover_keys().map_err(stopped)?;
        if self.twin.keyring == before { Ok(()) } else { self.keep(self.twin.keyring.clone()) }
    }

    /// Keeps keys of the vault that came, here and in the open app.
    fn keep(&mut self, keyring: holdfast_vault::Keyring) -> Result<(), PeerError> {
        self.twin.keep_keyring(keyring.clone()).map_err(stopped)?;
        self.around.app.with(|open| open.keep_keyring(keyring)).map_err(stopped)?;
        self.around.refresh();
        Ok(())
    }
}

/// What of the app's own went wrong, as the connection says it.
fn stopped(error: crate::AppError) -> PeerError {
    match error {
        crate::AppError::Store(error) => error.into(),
        crate::AppError::Vault(error) => error.into(),
        other => PeerError::Refused { code: other.code().to_owned(), text: other.to_string() },
    }
}

impl HostSession for Way {
    fn news(&mut self) -> Result<News, PeerError> {
        self.twin.refresh_keyring().map_err(stopped)?;
        if self.is_removed()? && std::mem::replace(&mut self.parting, true) {
            return Err(PeerError::Removed);
        }
        peer::news(&mut self.twin.session(&mut OsRng), self.device)
    }

    fn answer(&mut self, ask: Ask) -> Answer {
        // With older keys it is answered as well as with newer ones: the other side asks again.
        let _ = self.twin.refresh_keyring();
        let records = matches!(ask, Ask::Records(_));
        // A device that was removed learns that, and nothing else.
        if !records && self.is_removed().unwrap_or(true) {
            let (code, text) =
                (PeerError::Removed.code().to_owned(), PeerError::Removed.to_string());
            return Answer::Failed { code, text };
        }
        let answer = self.answering.answer(&mut self.twin.session(&mut OsRng), ask);
        if let Some(keyring) = self.answering.new_keyring()
            && let Err(error) = self.keep(keyring)
        {
            return Answer::Failed { code: error.code().to_owned(), text: error.to_string() };
        }
        if records {
            self.around.refresh();
        }
        answer
    }

    fn receive(&mut self, call: &mut dyn Call, news: &News) -> Result<(), PeerError> {
        let app = self.around.app.clone();
        if self.is_removed()? {
            return Err(PeerError::Removed);
        }
        self.compare_clocks(news);
        let _one = app.exchanging.lock().unwrap_or_else(PoisonError::into_inner);
        self.twin.refresh_keyring().map_err(stopped)?;
        self.twin.before_writing().map_err(stopped)?;
        let confirmed = self.twin.nearby_facts().map_err(stopped)?.confirmed.contains(&self.device);
        let receiving = Receiving { from: self.device, confirmed, folder: &self.folder };
        // Shown as it comes, not once everything is there.
        let around = self.around.clone();
        let mut taken = |what| match what {
            Taken::Word | Taken::Content => around.tell_again(),
            Taken::Changes => {
                if let Err(error) = app.notice_changes() {
                    tracing::warn!(%error, "cannot look what came");
                }
            }
        };
        let mut rng = OsRng;
        let mut session = self.twin.session(&mut rng);
        let outcome = peer::receive(&mut session, call, news, receiving, &mut taken);
        let came = match outcome {
            Err(PeerError::MassDeletion { deletes, report, .. }) => {
                self.take_up_keys()?;
                self.twin.hold_deletion(self.device, deletes, *report).map_err(stopped)?;
                app.tell(view::Changed::anything(0));
                return Ok(());
            }
            Err(error) => {
                self.take_up_keys()?;
                return Err(error);
            }
            Ok(came) => came,
        };
        if let Some(keyring) = came.keyring {
            self.keep(keyring)?;
        }
        self.twin.release_deletion(self.device).map_err(stopped)?;
        if came.preview.is_some() {
            self.twin.note_twins().map_err(stopped)?;
            self.twin.note_set_aside().map_err(stopped)?;
            self.around.refresh();
            app.notice_changes().map_err(stopped)?;
        }
        // How far everyone is may have changed although nothing came.
        app.tell(view::Changed::anything(0));
        Ok(())
    }
}
