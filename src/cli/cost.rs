//! `storygen cost`: what the rest of the book will take, before the first call.

use anyhow::Result;
use serde_json::json;

use super::draft::{Book, PayArguments, Run, caps};
use super::model::{self, ModelArguments, Reach, Staff, Team};
use super::ui::sheet::{Column, headed};
use super::ui::{Ui, counted, terminal_width};
use super::{Common, open};
use crate::config::Config;
use crate::failure::Exit;
use crate::ledger::Ledger;
use crate::money::{Caps, Limit, Money, Need, Price, Standing, Verdict, may_ask};
use crate::pipeline::calling::{Allowance, Floor, too_little, unknown_price};
use crate::pipeline::forecast::{Cost, Forecast, Row};
use crate::pipeline::plan::Wanted;
use crate::project::archive::Archive;
use crate::project::folder::Folder;
use crate::project::history;
use crate::project::journal::Stage;
use crate::provider::Facts;

mod ground;

pub(super) use ground::Ground;

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

/// Runs the command.
pub(super) fn run(arguments: &Arguments, common: &Common, ui: &Ui) -> Result<Exit> {
    let config = Config::read()?;
    let run = Run {
        model: &arguments.model,
        paying: arguments.paying,
        goes_as_far: false,
        config: &config,
        catalogue: &model::all(&config)?,
        reach: &Reach::default(),
        cancel: tokio_util::sync::CancellationToken::new(),
        command: "cost".to_owned(),
        allowance: Allowance::default(),
    };
    let book = Book::open(open::folder(common)?, &run, ui)?;
    let Book { folder, story, wishes, staff, .. } = &book;
    for team in staff.teams() {
        model::must_be_here(team)?;
    }
    model::tell_left_out(&staff.teams(), ui);
    let archive = history::read(folder, story)?;
    let ground = Ground {
        book: &book,
        archive: &archive,
        draft: &model::settings(&arguments.model, wishes, &staff.draft),
        record: &model::settings(&arguments.model, wishes, &staff.record),
    };
    let forecast = ground.forecast(&Wanted::rest(story.chapters.len()), ui)?;
    let caps = caps(&arguments.paying, wishes, &config)?;
    let standings = standings(&config, folder, &archive)?;
    let sum = Sum::of(&[(&forecast, staff)]);
    if arguments.json {
        ui.result(&json(&forecast, staff, &caps, &standings).to_string());
    } else {
        print(&forecast, ui);
        ui.result(&sum.told());
    }
    let allowed = arguments.paying.allow_unknown_price;
    all_may_be_asked(|| Ok(forecast.clone()), staff, &caps, allowed)?;
    too_little(&caps, &standings, sum.floor)?;
    if let Some(outlook) = sum.outlook(&caps, &standings) {
        ui.say(&outlook);
    }
    Ok(Exit::Done)
}

/// Refuses, before anything is paid for, a model that will have to be asked and of which
/// the price is not known. What is to be done is foretold only where there is one.
///
/// # Errors
///
/// The refusal, which names that model, also where it only stands in.
pub(super) fn all_may_be_asked(
    forecast: impl FnOnce() -> Result<Forecast>,
    staff: &Staff,
    caps: &Caps,
    unknown_is_allowed: bool,
) -> Result<()> {
    let is_refused = |facts: &Facts| {
        let verdict = may_ask(facts.price, facts.is_local, caps.any(), unknown_is_allowed);
        verdict == Verdict::Refuse
    };
    let refused = staff.teams().into_iter().zip([Stage::Draft, Stage::Record]);
    let refused: Vec<_> = refused.filter(|(team, _)| is_refused(&team.facts)).collect();
    if refused.is_empty() {
        return Ok(());
    }
    let forecast = forecast()?;
    let asked = refused.iter().find(|(_, stage)| forecast.stages.contains_key(stage));
    let Some((team, _)) = asked else { return Ok(()) };
    let mut members = team.able().into_iter().map(|named| &named.facts);
    let facts = members.find(|facts| is_refused(facts)).unwrap_or(&team.facts);
    Err(unknown_price(facts, caps.any()).into())
}

/// What stands against each cap by now.
pub(super) fn standings(
    config: &Config,
    folder: &Folder,
    archive: &Archive,
) -> Result<[Standing; 3]> {
    let mut ledger = Ledger::new(open::ledger(config), folder.path());
    let month = ledger.spent(open::seconds())?;
    let book = &archive.accounts.book;
    Ok([
        (Limit::Run, (Money::ZERO, Money::ZERO)),
        (Limit::Book, (book.settled(), book.reserved())),
        (Limit::Month, month),
    ]
    .map(|(limit, (settled, reserved))| Standing { limit, settled, reserved }))
}

/// What one book or several will take, all together.
#[derive(Clone, Debug)]
pub(super) struct Sum {
    /// What is to be done, and by whom; none where nothing is left.
    what: Option<String>,
    cost: Cost,
    /// Models of which no price is known.
    unknown: Vec<String>,
    /// Whether of some of the work no price is known.
    is_partly_unknown: bool,
    /// What a budget has to hold.
    pub floor: Floor,
}

impl Sum {
    /// Of these books.
    pub fn of(books: &[(&Forecast, &Staff)]) -> Self {
        let mut cost = Cost::default();
        let (mut models, mut unknown) = (Vec::new(), Vec::new());
        for (forecast, staff) in books {
            cost.add(forecast.cost());
            for team in staff.teams() {
                each_once(&mut models, &team.facts.name);
                let members = team.able().into_iter().map(|named| &named.facts);
                for facts in members.filter(|facts| facts.price.is_none()) {
                    each_once(&mut unknown, &facts.name);
                }
            }
        }
        let chapters = books.iter().map(|(forecast, _)| forecast.chapters).sum();
        let work = match chapters {
            0 => "what is left to record".to_owned(),
            chapters => counted(chapters, "chapter"),
        };
        let many = match books.len() {
            1 => String::new(),
            books => format!("{}, ", counted(books, "book")),
        };
        let names: Vec<String> = models.iter().map(|name| format!("`{name}`")).collect();
        let needs = |of: fn(&Forecast) -> Need| -> Vec<Need> {
            books.iter().map(|(forecast, _)| of(forecast)).collect()
        };
        let least = Need::at_least(&needs(|forecast| forecast.least));
        let enough = Need::enough(&needs(|forecast| forecast.once)).max(least);
        let is_left = books.iter().any(|(forecast, _)| !forecast.stages.is_empty());
        Self {
            what: is_left.then(|| format!("{many}{work} with {}", names.join(" and "))),
            cost,
            unknown,
            is_partly_unknown: books.iter().any(|(forecast, _)| forecast.is_partly_unknown()),
            floor: Floor { least, enough, chapters },
        }
    }

    /// What will be spent, in a sentence.
    pub fn told(&self) -> String {
        let Cost { cached, uncached, stood_in, once, most } = self.cost;
        let Some(what) = &self.what else { return "nothing is left to draft".to_owned() };
        let mut least = format!("about {uncached}");
        if cached != uncached {
            least += &format!(", {cached} where the endpoint's cache helps");
        }
        if stood_in > uncached {
            least += &format!(", {stood_in} where the dearest stand-in does it all");
        }
        let known = format!(
            "{what}: {least}; {once} if all is as long as it may be; at the very most {most}"
        );
        match &self.unknown[..] {
            [] if most == Money::ZERO => format!("{what}: free"),
            [] => known,
            [one] if most > Money::ZERO => {
                format!("{known}; and what `{one}` takes, of which the price is not known")
            }
            _ => format!("{what}: what its tokens cost is not known"),
        }
    }

    /// What it will cost and what the budgets make of that, in a line.
    pub fn foretold(&self, caps: &Caps, standings: &[Standing]) -> String {
        let outlook = self.outlook(caps, standings);
        outlook.map_or_else(|| self.told(), |outlook| format!("{}; {outlook}", self.told()))
    }

    /// What the budgets make of it; none where a price is not known, and no budget set.
    fn outlook(&self, caps: &Caps, standings: &[Standing]) -> Option<String> {
        let Cost { most, .. } = self.cost;
        if self.is_partly_unknown {
            let unsure = "whether a budget is enough cannot be told, and none can stop calls without a price";
            return caps.any().then(|| unsure.to_owned());
        }
        if most == Money::ZERO {
            return Some("nothing has to be paid".to_owned());
        }
        let left = standings
            .iter()
            .filter_map(|one| caps.on(one.limit).map(|cap| (one.left(cap), one.limit.name(), cap)));
        let Floor { least, enough, .. } = self.floor;
        let Some((left, name, cap)) = left.min() else {
            return Some("no budget is set; `--max-cost DOLLARS` sets one for a run".to_owned());
        };
        let verdict = if least > left {
            format!("too little, it needs at least {}", least.rounded_up())
        } else if enough > left {
            format!(
                "it may be enough, and from {} on it is unless a reply is stopped or a call repeated; a run stops before it is passed",
                enough.rounded_up()
            )
        } else if most > left {
            "enough unless replies are stopped or calls repeated; a run stops before it is passed"
                .to_owned()
        } else {
            "enough in any case".to_owned()
        };
        Some(format!("{name} has {left} left of {cap}: {verdict}"))
    }
}

fn each_once(names: &mut Vec<String>, name: &str) {
    if !names.iter().any(|one| one == name) {
        names.push(name.to_owned());
    }
}

fn json(
    forecast: &Forecast,
    staff: &Staff,
    caps: &Caps,
    standings: &[Standing],
) -> serde_json::Value {
    let row = |row: &Row, cost: Option<Cost>| {
        json!({
            "calls": [row.least.calls, row.most.calls],
            "prompt": [row.least.prompt, row.most.prompt],
            "shared": row.least.shared,
            "reply": [row.least.reply, row.most.reply],
            "cost": cost.map(|cost| json!({
                "cached": cost.cached.dollars(), "uncached": cost.uncached.dollars(),
                "stood_in": cost.stood_in.dollars(), "once": cost.once.dollars(), "most": cost.most.dollars(),
            })),
        })
    };
    let stages: serde_json::Map<_, _> = forecast
        .stages
        .iter()
        .map(|(stage, one)| (stage.name().to_owned(), row(one, one.cost())))
        .collect();
    let budgets: serde_json::Map<_, _> = standings
        .iter()
        .filter_map(|one| {
            let cap = caps.on(one.limit)?;
            let spent = one.settled + one.reserved;
            let value = json!({
                "cap": cap.dollars(), "spent": spent.dollars(), "reserved": one.reserved.dollars(),
            });
            Some((format!("{:?}", one.limit).to_lowercase(), value))
        })
        .collect();
    let name = |team: &Team| team.facts.name.clone();
    let whole = (!forecast.is_partly_unknown()).then(|| forecast.cost());
    let Floor { least, enough, .. } = Sum::of(&[(forecast, staff)]).floor;
    json!({
        "version": 1, "models": { "draft": name(&staff.draft), "record": name(&staff.record) },
        "chapters": forecast.chapters, "stages": stages, "all": row(&forecast.all(), whole),
        "budgets": budgets,
        "needs": whole.map(|_| json!({ "least": least.dollars(), "enough": enough.dollars() })),
    })
}

/// The columns of the forecast.
const COLUMNS: [Column; 9] = [
    Column::words("stage", 8),
    Column::number("calls", 11),
    Column::number("prompt", 10),
    Column::number("as before", 10),
    Column::number("reply", 9),
    Column::number("cached", 9),
    Column::number("uncached", 9),
    Column::number("once", 9),
    Column::number("at most", 10),
];

/// What is left out of them on a narrow terminal, in this order.
const SPARED: [&str; 6] = ["as before", "reply", "prompt", "cached", "once", "calls"];

fn print(forecast: &Forecast, ui: &Ui) {
    let whole = (!forecast.is_partly_unknown()).then(|| forecast.cost());
    let rows = forecast.stages.iter().map(|(stage, row)| (stage.name(), *row, row.cost()));
    let rows = rows.chain([("all", forecast.all(), whole)]).map(|(name, row, cost)| {
        let figures = [row.least.prompt, row.least.shared, row.least.reply];
        let money = match cost {
            Some(cost) => {
                [cost.cached, cost.uncached, cost.once, cost.most].map(|one| one.to_string())
            }
            None => ["-"; 4].map(str::to_owned),
        };
        let mut cells = vec![name.to_owned(), format!("{}–{}", row.least.calls, row.most.calls)];
        cells.extend(figures.map(|figure| figure.to_string()));
        cells.extend(money);
        cells
    });
    for line in headed(&COLUMNS, rows.collect(), &SPARED, terminal_width()) {
        ui.result(&line);
    }
}

/// Whether the price of a model is not known.
pub(super) fn is_unknown(staff: &Staff) -> bool {
    staff.teams().into_iter().any(|team| team.facts.price.is_none())
}

/// Whether the work costs anything that is known.
pub(super) fn is_paid(staff: &Staff) -> bool {
    let is_paid = |team: &Team| team.facts.price.is_some_and(|price: Price| !price.is_free());
    staff.teams().into_iter().any(is_paid)
}
