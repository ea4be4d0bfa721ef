use super::sides::*;
use super::*;
use bytes::Bytes;
use std::net::SocketAddr;
use tokio::net::TcpListener;

#[tokio::test]
async fn two_devices_meet_over_tcp_and_both_know_who_the_other_is() {
    for address in ["127.0.0.1:0", "[::1]:0"] {
        let Ok(socket) = TcpListener::bind(address.parse::<SocketAddr>().unwrap()).await else {
            println!("skipped: no {address} here");
            continue;
        };
        let (laptop, phone) = (laptop(), phone());
        let who = everyone_is(Admission::Known);
        let to = socket.local_addr().unwrap();
        let answered = async {
            let (stream, _) = socket.accept().await.unwrap();
            accept(stream, &phone, &*who).await.unwrap()
        };
        let expected = Expected::Key(*phone.key());
        let (mut there, mut here) =
            tokio::join!(async { connect(to, &laptop, expected).await.unwrap() }, answered);
        assert_eq!((&there.peer_key, &here.peer_key), (phone.key(), laptop.key()));
        assert_eq!((there.purpose, here.purpose), (Purpose::Sync, Purpose::Sync));
        assert_eq!((there.protocol, here.protocol), (1, 1));
        assert_eq!(there.exporter, here.exporter);
        assert_ne!(there.exporter, [0; 32]);
        assert_eq!(there.peer_app, env!("CARGO_PKG_VERSION"));

        let large = Bytes::from(vec![7; limits::FRAME]);
        let sent = async {
            there.writer.send(large.clone(), PATIENCE).await.unwrap();
            there.writer.send(Bytes::new(), PATIENCE).await.unwrap();
            there.writer.close(PATIENCE).await.unwrap();
        };
        let received = async {
            assert_eq!(here.reader.next(PATIENCE).await.unwrap().unwrap(), large);
            assert_eq!(here.reader.next(PATIENCE).await.unwrap().unwrap(), Bytes::new());
            assert!(here.reader.next(PATIENCE).await.unwrap().is_none(), "ended in due form");
        };
        tokio::join!(sent, received);
    }
}

#[tokio::test]
async fn another_connection_exports_another_value() {
    let (laptop, phone) = (laptop(), phone());
    let mut seen = Vec::new();
    for _ in 0..3 {
        let (one, _) = meet(&laptop, &phone, Expected::Anyone, Admission::Stranger).await;
        seen.push(one.unwrap().exporter);
    }
    assert!(seen[0] != seen[1] && seen[1] != seen[2] && seen[0] != seen[2]);
}

#[tokio::test]
async fn a_changed_key_ends_it_before_the_other_side_sees_who_asked() {
    let (laptop, phone) = (laptop(), phone());
    let expected = *device(3).key();
    let seen = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let log = seen.clone();
    let who = move |key: &[u8; 32]| {
        log.lock().unwrap().push(*key);
        Admission::Known
    };
    let (one, other) = pipe();
    let (there, here) = tokio::join!(
        connect_over(one, &laptop, Expected::Key(expected)),
        accept(other, &phone, &who)
    );
    let NearbyError::ChangedKey { expected: was, found } = there.unwrap_err() else {
        panic!("the key is another");
    };
    assert_eq!((was, found), (expected, *phone.key()));
    assert!(here.is_err());
    assert!(seen.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_stranger_may_pair_and_may_not_sync() {
    let (laptop, phone) = (laptop(), phone());
    let (there, here) = meet(&laptop, &phone, Expected::Anyone, Admission::Stranger).await;
    assert_eq!((there.unwrap().purpose, here.unwrap().purpose), (Purpose::Pair, Purpose::Pair));
    let expected = Expected::Key(*phone.key());
    let (there, here) = meet(&laptop, &phone, expected.clone(), Admission::Stranger).await;
    assert_eq!((code(&there), code(&here)), ("nearby_not_paired", "nearby_not_paired"));
}

#[tokio::test]
async fn a_removed_device_is_told_so_by_those_it_knows_and_may_pair_anew() {
    let (laptop, phone) = (laptop(), phone());
    let expected = Expected::Key(*phone.key());
    let (there, here) = meet(&laptop, &phone, expected, Admission::Removed).await;
    assert_eq!((code(&there), code(&here)), ("nearby_removed", "nearby_not_paired"));
    let (there, here) = meet(&laptop, &phone, Expected::Anyone, Admission::Removed).await;
    assert_eq!((there.unwrap().purpose, here.unwrap().purpose), (Purpose::Pair, Purpose::Pair));
}

#[tokio::test]
async fn a_blocked_device_gets_no_answer() {
    let (there, here) = meet(&laptop(), &phone(), Expected::Anyone, Admission::Blocked).await;
    assert_eq!((code(&there), code(&here)), ("nearby_lost", "nearby_blocked"));
}

#[tokio::test]
async fn a_device_does_not_meet_itself() {
    let (there, here) = meet(&laptop(), &laptop(), Expected::Anyone, Admission::Stranger).await;
    assert_eq!((code(&there), code(&here)), ("nearby_same_device", "nearby_same_device"));
}

#[tokio::test]
async fn versions_are_settled_or_both_are_told_who_updates() {
    let speaks = |lowest, highest| Versions { lowest, highest, app: format!("{highest}.0") };
    let expected = Expected::Anyone;
    let laptop = laptop().speaking(speaks(1, 4));
    let newer = phone().speaking(speaks(2, 7));
    let (there, here) = meet(&laptop, &newer, expected.clone(), Admission::Stranger).await;
    assert_eq!((there.unwrap().protocol, here.unwrap().protocol), (4, 4));
    let newest = phone().speaking(speaks(5, 7));
    let (there, here) = meet(&laptop, &newest, expected.clone(), Admission::Stranger).await;
    assert_eq!(
        (code(&there), code(&here)),
        ("nearby_update_this_device", "nearby_update_other_device")
    );
    // Of a stranger, the number of what it speaks and no more.
    assert!(there.unwrap_err().to_string().contains("protocol-7"));
    let (there, here) = meet(&newest, &laptop, expected.clone(), Admission::Stranger).await;
    assert_eq!(
        (code(&there), code(&here)),
        ("nearby_update_other_device", "nearby_update_this_device")
    );
}

#[tokio::test]
async fn frames_of_strangers_stay_small_until_the_limit_is_lifted() {
    let (laptop, phone) = (laptop(), phone());
    let (there, here) = meet(&laptop, &phone, Expected::Anyone, Admission::Stranger).await;
    let (mut there, mut here) = (there.unwrap(), here.unwrap());
    let large = Bytes::from(vec![1; limits::HANDSHAKE + 1]);
    let refused = there.writer.send(large.clone(), PATIENCE).await;
    assert_eq!(code(&refused), "nearby_too_large_to_send");
    // The refused frame has left nothing behind.
    there.writer.lift_limit();
    let (sent, read) =
        tokio::join!(there.writer.send(large.clone(), PATIENCE), here.reader.next(PATIENCE));
    sent.unwrap();
    assert_eq!(code(&read), "nearby_too_large");
    let (there, here) = meet(&laptop, &phone, Expected::Anyone, Admission::Stranger).await;
    let (mut there, mut here) = (there.unwrap(), here.unwrap());
    there.writer.lift_limit();
    here.reader.lift_limit();
    there.writer.send(large.clone(), PATIENCE).await.unwrap();
    assert_eq!(here.reader.next(PATIENCE).await.unwrap().unwrap(), large);
}

#[tokio::test]
async fn an_address_where_nobody_listens_cannot_be_reached() {
    let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = socket.local_addr().unwrap();
    drop(socket);
    let there = connect(address, &laptop(), Expected::Anyone).await;
    assert_eq!(code(&there), "nearby_unreachable");
    assert!(there.unwrap_err().to_string().contains(&address.to_string()));
}
