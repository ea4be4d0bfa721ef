//! The code that this device shows, at hand for every stranger who connects: asking for it costs no
//! database, no thread and no lock but its own.

use super::meeting::MeetingError;
use holdfast_vault::pairing::{
    Attempt, Binding, CONFIRMATION, ELEMENT, Offer, Offers, Paired, PairingError,
};
use rand_core::OsRng;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;
use tokio::sync::watch;

/// What the app shows and strangers try. Numbers are the app's own for the codes that it shows, not 0.
#[derive(Debug)]
pub struct Codes {
    /// Of a clock that nobody sets.
    started: Instant,
    shown: Mutex<Shown>,
    /// The number of the code by which a device may still be let in; 0 where none is.
    valid: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct Shown {
    offers: Offers,
    number: u64,
    /// What this device is called: told to whoever asks while a code is shown.
    name: String,
    /// Whether somebody has tried the code, or its end was told.
    settled: bool,
}

impl Default for Codes {
    fn default() -> Self {
        Self { started: Instant::now(), shown: Mutex::default(), valid: watch::channel(0).0 }
    }
}

impl Codes {
    /// Shows none.
    pub fn new() -> Self {
        Self::default()
    }

    fn shown(&self) -> MutexGuard<'_, Shown> {
        self.shown.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Milliseconds since the beginning.
    fn now_ms(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// Shows a new code in place of the one before: whoever is being let in by that is not any more.
    ///
    /// # Errors
    /// [`PairingError::TooMany`].
    pub fn show(&self, number: u64, name: &str) -> Result<Offer, PairingError> {
        let mut shown = self.shown();
        let offer = shown.offers.show(self.now_ms(), &mut OsRng)?;
        shown.number = number;
        name.clone_into(&mut shown.name);
        shown.settled = false;
        self.valid.send_replace(number);
        Ok(offer)
    }

    /// The person does not want to pair any more: nobody is let in by the code from here on.
    pub fn withdraw(&self) {
        let mut shown = self.shown();
        shown.offers.withdraw();
        shown.settled = true;
        self.valid.send_replace(0);
    }

    /// The number of the code by which a device may be let in; it changes when the code is taken back.
    pub fn valid(&self) -> watch::Receiver<u64> {
        self.valid.subscribe()
    }

    /// Why no code can be tried now; `None` where one can.
    pub fn why_not(&self) -> Option<PairingError> {
        self.shown().offers.why_not(self.now_ms())
    }

    /// The number of a code whose time went by without a try: each once.
    pub fn expired(&self) -> Option<u64> {
        let mut shown = self.shown();
        if shown.settled || shown.offers.why_not(self.now_ms()) != Some(PairingError::Expired) {
            return None;
        }
        shown.settled = true;
        Some(shown.number)
    }

    pub(super) fn name(&self) -> String {
        self.shown().name.clone()
    }

    pub(super) fn begin(
        &self,
        binding: &Binding,
        element: &[u8],
    ) -> Result<(Attempt, [u8; ELEMENT]), PairingError> {
        self.shown().offers.begin(self.now_ms(), binding, element, &mut OsRng)
    }

    /// The first confirmation settles the code, right or wrong. The number of the code that it was.
    pub(super) fn confirm(
        &self,
        attempt: Attempt,
        confirmation: &[u8],
    ) -> Result<(Paired, [u8; CONFIRMATION], u64), Unproved> {
        let mut shown = self.shown();
        let now = self.now_ms();
        let was_good = shown.offers.why_not(now).is_none();
        let confirmed = shown.offers.confirm(now, attempt, confirmation);
        let tried = was_good && shown.offers.why_not(now).is_some();
        shown.settled |= tried;
        match confirmed {
            Ok((paired, own)) => Ok((paired, own, shown.number)),
            Err(error) => {
                Err(Unproved { error: error.into(), burned: tried.then_some(shown.number) })
            }
        }
    }
}

/// Why a stranger did not prove that it knows the code.
#[derive(Debug)]
pub struct Unproved {
    /// What went wrong.
    pub error: MeetingError,
    /// The number of the code that this used up, where it did.
    pub burned: Option<u64>,
}

impl<E: Into<MeetingError>> From<E> for Unproved {
    fn from(error: E) -> Self {
        Self { error: error.into(), burned: None }
    }
}
