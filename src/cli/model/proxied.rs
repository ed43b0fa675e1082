//! The proxy that the calls of a model go through.

use super::route;
use super::written::split;
use crate::config::{Choice, Config, Origin};
use crate::project::wishes::{Models, Wishes};
use crate::provider::catalogue::Catalogue;

/// What is to be told of the proxy before a model's address: which one it is, or
/// that what the environment names is none. Nothing where there is none, and
/// where the model has no address.
pub(in crate::cli) fn proxied(
    choice: &Choice,
    wishes: &Wishes,
    config: &Config,
    catalogue: &Catalogue,
) -> Option<String> {
    let (vendor, _) = split(&choice.name, choice.origin, catalogue).ok()?;
    let vendor = catalogue.vendor(vendor).ok()?;
    let every = (choice.origin == Origin::Flag).then(|| choice.name.clone());
    let flags = Models { every, ..Models::default() };
    let main = config.host_of_address(&flags, &wishes.models);
    let asked = route::Asked { config, wishes, main: main.as_deref() };
    let address = route::address(&vendor, choice, asked)?;
    match route::proxied(&address) {
        Ok(proxy) => proxy.map(|proxy| format!("through the proxy {proxy}")),
        Err(error) => Some(error.to_string()),
    }
}
