//! Who may be asked: the catalogue's vendors and the user's own endpoints.

use anyhow::Result;

use crate::cli::catalogue;
use crate::config::Config;
use crate::provider::catalogue::shape::{CatalogueFile, ListingKind, ListingShape, VendorShape};
use crate::provider::catalogue::{Catalogue, Row, Vendor};

/// The catalogue, with the endpoints of the user's own configuration as vendors.
///
/// # Errors
///
/// When the user's catalogue is not sound.
pub(in crate::cli) fn all(config: &Config) -> Result<Catalogue> {
    let known = catalogue::read(config.endpoints())?;
    if config.endpoints().next().is_none() {
        return Ok(known);
    }
    let built_in = catalogue::built_in()?;
    let own = config.endpoints().map(|name| {
        let endpoint = config.endpoint(name);
        let vendor = match known.vendor(name) {
            Ok(vendor) => VendorShape {
                window: endpoint.window.filter(|_| is_assumed(&vendor, &built_in)),
                ..VendorShape::default()
            },
            Err(_) => VendorShape {
                listing: usual_list(endpoint.dialect.as_deref().unwrap_or("openai")),
                dialect: endpoint.dialect,
                base_url: endpoint.base_url,
                ..VendorShape::default()
            },
        };
        (name.to_owned(), vendor)
    });
    let own = CatalogueFile { vendors: own.collect(), ..CatalogueFile::default() };
    Ok(known.with(own))
}

/// Where an endpoint of a dialect usually lists its models.
fn usual_list(dialect: &str) -> Option<ListingShape> {
    let (kind, path) = match dialect {
        "openai" => (ListingKind::OpenAi, "/models"),
        "mistral" => (ListingKind::Mistral, "/models"),
        "anthropic" => (ListingKind::Anthropic, "/models?limit=1000"),
        "ollama" => (ListingKind::Ollama, "/api/tags"),
        _ => return None,
    };
    Some(ListingShape { kind, path: path.to_owned() })
}

/// Whether the window of a local server is only what is assumed of it as long as
/// neither it nor the user has said another.
fn is_assumed(vendor: &Vendor, built_in: &Catalogue) -> bool {
    vendor.is_local && built_in.vendor(&vendor.name).is_ok_and(|one| one.window == vendor.window)
}

/// Whether a model's window is only what servers of its vendor usually have.
///
/// # Errors
///
/// When the built-in catalogue is not sound.
pub(super) fn is_usual_window(row: &Row) -> Result<bool> {
    Ok(row.is_window_of_vendor && is_assumed(&row.vendor, &catalogue::built_in()?))
}

/// Every vendor's row.
pub(super) fn vendors(catalogue: &Catalogue) -> Vec<Vendor> {
    catalogue.vendors().filter_map(|name| catalogue.vendor(name).ok()).collect()
}
