use super::certificate::{make, read_key};
use super::hello::Versions;
use super::verifier::KeyVerifier;
use super::{NearbyError, limits};
use holdfast_vault::DeviceKeys;
use rustls::client::Resumption;
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use rustls::server::NoServerSessionStorage;
use rustls::version::TLS13;
use rustls::{ClientConfig, ServerConfig};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// The application protocol that both sides must name in the handshake (ALPN, RFC 7301).
pub(super) const ALPN: &[u8] = b"holdfast/1";

/// Who this device is on the network: its certificate over its own Ed25519 key.
pub struct Identity {
    key: [u8; 32],
    certificate: CertificateDer<'static>,
    signs: PrivatePkcs8KeyDer<'static>,
    provider: Arc<CryptoProvider>,
    server: Arc<ServerConfig>,
    pub(super) versions: Versions,
    pub(super) deadline: Duration,
}

impl Identity {
    /// From the device's keys.
    ///
    /// # Errors
    /// [`NearbyError::BadIdentity`] where TLS does not take the keys.
    pub fn new(keys: &DeviceKeys) -> Result<Self, NearbyError> {
        let signs = PrivatePkcs8KeyDer::from(keys.sign_pkcs8().to_vec());
        let certificate = make(&signs)?;
        let key = read_key(&certificate)?;
        if key != keys.public().sign {
            return Err(NearbyError::BadIdentity);
        }
        let provider = Arc::new(ring::default_provider());
        let bad = |_| NearbyError::BadIdentity;
        let verifier = KeyVerifier::new(provider.signature_verification_algorithms, None);
        let mut server = ServerConfig::builder_with_provider(provider.clone())
            .with_protocol_versions(&[&TLS13])
            .map_err(bad)?
            .with_client_cert_verifier(verifier)
            .with_single_cert(vec![certificate.clone()], signs.clone_key().into())
            .map_err(bad)?;
        server.alpn_protocols = vec![ALPN.to_vec()];
        server.session_storage = Arc::new(NoServerSessionStorage {});
        server.send_tls13_tickets = 0;
        server.max_early_data_size = 0;
        Ok(Self {
            key,
            certificate,
            signs,
            provider,
            server: Arc::new(server),
            versions: Versions::default(),
            deadline: limits::HANDSHAKE_TIME,
        })
    }

    /// With other versions than those of this build.
    pub fn speaking(mut self, versions: Versions) -> Self {
        self.versions = versions;
        self
    }

    /// With another time for reaching a device, TLS and the hello together.
    pub const fn within(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// The public key by which other devices know this one.
    pub const fn key(&self) -> &[u8; 32] {
        &self.key
    }

    pub(super) fn server(&self) -> Arc<ServerConfig> {
        self.server.clone()
    }

    /// What this device connects with, to a device with one of the expected keys or with any.
    pub(super) fn client(
        &self,
        expected: Option<Vec<[u8; 32]>>,
    ) -> Result<(Arc<ClientConfig>, Arc<KeyVerifier>), NearbyError> {
        let bad = |_| NearbyError::BadIdentity;
        let algorithms = self.provider.signature_verification_algorithms;
        let verifier = KeyVerifier::new(algorithms, expected);
        let mut client = ClientConfig::builder_with_provider(self.provider.clone())
            .with_protocol_versions(&[&TLS13])
            .map_err(bad)?
            .dangerous()
            .with_custom_certificate_verifier(verifier.clone())
            .with_client_auth_cert(vec![self.certificate.clone()], self.signs.clone_key().into())
            .map_err(bad)?;
        client.alpn_protocols = vec![ALPN.to_vec()];
        client.resumption = Resumption::disabled();
        client.enable_early_data = false;
        client.enable_sni = false;
        Ok((Arc::new(client), verifier))
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity").field("versions", &self.versions).finish_non_exhaustive()
    }
}
