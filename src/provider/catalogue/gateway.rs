//! Lists that hold at one address alone.
//!
//! Who calls a vendor by way of a gateway has what that gateway serves: its prices,
//! limits and names are laid over those of the vendor where the calls go there, and
//! nowhere else.

use std::borrow::Cow;

use super::identity::of_known_ids;
use super::shape::{CatalogueFile, ModelShape};
use super::{Catalogue, merged, prices};

/// What a gateway in a vendor's place listed.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Gateway {
    vendor: String,
    /// Scheme, host and port.
    origin: String,
    /// Its rows, and over them what the user says of the same ones.
    list: CatalogueFile,
}

impl Gateway {
    /// Lays what the user says of a row over it.
    pub fn lay(&mut self, own: &CatalogueFile) {
        let over = self.list.models.keys().filter_map(|name| {
            let model = own.models.get(name)?;
            let host = model.hosts.get_key_value(&self.vendor);
            let hosts = host.map(|(vendor, host)| (vendor.clone(), host.clone()));
            let model = ModelShape { hosts: hosts.into_iter().collect(), ..model.clone() };
            Some((name.clone(), model))
        });
        let over = CatalogueFile { models: over.collect(), ..CatalogueFile::default() };
        self.list = merged(over, std::mem::take(&mut self.list));
    }
}

impl Catalogue {
    /// The same catalogue with what a gateway at `origin` in the place of `vendor`
    /// listed: it is known, and no part of the rows before [`Self::there`] asks for it.
    #[must_use]
    pub fn with_gateway(mut self, vendor: &str, origin: &str, list: CatalogueFile) -> Self {
        let list = of_known_ids(list, &self.file);
        let (vendor, origin) = (vendor.to_owned(), origin.to_owned());
        self.gateways.push(Gateway { vendor, origin, list });
        self
    }

    /// The vendors in whose places gateways have listed something, each with where.
    pub fn gateways(&self) -> impl Iterator<Item = (&str, &str)> {
        self.gateways.iter().map(|one| (one.vendor.as_str(), one.origin.as_str()))
    }

    /// The catalogue as it is where the calls of each of these vendors go to the origin
    /// beside it.
    #[must_use]
    pub fn there(&self, places: &[(&str, &str)]) -> Cow<'_, Self> {
        let is_meant = |one: &&Gateway| places.contains(&(&one.vendor, &one.origin));
        self.gateways.iter().filter(is_meant).fold(Cow::Borrowed(self), |all, one| {
            let all = all.into_owned();
            let gateways = all.gateways.clone();
            let mut there = all.with_list(one.list.clone());
            there.priced.extend(prices(&one.list));
            Cow::Owned(Self { gateways, ..there })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WORLD: &str = r"
vendors: {wide: {base_url: 'https://wide.example/v1'}, other: {base_url: 'https://other.example/v1'}}
models:
  bard: {title: Bard, hosts: {wide: {id: maker/bard, window: 30000}, other: {id: bard, status: {is: retired}}}}
";
    const LIST: &str = r"
models:
  bard: {hosts: {wide: {id: maker/bard, window: 2000, reply: 500, status: {is: active, at: 'http://gate.example'}}}}
  ode: {hosts: {wide: {id: maker/ode, window: 4000, status: {is: active, at: 'http://gate.example'}}}}
";

    fn file(text: &str) -> CatalogueFile {
        serde_yaml::from_str(text).unwrap()
    }

    #[test]
    fn a_gateway_s_list_holds_where_it_is() {
        let own =
            "models: {bard: {title: Mine, hosts: {wide: {reply: 100}, other: {window: 9000}}}}";
        let world = Catalogue::of(file(WORLD))
            .with_gateway("wide", "http://gate.example", file(LIST))
            .with(file(own));
        let here = ("wide", "http://gate.example");
        let (away, not_it) = (("wide", "https://wide.example"), ("other", "http://gate.example"));
        // Where the calls go; window and reply of the model that both know; whether the
        // other one is known.
        for (places, window, has_ode) in [
            (&[][..], 30_000, false),
            (&[away], 30_000, false),
            (&[not_it], 30_000, false),
            (&[here], 2_000, true),
            (&[away, here], 2_000, true),
        ] {
            let there = world.there(places);
            let bard = there.row("wide", "bard").unwrap();
            assert_eq!((bard.window, bard.reply_limit), (Some(window), Some(100)), "{places:?}");
            assert_eq!(bard.title, "Mine", "{places:?}");
            assert!(there.row("other", "bard").unwrap().status.is_retired(), "{places:?}");
            assert_eq!(there.model("ode").is_some(), has_ode, "{places:?}");
        }
        assert_eq!(world.gateways().collect::<Vec<_>>(), [here]);
    }
}
