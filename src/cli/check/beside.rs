//! What stands beside the bible and stops a draft all the same: the project's
//! own templates, the model it names, its canon.

use std::collections::BTreeMap;

use anyhow::Result;

use crate::cli::ui::Ui;
use crate::cli::{model, open};
use crate::config::{Config, Origin, trust};
use crate::diagnostic::{Finding, Place, Severity, Spot, UNTRUSTED};
use crate::failure::Failure;
use crate::pipeline::rendering;
use crate::project::folder::Folder;
use crate::project::load::Loaded;
use crate::project::wishes::{Models, Role, is_name};
use crate::project::yaml::key_shaped;
use crate::project::{history, layout};
use crate::prompt::templates::{TEMPLATE_LIMIT, Templates, is_own};
use crate::provider::catalogue::Catalogue;
use crate::story::Story;

/// Adds to what was loaded everything that is wrong beside the bible.
///
/// # Errors
///
/// When what was written so far cannot be read.
pub(super) fn check(folder: &Folder, loaded: &mut Loaded, ui: &Ui) -> Result<()> {
    let config = Config::read()?;
    let catalogue = model::all(&config)?;
    let choice = config.choose(Role::Draft, &Models::default(), &loaded.wishes.models);
    let found = models(folder, loaded, &config, &catalogue, choice.origin)?;
    loaded.findings.extend(found);
    for line in model::withdrawn_besides(&Models::default(), &loaded.wishes, &config, &catalogue) {
        ui.warn(&line);
    }
    let Some(story) = &loaded.story else { return Ok(()) };
    let archive = history::read(folder, story)?;
    history::records(story, &archive, &mut loaded.findings);
    for canon in archive.chapters.values().filter_map(|shelf| shelf.canon.as_ref()) {
        loaded.sources.insert(canon.path.clone(), key_shaped::blotted(&canon.yaml).into_owned());
    }
    for name in folder.list(layout::TEMPLATES)?.iter().filter(|name| is_own(name)) {
        let path = format!("{}/{name}", layout::TEMPLATES);
        match folder.read(&path, TEMPLATE_LIMIT) {
            Ok(text) => {
                let text = text.unwrap_or_default();
                loaded.findings.extend(template(story, name, &text));
                loaded.findings.extend(key_shaped::findings(&path, &text));
                loaded.sources.insert(path, key_shaped::blotted(&text).into_owned());
            }
            Err(error) => loaded.findings.push(fault(&path, error)),
        }
    }
    Ok(())
}

/// What is wrong with the models that the project names, and with where it says
/// that they are; `origin` is who names the model that drafts.
///
/// # Errors
///
/// When the list of permissions cannot be read.
pub(in crate::cli) fn models(
    folder: &Folder,
    loaded: &Loaded,
    config: &Config,
    catalogue: &Catalogue,
    origin: Origin,
) -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    // What no name can hold has been found where the book was read.
    for (named, place) in loaded.wishes.models.all().filter(|(named, _)| is_name(named)) {
        let Err(failure) = model::split(named, Origin::Project, catalogue) else { continue };
        let finding = finding("model", place.clone(), failure);
        if !model::may_be_defined(named, catalogue) {
            findings.push(finding);
        } else if !is_replaced(place, loaded, config) {
            // A draft refuses it; but whoever checks may not be who drafts.
            findings.push(Finding { severity: Severity::Warning, ..finding });
        }
    }
    findings.extend(model::withdrawn(&loaded.wishes, config, catalogue));
    let wish = loaded.wishes.endpoint.clone();
    // A file that could not be read may still ask for what it asked before.
    let is_read = wish.is_some() || open::is_read(loaded, layout::BOOK);
    let is_trusted = is_read && trust::is_trusted(config, folder.path(), wish.as_ref())?;
    if let Some((wish, failure)) =
        wish.as_ref().and_then(|wish| Some((wish, model::unsound(wish)?)))
    {
        findings.push(finding("endpoint", wish.place.clone(), failure));
        return Ok(findings);
    }
    // Where a flag or the environment names the model, a draft never goes there.
    let is_outranked = matches!(origin, Origin::Flag | Origin::Environment);
    let Some(wish) = wish.filter(|_| !is_outranked) else { return Ok(findings) };
    if loaded.wishes.models.all().next().is_none() {
        let what = "the endpoint has no effect: the project names no model to be asked there";
        let finding = Finding::warning("endpoint", wish.place, what)
            .hint("name one: `model: openai/NAME`")
            .hint("or take `endpoint` out; an address of your own stands in your configuration");
        findings.push(finding);
    } else if !is_trusted {
        let place = wish.place.clone();
        findings.push(finding(UNTRUSTED, place, model::untrusted(&wish)));
    }
    Ok(findings)
}

/// Whether the environment names a model in place of the one that is named here.
fn is_replaced(place: &Place, loaded: &Loaded, config: &Config) -> bool {
    let Models { every, roles, .. } = &loaded.wishes.models;
    let mut drafts = every.iter().chain(roles.get(&Role::Draft));
    config.model().is_some() && drafts.any(|(_, drafts)| drafts == place)
}

/// What is wrong with one of the project's own templates.
fn template(story: &Story, name: &str, text: &str) -> Option<Finding> {
    let path = format!("{}/{name}", layout::TEMPLATES);
    let own = BTreeMap::from([(name.to_owned(), text.to_owned())]);
    let tried = Templates::new(&story.book.primary_language(), &own)
        .and_then(|templates| rendering::try_out(story, &templates));
    tried.err().map(|error| fault(&path, error))
}

/// An error about one of the project's templates, as a finding at its place.
fn fault(path: &str, error: anyhow::Error) -> Finding {
    let failure = match error.downcast::<Failure>() {
        Ok(failure) => failure,
        Err(error) => Failure::new(crate::failure::Exit::Failed, format!("{error:#}")),
    };
    let place = match spot(&failure.message) {
        Some(spot) => Place::at(path, spot),
        None => Place::file(path),
    };
    let message = failure.message.lines().next().unwrap_or_default().to_owned();
    finding("template", place, Failure { message, ..failure })
}

/// The spot that a template's report points to: ` --> NAME:LINE:COLUMN`, and
/// below it `^^^`.
fn spot(report: &str) -> Option<Spot> {
    let arrow = report.lines().find_map(|line| line.trim_start().strip_prefix("--> "))?;
    let mut numbers = arrow.rsplit(':').map(|number| number.trim().parse().ok());
    let (column, line) = (numbers.next()??, numbers.next()??);
    let width = report.matches('^').count().max(1);
    Some(Spot { line, column, width })
}

fn finding(code: &'static str, place: Place, failure: Failure) -> Finding {
    failure.hints.into_iter().fold(Finding::error(code, place, failure.message), Finding::hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reports_point_to_a_spot() {
        let report = "a fault\n --> draft.md:3:10\n  |\n3 | {{ x }}\n  |    ^^\n";
        assert_eq!(spot(report), Some(Spot { line: 3, column: 10, width: 2 }));
        assert_eq!(spot("a fault"), None);
    }
}
