//! Connections to endpoints, which all who call the same one share.
//!
//! No redirect is followed, nothing is sent a second time, and this machine is
//! never reached through a proxy.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use reqwest::{redirect, retry};
use rustls_platform_verifier::BuilderVerifierExt;

use super::address::{BadEndpoint, Base};
use super::client::innermost;

/// Connections to any number of endpoints; a copy shares them.
#[derive(Clone, Default)]
pub struct Connections(Arc<Mutex<BTreeMap<(String, Duration), reqwest::Client>>>);

impl Connections {
    /// Those to the origin of `base`; a connection may take so long.
    pub(super) fn to(
        &self,
        base: &Base,
        connect: Duration,
    ) -> Result<reqwest::Client, BadEndpoint> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (base.origin(), connect);
        if let Some(client) = all.get(&key) {
            return Ok(client.clone());
        }
        let client = open(base, connect)?;
        all.insert(key, client.clone());
        Ok(client)
    }
}

impl fmt::Debug for Connections {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        f.debug_set().entries(all.keys()).finish()
    }
}

fn open(base: &Base, connect: Duration) -> Result<reqwest::Client, BadEndpoint> {
    let mut builder = reqwest::Client::builder()
        .tls_backend_preconfigured(tls(base)?)
        .redirect(redirect::Policy::none())
        .retry(retry::never())
        .referer(false)
        .user_agent(concat!("storygen/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(connect);
    if base.is_local() {
        builder = builder.no_proxy();
    }
    builder.build().map_err(|why| BadEndpoint(format!("no HTTP client: {}", innermost(&why))))
}

/// TLS by ring, named here so that no global default is needed.
fn tls(base: &Base) -> Result<rustls::ClientConfig, BadEndpoint> {
    let bad = |why: rustls::Error| {
        BadEndpoint(format!(
            "no TLS for {}: {why}; install the system's CA certificates",
            base.origin()
        ))
    };
    let ring = Arc::new(rustls::crypto::ring::default_provider());
    let builder = rustls::ClientConfig::builder_with_provider(ring)
        .with_safe_default_protocol_versions()
        .map_err(bad)?;
    // Plain http never gets as far as TLS; it must also work on a machine
    // without any CA certificates.
    let builder = if base.is_plain() {
        builder.with_root_certificates(rustls::RootCertStore::empty())
    } else {
        builder.with_platform_verifier().map_err(bad)?
    };
    Ok(builder.with_no_client_auth())
}
