//! Options of the sockets between devices.

use socket2::{Domain, Protocol, SockRef, Socket, Type};
use std::io;
use std::net::SocketAddr;
use tokio::net::{TcpListener, TcpStream};

/// Connections that wait to be accepted.
const WAITING: i32 = 64;

/// Sends at once what is written: frames are written whole, and small ones are waited for. A socket
/// that refuses works all the same.
pub(super) fn tune(stream: &TcpStream) {
    let _ = SockRef::from(stream).set_tcp_nodelay(true);
}

/// Listens on one address. For IPv6 on IPv6 alone, so that both can be bound to one port on every
/// system.
pub(super) fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    if address.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    // On Windows this would let another program take the port as well.
    #[cfg(unix)]
    socket.set_reuse_address(true)?;
    socket.bind(&address.into())?;
    socket.listen(WAITING)?;
    socket.set_nonblocking(true)?;
    TcpListener::from_std(socket.into())
}
