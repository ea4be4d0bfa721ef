//! Bytes that no honest device sends, in place of a handshake or within one.

use super::sides::*;
use super::*;
use rand_chacha::ChaCha20Rng;
use rand_core::{RngCore, SeedableRng};
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream, duplex};

/// What an honest side sends first.
async fn first_flight(identity: &Identity) -> Vec<u8> {
    let (one, mut other) = pipe();
    let mut bytes = vec![0; 4096];
    let read = tokio::select! {
        _ = connect_over(one, identity, Expected::Anyone) => unreachable!("nobody answers"),
        read = other.read(&mut bytes) => read.unwrap(),
    };
    bytes.truncate(read);
    bytes
}

/// What an honest side answers to it.
async fn first_answer(identity: &Identity, flight: &[u8]) -> Vec<u8> {
    let (one, mut other) = pipe();
    other.write_all(flight).await.unwrap();
    let who = everyone_is(Admission::Known);
    let mut bytes = vec![0; 8192];
    let read = tokio::select! {
        _ = accept(one, identity, &*who) => unreachable!("nobody goes on"),
        read = other.read(&mut bytes) => read.unwrap(),
    };
    bytes.truncate(read);
    bytes
}

fn mangle(rng: &mut ChaCha20Rng, good: &[u8]) -> Vec<u8> {
    let mut bytes = good.to_vec();
    match rng.next_u32() % 6 {
        0 => {
            bytes = vec![0; rng.next_u32() as usize % 2000];
            rng.fill_bytes(&mut bytes);
        }
        1 => bytes.truncate(rng.next_u32() as usize % good.len()),
        2 => bytes.extend_from_within(..good.len() / 2),
        3 => {
            // A length within it that is far too large.
            let at = rng.next_u32() as usize % (good.len() - 3);
            bytes[at..at + 3].fill(0xff);
        }
        _ => {}
    }
    for _ in 0..=rng.next_u32() % 4 {
        if !bytes.is_empty() {
            let at = rng.next_u32() as usize % bytes.len();
            bytes[at] = rng.next_u32() as u8;
        }
    }
    bytes
}

async fn feed(bytes: &[u8]) -> DuplexStream {
    let (one, mut other) = duplex(64 * 1024);
    other.write_all(bytes).await.unwrap();
    other.shutdown().await.unwrap();
    // The other end stays open for what is said back.
    tokio::spawn(async move {
        let _ = tokio::io::copy(&mut other, &mut tokio::io::sink()).await;
    });
    one
}

#[tokio::test]
async fn ten_thousand_malformed_handshakes_end_in_an_error_on_either_side() {
    let mut rng = ChaCha20Rng::seed_from_u64(51);
    let (laptop, phone) = (laptop(), phone());
    let who = everyone_is(Admission::Known);
    let flight = first_flight(&laptop).await;
    let answer = first_answer(&phone, &flight).await;
    for round in 0..10_000 {
        if round % 2 == 0 {
            let result = accept(feed(&mangle(&mut rng, &flight)).await, &phone, &*who).await;
            assert!(result.is_err(), "round {round}");
        } else {
            let stream = feed(&mangle(&mut rng, &answer)).await;
            let result = connect_over(stream, &laptop, Expected::Anyone).await;
            assert!(result.is_err(), "round {round}");
        }
    }
    let (there, here) = meet(&laptop, &phone, Expected::Anyone, Admission::Stranger).await;
    assert!(there.is_ok() && here.is_ok(), "an honest device still connects");
}

/// Carries bytes from one side to the other and changes one of them.
async fn carry(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    change: Option<usize>,
) {
    let mut passed = 0;
    let mut bytes = vec![0; 4096];
    while let Ok(read @ 1..) = from.read(&mut bytes).await {
        if let Some(at) = change.and_then(|at| at.checked_sub(passed)).filter(|at| *at < read) {
            bytes[at] ^= 1;
        }
        passed += read;
        if to.write_all(&bytes[..read]).await.is_err() {
            return;
        }
    }
    let _ = to.shutdown().await;
}

/// Some bytes of TLS's outer form mean nothing and are protected by nothing: with those changed, both
/// sides must still have the same connection with the right devices. Where a length grew, both wait
/// for the rest until their deadline, on a clock that does not make anybody wait.
#[tokio::test(start_paused = true)]
async fn one_changed_byte_of_the_handshake_ends_it_or_changes_nothing() {
    let (laptop, phone) = (laptop(), phone());
    let who = everyone_is(Admission::Known);
    let mut ended = 0;
    for (there, at) in (0..500).flat_map(|at| [(true, at), (false, at)]) {
        let ((one, to_one), (two, to_two)) = (pipe(), pipe());
        let (from_one, into_one) = tokio::io::split(to_one);
        let (from_two, into_two) = tokio::io::split(to_two);
        let relays = [
            tokio::spawn(carry(from_one, into_two, there.then_some(at))),
            tokio::spawn(carry(from_two, into_one, (!there).then_some(at))),
        ];
        let expected = Expected::Key(*phone.key());
        match tokio::join!(connect_over(one, &laptop, expected), accept(two, &phone, &*who)) {
            (Ok(one), Ok(two)) => {
                assert_eq!(one.exporter, two.exporter, "byte {at}, there: {there}");
                assert_eq!((&one.peer_key, &two.peer_key), (phone.key(), laptop.key()));
            }
            _ => ended += 1,
        }
        for relay in relays {
            relay.abort();
        }
    }
    assert!(ended > 900, "most bytes are protected: {ended}");
}

#[tokio::test(start_paused = true)]
async fn a_handshake_that_comes_drop_by_drop_ends_after_five_seconds() {
    let phone = phone().within(limits::HANDSHAKE_TIME);
    let who = everyone_is(Admission::Known);
    let flight = first_flight(&laptop()).await;
    let (one, mut other) = pipe();
    let drops = async {
        for byte in &flight {
            other.write_all(&[*byte]).await.unwrap();
            tokio::time::sleep(std::time::Duration::from_secs(1)).await;
        }
    };
    let began = tokio::time::Instant::now();
    let ended = tokio::select! {
        ended = accept(one, &phone, &*who) => ended,
        () = drops => unreachable!("it ends before the last drop"),
    };
    assert_eq!(code(&ended), "nearby_slow_handshake");
    // The clock here stands still but for what is slept.
    assert!(began.elapsed() < limits::HANDSHAKE_TIME * 2);
}

/// TLS as it should be, and then frames that are not.
async fn after_tls(bytes: Vec<u8>) -> Result<Link, NearbyError> {
    let (laptop, phone) = (laptop(), phone());
    let (one, other) = pipe();
    let (client, _) = laptop.client(None).unwrap();
    let sends = async move {
        let name = rustls::pki_types::ServerName::try_from("holdfast").unwrap();
        let tls = tokio_rustls::TlsConnector::from(client).connect(name, one).await.unwrap();
        let (mut read, mut write) = tokio::io::split(tls);
        let _ = write.write_all(&bytes).await;
        let _ = write.flush().await;
        let _ = read.read(&mut [0; 1]).await;
    };
    let who: Arc<Who> = everyone_is(Admission::Known);
    let ((), link) = tokio::join!(sends, async move { accept(other, &phone, &*who).await });
    link
}

#[tokio::test]
async fn a_hello_that_is_too_large_or_not_one_is_refused() {
    for head in [u32::MAX, 1 << 31, limits::HANDSHAKE as u32 + 1] {
        let link = after_tls(head.to_be_bytes().to_vec()).await;
        assert_eq!(code(&link), "nearby_too_large", "{head}");
    }
    // As large as allowed, but more than the handshake as a whole may be.
    let mut most = (limits::HANDSHAKE as u32).to_be_bytes().to_vec();
    most.resize(4 + limits::HANDSHAKE, 0);
    assert_eq!(code(&after_tls(most).await), "nearby_too_large");
    assert_eq!(code(&after_tls(vec![0, 0, 0, 1, 0xc1]).await), "nearby_malformed");
    assert_eq!(code(&after_tls(vec![0; 4]).await), "nearby_malformed");
    let deep = [&[0, 0, 8, 0][..], &[0x91; 2048]].concat();
    assert_eq!(code(&after_tls(deep).await), "nearby_malformed");
}

#[tokio::test]
async fn a_device_without_certificate_protocol_or_tls_13_is_refused() {
    use rustls::crypto::ring;
    let phone = phone();
    let algorithms = ring::default_provider().signature_verification_algorithms;
    let builder = || {
        rustls::ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_protocol_versions(&[&rustls::version::TLS13])
            .unwrap()
            .dangerous()
            .with_custom_certificate_verifier(verifier::KeyVerifier::new(algorithms, None))
    };
    let mut nameless = builder().with_no_client_auth();
    nameless.alpn_protocols = vec![identity::ALPN.to_vec()];
    let (config, _) = laptop().client(None).unwrap();
    let mut silent = (*config).clone();
    silent.alpn_protocols.clear();
    let mut other = (*config).clone();
    other.alpn_protocols = vec![b"h2".to_vec()];
    for (config, said) in [
        (nameless, "nearby_bad_certificate"),
        (silent, "nearby_not_holdfast"),
        (other, "nearby_not_holdfast"),
    ] {
        let (one, two) = pipe();
        let connects = async move {
            let name = rustls::pki_types::ServerName::try_from("holdfast").unwrap();
            let tls = tokio_rustls::TlsConnector::from(Arc::new(config)).connect(name, one).await;
            if let Ok(mut tls) = tls {
                let _ = tls.read(&mut [0; 1]).await;
            }
        };
        let who = everyone_is(Admission::Known);
        let ((), link) = tokio::join!(connects, async { accept(two, &phone, &*who).await });
        assert_eq!(code(&link), said);
    }
}
