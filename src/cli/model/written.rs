//! A model's full name as it is written, taken apart, or what is said of one that means
//! nothing.

use crate::cli::open;
use crate::config::Origin;
use crate::diagnostic::{did_you_mean, nearest};
use crate::failure::{Exit, Failure};
use crate::project::wishes::{NO_NAME, Role, is_name};
use crate::project::yaml::{key_shaped, secret};
use crate::provider::catalogue::{COMPATIBLE, Catalogue, Row, Verdict};

/// The provider and the name that a model's full name is made of.
///
/// # Errors
///
/// For a provider that nobody knows, a model without a name, and a project that
/// asks for a script.
pub(in crate::cli) fn split<'a>(
    model: &'a str,
    origin: Origin,
    catalogue: &Catalogue,
) -> Result<(&'a str, &'a str), Failure> {
    if !is_name(model) {
        let failure = Failure::new(Exit::Usage, format!("{NO_NAME} ({origin} names it)"));
        return Err(failure.hint("write it in one line, such as `openrouter/NAME`"));
    }
    if model.is_empty() {
        let message =
            format!("nothing stands where the name of a model belongs ({origin} names it)");
        let failure = Failure::new(Exit::Usage, message);
        return Err(failure.hint("write one, such as `openrouter/NAME`"));
    }
    // It would be shown, kept in the records, and sent to whoever is asked.
    if key_shaped::has_vendors(model) {
        let message = format!("a key stands where the name of a model belongs ({origin} names it)");
        let failure = Failure::new(Exit::Usage, message);
        return Err(failure.hint(secret::WAY_OUT));
    }
    let (provider, name) = model.split_once('/').unwrap_or((model, ""));
    if provider == "embedded" {
        return Ok((provider, name));
    }
    if provider != "scripted" && catalogue.vendor(provider).is_err() {
        return Err(unknown(model, provider, origin, catalogue));
    }
    if name.is_empty() {
        return Err(Failure::new(Exit::Usage, format!("`{model}` lacks a name"))
            .hint(format!("write `{provider}/NAME`")));
    }
    if origin == Origin::Project && provider == "scripted" {
        return Err(Failure::new(Exit::Untrusted, "a project cannot ask for a scripted model")
            .hint("use `--model scripted/FILE`"));
    }
    Ok((provider, name))
}

/// Whether a model's full name is without fault but for its provider, which the user's
/// configuration can define.
pub(in crate::cli) fn may_be_defined(model: &str, catalogue: &Catalogue) -> bool {
    let Some((provider, name)) = model.split_once('/') else { return false };
    let is_known = ["embedded", "scripted"].contains(&provider)
        || catalogue.vendor(provider).is_ok()
        || catalogue.model(model).is_some();
    !is_known && !provider.is_empty() && !name.is_empty() && !key_shaped::has_vendors(model)
}

fn shown(row: &Row) -> String {
    format!("`{}`", row.name())
}

fn unknown(model: &str, provider: &str, origin: Origin, catalogue: &Catalogue) -> Failure {
    if let Some((name, _)) = catalogue.model(model) {
        let rows = catalogue.rows(name);
        // Where nobody serves it any more, to name a host would not help.
        if let Some(Verdict::Retired { message, hints }) =
            rows.first().map(|row| row.verdict(None, &open::today()))
        {
            let message = format!("{message}; {origin} names `{model}`");
            let failure = Failure::new(Exit::Provider, message);
            return hints.into_iter().fold(failure, Failure::hint);
        }
        let hosts: Vec<String> =
            rows.iter().filter(|row| !row.status.is_retired()).map(shown).collect();
        let message = match &hosts[..] {
            [] => format!("nobody serves `{model}` as such"),
            [_] => format!("`{model}` is a model without its host ({origin} names it)"),
            _ => format!("`{model}` is served by several, and {origin} does not say by whom"),
        };
        let failure = Failure::new(Exit::Usage, message);
        return match &hosts[..] {
            [] => failure.hint(format!("`storygen models info {name}` tells how to have it")),
            [one] => failure.hint(format!("write {one}")),
            several => failure.hint(format!("write one of {}", several.join(", "))),
        };
    }
    let failure = Failure::new(
        Exit::Usage,
        format!("no provider is called `{provider}` ({origin} names it)"),
    );
    let of_flag = model.split_once('=').filter(|_| origin == Origin::Flag);
    if let Some((word, name)) = of_flag.filter(|(word, _)| !word.contains('/')) {
        return no_work(word, name);
    }
    let known = ["embedded", "scripted"].into_iter().chain(catalogue.vendors());
    let near = || catalogue.nearest_model(model);
    let failure = match did_you_mean(provider, known) {
        Some(hint) => failure.hint(hint),
        None if near().is_some() => failure.hint(format!(
            "did you mean the model `{0}`? `storygen models info {0}` names its hosts",
            near().unwrap_or_default()
        )),
        None => failure
            .hint(format!("there are {}", hosts(catalogue)))
            .hint("write `openai/NAME` for any OpenAI-compatible endpoint; `storygen models` lists the models that are known"),
    };
    if !may_be_defined(model, catalogue) {
        return failure;
    }
    failure.hint(format!(
        "an endpoint of your own is defined in your configuration: `endpoints: {{{provider}: {{base_url: …}}}}`"
    ))
}

/// Those before whose `/` a model's name can stand, and the one that needs none.
pub(in crate::cli) fn hosts(catalogue: &Catalogue) -> String {
    let all: Vec<&str> = catalogue.vendors().filter(|name| *name != COMPATIBLE).collect();
    all.join(", ")
}

/// A flag names a model for work that there is not.
fn no_work(word: &str, name: &str) -> Failure {
    let known = || Role::ALL.into_iter().map(Role::name).chain(["fallback"]);
    let all: Vec<String> = known().map(|word| format!("`{word}=`")).collect();
    let failure =
        Failure::new(Exit::Usage, format!("no work is called `{word}` (a flag names it)"));
    match nearest(word, known()) {
        Some(near) => failure.hint(format!("did you mean `--model {near}={name}`?")),
        None => failure,
    }
    .hint(format!("before a model may stand {}", all.join(", ")))
}
