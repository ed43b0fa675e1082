//! How counts, prices and the state of a model are written.

use crate::config::{Config, KeySource, variable};
use crate::project::wishes::Models;
use crate::provider::catalogue::shape::{ModelShape, PriceShape, StatusWord};
use crate::provider::catalogue::{Row, Vendor};
use crate::provider::http::Base;

/// A count of tokens, or a dash.
pub(super) fn tokens(count: Option<usize>) -> String {
    count.map_or_else(|| "-".to_owned(), |count| count.to_string())
}

/// Dollars for a million tokens: two figures behind the point, more where the
/// price has more.
pub(super) fn dollars(price: f64) -> String {
    let text = format!("{price:.6}");
    let text = text.trim_end_matches('0');
    let behind = text.split('.').nth(1).map_or(0, str::len);
    format!("{text}{}", "0".repeat(2_usize.saturating_sub(behind)))
}

/// What a model costs at a host, and who says so.
pub(super) fn listed<'a>(model: &'a ModelShape, row: &Row) -> Option<&'a PriceShape> {
    model.hosts.get(&row.vendor.name)?.price.as_ref()
}

/// What can be done with a model at a host, as far as is known here.
pub(super) fn state(row: &Row, config: &Config) -> &'static str {
    match row.status.word {
        StatusWord::Retired => "retired",
        StatusWord::Deprecated => "ending",
        StatusWord::Unlisted => "unlisted",
        StatusWord::Active if row.vendor.is_local => "local",
        StatusWord::Active if has_key(&row.vendor, config) => "ready",
        StatusWord::Active if wants_none(&row.vendor, config) => "needs none",
        StatusWord::Active => "no key",
    }
}

/// Whether a vendor is not known to want a key: neither its row nor the user's
/// configuration names one.
fn wants_none(vendor: &Vendor, config: &Config) -> bool {
    own_key(vendor, config).is_none() && KeySource::of(&config.endpoint(&vendor.name)).is_empty()
}

/// The vendor's own variable, where it is asked: the user's configuration names neither
/// another source nor another address.
pub(super) fn own_key<'a>(vendor: &'a Vendor, config: &Config) -> Option<&'a str> {
    let endpoint = config.endpoint(&vendor.name);
    let origin = |address: &String| Base::parse(address).map(|base| base.origin()).ok();
    let is_moved = endpoint
        .base_url
        .as_ref()
        .is_some_and(|address| origin(address) != vendor.base_url.as_ref().and_then(origin));
    vendor.key.as_deref().filter(|_| !is_moved && KeySource::of(&endpoint).is_empty())
}

/// Whether the user has a key for a vendor. No source is read: it may ask.
pub(super) fn has_key(vendor: &Vendor, config: &Config) -> bool {
    let is_set = |source: &KeySource| match source {
        KeySource::Variable(name) => variable(name).is_some(),
        KeySource::File(_) | KeySource::Program(_) | KeySource::Keyring(_) => true,
    };
    let own = config.host_of_key(&Models::default(), &Models::default());
    KeySource::of(&config.endpoint(&vendor.name)).iter().any(is_set)
        || own_key(vendor, config).is_some_and(|name| variable(name).is_some())
        || config.key().is_some() && own == vendor.name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prices_have_the_figures_they_need() {
        for (price, shown) in [
            (0.0, "0.00"),
            (0.4, "0.40"),
            (15.0, "15.00"),
            (0.105, "0.105"),
            (0.088_606, "0.088606"),
            (1.0287, "1.0287"),
        ] {
            assert_eq!(dollars(price), shown);
        }
    }
}
