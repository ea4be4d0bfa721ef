use super::sides::*;
use super::*;
use bytes::Bytes;
use std::time::Duration;
use tokio::io::{AsyncWriteExt, DuplexStream, duplex};

fn reader() -> (DuplexStream, FrameReader) {
    let (one, other) = pipe();
    (one, FrameReader::new(other))
}

#[tokio::test]
async fn a_length_below_zero_or_too_large_is_refused_before_anything_is_reserved() {
    for head in [u32::MAX, 1 << 31, limits::HANDSHAKE as u32 + 1] {
        let (mut peer, mut reader) = reader();
        peer.write_all(&head.to_be_bytes()).await.unwrap();
        let read = reader.next(PATIENCE).await;
        let Err(NearbyError::TooLarge { size, limit }) = read else {
            panic!("{head} is too large");
        };
        assert_eq!((size, limit), (u64::from(head), limits::HANDSHAKE));
        assert!(reader.reserved() < limits::HANDSHAKE);
    }
}

#[tokio::test]
async fn a_frame_that_is_announced_and_not_sent_is_lost() {
    let (mut peer, mut reader) = reader();
    peer.write_all(&8192u32.to_be_bytes()).await.unwrap();
    drop(peer);
    assert_eq!(code(&reader.next(PATIENCE).await), "nearby_lost");
    assert!(reader.reserved() <= 2 * limits::HANDSHAKE);
}

#[tokio::test(start_paused = true)]
async fn a_frame_that_comes_drop_by_drop_ends_at_its_deadline() {
    let (mut peer, mut reader) = reader();
    let drops = async {
        loop {
            if peer.write_all(&[0, 0, 16]).await.is_err() {
                return;
            }
            tokio::time::sleep(PATIENCE.silence / 2).await;
        }
    };
    let read = tokio::select! {
        read = reader.next(PATIENCE) => read,
        () = drops => unreachable!("the reader is there"),
    };
    assert_eq!(code(&read), "nearby_too_slow");
}

#[tokio::test(start_paused = true)]
async fn silence_is_noticed_and_a_long_wait_for_a_first_byte_is_no_slow_frame() {
    let (mut peer, mut reader) = reader();
    assert_eq!(code(&reader.next(PATIENCE).await), "nearby_silent");
    // Frames that come far apart are whole.
    for _ in 0..5 {
        tokio::time::sleep(PATIENCE.silence / 2).await;
        peer.write_all(&[0, 0, 0, 1, 9]).await.unwrap();
        assert_eq!(reader.next(PATIENCE).await.unwrap().unwrap(), Bytes::from_static(&[9]));
    }
}

#[tokio::test]
async fn a_wait_that_is_given_up_loses_nothing() {
    let (mut peer, mut reader) = reader();
    for byte in [0, 0, 0, 3, 1, 2] {
        peer.write_all(&[byte]).await.unwrap();
        let soon = Patience { silence: Duration::ZERO, frame: PATIENCE.frame };
        // Takes what is there, then gives up.
        assert!(reader.next(soon).await.is_err());
    }
    peer.write_all(&[3]).await.unwrap();
    assert_eq!(reader.next(PATIENCE).await.unwrap().unwrap(), Bytes::from_static(&[1, 2, 3]));
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_takes_nothing_is_noticed_and_nothing_follows_half_a_frame() {
    let (one, _other) = duplex(16);
    let mut writer = FrameWriter::new(one);
    let sent = writer.send(Bytes::from(vec![1; 1000]), PATIENCE).await;
    assert_eq!(code(&sent), "nearby_silent");
    let sent = writer.send(Bytes::from_static(b"next"), PATIENCE).await;
    assert_eq!(code(&sent), "nearby_lost");
}
