use super::PairingError;
use rand_core::{CryptoRng, RngCore};
use std::fmt;
use std::str::FromStr;
use zeroize::{Zeroize, ZeroizeOnDrop};

const DIGITS: usize = 8;
const CODES: u32 = 100_000_000;
/// The largest multiple of the number of codes that a `u32` reaches: numbers below it are spread
/// evenly over the codes.
const EVEN: u32 = u32::MAX - u32::MAX % CODES;

/// Eight digits that one device shows and a person types on the other. Wiped when dropped.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct PairingCode([u8; DIGITS]);

impl PairingCode {
    /// A new one; all codes are equally likely.
    pub fn generate(rng: &mut (impl CryptoRng + RngCore)) -> Self {
        let mut number = rng.next_u32();
        while number >= EVEN {
            number = rng.next_u32();
        }
        let mut rest = number % CODES;
        number.zeroize();
        let mut digits = [b'0'; DIGITS];
        for digit in digits.iter_mut().rev() {
            *digit = b'0' + (rest % 10) as u8;
            rest /= 10;
        }
        Self(digits)
    }

    /// What a person typed; spaces and hyphens do not count.
    pub fn parse(typed: &str) -> Result<Self, PairingError> {
        let mut code = Self([0; DIGITS]);
        let mut places = code.0.iter_mut();
        for character in typed.chars().filter(|it| !it.is_whitespace() && !is_hyphen(*it)) {
            let digit = character.to_digit(10).ok_or(PairingError::NotACode)?;
            *places.next().ok_or(PairingError::NotACode)? = b'0' + digit as u8;
        }
        if places.next().is_some() {
            return Err(PairingError::NotACode);
        }
        Ok(code)
    }

    pub(super) const fn digits(&self) -> &[u8] {
        &self.0
    }
}

const fn is_hyphen(character: char) -> bool {
    matches!(character, '-' | '\u{2010}'..='\u{2015}' | '\u{2212}')
}

impl FromStr for PairingCode {
    type Err = PairingError;
    fn from_str(typed: &str) -> Result<Self, PairingError> {
        Self::parse(typed)
    }
}

/// As it is shown: `4829 1760`. Show it to the person alone, never to a log.
impl fmt::Display for PairingCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, digit) in self.0.iter().enumerate() {
            if place == DIGITS / 2 {
                f.write_str(" ")?;
            }
            write!(f, "{}", char::from(*digit))?;
        }
        Ok(())
    }
}

impl fmt::Debug for PairingCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PairingCode(…)")
    }
}
