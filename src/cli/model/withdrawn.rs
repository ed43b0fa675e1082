//! Models that a project names and that their hosts have withdrawn, or are about
//! to, each with its place and what takes its place.

use super::naming::split;
use super::route;
use crate::cli::open;
use crate::config::{Choice, Config, Origin};
use crate::diagnostic::Finding;
use crate::project::wishes::Wishes;
use crate::provider::catalogue::{Catalogue, Row, Verdict};

/// A warning for each model of the project, whatever its work, that is withdrawn.
pub(in crate::cli) fn withdrawn(
    wishes: &Wishes,
    config: &Config,
    catalogue: &Catalogue,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (named, place) in wishes.models.all() {
        let Ok((vendor, name)) = split(named, Origin::Project, catalogue) else { continue };
        let Ok(row) = catalogue.row(vendor, name) else { continue };
        let elsewhere = elsewhere(&row, wishes, config);
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

/// The origin where a model that the project names is asked, if that is another one
/// than its vendor's own.
fn elsewhere(row: &Row, wishes: &Wishes, config: &Config) -> Option<String> {
    let choice = Choice { name: row.name(), origin: Origin::Project };
    let asked = route::Asked { config, wishes, main: &row.vendor.name };
    route::route(&row.vendor, &choice, asked).ok()?.elsewhere()
}
