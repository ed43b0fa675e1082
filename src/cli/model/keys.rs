//! Which key may go with a model's requests.
//!
//! A key goes to the address it was given for and to no other, whatever any
//! layer says of addresses: [`Keys::of`] compares origins before a source is
//! read, and [`BoundKey`] compares them again before it makes a header. No source
//! is read before something is to be sent.

use std::sync::OnceLock;

use anyhow::Result;
use secrecy::SecretString;

use super::route::{Route, is_at};
use crate::config::{Config, KeySource};
use crate::failure::{Exit, Failure};
use crate::provider::catalogue::Vendor;
use crate::provider::http::{Base, BoundKey};

/// The places where the key for an address may stand.
pub(super) struct Keys {
    base: Base,
    /// The environment's key, where it is for this address.
    given: Option<SecretString>,
    /// The sources that were given for this address, in order.
    sources: Vec<KeySource>,
    /// Whether the environment's key would go there if it were set.
    takes_given: bool,
    read: OnceLock<Option<BoundKey>>,
}

impl Keys {
    /// The places for calls to `asked`, a vendor, at `base`; `own` is the vendor that
    /// the environment's key is for: [`Config::host_of_key`].
    pub fn of(base: &Base, asked: &str, vendors: &[Vendor], own: &str, config: &Config) -> Self {
        let home = |vendor: &Vendor| {
            let endpoint = config.endpoint(&vendor.name);
            endpoint.base_url.or_else(|| vendor.base_url.clone())
        };
        let is_here = |address: Option<String>| address.is_some_and(|one| is_at(&one, base));
        // The environment's key is for the environment's address, else for that of its
        // host; and for no other host, though it were at the same address.
        let given_at = || {
            let host = vendors.iter().find(|vendor| vendor.name == own);
            config.address().map(str::to_owned).or_else(|| host.and_then(home))
        };
        let takes_given = asked == own && is_here(given_at());
        let mut sources = Vec::new();
        let here = vendors.iter().filter(|vendor| is_here(home(vendor)));
        // Its own go before those of another endpoint at the same address.
        let (own, others): (Vec<_>, Vec<_>) = here.partition(|vendor| vendor.name == asked);
        for vendor in own.into_iter().chain(others) {
            sources.extend(KeySource::of(&config.endpoint(&vendor.name)));
            sources.extend(vendor.key.clone().map(KeySource::Variable));
        }
        Self {
            base: base.clone(),
            given: config.key().filter(|_| takes_given).cloned(),
            sources,
            takes_given,
            read: OnceLock::new(),
        }
    }

    /// The key: of the first source that has one. No other source is read, and
    /// none twice.
    ///
    /// # Errors
    ///
    /// When a source that is asked fails, or holds what no header can carry.
    pub fn read(&self) -> Result<Option<BoundKey>> {
        if let Some(key) = self.read.get() {
            return Ok(key.clone());
        }
        let key = self.found()?;
        Ok(self.read.get_or_init(|| key).clone())
    }

    /// Whether no key is to be found: there are only variables to look into, and none
    /// is set. Nothing else is read for that.
    pub fn are_nowhere(&self) -> bool {
        let is_unset = |source: &KeySource| {
            matches!(source, KeySource::Variable(_)) && matches!(source.read(), Ok(None))
        };
        self.given.is_none() && self.sources.iter().all(is_unset)
    }

    fn found(&self) -> Result<Option<BoundKey>> {
        let bound = |key: &SecretString, name: String| -> Result<Option<BoundKey>> {
            let key = BoundKey::new(&self.base, key)
                .map_err(|error| Failure::new(Exit::Usage, format!("{name}: {error}")))?;
            Ok(Some(key.set_in(name)))
        };
        if let Some(key) = &self.given {
            return bound(key, "`STORYGEN_API_KEY`".to_owned());
        }
        for source in &self.sources {
            if let Some(key) = source.read()? {
                return bound(&key, source.name());
            }
        }
        Ok(None)
    }

    /// How the user can give the endpoint of this route another key: the words of
    /// a hint that names a source which is asked for this address.
    pub fn way(&self, vendor: &Vendor, route: &Route) -> String {
        let home = route.endpoint.base_url.as_deref().or(vendor.base_url.as_deref());
        let is_home = home.is_some_and(|home| is_at(home, &self.base));
        let named = route.endpoint.api_key_env.as_ref().filter(|_| is_home);
        // The environment's own key goes before that of the vendor's variable.
        let own = named.or(vendor.key.as_ref().filter(|_| is_home && self.given.is_none()));
        let name = &vendor.name;
        match own {
            Some(variable) => format!(
                "set `{variable}` in your environment to a key for this endpoint, or say where one is in your configuration: `endpoints: {{{name}: {{api_key_file: …}}}}`"
            ),
            None if self.takes_given => "set `STORYGEN_API_KEY`, or the `api_key_file` of your configuration, to a key for this endpoint".to_owned(),
            None if is_home => format!(
                "say where a key for this endpoint is in your configuration: `endpoints: {{{name}: {{api_key_file: …}}}}`"
            ),
            None => format!(
                "a key goes only to the address it was given for: write `endpoints: {{NAME: {{base_url: '{}', api_key_file: …}}}}` into your configuration",
                self.base.shown()
            ),
        }
    }
}
