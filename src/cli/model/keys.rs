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
use crate::config::{Config, KeySource, Printed};
use crate::failure::{Exit, Failure};
use crate::provider::catalogue::Vendor;
use crate::provider::dialects::dialect;
use crate::provider::http::{Base, BoundKey};

/// The places where the key for an address may stand.
pub(super) struct Keys {
    base: Base,
    /// The environment's key, where it is for this address.
    given: Option<SecretString>,
    /// The sources that were given for this address, in order.
    sources: Vec<KeySource>,
    /// What those that are programs have printed so far.
    printed: Printed,
    /// The variable of its own that the endpoint's entry names, where it is the entry's
    /// address.
    named: Option<String>,
    /// Whether that entry names a source at all: then a key is wanted.
    is_named: bool,
    /// The vendor's own variable, where it is the vendor's own address.
    own: Option<String>,
    /// The vendor's own variable, where it is not, but the entry could name it.
    withheld: Option<String>,
    /// Whether the environment's key would go there if it were set.
    takes_given: bool,
    read: OnceLock<Result<Option<BoundKey>, Failure>>,
}

/// What the user's settings say of keys for one address.
struct Said<'a> {
    base: &'a Base,
    config: &'a Config,
}

impl Said<'_> {
    fn is_here(&self, address: Option<&str>) -> bool {
        address.is_some_and(|address| is_at(address, self.base))
    }

    /// Whether a vendor's models are here: where its entry says, else at its own address.
    fn is_home(&self, vendor: &Vendor) -> bool {
        let said = self.config.endpoint(&vendor.name).base_url;
        self.is_here(said.as_deref().or(vendor.base_url.as_deref()))
    }

    /// The sources that a vendor's entry names: they are for the address of the entry.
    fn named(&self, vendor: &Vendor) -> Vec<KeySource> {
        let endpoint = self.config.endpoint(&vendor.name);
        if self.is_home(vendor) { KeySource::of(&endpoint) } else { Vec::new() }
    }

    /// A vendor's own variable, which is for the vendor's own address, whatever its entry
    /// says; one that the entry names takes its place.
    fn own(&self, vendor: &Vendor) -> Option<String> {
        let is_own = self.is_here(vendor.base_url.as_deref()) && self.named(vendor).is_empty();
        vendor.key.clone().filter(|_| is_own)
    }

    /// A vendor's own variable, where its entry leads here from the vendor's own address.
    fn withheld(&self, vendor: &Vendor) -> Option<String> {
        let address = vendor.base_url.as_deref();
        let is_led = address.is_some() && !self.is_here(address) && self.is_home(vendor);
        vendor.key.clone().filter(|_| is_led)
    }
}

impl Keys {
    /// The places for calls to `asked`, a vendor, at `base`; `host` is the vendor that
    /// the environment's key is for: [`Config::host_of_key`].
    pub fn of(base: &Base, asked: &str, vendors: &[Vendor], host: &str, config: &Config) -> Self {
        let said = Said { base, config };
        // The environment's key is for the environment's address, else for that of its
        // host; and for no other host, though it were at the same address.
        let takes_given = asked == host
            && match config.address() {
                Some(address) => said.is_here(Some(address)),
                None => vendors.iter().any(|one| one.name == host && said.is_home(one)),
            };
        let this = vendors.iter().find(|vendor| vendor.name == asked);
        let own = this.and_then(|this| said.own(this));
        let mut sources = this.map(|this| said.named(this)).unwrap_or_default();
        let is_named = !sources.is_empty();
        // Its own go before those of another endpoint at the same address; nothing takes
        // the place of what its entry names.
        if !is_named {
            sources.extend(own.clone().map(KeySource::Variable));
            for other in vendors.iter().filter(|vendor| vendor.name != asked) {
                sources.extend(said.named(other));
                sources.extend(said.own(other).map(KeySource::Variable));
            }
        }
        Self {
            base: base.clone(),
            given: config.key().filter(|_| takes_given).cloned(),
            sources,
            printed: config.printed().clone(),
            named: config.endpoint(asked).api_key_env.filter(|_| is_named),
            is_named,
            own,
            withheld: this.and_then(|this| said.withheld(this)),
            takes_given,
            read: OnceLock::new(),
        }
    }

    /// The key: of the first source that has one. No other source is read, and
    /// none twice, though it has failed.
    ///
    /// # Errors
    ///
    /// When a source that is asked fails, or holds what no header can carry.
    pub fn read(&self) -> Result<Option<BoundKey>, Failure> {
        let failure = |error: anyhow::Error| {
            let other = |error| Failure::new(Exit::Provider, format!("{error:#}"));
            error.downcast::<Failure>().unwrap_or_else(other)
        };
        self.read.get_or_init(|| self.found().map_err(failure)).clone()
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
                .map_err(|error| Failure::new(Exit::Provider, format!("{name}: {error}")))?;
            Ok(Some(key.set_in(name)))
        };
        if let Some(key) = &self.given {
            return bound(key, "`STORYGEN_API_KEY`".to_owned());
        }
        for source in &self.sources {
            if let Some(key) = self.printed.read(&self.base.origin(), source)? {
                return bound(&key, source.name());
            }
        }
        Ok(None)
    }

    /// Whether the endpoint is known to want a key: the vendor's own wants one where its
    /// row names a variable, and one to which the user gives a source.
    pub fn are_wanted(&self) -> bool {
        self.is_named || self.own.is_some() && !self.base.is_local()
    }

    /// The variable that would hold the key, as far as one is named.
    pub fn variable(&self) -> Option<&str> {
        self.named.as_deref().or(self.own.as_deref())
    }

    /// How the vendor's own variable is sent to this address, which is not the vendor's
    /// own: the words of a hint.
    pub fn way_of_own(&self, vendor: &Vendor) -> Option<String> {
        let own = self.withheld.as_ref().filter(|own| Some(*own) != self.named.as_ref())?;
        let name = &vendor.name;
        Some(format!(
            "`{own}` is for the vendor's own address; `endpoints: {{{name}: {{api_key_env: {own}}}}}` in your configuration sends it here"
        ))
    }

    /// How the user can give the endpoint of this route another key: the words of
    /// a hint that names a source which is asked for this address.
    pub fn way(&self, vendor: &Vendor, route: &Route) -> String {
        if let Some(header) = self.header(route) {
            return format!(
                "put a key for this endpoint into `{header}` of its `headers` in your configuration"
            );
        }
        let home = route.endpoint.base_url.as_deref().or(vendor.base_url.as_deref());
        let is_home = home.is_some_and(|home| is_at(home, &self.base));
        let name = &vendor.name;
        let way = match self.variable().filter(|_| self.given.is_none()) {
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
        };
        let own = self.way_of_own(vendor).map(|own| format!("; {own}"));
        way + &own.unwrap_or_default()
    }

    /// The user's own header that is the key of this route's requests, if one is.
    fn header<'a>(&self, route: &'a Route) -> Option<&'a str> {
        let headers = route.headers.as_ref()?;
        let auth = dialect(&route.dialect).map(|wire| wire.auth);
        let in_its_place = auth.and_then(|auth| headers.in_place_of_key(&self.base, auth));
        let has_key = matches!(self.read.get(), Some(Ok(Some(_))));
        in_its_place.or_else(|| headers.secret(&self.base).filter(|_| !has_key))
    }
}
