//! `storygen cost`: what the rest of the book will take, before the first call.

use std::sync::Arc;

use anyhow::Result;
use serde_json::json;

use super::draft::{Book, PayArguments, Run, caps};
use super::model::{self, ModelArguments, Reach, Staff, Team};
use super::ui::{Ui, counted};
use super::unsent::Unloaded;
use super::{Common, open};
use crate::config::Config;
use crate::failure::Exit;
use crate::ledger::Ledger;
use crate::money::{Caps, Limit, Money, Price};
use crate::pipeline::calling::{Allowance, Line, Lines, Purse, too_little};
use crate::pipeline::forecast::{Cost, Forecast, Row, forecast};
use crate::pipeline::plan::Wanted;
use crate::pipeline::run::Session;
use crate::pipeline::settings::Settings;
use crate::project::archive::Archive;
use crate::project::folder::Folder;
use crate::project::{accounts, history, journal};

/// Show what the rest of the book will take: tokens and money, stage by stage
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    paying: PayArguments,
    #[command(flatten)]
    model: ModelArguments,
}

/// What a forecast is made from.
pub(super) struct Ground<'a> {
    /// The book.
    pub book: &'a Book,
    /// What has been written of it.
    pub archive: &'a Archive,
    /// The limits of the drafts.
    pub draft: &'a Settings,
    /// The limits of the records.
    pub record: &'a Settings,
}

impl Ground<'_> {
    /// What it takes to draft what is wanted.
    pub fn forecast(&self, wanted: &Wanted, ui: &Ui) -> Result<Forecast> {
        let Book { folder, story, templates, staff, .. } = self.book;
        let records = open::records(story, self.archive, ui)?;
        let purse = Arc::<Purse<'_>>::default();
        let (draft, record) = (Unloaded(&staff.draft.facts), Unloaded(&staff.record.facts));
        let lines = Lines {
            draft: Line {
                tokenizer: staff.draft.tokenizer.clone(),
                ..Line::new(&draft, folder, self.draft, purse.clone())
            },
            record: Line {
                tokenizer: staff.record.tokenizer.clone(),
                ..Line::new(&record, folder, self.record, purse)
            },
        };
        let session = || {
            let (archive, records) = (self.archive.clone(), records.clone());
            Session::new(story, templates, archive, records, &lines.draft)
        };
        forecast(session, wanted, &lines, &accounts::calls(&journal::read(folder)?))
    }
}

/// Runs the command.
pub(super) fn run(arguments: &Arguments, common: &Common, ui: &Ui) -> Result<Exit> {
    let config = Config::read()?;
    let run = Run {
        model: &arguments.model,
        paying: arguments.paying,
        config: &config,
        catalogue: &model::all(&config)?,
        reach: &Reach::default(),
        cancel: tokio_util::sync::CancellationToken::new(),
        command: "cost".to_owned(),
        allowance: Allowance::default(),
    };
    let book = Book::open(open::folder(common)?, &run, ui)?;
    let Book { folder, story, wishes, staff, .. } = &book;
    for team in [&staff.draft, &staff.record] {
        model::must_be_here(team)?;
    }
    let archive = history::read(folder, story)?;
    let ground = Ground {
        book: &book,
        archive: &archive,
        draft: &model::settings(&arguments.model, wishes, &staff.draft),
        record: &model::settings(&arguments.model, wishes, &staff.record),
    };
    let forecast = ground.forecast(&Wanted::rest(story.chapters.len()), ui)?;
    let caps = caps(&arguments.paying, wishes, &config)?;
    let spent = spent(&config, folder, &archive)?;
    if arguments.json {
        ui.result(&json(&forecast, staff, &caps, &spent).to_string());
    } else {
        print(&forecast, ui);
        ui.result(&told(&forecast, staff));
    }
    let cost = forecast.cost();
    too_little(&caps, &spent, cost.cached)?;
    if !forecast.is_partly_unknown() {
        ui.say(&outlook(&caps, &spent, cost));
    }
    Ok(Exit::Done)
}

/// What is spent of each cap by now.
pub(super) fn spent(
    config: &Config,
    folder: &Folder,
    archive: &Archive,
) -> Result<[(Limit, Money); 3]> {
    let mut ledger = Ledger::new(open::ledger(config), folder.path());
    let (settled, reserved) = ledger.spent(open::seconds())?;
    Ok([
        (Limit::Run, Money::ZERO),
        (Limit::Book, archive.accounts.book.spent()),
        (Limit::Month, settled + reserved),
    ])
}

/// The models that do the work, as one says them.
fn models(staff: &Staff) -> String {
    let (draft, record) = (&staff.draft.facts.name, &staff.record.facts.name);
    if draft == record { format!("`{draft}`") } else { format!("`{draft}` and `{record}`") }
}

/// What will be spent, in a sentence.
pub(super) fn told(forecast: &Forecast, staff: &Staff) -> String {
    let what = match forecast.chapters {
        0 => "what is left to record".to_owned(),
        chapters => counted(chapters, "chapter"),
    };
    let what = format!("{what} with {}", models(staff));
    let unknown: Vec<&str> = [&staff.draft, &staff.record]
        .into_iter()
        .filter(|team| team.facts.price.is_none())
        .map(|team| team.facts.name.as_str())
        .collect();
    let Cost { cached, uncached, most } = forecast.cost();
    let least = if cached == uncached {
        format!("about {uncached}")
    } else {
        format!("about {uncached}, {cached} where the endpoint's cache helps")
    };
    match &unknown[..] {
        [] if most == Money::ZERO => format!("{what}: free"),
        [] => format!("{what}: {least}; at the very most {most}"),
        [one] if most > Money::ZERO => format!(
            "{what}: {least}; at the very most {most}; and what `{one}` takes, of which the price is not known"
        ),
        _ => format!("{what}: what its tokens cost is not known"),
    }
}

/// What the budgets make of it.
pub(super) fn outlook(caps: &Caps, spent: &[(Limit, Money)], cost: Cost) -> String {
    if cost.most == Money::ZERO {
        return "nothing has to be paid".to_owned();
    }
    let left = spent.iter().filter_map(|(limit, spent)| {
        caps.on(*limit).map(|cap| (cap.less(*spent), limit.name(), cap))
    });
    match left.min() {
        None => "no budget is set; `--max-cost DOLLARS` sets one for a run".to_owned(),
        Some((left, name, cap)) if cost.cached > left => {
            format!("{name} has {left} left of {cap}: too little")
        }
        Some((left, name, cap)) if cost.most > left => format!(
            "{name} has {left} left of {cap}: enough if little goes wrong; a run stops before it is passed"
        ),
        Some((left, name, cap)) => format!("{name} has {left} left of {cap}: enough in any case"),
    }
}

fn json(
    forecast: &Forecast,
    staff: &Staff,
    caps: &Caps,
    spent: &[(Limit, Money)],
) -> serde_json::Value {
    let row = |row: &Row, cost: Option<Cost>| {
        json!({
            "calls": [row.least.calls, row.most.calls],
            "prompt": [row.least.prompt, row.most.prompt],
            "shared": row.least.shared,
            "reply": [row.least.reply, row.most.reply],
            "cost": cost.map(|cost| json!({
                "cached": cost.cached.dollars(), "uncached": cost.uncached.dollars(), "most": cost.most.dollars(),
            })),
        })
    };
    let stages: serde_json::Map<_, _> = forecast
        .stages
        .iter()
        .map(|(stage, one)| (stage.name().to_owned(), row(one, one.cost())))
        .collect();
    let budgets: serde_json::Map<_, _> = spent
        .iter()
        .filter_map(|(limit, spent)| {
            let cap = caps.on(*limit)?;
            let value = json!({ "cap": cap.dollars(), "spent": spent.dollars() });
            Some((format!("{limit:?}").to_lowercase(), value))
        })
        .collect();
    let name = |team: &Team| team.facts.name.clone();
    let whole = (!forecast.is_partly_unknown()).then(|| forecast.cost());
    json!({
        "version": 1, "models": { "draft": name(&staff.draft), "record": name(&staff.record) },
        "chapters": forecast.chapters, "stages": stages, "all": row(&forecast.all(), whole),
        "budgets": budgets,
    })
}

fn print(forecast: &Forecast, ui: &Ui) {
    ui.result(&format!(
        "{:<8}  {:>11}  {:>10}  {:>10}  {:>9}  {:>9}  {:>9}  {:>10}",
        "stage", "calls", "prompt", "as before", "reply", "cached", "uncached", "at most"
    ));
    let whole = (!forecast.is_partly_unknown()).then(|| forecast.cost());
    let rows = forecast.stages.iter().map(|(stage, row)| (stage.name(), *row, row.cost()));
    for (name, row, cost) in rows.chain([("all", forecast.all(), whole)]) {
        let calls = format!("{}–{}", row.least.calls, row.most.calls);
        let [cached, uncached, most] = match cost {
            Some(cost) => [cost.cached, cost.uncached, cost.most].map(|one| one.to_string()),
            None => ["-"; 3].map(str::to_owned),
        };
        ui.result(&format!(
            "{name:<8}  {calls:>11}  {:>10}  {:>10}  {:>9}  {cached:>9}  {uncached:>9}  {most:>10}",
            row.least.prompt, row.least.shared, row.least.reply
        ));
    }
}

/// Whether a team's work costs anything that is known.
pub(super) fn is_paid(team: &Team) -> bool {
    team.facts.price.is_some_and(|price: Price| !price.is_free())
}
