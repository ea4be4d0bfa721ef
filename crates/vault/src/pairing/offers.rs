use super::exchange::{Offering, OfferingLast, Paired};
use super::pake::ELEMENT;
use super::watch::Watch;
use super::{Binding, CODE_MS, CODES, CODES_WITHIN_MS, CONFIRMATION, PairingCode, PairingError};
use rand_core::{CryptoRng, RngCore};
use std::collections::VecDeque;

/// The codes that this device shows: one at a time, each for 120 seconds and one try, at most five in
/// ten minutes. Times are milliseconds of any clock that does not stand still.
#[derive(Debug, Default)]
pub struct Offers {
    watch: Watch,
    number: u64,
    live: Option<Live>,
    /// Why the last code is gone.
    gone: Option<PairingError>,
    shown: VecDeque<u64>,
}

#[derive(Debug)]
struct Live {
    number: u64,
    code: PairingCode,
    since: u64,
}

/// A code to show.
#[derive(Debug, Clone)]
pub struct Offer {
    /// Tells one offer from another.
    pub number: u64,
    /// To be shown to the person, and typed on the other device.
    pub code: PairingCode,
    /// Milliseconds for which it is good.
    pub good_for_ms: u64,
}

/// A try at a code that has begun. Any number of them may be open; the first that ends, well or
/// badly, takes the code with it.
#[derive(Debug)]
pub struct Attempt {
    number: u64,
    last: OfferingLast,
}

impl Offers {
    /// No code is shown.
    pub fn new() -> Self {
        Self::default()
    }

    /// A new code. One that was shown before cannot be used from here on.
    pub fn show(
        &mut self,
        now_ms: u64,
        rng: &mut (impl CryptoRng + RngCore),
    ) -> Result<Offer, PairingError> {
        let now = self.look(now_ms);
        self.shown.retain(|shown| now.saturating_sub(*shown) < CODES_WITHIN_MS);
        if self.shown.len() >= CODES {
            let oldest = self.shown.front().copied().unwrap_or(now);
            let again_in_ms = CODES_WITHIN_MS.saturating_sub(now.saturating_sub(oldest));
            return Err(PairingError::TooMany { again_in_ms });
        }
        self.shown.push_back(now);
        self.number = self.number.wrapping_add(1);
        let code = PairingCode::generate(rng);
        let offer = Offer { number: self.number, code: code.clone(), good_for_ms: CODE_MS };
        self.live = Some(Live { number: self.number, code, since: now });
        self.gone = None;
        Ok(offer)
    }

    /// Milliseconds for which the code is still good; `None` where none is.
    pub fn good_for_ms(&mut self, now_ms: u64) -> Option<u64> {
        let now = self.look(now_ms);
        self.live.as_ref().map(|live| CODE_MS.saturating_sub(now.saturating_sub(live.since)))
    }

    /// The person does not want to pair any more.
    pub fn withdraw(&mut self) {
        self.burn(PairingError::NoCode);
    }

    /// Why no code can be used now; `None` where one can.
    pub fn why_not(&mut self, now_ms: u64) -> Option<PairingError> {
        self.look(now_ms);
        self.live.is_none().then(|| self.why_gone())
    }

    /// The first message of a device that says it knows the code. Gives the answer to it. A message
    /// that no honest device sends is refused and leaves the code as it is: it carries no guess.
    pub fn begin(
        &mut self,
        now_ms: u64,
        binding: &Binding,
        their_element: &[u8],
        rng: &mut (impl CryptoRng + RngCore),
    ) -> Result<(Attempt, [u8; ELEMENT]), PairingError> {
        self.look(now_ms);
        let live = self.live.as_ref().ok_or_else(|| self.why_gone())?;
        let number = live.number;
        let taken = Offering::new(&live.code, binding, rng)
            .and_then(|offering| offering.take_element(their_element));
        taken.map(|(last, answer)| (Attempt { number, last }, answer))
    }

    /// The other device's confirmation. Whether it is right or wrong, the code is used up. When it is
    /// right, the answer is to be sent, and both are paired.
    pub fn confirm(
        &mut self,
        now_ms: u64,
        attempt: Attempt,
        their_confirmation: &[u8],
    ) -> Result<(Paired, [u8; CONFIRMATION]), PairingError> {
        self.look(now_ms);
        match &self.live {
            None => return Err(self.why_gone()),
            // It began with a code that a newer one replaced.
            Some(live) if live.number != attempt.number => return Err(PairingError::Burned),
            Some(_) => self.burn(PairingError::Burned),
        }
        attempt.last.take_confirmation(their_confirmation)
    }

    /// Reads the clock, and lets go of a code whose time is over.
    fn look(&mut self, now_ms: u64) -> u64 {
        let reading = self.watch.read(now_ms);
        let over = self
            .live
            .as_ref()
            .is_some_and(|live| reading.passed.saturating_sub(live.since) >= CODE_MS);
        if over || (reading.set_back && self.live.is_some()) {
            self.burn(PairingError::Expired);
        }
        reading.passed
    }

    fn burn(&mut self, why: PairingError) {
        if self.live.take().is_some() {
            self.gone = Some(why);
        }
    }

    fn why_gone(&self) -> PairingError {
        self.gone.clone().unwrap_or(PairingError::NoCode)
    }
}
