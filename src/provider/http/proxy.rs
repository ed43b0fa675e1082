//! Proxies of the environment and the system: which one a request goes through.
//!
//! The rules are those of the client itself, `NO_PROXY` included; a user name and
//! a password that a proxy wants are no part of what is told.

use hyper_util::client::proxy::matcher::Matcher;

use super::Base;

/// The variables that name a proxy for `https`, the first that is set counts.
pub const VARIABLES: [&str; 4] = ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];

/// The address of the proxy that requests to `base` go through, as
/// `http://host:port`; none for this machine.
#[must_use]
pub fn proxy(base: &Base) -> Option<String> {
    if base.is_local() {
        return None;
    }
    address(&Matcher::from_system(), &base.origin())
}

/// Whether a variable's value can be the address of a proxy.
#[must_use]
pub fn is_proxy(value: &str) -> bool {
    let matcher = Matcher::builder().https(value.trim()).build();
    let address = address(&matcher, "https://host.example");
    address.is_some_and(|one| one.starts_with("http://") || one.starts_with("https://"))
}

fn address(matcher: &Matcher, origin: &str) -> Option<String> {
    let proxy = matcher.intercept(&origin.parse().ok()?)?;
    Some(proxy.uri().to_string().trim_end_matches('/').to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_names_no_proxy_is_known() {
        for (value, is_one) in [
            ("http://127.0.0.1:9", true),
            ("https://user:word@proxy.example:3128/", true),
            ("proxy.example:3128", true),
            ("::bad", false),
            ("socks5://127.0.0.1:9050", false),
            ("http://", false),
            ("http://a b", false),
            ("ftp://proxy.example", false),
        ] {
            assert_eq!(is_proxy(value), is_one, "{value}");
        }
        let matcher = Matcher::builder().https("http://user:word@proxy.example:3128").build();
        assert_eq!(
            address(&matcher, "https://host.example").as_deref(),
            Some("http://proxy.example:3128")
        );
    }
}
