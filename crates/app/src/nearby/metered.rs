//! Whether the system counts what goes over the network: a phone's hotspot, a plan with a limit.

/// Whether it does; none where the system does not say.
#[cfg(target_os = "linux")]
pub(super) fn is_metered() -> Option<bool> {
    /// NetworkManager's `NM_METERED_YES` and `NM_METERED_GUESS_YES`.
    const METERED: [u32; 2] = [1, 3];
    /// A system that does not answer is not waited for.
    const PATIENCE: std::time::Duration = std::time::Duration::from_secs(1);
    let bus = zbus::blocking::connection::Builder::system().ok()?;
    let bus = bus.method_timeout(PATIENCE).build().ok()?;
    let manager = zbus::blocking::Proxy::new(
        &bus,
        "org.freedesktop.NetworkManager",
        "/org/freedesktop/NetworkManager",
        "org.freedesktop.NetworkManager",
    );
    let metered: u32 = manager.ok()?.get_property("Metered").ok()?;
    Some(METERED.contains(&metered))
}

/// Whether it does; none where the system does not say.
#[cfg(windows)]
pub(super) fn is_metered() -> Option<bool> {
    use windows::Networking::Connectivity::{NetworkCostType, NetworkInformation};
    let profile = NetworkInformation::GetInternetConnectionProfile().ok()?;
    let cost = profile.GetConnectionCost().ok()?.NetworkCostType().ok()?;
    Some(cost == NetworkCostType::Fixed || cost == NetworkCostType::Variable)
}

/// macOS tells it only to apps that keep a path monitor of its own framework running.
#[cfg(not(any(target_os = "linux", windows)))]
pub(super) fn is_metered() -> Option<bool> {
    None
}
