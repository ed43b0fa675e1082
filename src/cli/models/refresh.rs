//! `storygen models refresh`: asks vendors for their lists, and keeps what they say.

use anyhow::Result;
use serde_json::json;

use super::changes;
use crate::cli::catalogue;
use crate::cli::model::{self, ModelArguments, Pages};
use crate::cli::open;
use crate::cli::ui::events::What;
use crate::cli::ui::{Ui, counted};
use crate::config::Config;
use crate::failure::{Exit, Failure};
use crate::pipeline::calling;
use crate::provider::Fault;
use crate::provider::catalogue::listing::{self, Listed, Listing, MODEL_LIMIT, Omitted};
use crate::provider::catalogue::shape::{CatalogueFile, ListingKind, VendorShape};
use crate::provider::catalogue::{Against, COMPATIBLE, Catalogue, Vendor, at_home, refreshed};

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
    let (built_in, listed) = (catalogue::built_in()?, catalogue::listed()?);
    let today = open::today();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut faults = Vec::new();
    let mut done = 0;
    for (vendor, pages) in &asked {
        let name = vendor.name.as_str();
        let vendor = &kept_as(vendor, pages, &all)?;
        let outcome = runtime.block_on(fetched(vendor, pages))?;
        let lines = match outcome {
            Ok(listing) => {
                let origin = pages.origin();
                // What runs on this machine is the user's own, wherever it is there.
                let is_gateway = pages.is_elsewhere() && !vendor.is_local;
                let elsewhere = is_gateway.then_some(origin.as_str());
                let is_cut = matches!(&listing, Listing::Models(_, omitted) if omitted.beyond > 0);
                let against = Against {
                    built_in: &built_in,
                    known: &listed.there(&[(&vendor.name, &origin)]),
                    last: &catalogue::last(&vendor.name, elsewhere)?,
                    elsewhere,
                    is_cut,
                };
                let (rows, lines) = judged(against, vendor, &listing, &today);
                if !arguments.dry_run {
                    catalogue::keep(&vendor.name, elsewhere, &rows, &today)?;
                }
                done += 1;
                lines
            }
            Err(fault) => {
                faults.push(remedied(&fault, &vendor.name, name));
                vec![format!("{}: {fault}", vendor.name)]
            }
        };
        ui.event(What::Listed { vendor: &vendor.name, lines: &lines });
        // The fault of the one that was asked is how the command ends.
        let is_told = asked.len() == 1 && !faults.is_empty();
        for line in lines.iter().filter(|_| !is_told) {
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

/// A fault with the way out for who asks for a list of `vendor`, which is kept as that
/// of `kept`.
fn remedied(fault: &Fault, kept: &str, vendor: &str) -> Failure {
    let mut failure = calling::failure(fault);
    match fault {
        Fault::Unreachable { .. } => {
            failure.hints.truncate(1);
            failure
        }
        Fault::Refused { status: 404 | 405 | 410 | 501, .. }
        | Fault::Gone { .. }
        | Fault::NotChat { .. } => by_hand(Failure { hints: Vec::new(), ..failure }, kept, vendor),
        Fault::Busy { .. } | Fault::Server { .. } | Fault::Interrupted { .. } => {
            Failure { hints: Vec::new(), ..failure }
                .hint("ask again later; what its last list said counts until then")
        }
        _ => failure,
    }
}

/// What to do about a vendor whose list there is not.
fn by_hand(failure: Failure, kept: &str, vendor: &str) -> Failure {
    failure
        .hint(format!(
            "if it lists its models elsewhere, say where in your `catalogue.yaml`: `vendors: {{{kept}: {{listing: {{kind: openai, path: /models}}}}}}`"
        ))
        .hint(format!(
            "else write what its models hold and cost into your `config.yaml`: `endpoints: {{{vendor}: {{window: …, price: {{prompt: …, reply: …}}}}}}`"
        ))
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
            let failure = Failure::new(Exit::Usage, format!("`{name}` has no list of its models"));
            return Err(by_hand(failure, name, name).into());
        }
        // As for `--model VENDOR/…`: the address of the environment may be for the
        // one vendor that is asked.
        let is_meant = arguments.vendors.len() == 1;
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
    let Some(place) = &vendor.listing else {
        return Ok(Ok(Listing::Models(Vec::new(), Omitted::default())));
    };
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
        (ListingKind::Ollama, Listing::Models(models, omitted)) => {
            let mut shown = Vec::new();
            for listed in models {
                let page = pages.get("/api/show", Some(&json!({"model": listed.id}))).await?;
                let page = page.ok();
                if page.as_ref().is_none_or(listing::ollama_writes) {
                    let window = page.as_ref().and_then(listing::ollama_window);
                    shown.push(Listed { window, ..listed });
                }
            }
            Ok(Listing::Models(shown, omitted))
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
        Listing::Models(models, omitted) if vendor.is_local => {
            let (rows, mut lines) = local(against.built_in, vendor, models);
            lines.extend(left_out(omitted));
            (rows, lines)
        }
        Listing::Models(models, omitted) => {
            let (rows, changes) = refreshed(against, &vendor.name, models, today);
            let mut lines =
                vec![format!("{}: {} listed", vendor.name, counted(models.len(), "model"))];
            lines.extend(left_out(omitted));
            lines.extend(changes::words(against.known, &changes, today));
            (rows, lines)
        }
    }
}

/// What a list names and is not taken from it, a line each.
fn left_out(omitted: &Omitted) -> Vec<String> {
    let mut lines = Vec::new();
    if omitted.beyond > 0 {
        let rows = counted(omitted.beyond, "row");
        lines.push(format!("  {rows} more left out: of one list {MODEL_LIMIT} are read"));
    }
    if omitted.echoed > 0 {
        let rows = counted(omitted.echoed, "row");
        lines.push(format!("  {rows} left out, named by your own key, which is kept nowhere"));
    }
    if !omitted.repeated.is_empty() {
        let rows = counted(omitted.repeated.len(), "row");
        let names = changes::first(&omitted.repeated);
        lines.push(format!("  {rows} left out, of models that stand there before: {names}"));
    }
    lines
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
