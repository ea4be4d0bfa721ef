use super::sides::*;
use super::*;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

fn listen(addresses: &[&str], limits: ListenerLimits) -> Listener {
    let addresses: Vec<SocketAddr> = addresses.iter().map(|it| it.parse().unwrap()).collect();
    let who = everyone_is(Admission::Known);
    Listener::start(&addresses, Arc::new(phone()), who, limits).unwrap()
}

async fn good(listener: &mut Listener) {
    let to = listener.addresses()[0];
    let laptop_itself = laptop();
    let link = connect(to, &laptop_itself, Expected::Key(*phone().key()));
    let (there, here) = tokio::join!(link, listener.next());
    there.unwrap();
    assert_eq!(here.unwrap().link.peer_key, *laptop().key());
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
    let listener = Listener::start(&[address], Arc::new(phone()), who, ListenerLimits::default());
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
        ListenerLimits { connecting: 100, connecting_per_address: 2, waiting: 4 },
        ListenerLimits { connecting: 2, connecting_per_address: 100, waiting: 4 },
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
    let listener = Listener::start(&to, Arc::new(short), who, ListenerLimits::default()).unwrap();
    let mut slow = TcpStream::connect(listener.addresses()[0]).await.unwrap();
    // Ends when the other side lets go.
    let _ = slow.read(&mut [0; 1]).await;
    while listener.turned_away() < 1 {
        tokio::task::yield_now().await;
    }
}
