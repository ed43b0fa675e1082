//! `storygen models test`: one small real call, and what it shows.

use std::time::{Duration, Instant};

use anyhow::Result;
use tokio_util::sync::CancellationToken;

use crate::chat::{Message, Role};
use crate::cli::draft::PayArguments;
use crate::cli::model::{self, Loader, ModelArguments, Pages, Reach, Scene, Staff};
use crate::cli::ui::events::{CheckOutcome, What};
use crate::cli::ui::{Ui, counted};
use crate::cli::{Common, open};
use crate::config::Config;
use crate::failure::{Exit, Failure};
use crate::pipeline::calling;
use crate::project::wishes::Wishes;
use crate::provider::catalogue::Catalogue;
use crate::provider::catalogue::listing::{self, Listing};
use crate::provider::{Bill, Ear, Facts, Fault, Finish, Meter, Provider, Reply, Request, Sampling};

mod paying;

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
            book: "storygen models test",
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

/// What was tried, and what came of it.
struct Check {
    name: &'static str,
    outcome: Outcome,
}

enum Outcome {
    /// It works; what was seen.
    Works(String),
    /// Nobody can tell; why.
    Unsure(String),
    /// It does not.
    Fails(Box<Failure>),
}

impl Check {
    fn works(name: &'static str, seen: impl Into<String>) -> Self {
        Self { name, outcome: Outcome::Works(seen.into()) }
    }

    fn unsure(name: &'static str, why: impl Into<String>) -> Self {
        Self { name, outcome: Outcome::Unsure(why.into()) }
    }

    fn has_failed(&self) -> bool {
        matches!(self.outcome, Outcome::Fails(_))
    }

    fn fails(name: &'static str, failure: Failure) -> Self {
        Self { name, outcome: Outcome::Fails(Box::new(failure)) }
    }
}

/// What is heard of the call.
#[derive(Default)]
struct Heard {
    text: String,
    texts: usize,
    /// Pieces that the endpoint has sent, where it is one.
    pieces: usize,
    first: Option<Duration>,
    tries: usize,
    bill: Option<Bill>,
    started: Option<Instant>,
}

impl Ear for Heard {
    fn text(&mut self, piece: &str) {
        self.texts += 1;
        self.text.push_str(piece);
        if let (None, Some(started)) = (self.first, self.started) {
            self.first = Some(started.elapsed());
        }
    }

    fn piece(&mut self) {
        self.pieces += 1;
    }

    fn sending(&mut self) {
        self.tries += 1;
    }

    fn billed(&mut self, bill: Bill) {
        self.bill = Some(bill);
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
    let fee = fee(provider.facts(), [prompt, request.reply_tokens])?;
    let mut meter = Meter::new(fee.price, fee.each);
    let mut heard = Heard { started: Some(Instant::now()), ..Heard::default() };
    let stop = CancellationToken::new();
    let reply = provider.stream(&request, &mut meter.on(&mut heard), &stop).await;
    meter.end(reply.as_ref().ok());
    fee.settle(&meter.tally())?;
    Ok(match reply {
        Ok(reply) => went_well(provider, &reply, &heard),
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

fn went_well(provider: &dyn Provider, reply: &Reply, heard: &Heard) -> Vec<Check> {
    let facts = provider.facts();
    let mut checks = vec![
        Check::works("reachable", tries(heard)),
        Check::works("key", "accepted, or none is wanted"),
        Check::works("model", format!("`{}` answers", reply.model)),
        streams(heard, &reply.finish),
    ];
    let cost = heard.bill.and_then(|bill| bill.cost);
    checks.push(match reply.usage {
        Some(usage) => {
            let cost = cost.map(|cost| format!(", {cost}")).unwrap_or_default();
            let thought = if usage.reasoning > 0 {
                format!(" ({} of it thinking)", usage.reasoning)
            } else {
                String::new()
            };
            Check::works(
                "usage",
                format!(
                    "{} tokens of prompt, {} of reply{thought}{cost}",
                    usage.prompt, usage.reply
                ),
            )
        }
        None => Check::unsure("usage", "it says nothing; each call will count with its worst case"),
    });
    if facts.price.is_none() {
        checks.push(Check::unsure(
            "price",
            "not known; give it in your `catalogue.yaml`, or no budget can be kept",
        ));
    }
    checks
}

fn tries(heard: &Heard) -> String {
    match heard.tries {
        0 | 1 => "it answers".to_owned(),
        tries => format!("it answers, at the {tries}. try"),
    }
}

fn streams(heard: &Heard, finish: &Finish) -> Check {
    let words = heard.text.split_whitespace().count();
    if words == 0 {
        let failure = Failure::new(Exit::Provider, "a reply without a word");
        return Check::fails(
            "streams",
            match finish {
                Finish::Length => failure
                    .hint("it has spent its whole reply on thinking; give it a larger `reply_tokens`, or a model that does not think"),
                Finish::Filtered => failure.hint("a filter of the endpoint cut it; try another model"),
                Finish::Stop => failure.hint("look at its chat template, or try another model"),
            },
        );
    }
    let first = heard.first.unwrap_or_default().as_millis();
    let pieces = heard.pieces.max(heard.texts);
    let (spoken, came) = (counted(words, "word"), counted(pieces, "piece"));
    let seen = format!("{spoken} in {came}, the first after {first} ms");
    if pieces == 1 && words > 5 {
        return Check::unsure("streams", format!("{seen}: it comes all at once"));
    }
    Check::works("streams", seen)
}

/// Which check a fault fails; those before it work, those after it were not tried.
fn went_wrong(fault: &Fault, heard: &Heard) -> Vec<Check> {
    let failure = remedied(fault);
    let mut checks = Vec::new();
    let is_silent = heard.pieces.max(heard.texts) == 0;
    let name = match fault {
        Fault::Unreachable { .. } | Fault::NotChat { .. } => "reachable",
        Fault::Interrupted { .. } | Fault::Unended { .. } if is_silent => "answers",
        Fault::Key { .. } => "key",
        Fault::Refused { .. } if heard.text.is_empty() => "model",
        Fault::Gone { .. } | Fault::Model(_) | Fault::Script(_) => "model",
        Fault::Cut { .. } | Fault::TooLong { .. } => "window",
        Fault::Interrupted { .. } | Fault::Unended { .. } | Fault::Refused { .. } => "streams",
        _ => "answers",
    };
    if name == "answers" {
        checks.push(Check::works("reachable", "it takes connections"));
    } else if name != "reachable" {
        checks.push(Check::works("reachable", tries(heard)));
    }
    if matches!(name, "model" | "window" | "streams") {
        checks.push(Check::works("key", "accepted, or none is wanted"));
    }
    checks.push(Check::fails(name, failure));
    checks
}

/// A fault with the way out for who only tests: there is no draft to go on with.
fn remedied(fault: &Fault) -> Failure {
    let failure = calling::failure(fault);
    let hint = match fault {
        Fault::Busy { .. } => {
            "test again in a minute; what is asked at once and in a minute can be limited in your configuration (`concurrent`, `requests_per_minute`, `tokens_per_minute`)"
        }
        Fault::Refused { status: 402, .. } => {
            "add credit to your account there, or name another model"
        }
        Fault::Server { .. } => {
            "test again later; a draft can name models that stand in (`models: {fallback: […]}`)"
        }
        Fault::Interrupted { .. } | Fault::Unended { .. } => {
            "look at what stands between, such as a proxy, and at `idle_seconds` of your configuration for a model that is slow to begin; a draft goes on from what has come"
        }
        _ => return failure,
    };
    Failure { hints: Vec::new(), ..failure }.hint(hint)
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
        Ok(Listing::Models(models)) => {
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
