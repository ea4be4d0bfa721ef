//! The connection between two devices: TLS 1.3 with both certificates, then a hello each.

use super::budget::{Budget, Budgeted};
use super::certificate::read_key;
use super::frame::{FrameReader, FrameWriter, Patience};
use super::hello::{Hello, Purpose};
use super::identity::{ALPN, Identity};
use super::{NearbyError, limits, socket};
use rustls::CommonState;
use rustls::pki_types::ServerName;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::{TlsAcceptor, TlsConnector, TlsStream};

/// The label under which the connection's value is exported, with an empty context (RFC 9266,
/// section 2).
const EXPORTER: &[u8] = b"EXPORTER-Channel-Binding";

/// Whom a device connects to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expected {
    /// A paired device, which has this key. The connection is for [`Purpose::Sync`].
    Key([u8; 32]),
    /// Any of the paired devices, which have these keys. The connection is for [`Purpose::Sync`].
    OneOf(Vec<[u8; 32]>),
    /// Any device: only to pair. The connection is for [`Purpose::Pair`].
    Anyone,
}

/// What the caller thinks of a device that connects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admission {
    /// It is paired: it may sync, and it may pair anew.
    Known,
    /// It may pair.
    Stranger,
    /// It was of the vault and was removed from it: it is told so, and may pair anew.
    Removed,
    /// It gets no answer.
    Blocked,
}

/// Tells by its key what to think of a device that connects.
pub type Who = dyn Fn(&[u8; 32]) -> Admission + Send + Sync;

/// A connection to a device that has shown that it holds its key.
#[derive(Debug)]
pub struct Link {
    /// The Ed25519 key in the other device's certificate.
    pub peer_key: [u8; 32],
    /// The protocol's version that both speak.
    pub protocol: u32,
    /// The other device's version of the app, for people; of a stranger, the protocol's number.
    pub peer_app: String,
    /// What the connection is for. One for [`Purpose::Pair`] takes frames of at most
    /// [`limits::HANDSHAKE`] until both halves' limits are lifted.
    pub purpose: Purpose,
    /// A value of this one connection, the same on both ends (RFC 9266).
    pub exporter: [u8; 32],
    /// What the other device sends.
    pub reader: FrameReader,
    /// What is sent to the other device.
    pub writer: FrameWriter,
}

/// Connects to a device.
///
/// # Errors
/// [`NearbyError::Unreachable`], [`NearbyError::SlowHandshake`], and those of [`connect_over`].
pub async fn connect(
    address: SocketAddr,
    identity: &Identity,
    expected: Expected,
) -> Result<Link, NearbyError> {
    let whole = async {
        let stream = TcpStream::connect(address)
            .await
            .map_err(|error| NearbyError::Unreachable { address, error })?;
        socket::tune(&stream);
        shake_as_client(stream, identity, expected).await
    };
    timeout(identity.deadline, whole).await.map_err(|_| NearbyError::SlowHandshake)?
}

/// Connects over something that carries bytes both ways already.
///
/// # Errors
/// [`NearbyError::ChangedKey`] (the other side has then not seen who asked),
/// [`NearbyError::SlowHandshake`], [`NearbyError::NotHoldfast`], [`NearbyError::BadCertificate`],
/// [`NearbyError::SameDevice`], [`NearbyError::NotPaired`], [`NearbyError::Removed`],
/// [`NearbyError::UpdateThisDevice`],
/// [`NearbyError::UpdateOtherDevice`], [`NearbyError::TooLarge`], [`NearbyError::Malformed`],
/// [`NearbyError::Lost`].
pub async fn connect_over<S>(
    stream: S,
    identity: &Identity,
    expected: Expected,
) -> Result<Link, NearbyError>
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    timeout(identity.deadline, shake_as_client(stream, identity, expected))
        .await
        .map_err(|_| NearbyError::SlowHandshake)?
}

/// Answers a device that connected.
///
/// # Errors
/// [`NearbyError::Blocked`], and those of [`connect_over`] but for a changed key:
/// [`NearbyError::NotPaired`] says that a stranger wanted to sync.
pub async fn accept<S>(stream: S, identity: &Identity, who: &Who) -> Result<Link, NearbyError>
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    timeout(identity.deadline, shake_as_server(stream, identity, who))
        .await
        .map_err(|_| NearbyError::SlowHandshake)?
}

async fn shake_as_client<S>(
    stream: S,
    identity: &Identity,
    expected: Expected,
) -> Result<Link, NearbyError>
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let (pinned, purpose) = match expected {
        Expected::Key(key) => (Some(vec![key]), Purpose::Sync),
        Expected::OneOf(keys) => (Some(keys), Purpose::Sync),
        Expected::Anyone => (None, Purpose::Pair),
    };
    let one = pinned.as_ref().and_then(|keys| keys.first().copied());
    let (config, verifier) = identity.client(pinned)?;
    let budget = Budget::new();
    // TLS wants a name to connect to; this one is neither sent nor looked at.
    let name = ServerName::from(std::net::IpAddr::V4(Ipv4Addr::UNSPECIFIED));
    let stream = Budgeted::new(stream, budget.clone());
    let tls = TlsConnector::from(config).connect(name, stream).await.map_err(|error| {
        match (one, verifier.other()) {
            (Some(expected), Some(found)) => NearbyError::ChangedKey { expected, found },
            _ => failed(error, &budget),
        }
    })?;
    let mut link = Shaken::new(TlsStream::Client(tls), identity, budget)?;
    // With an expected key TLS has shown already who it is.
    link.send(&Hello::new(&identity.versions, purpose, true, purpose == Purpose::Sync)).await?;
    let theirs = link.hello().await?;
    let protocol = theirs.agree(&identity.versions)?;
    if !theirs.known {
        // Only a device whose key is expected is believed: anyone could say so.
        let believed = theirs.removed && purpose == Purpose::Sync;
        return Err(if believed { NearbyError::Removed } else { NearbyError::NotPaired });
    }
    if theirs.purpose != purpose {
        return Err(NearbyError::Malformed("its greeting"));
    }
    Ok(link.done(protocol, theirs))
}

async fn shake_as_server<S>(stream: S, identity: &Identity, who: &Who) -> Result<Link, NearbyError>
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let budget = Budget::new();
    let stream = Budgeted::new(stream, budget.clone());
    let tls = TlsAcceptor::from(identity.server())
        .accept(stream)
        .await
        .map_err(|error| failed(error, &budget))?;
    let mut link = Shaken::new(TlsStream::Server(tls), identity, budget)?;
    let admission = who(&link.peer_key);
    if admission == Admission::Blocked {
        return Err(NearbyError::Blocked);
    }
    let theirs = link.hello().await?;
    let known = admission == Admission::Known || theirs.purpose == Purpose::Pair;
    let trusted = admission == Admission::Known;
    let hello = Hello::new(&identity.versions, theirs.purpose, known, trusted);
    link.send(&Hello { removed: admission == Admission::Removed, ..hello }).await?;
    let protocol = theirs.agree(&identity.versions)?;
    if !known {
        return Err(NearbyError::NotPaired);
    }
    Ok(link.done(protocol, theirs))
}

/// After TLS, before the hello.
struct Shaken {
    peer_key: [u8; 32],
    exporter: [u8; 32],
    reader: FrameReader,
    writer: FrameWriter,
    budget: Budget,
    patience: Patience,
}

impl Shaken {
    fn new<S>(
        tls: TlsStream<Budgeted<S>>,
        identity: &Identity,
        budget: Budget,
    ) -> Result<Self, NearbyError>
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let (exporter, state): (_, &CommonState) = match &tls {
            TlsStream::Client(tls) => {
                let state = tls.get_ref().1;
                (state.export_keying_material([0; 32], EXPORTER, Some(&[])), state)
            }
            TlsStream::Server(tls) => {
                let state = tls.get_ref().1;
                (state.export_keying_material([0; 32], EXPORTER, Some(&[])), state)
            }
        };
        let exporter = exporter.map_err(|error| NearbyError::NotHoldfast(error.to_string()))?;
        // Where a side names no protocol at all, TLS lets it pass.
        if state.alpn_protocol() != Some(ALPN) {
            return Err(NearbyError::NotHoldfast("it speaks another protocol".to_owned()));
        }
        let shown = state.peer_certificates().and_then(|all| all.first());
        let peer_key = read_key(shown.ok_or(NearbyError::BadCertificate)?)?;
        if peer_key == *identity.key() {
            return Err(NearbyError::SameDevice);
        }
        let (read, write) = tokio::io::split(tls);
        Ok(Self {
            peer_key,
            exporter,
            reader: FrameReader::new(read),
            writer: FrameWriter::new(write),
            budget,
            patience: Patience { silence: identity.deadline, frame: identity.deadline },
        })
    }

    async fn send(&mut self, hello: &Hello) -> Result<(), NearbyError> {
        self.writer.send(hello.encode()?.into(), self.patience).await
    }

    async fn hello(&mut self) -> Result<Hello, NearbyError> {
        let frame = match self.reader.next(self.patience).await {
            Ok(Some(frame)) => frame,
            Ok(None) => return Err(NearbyError::Lost(io::ErrorKind::UnexpectedEof.into())),
            Err(NearbyError::Lost(error)) => return Err(failed(error, &self.budget)),
            Err(error) => return Err(error),
        };
        Hello::decode(&frame)
    }

    fn done(mut self, protocol: u32, theirs: Hello) -> Link {
        self.budget.lift();
        if theirs.purpose == Purpose::Sync {
            self.reader.lift_limit();
            self.writer.lift_limit();
        }
        Link {
            peer_key: self.peer_key,
            protocol,
            peer_app: theirs.app,
            purpose: theirs.purpose,
            exporter: self.exporter,
            reader: self.reader,
            writer: self.writer,
        }
    }
}

/// Why TLS did not come about.
fn failed(error: io::Error, budget: &Budget) -> NearbyError {
    if budget.is_spent() {
        let size = limits::HANDSHAKE as u64 + 1;
        return NearbyError::TooLarge { size, limit: limits::HANDSHAKE };
    }
    match error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
        Some(rustls::Error::InvalidCertificate(_) | rustls::Error::NoCertificatesPresented) => {
            NearbyError::BadCertificate
        }
        Some(error) => NearbyError::NotHoldfast(error.to_string()),
        None => NearbyError::Lost(error),
    }
}
