//! Showing a code, watching what comes of it, and taking it back.

use super::facts::PairingOffer;
use super::trouble::told;
use crate::session::Open;
use crate::{App, AppError, view};

impl App {
    /// Shows a new code in place of one that was shown. Turns Nearby on. For a process that keeps the
    /// network ([`crate::Keeper`]).
    pub fn show_code(&self) -> Result<view::ShownCode, AppError> {
        if self.with(|open| Ok(open.paused()?.is_some()))? {
            let (code, message) = ("nearby_paused".to_owned(), "syncing is paused".to_owned());
            return Err(AppError::Pairing { code, message });
        }
        if self.with(|open| open.mode())? != view::Mode::Nearby {
            self.keep_mode(view::Mode::Nearby)?;
        }
        // Where the person chose that it does not begin with the app, it begins now.
        self.with(Open::poke_nearby)?;
        self.wait_until(|app| {
            let nearby = app.nearby()?;
            Ok(nearby.running && !nearby.addresses.is_empty())
        })?;
        let number = self.with(Open::want_offer)?;
        let offer = |app: &Self| -> Result<Option<PairingOffer>, AppError> {
            Ok(app.with(|open| Ok(open.offer()))?.filter(|offer| offer.number == number))
        };
        self.wait_until(|app| Ok(offer(app)?.is_some()))?;
        match offer(self)?.ok_or(AppError::NearbyNotRunning)? {
            PairingOffer { failed: Some((code, message)), .. } => {
                Err(AppError::Pairing { code, message })
            }
            shown => self.with(|open| Ok(open.view_of(shown))),
        }
    }

    /// The code that is shown, or what came of it; none where none was shown.
    pub fn shown_code(&self) -> Result<Option<view::ShownCode>, AppError> {
        self.with(|open| Ok(open.offer().map(|offer| open.view_of(offer))))
    }

    /// Takes the code back: nobody can pair by it any more, and whoever is about to does not.
    pub fn stop_showing(&self) -> Result<(), AppError> {
        let number = self.with(|open| {
            let live = open.offer().filter(|offer| !offer.is_over());
            if let Some(offer) = &live {
                open.withdraw_offer(offer.number)?;
            }
            Ok(live.map(|offer| offer.number))
        })?;
        let Some(number) = number else { return Ok(()) };
        if !self.nearby_runs() {
            // Whoever showed it has gone, and the code with it.
            return self.with(|open| open.keep_offer(None));
        }
        self.wait_until(|app| {
            let offer = app.with(|open| Ok(open.offer()))?;
            Ok(offer.is_none_or(|offer| offer.number != number || offer.is_over()))
        })
    }
}

impl PairingOffer {
    fn is_over(&self) -> bool {
        self.paired.is_some() || self.failed.is_some()
    }
}

impl Open {
    fn view_of(&self, offer: PairingOffer) -> view::ShownCode {
        let left = if offer.is_over() { 0 } else { offer.expires.saturating_sub(self.now_ms()) };
        let (joining, words) = offer
            .met
            .map(|met| (view::JoiningDevice { name: met.name, platform: met.platform }, met.words))
            .unzip();
        view::ShownCode {
            number: offer.number,
            code: offer.code,
            addresses: self.nearby_state().addresses,
            name: offer.name,
            left_ms: left.max(0),
            joining,
            words: words.unwrap_or_default(),
            paired: offer.paired,
            error: offer.failed.map(|(code, message)| told(&code, &message)),
        }
    }
}
