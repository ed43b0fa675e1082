//! Models that a project names and that their hosts have withdrawn, or are about
//! to, each with its place and what takes its place.

use super::route::{self, Route};
use super::written::split;
use crate::cli::open;
use crate::config::{Choice, Config, Origin};
use crate::diagnostic::Finding;
use crate::project::wishes::{Models, Wishes};
use crate::provider::catalogue::{Catalogue, Vendor, Verdict};

/// A warning for each model of the project, whatever its work, that is withdrawn.
pub(in crate::cli) fn withdrawn(
    wishes: &Wishes,
    config: &Config,
    catalogue: &Catalogue,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (named, place) in wishes.models.all() {
        let Ok((vendor, name)) = split(named, Origin::Project, catalogue) else { continue };
        let Ok(vendor) = catalogue.vendor(vendor) else { continue };
        let route = route(named, &vendor, wishes, config);
        let there = route.as_ref().map(|route| route::there(catalogue, &vendor, route));
        let there = there.as_deref().unwrap_or(catalogue);
        let Ok(row) = there.row(&vendor.name, name) else { continue };
        let elsewhere = route.and_then(|route| route.elsewhere());
        let (message, hints) = match row.verdict(elsewhere.as_deref(), &open::today()) {
            Verdict::Usable => continue,
            Verdict::Ending(message) => (message, Vec::new()),
            Verdict::Retired { message, hints } => (message, hints),
        };
        let finding = Finding::warning("model", place.clone(), message);
        findings.push(hints.into_iter().fold(finding, Finding::hint));
    }
    findings
}

/// Where a model that the project names is asked.
fn route(named: &str, vendor: &Vendor, wishes: &Wishes, config: &Config) -> Option<Route> {
    let choice = Choice { name: named.to_owned(), origin: Origin::Project };
    let main = config.host_of_address(&Models::default(), &wishes.models);
    let asked = route::Asked { config, wishes, main: main.as_deref() };
    route::route(vendor, &choice, asked).ok()
}
