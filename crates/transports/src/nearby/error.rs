use std::io;
use std::net::SocketAddr;
use thiserror::Error;

/// Why two devices on one network did not come together, or no longer are.
#[derive(Debug, Error)]
pub enum NearbyError {
    /// No connection could be made.
    #[error(
        "{address} cannot be reached ({error}): check that the other device is on, in the same network, and that its firewall lets Holdfast through"
    )]
    Unreachable {
        /// Where it should be.
        address: SocketAddr,
        /// What the system says.
        error: io::Error,
    },
    /// It did not finish the first steps in time.
    #[error(
        "the other device did not answer in time: check that Holdfast runs there and that its firewall lets it through"
    )]
    SlowHandshake,
    /// What answers does not speak as Holdfast does.
    #[error("what answers there is not Holdfast ({0}): check the address and the port")]
    NotHoldfast(String),
    /// The certificate is not one that a device of Holdfast has.
    #[error("the other device's certificate is not valid: update Holdfast on both devices")]
    BadCertificate,
    /// Its key is not the one that it was paired with.
    #[error(
        "the device has a different key than before: a reinstall does this, and so does an impostor; sync with it is stopped until you pair again or remove it"
    )]
    ChangedKey {
        /// The key that it should have.
        expected: [u8; 32],
        /// The key that it showed.
        found: [u8; 32],
    },
    /// This device reached itself.
    #[error("that is the address of this device itself: choose another one")]
    SameDevice,
    /// It does not know this device.
    #[error("the other device does not know this one: pair them again")]
    NotPaired,
    /// It says that this device was removed from the vault.
    #[error(
        "this device was removed from the vault: what is here stays here and is synced no more; to take part again, join by a new code from the other device"
    )]
    Removed,
    /// The caller admits nothing from this device.
    #[error("this device is blocked here: unblock it under Devices to let it connect")]
    Blocked,
    /// It speaks only newer versions of the protocol.
    #[error(
        "the other device has a newer version of Holdfast ({app}): update the app on this device"
    )]
    UpdateThisDevice {
        /// The other device's version.
        app: String,
    },
    /// It speaks only older versions of the protocol.
    #[error(
        "the other device has an older version of Holdfast ({app}): update the app on that device"
    )]
    UpdateOtherDevice {
        /// The other device's version.
        app: String,
    },
    /// More than is allowed.
    #[error(
        "the other device wants to send {size} bytes at once, at most {limit} are accepted: update Holdfast on both devices"
    )]
    TooLarge {
        /// What it announced, or the least that it must be.
        size: u64,
        /// The bound.
        limit: usize,
    },
    /// This device would send more than the other one accepts.
    #[error("{size} bytes are more than can be sent at once ({limit}): update the app")]
    TooLargeToSend {
        /// Its size.
        size: usize,
        /// The bound.
        limit: usize,
    },
    /// It is not what should come here.
    #[error("the other device sent something damaged ({0}): update Holdfast on both devices")]
    Malformed(&'static str),
    /// Nothing came, or nothing could be sent, for too long.
    #[error("the connection to the other device is silent: it is tried again by itself")]
    Silent,
    /// One frame took too long.
    #[error("the other device is too slow: it is tried again by itself")]
    TooSlow,
    /// The connection broke.
    #[error("the connection to the other device broke ({0}): it is tried again by itself")]
    Lost(io::Error),
    /// No place to listen.
    #[error(
        "other devices cannot connect, because {address} cannot be used ({error}): close the program that uses it or choose another port"
    )]
    Bind {
        /// Where it should have listened.
        address: SocketAddr,
        /// What the system says.
        error: io::Error,
    },
    /// The device's own keys do not make a certificate.
    #[error("this device's keys cannot be used for connections: restart the app")]
    BadIdentity,
    /// Devices cannot be looked for.
    #[error(
        "devices in this network cannot be found ({0}): enter the other device's address by hand"
    )]
    Discovery(String),
}

impl NearbyError {
    /// A stable name for interfaces that act on the kind of error.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Unreachable { .. } => "nearby_unreachable",
            Self::SlowHandshake => "nearby_slow_handshake",
            Self::NotHoldfast(_) => "nearby_not_holdfast",
            Self::BadCertificate => "nearby_bad_certificate",
            Self::ChangedKey { .. } => "nearby_changed_key",
            Self::SameDevice => "nearby_same_device",
            Self::NotPaired => "nearby_not_paired",
            Self::Removed => "nearby_removed",
            Self::Blocked => "nearby_blocked",
            Self::UpdateThisDevice { .. } => "nearby_update_this_device",
            Self::UpdateOtherDevice { .. } => "nearby_update_other_device",
            Self::TooLarge { .. } => "nearby_too_large",
            Self::TooLargeToSend { .. } => "nearby_too_large_to_send",
            Self::Malformed(_) => "nearby_malformed",
            Self::Silent => "nearby_silent",
            Self::TooSlow => "nearby_too_slow",
            Self::Lost(_) => "nearby_lost",
            Self::Bind { .. } => "nearby_bind",
            Self::BadIdentity => "nearby_bad_identity",
            Self::Discovery(_) => "nearby_discovery",
        }
    }
}
