//! Where a model's requests go.
//!
//! An address comes from `STORYGEN_BASE_URL`, else from a project that is
//! trusted, else from the user's configuration, else it is the vendor's own.

use std::borrow::Cow;
use std::path::Path;
use std::time::Duration;

use anyhow::Result;

use crate::config::{Choice, Config, EndpointShape, Origin, trust, variable};
use crate::failure::{Exit, Failure};
use crate::money::PriceSaid;
use crate::project::wishes::{EndpointWish, Models, Wishes};
use crate::project::yaml::Pairs;
use crate::provider::catalogue::{COMPATIBLE, Catalogue, Row, Vendor};
use crate::provider::http::{Base, BoundHeaders, PROXY_VARIABLES, Patience, is_proxy, proxy};

/// The address of a vendor's requests, and everything that belongs to it.
#[derive(Clone, Debug)]
pub(super) struct Route {
    /// The address.
    pub base: Base,
    /// The name of the dialect.
    pub dialect: String,
    /// The user's own headers for the endpoint, where it is their address.
    pub headers: Option<BoundHeaders>,
    /// What the user's configuration says of the endpoint.
    pub endpoint: EndpointShape,
    /// Whether that is somewhere else than where the vendor itself is.
    pub is_elsewhere: bool,
    /// Where the user or the project has set the address; nowhere for the vendor's own.
    pub said_in: Option<&'static str>,
}

impl Route {
    /// Its origin, where that is somewhere else than where the vendor itself is.
    pub fn elsewhere(&self) -> Option<String> {
        self.is_elsewhere.then(|| self.base.origin())
    }

    /// Whether it leads to the address beside which the configuration says what it
    /// says of the endpoint; so does every route where it names none.
    pub fn is_where_said(&self) -> bool {
        let address = self.endpoint.base_url.as_deref();
        address.is_none_or(|address| is_at(address, &self.base))
    }
}

/// Whether an address is of the origin of `base`.
pub(super) fn is_at(address: &str, base: &Base) -> bool {
    Base::parse(address).is_ok_and(|home| home.origin() == base.origin())
}

/// What decides about addresses beside the vendor.
#[derive(Clone, Copy)]
pub(super) struct Asked<'a> {
    /// The user's settings.
    pub config: &'a Config,
    /// The project's, whose endpoint has been settled by [`settle`].
    pub wishes: &'a Wishes,
    /// The vendor that `STORYGEN_BASE_URL` is for, if any: [`Config::host_of_address`].
    pub main: Option<&'a str>,
}

/// What is said of a vendor's address.
struct Said<'a> {
    /// By the environment.
    given: Option<&'a str>,
    /// By the project.
    wish: Option<&'a EndpointWish>,
    /// By whoever counts.
    address: Option<&'a str>,
}

fn said<'a>(
    vendor: &'a Vendor,
    choice: &Choice,
    asked: Asked<'a>,
    endpoint: &'a EndpointShape,
) -> Said<'a> {
    let wish = asked.wishes.endpoint.as_ref().filter(|_| choice.origin == Origin::Project);
    let given = asked.config.address().filter(|_| Some(vendor.name.as_str()) == asked.main);
    let address = given
        .or(wish.map(|wish| wish.base_url.as_str()))
        .or(endpoint.base_url.as_deref())
        .or(vendor.base_url.as_deref());
    Said { given, wish, address }
}

/// The address of a vendor's models alone, where there is one that is safe.
pub(super) fn address(vendor: &Vendor, choice: &Choice, asked: Asked<'_>) -> Option<Base> {
    let endpoint = asked.config.endpoint(&vendor.name);
    Base::parse(said(vendor, choice, asked, &endpoint).address?).ok()
}

/// The catalogue as calls of the user's own find it: with what gateways list where
/// those go to them.
pub(in crate::cli) fn in_reach<'a>(
    catalogue: &'a Catalogue,
    config: &Config,
) -> Cow<'a, Catalogue> {
    let goes_to = |name: &str, there: &str| {
        let vendor = catalogue.vendor(name).ok();
        vendor.and_then(|vendor| origin(&vendor, config)).is_some_and(|origin| origin == there)
    };
    // `openai/NAME` elsewhere is what is compatible.
    let is_spoken = |name: &str, there: &str| name == COMPATIBLE && goes_to("openai", there);
    let places: Vec<(&str, &str)> = catalogue
        .gateways()
        .filter(|(name, there)| goes_to(name, there) || is_spoken(name, there))
        .collect();
    catalogue.there(&places)
}

/// The catalogue as it is at the end of a route to a vendor.
pub(super) fn there<'a>(
    catalogue: &'a Catalogue,
    vendor: &Vendor,
    route: &Route,
) -> Cow<'a, Catalogue> {
    let origin = route.base.origin();
    let spoken = if vendor.name == "openai" { COMPATIBLE } else { &vendor.name };
    catalogue.there(&[(&vendor.name, &origin), (spoken, &origin)])
}

/// The price that the user says of all that an endpoint serves, where it is what a
/// row's model costs in calls of the user's own.
pub(in crate::cli) fn price_of_endpoint(row: &Row, config: &Config) -> Option<PriceSaid> {
    let home = row.vendor.base_url.as_deref().and_then(|home| Base::parse(home).ok());
    let is_elsewhere = home.map(|home| home.origin()) != origin(&row.vendor, config);
    config.endpoint(&row.vendor.name).price.filter(|_| !row.counts_at(is_elsewhere))
}

/// The origin that calls of the user's own to a vendor go to, where it has one.
fn origin(vendor: &Vendor, config: &Config) -> Option<String> {
    let choice = Choice { name: format!("{}/", vendor.name), origin: Origin::Flag };
    let flags = Models { every: Some(choice.name.clone()), ..Models::default() };
    let main = config.host_of_address(&flags, &Models::default());
    let asked = Asked { config, wishes: &Wishes::default(), main: main.as_deref() };
    Some(address(vendor, &choice, asked)?.origin())
}

/// Where the requests of a vendor's models go.
///
/// # Errors
///
/// For an address that is missing or not safe.
pub(super) fn route(vendor: &Vendor, choice: &Choice, asked: Asked<'_>) -> Result<Route> {
    let endpoint = asked.config.endpoint(&vendor.name);
    let Said { given, wish, address } = said(vendor, choice, asked, &endpoint);
    let Some(address) = address else {
        return Err(Failure::new(
            Exit::Usage,
            format!("where `{}` is, nobody has said", vendor.name),
        )
        .hint(format!(
            "write `endpoints: {{{}: {{base_url: …}}}}` into your configuration, or set `STORYGEN_BASE_URL`",
            vendor.name
        ))
        .into());
    };
    let dialect = match wish {
        Some(wish) if given.is_none() => wish.dialect.clone(),
        _ => endpoint.dialect.clone().unwrap_or_else(|| vendor.dialect.clone()),
    };
    let setting = if given.is_some() { "STORYGEN_BASE_URL" } else { "base_url" };
    let base = Base::said_in(setting, address)
        .map_err(|error| Failure::new(Exit::Usage, error.to_string()))?;
    proxied(&base)?;
    let headers = match &endpoint.headers {
        Some(Pairs(pairs)) if !pairs.is_empty() => headers(vendor, &endpoint, pairs)?,
        _ => None,
    };
    let home = vendor.base_url.as_deref().and_then(|home| Base::parse(home).ok());
    let is_elsewhere = home.is_none_or(|home| home.origin() != base.origin());
    let said_in = match (given, wish, &endpoint.base_url) {
        (Some(_), ..) => Some("`STORYGEN_BASE_URL`"),
        (None, Some(_), _) => Some("`endpoint` in `storygen.yaml`"),
        (None, None, Some(_)) => Some("`base_url` in your configuration"),
        (None, None, None) => None,
    };
    Ok(Route { base, dialect, headers, endpoint, is_elsewhere, said_in })
}

/// The proxy that requests to `base` go through.
///
/// # Errors
///
/// Where a variable of the environment names one that is none: to go without it
/// is not for the program to decide.
pub(super) fn proxied(base: &Base) -> Result<Option<String>> {
    if base.is_local() {
        return Ok(None);
    }
    let set = PROXY_VARIABLES.into_iter().find_map(|name| Some((name, variable(name)?)));
    match set {
        Some((name, value)) if !is_proxy(&value) => Err(Failure::new(
            Exit::Usage,
            format!("`{name}` in your environment is no address of a proxy that can be used"),
        )
        .hint(format!("write it as `{name}=http://HOST:PORT`, or unset it"))
        .into()),
        _ => Ok(proxy(base)),
    }
}

/// The user's headers, bound to the address for which they stand in the
/// configuration: the entry's own, else the vendor's.
fn headers(
    vendor: &Vendor,
    endpoint: &EndpointShape,
    pairs: &[(String, String)],
) -> Result<Option<BoundHeaders>> {
    let Some(home) = endpoint.base_url.as_deref().or(vendor.base_url.as_deref()) else {
        return Ok(None);
    };
    let bound = BoundHeaders::new(&parse(home)?, pairs)
        .map_err(|error| Failure::new(Exit::Usage, error.to_string()))?;
    Ok(Some(bound))
}

fn parse(address: &str) -> Result<Base> {
    Ok(Base::parse(address).map_err(|error| Failure::new(Exit::Usage, error.to_string()))?)
}

/// How long and how often an endpoint is waited for.
pub(super) fn patience(endpoint: &EndpointShape) -> Patience {
    let usual = Patience::default();
    let seconds = |seconds: u32| Duration::from_secs(u64::from(seconds.max(1)));
    Patience {
        idle: endpoint.idle_seconds.map_or(usual.idle, seconds),
        tries: endpoint
            .tries
            .and_then(|tries| usize::try_from(tries).ok())
            .map_or(usual.tries, |tries| tries.max(1)),
        ..usual
    }
}

/// Why nothing is ever sent to the address that a project names, whoever names the
/// model; none where something could be.
pub(in crate::cli) fn unsound(wish: &EndpointWish) -> Option<Failure> {
    let why = Base::parse(&wish.base_url).err()?;
    let hint = "write it like `https://host/v1`, or take `endpoint` out of `storygen.yaml`";
    Some(Failure::new(Exit::Findings, why.to_string()).hint(hint))
}

/// Refuses a project that says where its models are, unless the user has
/// allowed just that. Comes before anything touches the network.
///
/// # Errors
///
/// [`Exit::Untrusted`], with the place.
pub(super) fn settle(project: &Path, wishes: &Wishes, config: &Config) -> Result<()> {
    let is_trusted = trust::is_trusted(config, project, wishes.endpoint.as_ref())?;
    let Some(wish) = wishes.endpoint.as_ref().filter(|_| !is_trusted) else { return Ok(()) };
    let failure = untrusted(wish);
    Err(Failure { message: format!("{}: {}", wish.place, failure.message), ..failure }.into())
}

/// What is said of a project's endpoint that the user has not allowed.
pub(in crate::cli) fn untrusted(wish: &EndpointWish) -> Failure {
    Failure::new(
        Exit::Untrusted,
        format!(
            "the project wants its text sent to `{}`, which you have not allowed",
            wish.base_url
        ),
    )
    .hint("if you know who runs that address, `storygen trust` allows it until the project changes it")
    .hint("or take `endpoint` out of `storygen.yaml`, or name another model by `--model`")
}
