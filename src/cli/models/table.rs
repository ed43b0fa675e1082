//! `storygen models`: the models of the catalogue, a line for each host.

use std::collections::BTreeSet;

use anyhow::Result;

use super::words::{dollars, state, tokens};
use crate::cli::model;
use crate::cli::ui::{self, Ui, counted};
use crate::config::Config;
use crate::diagnostic::did_you_mean;
use crate::failure::{Exit, Failure};
use crate::provider::catalogue::shape::{ModelShape, PriceShape};
use crate::provider::catalogue::{Catalogue, Row};

/// Which models are shown.
#[derive(Debug, clap::Args)]
pub(super) struct Filter {
    /// Only what this host serves: `openrouter`, `mistral`, `ollama`, …
    #[arg(long, value_name = "HOST")]
    host: Option<String>,
    /// Also models that are retired, and those that only a host's list knows
    #[arg(long)]
    all: bool,
}

/// One line: a model at a host.
struct Line {
    model: String,
    host: String,
    window: String,
    reply: String,
    prices: [String; 2],
    state: &'static str,
}

/// Runs the command.
pub(super) fn run(filter: &Filter, ui: &Ui) -> Result<Exit> {
    let config = Config::read()?;
    let catalogue = model::all(&config)?;
    if let Some(host) = &filter.host {
        catalogue.vendor(host).map_err(|fault| {
            let failure = Failure::new(Exit::Usage, format!("no host is called `{}`", fault.name));
            let known: Vec<&str> = catalogue.vendors().collect();
            failure.hint(
                did_you_mean(host, known.iter().copied())
                    .unwrap_or_else(|| format!("there are {}", known.join(", "))),
            )
        })?;
    }
    let (mut shown, mut hidden) = (Vec::new(), BTreeSet::new());
    for (name, model) in catalogue.models() {
        let is_curated = model.family.is_some();
        for line in lines(&catalogue, name, model, &config) {
            if filter.host.as_ref().is_some_and(|host| *host != line.host) {
                continue;
            }
            let is_wanted = is_curated || filter.host.is_some();
            if filter.all || is_wanted && line.state != "retired" {
                shown.push(line);
            } else {
                hidden.insert(name);
            }
        }
    }
    for line in set(&shown, ui::terminal_width()) {
        ui.result(&line);
    }
    tell(ui, hidden.len());
    Ok(Exit::Done)
}

/// What the table does not say of itself.
fn tell(ui: &Ui, hidden: usize) {
    ui.say("");
    ui.say(
        "prices are dollars for a million tokens; `storygen models info MODEL` says of which day",
    );
    if hidden > 0 {
        let more = counted(hidden, "model");
        ui.say(&format!("{more} more, retired at a host or only listed by one: `--all`"));
    }
    ui.say("write a model as `--model HOST/MODEL`; `storygen models test HOST/MODEL` tries it");
}

/// A line for each host of a model; one for a make that has none.
fn lines(catalogue: &Catalogue, name: &str, model: &ModelShape, config: &Config) -> Vec<Line> {
    let rows = catalogue.rows(name);
    if rows.is_empty() {
        return vec![Line {
            model: name.to_owned(),
            host: "your file".to_owned(),
            window: tokens(model.window.and_then(|window| usize::try_from(window).ok())),
            reply: tokens(None),
            prices: ["-".to_owned(), "-".to_owned()],
            state: "local",
        }];
    }
    let line = |row: &Row| {
        let price = model.hosts.get(&row.vendor.name).and_then(|host| host.price.as_ref());
        let one = |pick: fn(&PriceShape) -> f64| {
            price.map_or_else(|| "-".to_owned(), |price| dollars(pick(price)))
        };
        Line {
            model: name.to_owned(),
            host: row.vendor.name.clone(),
            window: tokens(row.window),
            reply: tokens(row.reply_limit),
            prices: [one(|price| price.prompt), one(|price| price.reply)],
            state: state(row, config),
        }
    };
    rows.iter().map(line).collect()
}

/// What the columns beside the model's name take.
const OTHERS: usize = 2 + 11 + 2 + 7 + 2 + 6 + 2 + 8 + 2 + 7 + 2 + 7;

/// The lines of the table; none is wider than its terminal.
fn set(lines: &[Line], width: Option<usize>) -> Vec<String> {
    let longest = lines.iter().map(|line| line.model.chars().count()).max().unwrap_or(0).max(5);
    let room = width.map_or(longest, |width| width.saturating_sub(OTHERS).max(5));
    let column = longest.min(room);
    let mut shown = vec![
        format!(
            "{:<column$}  {:<11}  {:>7}  {:>6}  {:>8}  {:>7}  {:<7}",
            "model", "host", "window", "reply", "in", "out", "state"
        )
        .trim_end()
        .to_owned(),
    ];
    let mut before = "";
    for line in lines {
        let mut name = if line.model == before { "" } else { line.model.as_str() };
        before = &line.model;
        if name.chars().count() > column {
            shown.push(name.to_owned());
            name = "";
        }
        let [prompt, reply] = &line.prices;
        shown.push(
            format!(
                "{name:<column$}  {:<11}  {:>7}  {:>6}  {prompt:>8}  {reply:>7}  {:<7}",
                line.host, line.window, line.reply, line.state
            )
            .trim_end()
            .to_owned(),
        );
    }
    shown
}
