//! `storygen cost`: what the rest of the book will take, before the first call.

use anyhow::Result;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::draft::{PayArguments, caps};
use super::model::{self, ModelArguments, Named};
use super::ui::{Ui, counted};
use super::unsent::Unloaded;
use super::{Common, open};
use crate::config::Config;
use crate::failure::Exit;
use crate::ledger::Ledger;
use crate::money::{Caps, Limit, Money, Price};
use crate::pipeline::calling::{Line, Purse, too_little};
use crate::pipeline::forecast::{Cost, Forecast, Row, forecast};
use crate::pipeline::plan::Wanted;
use crate::pipeline::run::Session;
use crate::pipeline::settings::Settings;
use crate::project::archive::Archive;
use crate::project::folder::Folder;
use crate::project::{accounts, history, journal};
use crate::prompt::templates::Templates;
use crate::story::Story;

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
    pub story: &'a Story,
    pub templates: &'a Templates,
    pub folder: &'a Folder,
    pub archive: &'a Archive,
    pub named: &'a Named,
    pub settings: &'a Settings,
}

impl Ground<'_> {
    /// What it takes to draft what is wanted.
    pub fn forecast(&self, wanted: &Wanted, ui: &Ui) -> Result<Forecast> {
        let records = open::records(self.story, self.archive, ui)?;
        let unloaded = Unloaded(&self.named.facts);
        let line = Line {
            tokenizer: self.named.tokenizer.clone(),
            cancel: CancellationToken::new(),
            ..Line::new(&unloaded, self.folder, self.settings, Purse::default())
        };
        let session = || {
            let (archive, records) = (self.archive.clone(), records.clone());
            Session::new(self.story, self.templates, archive, records, &line)
        };
        let calls = accounts::calls(&journal::read(self.folder)?);
        forecast(session, wanted, &line, &calls)
    }
}

/// Runs the command.
pub(super) fn run(arguments: &Arguments, common: &Common, ui: &Ui) -> Result<Exit> {
    let folder = open::folder(common)?;
    let (story, loaded) = open::sound(&folder, ui)?;
    let config = Config::read()?;
    let named = model::name(&arguments.model, &loaded.wishes, &config)?;
    model::must_be_here(&named)?;
    let templates = open::templates(&folder, &story)?;
    let archive = history::read(&folder, &story)?;
    let settings = model::settings(&arguments.model, &loaded.wishes, &named.facts);
    let ground = Ground {
        story: &story,
        templates: &templates,
        folder: &folder,
        archive: &archive,
        named: &named,
        settings: &settings,
    };
    let forecast = ground.forecast(&rest(&story), ui)?;
    let caps = caps(&arguments.paying, &loaded.wishes, &config)?;
    let spent = spent(&config, &folder, &archive)?;
    let price = named.facts.price;
    if arguments.json {
        ui.result(&json(&forecast, &named, price, &caps, &spent).to_string());
    } else {
        print(&forecast, price, ui);
        ui.result(&told(&forecast, &named.facts.name, price));
    }
    let Some(cost) = price.map(|price| forecast.cost(&price)) else { return Ok(Exit::Done) };
    too_little(&caps, &spent, cost.cached)?;
    ui.say(&outlook(&caps, &spent, cost));
    Ok(Exit::Done)
}

/// All that is missing or stale.
fn rest(story: &Story) -> Wanted {
    Wanted {
        first: 1,
        last: story.chapters.len(),
        redo: false,
        through: false,
        follow: false,
        keep_stale: false,
    }
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

/// What will be spent, in a sentence.
pub(super) fn told(forecast: &Forecast, model: &str, price: Option<Price>) -> String {
    let what = match forecast.chapters {
        0 => "what is left to record".to_owned(),
        chapters => counted(chapters, "chapter"),
    };
    let Some(price) = price else {
        return format!("{what} with `{model}`: what its tokens cost is not known");
    };
    if price.is_free() {
        return format!("{what} with `{model}`: free");
    }
    let Cost { cached, uncached, most } = forecast.cost(&price);
    let least = if cached == uncached {
        format!("about {uncached}")
    } else {
        format!("about {uncached}, {cached} where the endpoint's cache helps")
    };
    format!("{what} with `{model}`: {least}; at the very most {most}")
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
        Some((left, name, cap)) if cost.most > left => format!(
            "{name} has {left} left of {cap}: enough if little goes wrong; a run stops before it is passed"
        ),
        Some((left, name, cap)) => format!("{name} has {left} left of {cap}: enough in any case"),
    }
}

fn json(
    forecast: &Forecast,
    named: &Named,
    price: Option<Price>,
    caps: &Caps,
    spent: &[(Limit, Money)],
) -> serde_json::Value {
    let row = |row: &Row| {
        let cost = price.map(|price| row.cost(&price));
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
    let stages: serde_json::Map<_, _> =
        forecast.stages.iter().map(|(stage, one)| (stage.name().to_owned(), row(one))).collect();
    let budgets: serde_json::Map<_, _> = spent
        .iter()
        .filter_map(|(limit, spent)| {
            let cap = caps.on(*limit)?;
            let value = json!({ "cap": cap.dollars(), "spent": spent.dollars() });
            Some((format!("{limit:?}").to_lowercase(), value))
        })
        .collect();
    json!({
        "version": 1, "model": named.facts.name, "chapters": forecast.chapters,
        "stages": stages, "all": row(&forecast.all()), "budgets": budgets,
    })
}

fn print(forecast: &Forecast, price: Option<Price>, ui: &Ui) {
    ui.result(&format!(
        "{:<8}  {:>11}  {:>10}  {:>10}  {:>9}  {:>9}  {:>9}  {:>10}",
        "stage", "calls", "prompt", "as before", "reply", "cached", "uncached", "at most"
    ));
    let all = forecast.all();
    let rows = forecast.stages.iter().map(|(stage, row)| (stage.name(), row));
    for (name, row) in rows.chain([("all", &all)]) {
        let calls = format!("{}–{}", row.least.calls, row.most.calls);
        let cost = price.map(|price| row.cost(&price));
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
