//! `storygen models test`: one small real call, and what it shows.

use std::time::Instant;

use anyhow::Result;
use tokio_util::sync::CancellationToken;

use crate::chat::{Message, Role};
use crate::cli::draft::PayArguments;
use crate::cli::model::{self, Loader, ModelArguments, Pages, Reach, Scene, Staff};
use crate::cli::ui::Ui;
use crate::cli::ui::events::{CheckOutcome, What};
use crate::cli::{Common, open};
use crate::config::Config;
use crate::failure::{Exit, Failure};
use crate::project::wishes::Wishes;
use crate::provider::catalogue::Catalogue;
use crate::provider::catalogue::listing::{self, Listing};
use crate::provider::{Facts, Meter, Request, Sampling};

mod checks;
mod paying;

use checks::{Check, Heard, Outcome, went_well, went_wrong};
use paying::Fee;

/// Try a model: one small call that may cost a fraction of a cent
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The model, as `HOST/MODEL` [default: the one that drafts here]
    #[arg(value_name = "MODEL")]
    name: Option<String>,
    /// Print what happens as JSON on standard output, one event a line
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    paying: PayArguments,
    #[command(flatten)]
    model: ModelArguments,
}

/// Tokens that the small reply may take: enough for a model that thinks first.
const REPLY: usize = 400;

/// Runs the command.
pub(super) fn run(arguments: &Arguments, common: &Common, ui: &Ui) -> Result<Exit> {
    ui.telling(arguments.json).until_ended(|ui| try_out(arguments, common, ui))
}

fn try_out(arguments: &Arguments, common: &Common, ui: &Ui) -> Result<Exit> {
    let config = Config::read()?;
    let (wishes, project) = surroundings(arguments, common, ui)?;
    let flags = match &arguments.name {
        Some(name) => arguments.model.clone().meaning(name),
        None => arguments.model.clone(),
    };
    let catalogue = model::all(&config)?;
    let staff = model::staff(&Scene {
        arguments: &flags,
        project: &project,
        wishes: &wishes,
        config: &config,
        catalogue: &catalogue,
        ui,
    })?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let checks = runtime.block_on(async {
        let scratch = tempfile::tempdir()?;
        let reach = Reach::default();
        let loader = Loader {
            arguments: &flags,
            config: &config,
            is_strict: flags.strict,
            // One of the checks says it.
            tells_swaps: false,
            book: "storygen models test",
            sampling: &wishes.sampling,
            cache: scratch.path(),
            reach: &reach,
            ui,
        };
        let fee = |facts: &Facts, tokens| {
            Fee::reserve(facts, tokens, &arguments.paying, &config, &project)
        };
        let mut checks = called(&loader, &staff, fee).await?;
        if !checks.iter().any(Check::has_failed) {
            checks.extend(window(&staff, &flags, &catalogue, &config).await?);
        }
        Ok::<_, anyhow::Error>(checks)
    })?;
    runtime.shutdown_background();
    Ok(tell(ui, &staff.draft.facts.name, &checks))
}

/// What stands round the call: the project's wishes where its model is meant.
fn surroundings(
    arguments: &Arguments,
    common: &Common,
    ui: &Ui,
) -> Result<(Wishes, std::path::PathBuf)> {
    let here = std::env::current_dir()?;
    if arguments.name.is_some() {
        return Ok((Wishes::default(), here));
    }
    match open::folder(common) {
        Ok(folder) => {
            let (_, loaded) = open::sound(&folder, ui)?;
            Ok((loaded.wishes, folder.path().to_owned()))
        }
        Err(_) if common.project.is_none() => Ok((Wishes::default(), here)),
        Err(error) => Err(error),
    }
}

/// Makes the call, and pays for it from what `fee` puts aside for so many tokens of
/// prompt and reply. A model that cannot even be loaded is a check that fails.
async fn called(
    loader: &Loader<'_>,
    staff: &Staff,
    fee: impl Fn(&Facts, [usize; 2]) -> Result<Fee>,
) -> Result<Vec<Check>> {
    if let Err(error) = model::keyed(staff, loader.ui) {
        return Ok(vec![Check::fails("key", error.downcast::<Failure>()?)]);
    }
    let ready = match loader.ready(staff).await {
        Ok(ready) => ready,
        Err(error) => {
            return Ok(vec![Check::fails("loaded", error.downcast::<Failure>()?)]);
        }
    };
    let provider = ready.draft();
    let request = question(provider.facts());
    let prompt = provider.tokenizer().prompt(&request.messages);
    let fee = fee(provider.facts(), [prompt, request.reply_tokens + provider.facts().thinking])?;
    let mut meter = Meter::new(fee.price, fee.each);
    let mut heard = Heard { started: Some(Instant::now()), ..Heard::default() };
    let stop = CancellationToken::new();
    let reply = provider.stream(&request, None, &mut meter.on(&mut heard), &stop).await;
    meter.end(reply.as_ref().ok());
    fee.settle(meter.reckoning().total())?;
    Ok(match reply {
        Ok(reply) => {
            let asked = meter.asked().unwrap_or(&provider.facts().name);
            let members = &staff.draft.members;
            let is_another =
                members.iter().any(|one| one.facts.name == asked && one.is_another(&reply.model));
            went_well(provider, &reply, &heard, is_another.then_some(asked))
        }
        Err(fault) => went_wrong(&fault, &heard),
    })
}

fn question(facts: &Facts) -> Request {
    Request {
        messages: vec![
            Message::new(Role::System, "You write prose. You answer with the prose alone."),
            Message::new(Role::User, "Write one sentence of a story about a lighthouse."),
        ],
        reply_tokens: facts.reply_limit.map_or(REPLY, |limit| limit.min(REPLY)),
        sampling: Sampling::default(),
        seed: 1,
        schema: None,
        marks: Vec::new(),
        bans: None,
    }
}

/// Whether the endpoint's own list agrees with the window that is used.
async fn window(
    staff: &Staff,
    arguments: &ModelArguments,
    catalogue: &Catalogue,
    config: &Config,
) -> Result<Option<Check>> {
    let Some(named) = staff.draft.members.first() else { return Ok(None) };
    let used = named.facts.window;
    let Ok(vendor) = catalogue.vendor(&named.provider) else { return Ok(None) };
    let Some(place) = vendor.listing.clone() else { return Ok(None) };
    let pages = Pages::of(&vendor, arguments, catalogue, config)?;
    let unsure =
        |why: &str| Some(Check::unsure("window", format!("{used} tokens are used; {why}")));
    let Ok(page) = pages.get(&place.path, None).await? else {
        return Ok(unsure("its list cannot be read"));
    };
    let listed = match listing::read(place.kind, &page) {
        Ok(Listing::Window(window)) => Some(window),
        Ok(Listing::Models(models, _)) => {
            let same = |id: &String| id.eq_ignore_ascii_case(&named.name);
            let found = models.iter().find(|one| same(&one.id) || one.also.iter().any(same));
            let Some(found) = found else { return Ok(unsure("its list does not name the model")) };
            found.window
        }
        Err(_) => return Ok(unsure("its list is of another kind")),
    };
    let Some(listed) = listed.and_then(|window| usize::try_from(window).ok()) else {
        return Ok(unsure("its list does not say what it holds"));
    };
    if listed < used {
        let failure = Failure::new(
            Exit::Provider,
            format!("its list says {listed} tokens, and {used} are used"),
        )
        .hint(format!("`storygen models refresh {}` takes the list's word", named.provider))
        .hint(format!("or write `limits: {{window: {listed}}}` into `storygen.yaml`"));
        return Ok(Some(Check::fails("window", failure)));
    }
    Ok(Some(Check::works("window", format!("{used} tokens are used, its list says {listed}"))))
}

fn tell(ui: &Ui, model: &str, checks: &[Check]) -> Exit {
    ui.say_result(model);
    for Check { name, outcome } in checks {
        let (came, sign, text, help): (_, _, &str, &[String]) = match outcome {
            Outcome::Works(seen) => (CheckOutcome::Works, "ok   ", seen, &[]),
            Outcome::Unsure(why) => (CheckOutcome::Unsure, "?    ", why, &[]),
            Outcome::Fails(failure) => {
                (CheckOutcome::Fails, "fails", &failure.message, &failure.hints)
            }
        };
        ui.event(What::Checked { name, outcome: came, text, help });
        ui.say_result(&format!("  {name:<10} {sign} {text}"));
        for hint in help {
            ui.say_result(&format!("  {:<10}       {hint}", ""));
        }
    }
    let fails = checks.iter().any(Check::has_failed);
    if fails { Exit::Provider } else { Exit::Done }
}
