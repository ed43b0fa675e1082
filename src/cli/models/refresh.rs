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
use crate::provider::Fault;
use crate::provider::catalogue::listing::{self, Listed, Listing};
use crate::provider::catalogue::shape::{CatalogueFile, ListingKind, VendorShape};
use crate::provider::catalogue::{Against, Catalogue, Change, Vendor, refreshed};

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
        let outcome = runtime.block_on(fetched(vendor, pages))?;
        let lines = match outcome {
            Ok(listing) => {
                let against = Against { built_in: &against.0, known: &against.1 };
                let (rows, lines) = judged(against, vendor, &listing, &today);
                if !arguments.dry_run {
                    catalogue::keep(&vendor.name, &rows, &today)?;
                }
                done += 1;
                lines
            }
            Err(fault) => {
                let failure = calling::failure(&fault);
                faults.push(failure);
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

/// The vendors that are asked, and their pages.
fn asked(arguments: &Arguments, all: &Catalogue, config: &Config) -> Result<Vec<(Vendor, Pages)>> {
    let mut asked = Vec::new();
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
            return Err(Failure::new(Exit::Usage, format!("`{name}` has no list")).into());
        }
        let pages = Pages::of(&vendor, &ModelArguments::none(), all, config)?;
        asked.push((vendor, pages));
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

/// A vendor's list.
async fn fetched(vendor: &Vendor, pages: &Pages) -> Result<Result<Listing, Fault>> {
    let Some(place) = &vendor.listing else { return Ok(Ok(Listing::Models(Vec::new()))) };
    let page = match pages.get(&place.path, None).await? {
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
                let window = page.ok().as_ref().and_then(listing::ollama_window);
                shown.push(Listed { window, ..listed });
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
        Listing::Models(models) if vendor.is_local => local(vendor, models),
        Listing::Models(models) => {
            let told: Vec<Listed> = models
                .iter()
                .filter(|listed| is_told(against.known, vendor, listed))
                .cloned()
                .collect();
            let (rows, changes) = refreshed(against, &vendor.name, &told, today);
            let mut lines =
                vec![format!("{}: {} listed", vendor.name, counted(models.len(), "model"))];
            lines.extend(words(against.known, &changes));
            (rows, lines)
        }
    }
}

/// Whether a row of a list says more than that there is such a model.
fn is_told(known: &Catalogue, vendor: &Vendor, listed: &Listed) -> bool {
    let is_known = || known.row(&vendor.name, &listed.id).is_ok_and(|row| row.model.is_some());
    listed.price.is_some() || listed.window.is_some() || is_known()
}

/// What runs on this machine: its window counts, its models are the user's own.
fn local(vendor: &Vendor, models: &[Listed]) -> (CatalogueFile, Vec<String>) {
    let held = models.iter().filter_map(|listed| listed.window).min();
    let name = &vendor.name;
    let mut lines = vec![format!("{name}: {} there", counted(models.len(), "model"))];
    lines.extend(models.iter().map(|listed| {
        let holds = listed.window.map(|window| format!(", holds up to {window} tokens"));
        format!("  {name}/{}{}", listed.id, holds.unwrap_or_default())
    }));
    // Ollama is asked for its window in each request; others have the one they
    // were started with.
    let least = vendor.window.and_then(|window| u32::try_from(window).ok());
    let window = match least {
        Some(asked) => held.filter(|held| *held < asked),
        None => held,
    };
    (with_window(name, window), lines)
}

fn with_window(vendor: &str, window: Option<u32>) -> CatalogueFile {
    let mut rows = CatalogueFile::default();
    if window.is_some() {
        rows.vendors.insert(vendor.to_owned(), VendorShape { window, ..VendorShape::default() });
    }
    rows
}

/// The most new models that are named.
const MOST_NEW: usize = 12;

/// What a list changes, a line each; of models that nobody has described, only
/// how many there are.
fn words(known: &Catalogue, changes: &[Change]) -> Vec<String> {
    let is_described =
        |name: &str| known.models().get(name).is_some_and(|model| model.family.is_some());
    let mut lines = Vec::new();
    let mut new = Vec::new();
    let mut others = 0;
    for change in changes {
        let (model, line) = match change {
            Change::New { model } => {
                new.push(model.as_str());
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
            Change::Gone { model } => (model, format!("{model}: gone, so it counts as retired")),
            Change::Back { model } => (model, format!("{model}: served again")),
            Change::Ending { model, day } => (model, format!("{model}: ends on {day}")),
        };
        if is_described(model) {
            lines.push(format!("  {line}"));
        } else {
            others += 1;
        }
    }
    if !new.is_empty() {
        let named = new.iter().take(MOST_NEW).copied().collect::<Vec<_>>().join(", ");
        let more = new.len().saturating_sub(MOST_NEW);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        lines.push(format!("  new: {named}{more}"));
    }
    if others > 0 {
        lines.push(format!("  {} of models that only this list knows", counted(others, "change")));
    }
    if lines.is_empty() {
        lines.push("  nothing has changed".to_owned());
    }
    lines
}
