//! A vendor's own pages: its list of models, fetched with its key.

use anyhow::Result;
use serde_json::Value;

use super::keys::Keys;
use super::loading::wire;
use super::vendors::vendors;
use super::{ModelArguments, route};
use crate::config::{Choice, Config, Origin};
use crate::failure::{Exit, Failure};
use crate::project::wishes::Wishes;
use crate::provider::Fault;
use crate::provider::catalogue::{Catalogue, Vendor};
use crate::provider::http::dialect::Dialect;
use crate::provider::http::{Base, BoundKey, Endpoint, Remote, SaidIn};
use crate::provider::openai::OPENAI;

/// Where a vendor's pages are.
pub(in crate::cli) struct Pages {
    route: route::Route,
    key: Option<BoundKey>,
    key_way: String,
    vendor: String,
}

impl Pages {
    /// The pages of a vendor, at the address that its models have for this user and
    /// these arguments.
    /// A project has no say in it. Nothing is sent yet.
    ///
    /// # Errors
    ///
    /// For an address that is missing or not safe, and a key that cannot be read.
    pub fn of(
        vendor_row: &Vendor,
        arguments: &ModelArguments,
        catalogue: &Catalogue,
        config: &Config,
    ) -> Result<Self> {
        let flags = arguments.models();
        let wishes = Wishes::default();
        let main = config.host_of_address(&flags, &wishes.models);
        let choice = Choice { name: format!("{}/", vendor_row.name), origin: Origin::Flag };
        let asked = route::Asked { config, wishes: &wishes, main: main.as_deref() };
        let route = route::route(vendor_row, &choice, asked)?;
        let own = config.host_of_key(&flags, &wishes.models);
        let keys = Keys::of(&route.base, &vendor_row.name, &vendors(catalogue), &own, config);
        let (key, key_way) = (keys.read()?, keys.way(vendor_row, &route));
        Ok(Self { route, key, key_way, vendor: vendor_row.name.clone() })
    }

    /// Whether there is a key for them.
    pub fn has_key(&self) -> bool {
        self.key.is_some()
    }

    /// Whether they are somewhere else than where the vendor itself is.
    pub fn is_elsewhere(&self) -> bool {
        self.route.is_elsewhere
    }

    /// Scheme, host and port.
    pub fn origin(&self) -> String {
        self.route.base.origin()
    }

    /// The JSON at `path` under the vendor's base URL; under its origin for a
    /// path that begins with `//`. With a body it is asked for by POST.
    ///
    /// # Errors
    ///
    /// The endpoint's fault, with its way out.
    pub async fn get(&self, path: &str, body: Option<&Value>) -> Result<Result<Value, Fault>> {
        let bad = |error: &dyn std::fmt::Display| Failure::new(Exit::Usage, error.to_string());
        let (base, path) = match path.strip_prefix("//") {
            None => (self.route.base.clone(), path.to_owned()),
            Some(rest) => {
                let origin = Base::parse(&self.origin()).map_err(|error| bad(&error))?;
                (origin, format!("/{rest}"))
            }
        };
        let endpoint = Endpoint {
            vendor: self.vendor.clone(),
            key: self.key.clone(),
            key_way: Some(self.key_way.clone()),
            said_in: SaidIn { address: self.route.said_in.map(str::to_owned), model: None },
            headers: self.route.headers.clone(),
            patience: route::patience(&self.route.endpoint),
            ..Endpoint::new(page_wire(&self.route.dialect)?, base, "", 0)
        };
        let remote = Remote::new(endpoint).map_err(|error| bad(&error))?;
        Ok(match body {
            None => remote.page(&path).await,
            Some(body) => remote.page_for(&path, body).await,
        })
    }
}

/// The wire by which pages are asked for: one of raw text wants a chat template
/// first, of which a page has no need.
fn page_wire(dialect: &str) -> Result<&'static Dialect> {
    let wire = wire(dialect)?;
    Ok(if wire.raw.is_some() { &OPENAI } else { wire })
}
