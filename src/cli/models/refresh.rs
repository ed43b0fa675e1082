//! `storygen models refresh`: asks vendors for their lists, and keeps what they say.

use anyhow::Result;
use serde_json::json;

use super::words::dollars;
use crate::cli::catalogue;
use crate::cli::model::{self, ModelArguments, Pages};
use crate::cli::open;
use crate::cli::ui::events::What;
use crate::cli::ui::{Ui, counted};
use crate::config::Config;
use crate::date::date_time;
use crate::failure::{Exit, Failure};
use crate::pipeline::calling;
use crate::project::wishes::Models;
use crate::provider::Fault;
use crate::provider::catalogue::listing::{self, Listed, Listing};
use crate::provider::catalogue::shape::{CatalogueFile, ListingKind, VendorShape};
use crate::provider::catalogue::{
    Against, COMPATIBLE, Catalogue, Change, Vendor, at_home, refreshed,
};

/// Ask vendors for their lists of models: what is new, dearer, gone
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Whom to ask [default: all whose key is set, and `OpenRouter`]
    #[arg(value_name = "VENDOR")]
    vendors: Vec<String>,
    /// Say what would change, and change nothing
    #[arg(short = 'n', long)]
    dry_run: bool,
    /// Print what happens as JSON on standard output, one event a line
    #[arg(long)]
    json: bool,
}

/// The vendor whose list needs no key.
const PUBLIC: &str = "openrouter";

/// Runs the command.
pub(super) fn run(arguments: &Arguments, ui: &Ui) -> Result<Exit> {
    ui.telling(arguments.json).until_ended(|ui| refresh(arguments, ui))
}

fn refresh(arguments: &Arguments, ui: &Ui) -> Result<Exit> {
    let config = Config::read()?;
    let all = model::all(&config)?;
    let asked = asked(arguments, &all, &config)?;
    let against = (catalogue::built_in()?, catalogue::listed()?);
    let today: String = date_time(open::seconds()).chars().take(10).collect();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut faults = Vec::new();
    let mut done = 0;
    for (vendor, pages) in &asked {
        let vendor = &kept_as(vendor, pages, &all)?;
        let outcome = runtime.block_on(fetched(vendor, pages))?;
        let lines = match outcome {
            Ok(listing) => {
                let origin = pages.origin();
                let elsewhere = pages.is_elsewhere().then_some(origin.as_str());
                let against = Against { built_in: &against.0, known: &against.1, elsewhere };
                let (rows, lines) = judged(against, vendor, &listing, &today);
                if !arguments.dry_run {
                    catalogue::keep(&vendor.name, &rows, &today)?;
                }
                done += 1;
                lines
            }
            Err(fault) => {
                faults.push(remedied(&fault, &vendor.name));
                vec![format!("{}: {fault}", vendor.name)]
            }
        };
        ui.event(What::Listed { vendor: &vendor.name, lines: &lines });
        for line in &lines {
            ui.say_result(line);
        }
    }
    if arguments.dry_run {
        ui.say("nothing was changed");
    }
    match faults.into_iter().next() {
        None => Ok(Exit::Done),
        Some(_) if done > 0 => Ok(Exit::Partly),
        Some(failure) => Err(failure.into()),
    }
}

/// A fault with the way out for who asks for a list.
fn remedied(fault: &Fault, vendor: &str) -> Failure {
    let failure = calling::failure(fault);
    match fault {
        Fault::Refused { status: 404 | 405 | 410 | 501, .. }
        | Fault::Gone { .. }
        | Fault::NotChat { .. } => by_hand(Failure { hints: Vec::new(), ..failure }, vendor),
        Fault::Busy { .. } | Fault::Server { .. } | Fault::Interrupted { .. } => {
            Failure { hints: Vec::new(), ..failure }
                .hint("ask again later; what its last list said counts until then")
        }
        _ => failure,
    }
}

/// What to do about a vendor whose list there is not.
fn by_hand(failure: Failure, vendor: &str) -> Failure {
    failure
        .hint(format!(
            "if it lists its models elsewhere, say where in your `catalogue.yaml`: `vendors: {{{vendor}: {{listing: {{kind: openai, path: /models}}}}}}`"
        ))
        .hint(format!(
            "else write what its models hold and cost into your `config.yaml`: `endpoints: {{{vendor}: {{window: …, price: {{prompt: …, reply: …}}}}}}`"
        ))
}

/// The vendors that are asked, and their pages.
fn asked(arguments: &Arguments, all: &Catalogue, config: &Config) -> Result<Vec<(Vendor, Pages)>> {
    let mut asked = Vec::new();
    let none = Models::default();
    for name in &arguments.vendors {
        let vendor = all.vendor(name).map_err(|fault| {
            let failure =
                Failure::new(Exit::Usage, format!("no vendor is called `{}`", fault.name));
            match fault.near {
                Some(near) => failure.hint(format!("did you mean `{near}`?")),
                None => failure.hint("`storygen models` names them in its second column"),
            }
        })?;
        if vendor.listing.is_none() {
            let failure = Failure::new(Exit::Usage, format!("`{name}` has no list of its models"));
            return Err(by_hand(failure, name).into());
        }
        // As for `--model VENDOR/…`: the address of the environment is for the
        // one vendor that is asked, where no other model is named.
        let is_meant = arguments.vendors.len() == 1 && config.own_choice(&none).is_none();
        let flags = ModelArguments::none();
        let flags = if is_meant { flags.meaning(&format!("{name}/")) } else { flags };
        asked.push((vendor.clone(), Pages::of(&vendor, &flags, all, config)?));
    }
    if !arguments.vendors.is_empty() {
        return Ok(asked);
    }
    for name in all.vendors() {
        let Ok(vendor) = all.vendor(name) else { continue };
        if vendor.is_local || vendor.listing.is_none() || vendor.base_url.is_none() {
            continue;
        }
        let pages = Pages::of(&vendor, &ModelArguments::none(), all, config)?;
        if pages.has_key() || name == PUBLIC {
            asked.push((vendor, pages));
        }
    }
    Ok(asked)
}

/// The vendor that a list is kept of. What is like `OpenAI` somewhere else is not
/// `OpenAI`: its models are those of an endpoint that is compatible.
fn kept_as(vendor: &Vendor, pages: &Pages, all: &Catalogue) -> Result<Vendor> {
    if vendor.name != "openai" || !pages.is_elsewhere() {
        return Ok(vendor.clone());
    }
    let common = all.vendor(COMPATIBLE);
    common.map_err(|fault| Failure::new(Exit::Failed, format!("no `{}`", fault.name)).into())
}

/// A vendor's list.
async fn fetched(vendor: &Vendor, pages: &Pages) -> Result<Result<Listing, Fault>> {
    let Some(place) = &vendor.listing else { return Ok(Ok(Listing::Models(Vec::new()))) };
    let page = match pages.get(&place.path, None).await? {
        // A gateway in xAI's place has only the list that all have, without prices.
        Err(Fault::Refused { status: 404, .. }) if place.kind == ListingKind::Xai => {
            pages.get("/models", None).await?
        }
        page => page,
    };
    let page = match page {
        Ok(page) => page,
        Err(fault) => return Ok(Err(fault)),
    };
    let listing = match listing::read(place.kind, &page) {
        Ok(listing) => listing,
        Err(why) => {
            let message = format!("its list of models is of another kind: {why}");
            return Ok(Err(Fault::NotChat { origin: pages.origin(), message }));
        }
    };
    Ok(match (place.kind, listing) {
        (ListingKind::Ollama, Listing::Models(models)) => {
            let mut shown = Vec::new();
            for listed in models {
                let page = pages.get("/api/show", Some(&json!({"model": listed.id}))).await?;
                let page = page.ok();
                if page.as_ref().is_none_or(listing::ollama_writes) {
                    let window = page.as_ref().and_then(listing::ollama_window);
                    shown.push(Listed { window, ..listed });
                }
            }
            Ok(Listing::Models(shown))
        }
        (_, listing) => Ok(listing),
    })
}

/// The rows that a list makes, and what there is to say of it.
fn judged(
    against: Against<'_>,
    vendor: &Vendor,
    listing: &Listing,
    today: &str,
) -> (CatalogueFile, Vec<String>) {
    match listing {
        Listing::Window(window) => (
            with_window(&vendor.name, Some(*window)),
            vec![format!("{}: it holds {window} tokens", vendor.name)],
        ),
        Listing::Models(models) if vendor.is_local => local(against.built_in, vendor, models),
        Listing::Models(models) => {
            let (rows, changes) = refreshed(against, &vendor.name, models, today);
            let mut lines =
                vec![format!("{}: {} listed", vendor.name, counted(models.len(), "model"))];
            lines.extend(words(against.known, &changes));
            (rows, lines)
        }
    }
}

/// What runs on this machine: its models are the user's own.
fn local(known: &Catalogue, vendor: &Vendor, models: &[Listed]) -> (CatalogueFile, Vec<String>) {
    let name = &vendor.name;
    let mut lines = vec![format!("{name}: {} there", counted(models.len(), "model"))];
    lines.extend(models.iter().map(|listed| {
        let holds = listed.window.map(|window| format!(", holds up to {window} tokens"));
        format!("  {name}/{}{}", listed.id, holds.unwrap_or_default())
    }));
    (at_home(known, vendor, models), lines)
}

fn with_window(vendor: &str, window: Option<u32>) -> CatalogueFile {
    let mut rows = CatalogueFile::default();
    if window.is_some() {
        rows.vendors.insert(vendor.to_owned(), VendorShape { window, ..VendorShape::default() });
    }
    rows
}

/// The first of many, and how many more there are.
fn first(all: &[String]) -> String {
    let more = all.len().saturating_sub(MOST_NEW);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{}{more}", all.iter().take(MOST_NEW).cloned().collect::<Vec<_>>().join(", "))
}

/// The most new models that are named.
const MOST_NEW: usize = 12;

/// What a list changes, a line each; of models that nobody has described, only
/// how many there are.
fn words(known: &Catalogue, changes: &[Change]) -> Vec<String> {
    let is_described =
        |name: &str| known.models().get(name).is_some_and(|model| model.family.is_some());
    let mut lines = Vec::new();
    let (mut new, mut odd) = (Vec::new(), Vec::new());
    let mut others = 0;
    for change in changes {
        let (model, line) = match change {
            Change::New { model } => {
                new.push(model.clone());
                continue;
            }
            Change::Price { model, was, is } => {
                let pair = |(prompt, reply): (f64, f64)| {
                    format!("{} / {}", dollars(prompt), dollars(reply))
                };
                let was = was.map_or_else(|| "not known".to_owned(), pair);
                (model, format!("{model}: the price is {}, was {was}", pair(*is)))
            }
            Change::Window { model, was, is } => {
                (model, format!("{model}: it holds {is} tokens, were {was}"))
            }
            Change::Unlisted { model, end } => {
                let end = end.as_ref().map(|end| format!(", as was announced for {end}"));
                let end = end.unwrap_or_default();
                (model, format!("{model}: not listed any more{end}; it is asked all the same"))
            }
            Change::OddPrice { model, why } => {
                odd.push(format!("{model} ({why})"));
                continue;
            }
            Change::Partial { missing, known } => {
                lines.push(format!(
                    "  {missing} of {known} models known there are not in this list; it seems to be a part only, so they stay as they were"
                ));
                continue;
            }
            Change::Back { model } => (model, format!("{model}: served again")),
            Change::Ending { model, day, next } => {
                let day = day.as_ref().map(|day| format!(" on {day}")).unwrap_or_default();
                let next = next.as_ref().map(|next| format!("; `{next}` takes its place"));
                (model, format!("{model}: ends{day}{}", next.unwrap_or_default()))
            }
        };
        if is_described(model) {
            lines.push(format!("  {line}"));
        } else {
            others += 1;
        }
    }
    if !new.is_empty() {
        lines.push(format!("  new: {}", first(&new)));
    }
    if !odd.is_empty() {
        let count = counted(odd.len(), "price");
        lines.push(format!("  {count} left out, which cannot be: {}", first(&odd)));
    }
    if others > 0 {
        lines.push(format!("  {} of models that only this list knows", counted(others, "change")));
    }
    if lines.is_empty() {
        lines.push("  nothing has changed".to_owned());
    }
    lines
}
