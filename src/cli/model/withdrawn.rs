//! Models that are meant and that their hosts have withdrawn, or are about to, each with
//! what takes its place: those of the project with their place, the others with who names
//! them.

use super::route;
use super::written::split;
use crate::cli::open;
use crate::config::{Choice, Config, Origin};
use crate::diagnostic::Finding;
use crate::project::wishes::{Models, Role, Wishes};
use crate::provider::catalogue::{Catalogue, Verdict};

/// A warning for each model of the project, whatever its work, that is withdrawn.
pub(in crate::cli) fn withdrawn(
    wishes: &Wishes,
    config: &Config,
    catalogue: &Catalogue,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (name, place) in wishes.models.all() {
        let choice = Choice { name: name.clone(), origin: Origin::Project };
        let flags = Models::default();
        let Some((message, hints)) = verdict(&choice, &flags, wishes, config, catalogue) else {
            continue;
        };
        let finding = Finding::warning("model", place.clone(), message);
        findings.push(hints.into_iter().fold(finding, Finding::hint));
    }
    findings
}

/// A line for each model that would be asked, whatever its work, that somebody else than
/// the project names and that is withdrawn.
pub(in crate::cli) fn withdrawn_besides(
    flags: &Models<String>,
    wishes: &Wishes,
    config: &Config,
    catalogue: &Catalogue,
) -> Vec<String> {
    let mut lines = Vec::new();
    let of_work = Role::ALL.into_iter().map(|role| config.choose(role, flags, &wishes.models));
    let all = of_work.chain(config.fallback(flags, &wishes.models));
    for choice in all.filter(|choice| choice.origin != Origin::Project) {
        let Some((message, hints)) = verdict(&choice, flags, wishes, config, catalogue) else {
            continue;
        };
        let hint = hints.first().map(|hint| format!(" ({hint})")).unwrap_or_default();
        let line = format!("{message}; {} names `{}`{hint}", choice.origin, choice.name);
        if !lines.contains(&line) {
            lines.push(line);
        }
    }
    lines
}

/// What is said of a model that is withdrawn where it would be asked, and the ways out.
fn verdict(
    choice: &Choice,
    flags: &Models<String>,
    wishes: &Wishes,
    config: &Config,
    catalogue: &Catalogue,
) -> Option<(String, Vec<String>)> {
    let (vendor, name) = split(&choice.name, choice.origin, catalogue).ok()?;
    let vendor = catalogue.vendor(vendor).ok()?;
    let main = config.host_of_address(flags, &wishes.models);
    let asked = route::Asked { config, wishes, main: main.as_deref() };
    let route = route::route(&vendor, choice, asked).ok();
    let there = route.as_ref().map(|route| route::there(catalogue, &vendor, route));
    let row = there.as_deref().unwrap_or(catalogue).row(&vendor.name, name).ok()?;
    let elsewhere = route.as_ref().and_then(route::Route::elsewhere);
    match row.verdict(elsewhere.as_deref(), &open::today()) {
        Verdict::Usable => None,
        Verdict::Ending(message) => Some((message, Vec::new())),
        Verdict::Retired { message, hints } => Some((message, hints)),
    }
}
