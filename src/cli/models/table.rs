//! `storygen models`: the models of the catalogue, a line for each host.

use std::collections::BTreeSet;

use anyhow::Result;

use super::words::{dollars, listed, state, tokens};
use crate::cli::model;
use crate::cli::ui::table::broken;
use crate::cli::ui::{self, Ui, counted};
use crate::config::Config;
use crate::diagnostic::did_you_mean;
use crate::failure::{Exit, Failure};
use crate::provider::catalogue::shape::ModelShape;
use crate::provider::catalogue::{COMPATIBLE, Catalogue, Row};

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
    let all = model::all(&config)?;
    let catalogue = model::in_reach(&all, &config);
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
    let host = filter.host.as_deref();
    if !shown.is_empty() || host.is_none() {
        for line in set(&shown, ui::terminal_width()) {
            ui.result(&line);
        }
        ui.say("");
    }
    for note in notes(&catalogue, host, filter.all, [shown.len(), hidden.len()]) {
        for line in broken(&note, ui::terminal_width()) {
            ui.say(&line);
        }
    }
    Ok(Exit::Done)
}

/// What the table does not say of itself, whose rows are shown or hidden.
fn notes(
    catalogue: &Catalogue,
    host: Option<&str>,
    is_all: bool,
    [shown, hidden]: [usize; 2],
) -> Vec<String> {
    let mut notes = Vec::new();
    if shown > 0 {
        notes.push("prices are dollars for a million tokens; `storygen models info MODEL` says of which day".to_owned());
    }
    if hidden > 0 {
        let more = counted(hidden, "model");
        notes.push(format!("{more} more, retired at a host or only listed by one: `--all`"));
    }
    if is_all && host.is_none() {
        let local: Vec<&str> =
            catalogue.vendors().filter(|name| is_server(catalogue, name)).collect();
        notes.push(format!(
            "whatever runs on a server of this machine is `HOST/MODEL`, too, of {}",
            local.join(", ")
        ));
    }
    notes.push(match host {
        Some(COMPATIBLE) => "write such a model as `--model openai/MODEL`, with its address in `STORYGEN_BASE_URL` or `base_url`".to_owned(),
        Some(host) if is_server(catalogue, host) => format!(
            "whatever runs there is `--model {host}/MODEL`, by the server's own name for it; `storygen models refresh {host}` asks for its list"
        ),
        _ => "write a model as `--model HOST/MODEL`; `storygen models test HOST/MODEL` tries it".to_owned(),
    });
    notes
}

/// Whether a host is a server that the user runs, with models of their own.
fn is_server(catalogue: &Catalogue, name: &str) -> bool {
    name != "embedded" && catalogue.vendor(name).is_ok_and(|vendor| vendor.is_local)
}

/// A line for each host of a model; one for a make that has none.
fn lines(catalogue: &Catalogue, name: &str, model: &ModelShape, config: &Config) -> Vec<Line> {
    let rows = catalogue.rows(name);
    // One that only a list knows may have lost its host with a line of `config.yaml`.
    if model.hosts.is_empty() {
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
        let endpoint = config.endpoint(&row.vendor.name);
        let listed = listed(model, row);
        let [prompt, reply] = match (model::price_of_endpoint(row, config), listed) {
            (Some(said), _) => [Some(said.prompt), Some(said.reply)],
            (None, Some(price)) => [Some(price.prompt), Some(price.reply)],
            (None, None) => [None, None],
        }
        .map(|price| price.map_or_else(|| "-".to_owned(), dollars));
        let said = endpoint.window.and_then(|window| usize::try_from(window).ok());
        Line {
            model: name.to_owned(),
            host: row.vendor.name.clone(),
            window: tokens(said.into_iter().chain(row.window).min()),
            reply: tokens(row.reply_limit),
            prices: [prompt, reply],
            state: state(row, config),
        }
    };
    rows.iter().map(line).collect()
}

/// A column beside the model's name.
struct Column {
    title: &'static str,
    /// Characters that it takes at least.
    width: usize,
    is_number: bool,
    of: fn(&Line) -> &str,
}

const COLUMNS: [Column; 6] = [
    Column { title: "host", width: 11, is_number: false, of: |line| &line.host },
    Column { title: "window", width: 7, is_number: true, of: |line| &line.window },
    Column { title: "reply", width: 6, is_number: true, of: |line| &line.reply },
    Column { title: "in", width: 8, is_number: true, of: |line| &line.prices[0] },
    Column { title: "out", width: 7, is_number: true, of: |line| &line.prices[1] },
    Column { title: "state", width: 7, is_number: false, of: |line| line.state },
];

/// What is left out of a table that is wider than its terminal, in this order.
const SPARED: [&str; 4] = ["reply", "window", "out", "in"];

/// The least that the model's name takes.
const NAME: usize = 5;

/// The columns that fit beside a name, and what each takes.
fn fitting(lines: &[Line], width: Option<usize>) -> Vec<(Column, usize)> {
    let taken = |column: &Column| {
        let longest = lines.iter().map(|line| (column.of)(line).chars().count()).max();
        longest.unwrap_or(0).max(column.width)
    };
    let mut all: Vec<(Column, usize)> = COLUMNS
        .into_iter()
        .map(|column| {
            let taken = taken(&column);
            (column, taken)
        })
        .collect();
    for title in SPARED {
        if width.is_none_or(|width| NAME + others(&all) <= width) {
            break;
        }
        all.retain(|(column, _)| column.title != title);
    }
    all
}

/// What the columns beside the model's name take.
fn others(columns: &[(Column, usize)]) -> usize {
    columns.iter().map(|(_, width)| 2 + width).sum()
}

/// The lines of the table; none is wider than its terminal.
fn set(lines: &[Line], width: Option<usize>) -> Vec<String> {
    let columns = fitting(lines, width);
    let longest = lines.iter().map(|line| line.model.chars().count()).max().unwrap_or(0).max(NAME);
    let room = width.map_or(longest, |width| width.saturating_sub(others(&columns)).max(NAME));
    let name_width = longest.min(room);
    let row = |name: &str, cell: &dyn Fn(&Column) -> String| {
        let mut row = format!("{name:<name_width$}");
        for (column, width) in &columns {
            let cell = cell(column);
            row += &if column.is_number {
                format!("  {cell:>width$}")
            } else {
                format!("  {cell:<width$}")
            };
        }
        row.trim_end().to_owned()
    };
    let mut shown = vec![row("model", &|column| column.title.to_owned())];
    let mut before = "";
    for line in lines {
        let mut name = if line.model == before { "" } else { line.model.as_str() };
        before = &line.model;
        if name.chars().count() > name_width {
            shown.push(shortened(name, width));
            name = "";
        }
        shown.push(row(name, &|column| (column.of)(line).to_owned()));
    }
    shown
}

/// A name that is not wider than the terminal.
fn shortened(name: &str, width: Option<usize>) -> String {
    match width {
        Some(width) if name.chars().count() > width => {
            let kept: String = name.chars().take(width.saturating_sub(1)).collect();
            kept + "…"
        }
        _ => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(model: &str, host: &str, state: &'static str) -> Line {
        Line {
            model: model.to_owned(),
            host: host.to_owned(),
            window: "1048576".to_owned(),
            reply: "131072".to_owned(),
            prices: ["0.088606".to_owned(), "1.0287".to_owned()],
            state,
        }
    }

    #[test]
    fn no_line_is_wider_than_the_terminal() {
        let lines = [
            line("mistral-small-creative", "openrouter", "ready"),
            line("mistral-small-creative", "koboldcpp-completion", "local"),
            line(
                "a-very-long-name-of-a-model-that-nobody-would-want-to-write",
                "mistral",
                "unlisted",
            ),
        ];
        for (width, header) in [
            (200, "host window reply in out state"),
            (80, "host window reply in out state"),
            (60, "host in out state"),
            (48, "host in state"),
            (40, "host state"),
        ] {
            let shown = set(&lines, Some(width));
            let words: Vec<&str> = shown[0].split_whitespace().skip(1).collect();
            assert_eq!(words.join(" "), header, "{shown:#?}");
            for one in &shown {
                assert!(one.chars().count() <= width, "{width}: {shown:#?}");
            }
            assert!(shown.iter().any(|one| one.starts_with("mistral-small-creative")), "{width}");
        }
    }
}
