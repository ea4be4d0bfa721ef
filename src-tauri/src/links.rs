//! Which addresses may be opened outside of the app, and which inside.

use tauri::Url;

/// Schemes that a link of a note may use. Everything else could start programs.
const OUTSIDE: [&str; 3] = ["https", "http", "mailto"];

/// The address to hand to the system, where the system may have it.
pub(crate) fn outside(address: &str) -> Option<Url> {
    Url::parse(address).ok().filter(|url| OUTSIDE.contains(&url.scheme()))
}

/// Whether the window may show this address: its own pages, and the development server in
/// development builds. A link that is followed by accident leads nowhere.
pub(crate) fn inside(url: &Url) -> bool {
    let own = url.scheme() == "tauri"
        || url.as_str() == "about:blank"
        || (matches!(url.scheme(), "http" | "https") && url.host_str() == Some("tauri.localhost"));
    own || (cfg!(debug_assertions)
        && url.host_str() == Some("localhost")
        && url.port() == Some(5173))
}

#[cfg(test)]
mod tests {
    use super::{inside, outside};

    #[test]
    fn only_web_and_mail_addresses_leave_the_app() {
        for address in ["https://example.org/a?b#c", "http://example.org", "mailto:a@example.org"] {
            assert!(outside(address).is_some(), "{address}");
        }
        for address in [
            "",
            "example.org",
            "file:///etc/passwd",
            "javascript:alert(1)",
            "ssh://example.org",
            "ms-msdt:/id",
            "data:text/html,x",
            "\\\\server\\share",
            "/bin/sh",
        ] {
            assert!(outside(address).is_none(), "{address}");
        }
    }

    #[test]
    fn the_window_shows_its_own_pages_alone() {
        let at = |address: &str| inside(&address.parse().unwrap());
        assert!(at("tauri://localhost/index.html"));
        assert!(at("http://tauri.localhost/"));
        assert!(!at("https://example.org/"));
        assert!(!at("file:///etc/passwd"));
        assert!(!at("https://tauri.localhost.example.org/"));
    }
}
