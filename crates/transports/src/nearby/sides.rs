//! Two devices for tests, and a connection between them in memory.

use super::*;
use holdfast_vault::DeviceKeys;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{DuplexStream, duplex};

pub(super) const PATIENCE: Patience =
    Patience { silence: Duration::from_secs(30), frame: Duration::from_secs(60) };

/// Far longer than anything takes: for tests whose clock is the machine's.
pub(super) const LONG: Duration = Duration::from_secs(60);

pub(super) fn device(seed: u64) -> Identity {
    let keys = DeviceKeys::generate(&mut ChaCha20Rng::seed_from_u64(seed));
    Identity::new(&keys).unwrap().within(LONG)
}

pub(super) fn laptop() -> Identity {
    device(1)
}

pub(super) fn phone() -> Identity {
    device(2)
}

pub(super) fn pipe() -> (DuplexStream, DuplexStream) {
    duplex(64 * 1024)
}

pub(super) fn everyone_is(admission: Admission) -> Arc<Who> {
    Arc::new(move |_: &[u8; 32]| admission)
}

/// The laptop connects to the phone: what each of them has.
pub(super) async fn meet(
    laptop: &Identity,
    phone: &Identity,
    expected: Expected,
    admission: Admission,
) -> (Result<Link, NearbyError>, Result<Link, NearbyError>) {
    let (one, other) = pipe();
    let who = everyone_is(admission);
    tokio::join!(connect_over(one, laptop, expected), accept(other, phone, &*who))
}

pub(super) fn code<T>(result: &Result<T, NearbyError>) -> &'static str {
    match result {
        Ok(_) => "connected",
        Err(error) => error.code(),
    }
}
