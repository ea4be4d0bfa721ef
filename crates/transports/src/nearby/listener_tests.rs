use super::sides::*;
use super::*;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

fn listen(addresses: &[&str], limits: ListenerLimits) -> Listener {
    let addresses: Vec<SocketAddr> = addresses.iter().map(|it| it.parse().unwrap()).collect();
    let who = everyone_is(Admission::Known);
    Listener::start(&addresses, Arc::new(phone()), who, Arc::default(), limits).unwrap()
}

fn device_of(arrived: Option<Arrived>) -> Box<Link> {
    match arrived {
        Some(Arrived::Device { link, .. }) => link,
        other => panic!("a device of the vault: {other:?}"),
    }
}

async fn good(listener: &mut Listener) {
    let to = listener.addresses()[0];
    let laptop_itself = laptop();
    let link = connect(to, &laptop_itself, Expected::Key(*phone().key()));
    let (there, here) = tokio::join!(link, listener.next());
    there.unwrap();
    assert_eq!(device_of(here).peer_key, *laptop().key());
}

#[tokio::test]
async fn it_listens_on_both_kinds_of_addresses_with_one_port() {
    let mut listener = listen(&["127.0.0.1:0", "[::1]:0"], ListenerLimits::default());
    let ports: Vec<u16> = listener.addresses().iter().map(SocketAddr::port).collect();
    assert!(ports.iter().all(|port| *port == ports[0] && *port != 0));
    good(&mut listener).await;
}

#[tokio::test]
async fn a_port_that_is_taken_is_said() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let who = everyone_is(Admission::Known);
    let limits = ListenerLimits::default();
    let listener = Listener::start(&[address], Arc::new(phone()), who, Arc::default(), limits);
    assert_eq!(code(&listener), "nearby_bind");
}

#[tokio::test]
async fn garbage_a_giant_header_and_a_close_at_once_leave_a_good_device_alone() {
    let mut listener = listen(&["127.0.0.1:0"], ListenerLimits::default());
    let to = listener.addresses()[0];
    // A record of TLS that announces 16 KiB, and a handshake message of 16 MiB.
    let giant = [0x16, 3, 1, 0x40, 0, 1, 0xff, 0xff, 0xff];
    for bytes in [&b"GET / HTTP/1.1\r\n\r\n"[..], &giant, &[0xff; 4], &[]] {
        let mut stream = TcpStream::connect(to).await.unwrap();
        stream.write_all(bytes).await.unwrap();
        drop(stream);
        good(&mut listener).await;
    }
    while listener.turned_away() < 4 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn who_sends_without_end_is_cut_off_early() {
    let mut listener = listen(&["127.0.0.1:0"], ListenerLimits::default());
    let mut stream = TcpStream::connect(listener.addresses()[0]).await.unwrap();
    // A handshake message of 64 KiB, in records that are well formed.
    let mut record = vec![0x16, 3, 1, 0x04, 0x00, 1, 0, 0xff, 0xff];
    record.resize(5 + 0x400, 0);
    let mut filler = vec![0x16, 3, 1, 0x04, 0x00];
    filler.resize(5 + 0x400, 0);
    let mut sent = 0;
    stream.write_all(&record).await.unwrap();
    while stream.write_all(&filler).await.is_ok() {
        sent += filler.len();
        assert!(sent < 64 << 20, "it reads on and on");
    }
    good(&mut listener).await;
}

#[tokio::test]
async fn connections_on_their_way_are_bounded_in_all_and_for_each_address() {
    for limits in [
        ListenerLimits { connecting: 100, connecting_per_address: 2, ..Default::default() },
        ListenerLimits { connecting: 2, connecting_per_address: 100, ..Default::default() },
    ] {
        let mut listener = listen(&["127.0.0.1:0"], limits);
        let to = listener.addresses()[0];
        let mut idle = Vec::new();
        for _ in 0..2 {
            idle.push(TcpStream::connect(to).await.unwrap());
        }
        // One more is closed at once.
        let mut third = TcpStream::connect(to).await.unwrap();
        let _ = third.read(&mut [0; 1]).await;
        assert_eq!(listener.turned_away(), 1);
        // Places become free again.
        drop(idle);
        while listener.turned_away() < 3 {
            tokio::task::yield_now().await;
        }
        good(&mut listener).await;
    }
}

#[tokio::test]
async fn who_says_nothing_is_let_go_at_the_deadline() {
    let short = phone().within(std::time::Duration::from_millis(50));
    let who = everyone_is(Admission::Known);
    let to = ["127.0.0.1:0".parse().unwrap()];
    let limits = ListenerLimits::default();
    let listener = Listener::start(&to, Arc::new(short), who, Arc::default(), limits).unwrap();
    let mut slow = TcpStream::connect(listener.addresses()[0]).await.unwrap();
    // Ends when the other side lets go.
    let _ = slow.read(&mut [0; 1]).await;
    while listener.turned_away() < 1 {
        tokio::task::yield_now().await;
    }
}

/// Connects from an address of its own on the loopback interface, and says hello as a stranger.
async fn stranger_from(last: u8, seed: u64, to: SocketAddr) -> Result<Link, NearbyError> {
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind(SocketAddr::from(([127, 0, 0, last], 0))).unwrap();
    let stream = socket.connect(to).await.map_err(NearbyError::Lost)?;
    // Not the seed of either device that the tests name.
    connect_over(stream, &device(1_000 + seed), Expected::Anyone).await
}

fn strangers(codes: Arc<Codes>, phone: Identity, limits: ListenerLimits) -> Listener {
    let who = everyone_is(Admission::Stranger);
    let to = ["127.0.0.1:0".parse().unwrap()];
    Listener::start(&to, Arc::new(phone), who, codes, limits).unwrap()
}

#[tokio::test]
async fn without_a_code_strangers_are_answered_and_nobody_else_hears_of_them() {
    let mut listener =
        strangers(Arc::default(), phone(), ListenerLimits { knocks: NEVER, ..Default::default() });
    let to = listener.addresses()[0];
    for round in 0..200 {
        let mut link = stranger_from(1, round, to).await.unwrap();
        let told = meeting::name_of(&mut link).await.unwrap_err();
        assert_eq!(told.code(), "pairing_no_code");
    }
    while listener.turned_away() < 200 {
        tokio::task::yield_now().await;
    }
    let nothing = tokio::time::timeout(std::time::Duration::ZERO, listener.next()).await;
    assert!(nothing.is_err(), "{nothing:?}");
}

/// As fast as anybody likes.
const NEVER: Rate = Rate { burst: u32::MAX, every: std::time::Duration::ZERO };

#[cfg(target_os = "linux")]
#[tokio::test]
async fn four_addresses_that_say_nothing_do_not_keep_the_right_device_from_pairing() {
    let codes = Arc::new(Codes::new());
    let code = codes.show(7, "Phone").unwrap().code;
    let mut listener = strangers(codes, phone(), ListenerLimits::default());
    let to = listener.addresses()[0];
    let mut idle = Vec::new();
    for last in 2..8 {
        let mut link = stranger_from(last, u64::from(last), to).await.unwrap();
        // It is there, as its question for the name shows, and then says no more.
        assert_eq!(meeting::name_of(&mut link).await.unwrap(), "Phone");
        idle.push(link);
    }
    let laptop = device(1_009);
    let link = stranger_from(9, 9, to).await.unwrap();
    let pairs = meeting::accepting(link, laptop.key(), &code);
    let (meeting, arrived) = tokio::join!(pairs, listener.next());
    meeting.unwrap();
    match arrived {
        Some(Arrived::Tried { number: 7, outcome: Ok(met), .. }) => {
            assert_eq!(met.peer_key(), *laptop.key());
        }
        other => panic!("the laptop proved the code: {other:?}"),
    }
}

#[tokio::test]
async fn a_wrong_guess_is_told_once_with_the_codes_number() {
    let codes = Arc::new(Codes::new());
    let right = codes.show(3, "Phone").unwrap().code.to_string().replace(' ', "");
    let wrong = format!("{:08}", (right.parse::<u32>().unwrap() + 1) % 100_000_000);
    let wrong = holdfast_vault::pairing::PairingCode::parse(&wrong).unwrap();
    let mut listener = strangers(codes.clone(), phone(), ListenerLimits::default());
    let to = listener.addresses()[0];
    let laptop = device(1_001);
    let link = stranger_from(1, 1, to).await.unwrap();
    let tries = meeting::accepting(link, laptop.key(), &wrong);
    let (told, arrived) = tokio::join!(tries, listener.next());
    assert_eq!(told.unwrap_err().code(), "pairing_wrong_code");
    match arrived {
        Some(Arrived::Tried { number: 3, outcome: Err(error), .. }) => {
            assert_eq!(error.code(), "pairing_wrong_code");
        }
        other => panic!("the code was used up: {other:?}"),
    }
    assert_eq!(codes.expired(), None);
}

#[tokio::test]
async fn one_deadline_holds_for_tls_the_hello_and_the_proof_together() {
    let codes = Arc::new(Codes::new());
    codes.show(1, "Phone").unwrap();
    let short = phone().within(std::time::Duration::from_millis(400));
    let mut listener = strangers(codes.clone(), short, ListenerLimits::default());
    let to = listener.addresses()[0];
    // On a machine that is busy the hello alone may take longer than that: then it is tried again.
    let mut met = None;
    while met.is_none() {
        met = stranger_from(1, 1, to).await.ok();
    }
    let before = listener.turned_away();
    // It says that it wants to pair, and then nothing: it is let go all the same.
    let mut link = met.unwrap();
    let _ = link.reader.next(PATIENCE).await;
    while listener.turned_away() == before {
        tokio::task::yield_now().await;
    }
    assert_eq!(codes.why_not(), None, "the code is as good as before");
    let nothing = tokio::time::timeout(std::time::Duration::ZERO, listener.next()).await;
    assert!(nothing.is_err(), "{nothing:?}");
}

#[tokio::test]
async fn one_address_may_come_only_so_often() {
    let knocks = Rate { burst: 3, every: std::time::Duration::from_secs(3600) };
    let mut listener =
        listen(&["127.0.0.1:0"], ListenerLimits { knocks, ..ListenerLimits::default() });
    for _ in 0..3 {
        good(&mut listener).await;
    }
    let to = listener.addresses()[0];
    let mut fourth = TcpStream::connect(to).await.unwrap();
    let _ = fourth.read(&mut [0; 1]).await;
    assert_eq!(listener.turned_away(), 1);
}
