//! What carries an exchange. Transports see sealed bytes and clear headers, never what is inside.
#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)
)]

pub mod bundle;
pub mod folder;
pub mod nearby;
pub mod peer;
mod said;
mod untold;

#[cfg(test)]
mod contract_tests;
