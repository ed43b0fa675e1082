//! `storygen models info`: all that is known of one model.

use anyhow::Result;

use super::words::{dollars, has_key, listed, own_key, state, tokens};
use crate::cli::model;
use crate::cli::open;
use crate::cli::ui::table::wrapped;
use crate::cli::ui::{self, Ui};
use crate::config::Config;
use crate::failure::{Exit, Failure};
use crate::money::PriceSaid;
use crate::provider::catalogue::shape::{
    Commercial, LicenceShape, ModelShape, PriceShape, SamplingShape,
};
use crate::provider::catalogue::{COMPATIBLE, Catalogue, Row, Status};

/// Tell all that is known of a model
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The model, by its name in the table or as `HOST/MODEL`
    #[arg(value_name = "MODEL")]
    model: String,
}

/// Runs the command.
pub(super) fn run(arguments: &Arguments, ui: &Ui) -> Result<Exit> {
    let config = Config::read()?;
    let all = model::all(&config)?;
    let catalogue = model::in_reach(&all, &config);
    let mut page = Page::new(ui::terminal_width());
    match found(&catalogue, &arguments.model, &config)? {
        Found::Model(name, row) => {
            let rows = row.map_or_else(|| catalogue.rows(&name), |row| vec![*row]);
            if let Some(model) = catalogue.models().get(&name) {
                page.model(&catalogue, &name, model, &rows);
                page.hosts(model, &rows, &config);
                page.quirks(&quirks(model, &rows));
                page.uses(&rows, &config);
            }
        }
        Found::Row(row) => {
            page.line(&format!("{} ({})", row.id, row.vendor.title));
            page.field("status", "the catalogue does not know it; its host's row holds");
            page.hosts(&ModelShape::default(), std::slice::from_ref(&row), &config);
            page.quirks(&row.quirks);
            page.uses(std::slice::from_ref(&row), &config);
        }
    }
    for line in page.lines {
        ui.result(&line);
    }
    Ok(Exit::Done)
}

/// What a name means.
enum Found {
    /// A model of the catalogue, by its name there; and its row at one host, where
    /// that stands in front.
    Model(String, Option<Box<Row>>),
    /// A model that only its host knows.
    Row(Box<Row>),
}

fn found(catalogue: &Catalogue, name: &str, config: &Config) -> Result<Found> {
    let hosted = name
        .split_once('/')
        .filter(|(_, id)| !id.is_empty())
        .and_then(|(vendor, id)| catalogue.row(spoken(vendor, id, catalogue, config), id).ok());
    if let Some((row, model)) = hosted.as_ref().and_then(|row| Some((row, row.model.clone()?))) {
        return Ok(Found::Model(model, Some(Box::new(row.clone()))));
    }
    if let Some((name, _)) = catalogue.model(name) {
        return Ok(Found::Model(name.to_owned(), None));
    }
    if let Some(row) = hosted {
        return Ok(Found::Row(Box::new(row)));
    }
    Err(nobody(catalogue, name).into())
}

/// What is said of a name that means no model.
fn nobody(catalogue: &Catalogue, name: &str) -> Failure {
    let (host, id) = name.split_once('/').unwrap_or((name, ""));
    if catalogue.vendor(host).is_ok() {
        return Failure::new(Exit::Usage, format!("`{host}` is a host, and no model"))
            .hint(format!("`storygen models --all --host {host}` lists what it serves"))
            .hint(format!("write `{host}/NAME` for one of its models"));
    }
    let failure = Failure::new(Exit::Usage, format!("no model is called `{name}`"));
    if let Some(near) = catalogue.vendor(host).err().and_then(|fault| fault.near) {
        return failure.hint(format!("did you mean the host `{near}`?"));
    }
    match catalogue.nearest_model(name) {
        Some(near) => failure.hint(format!("did you mean `{near}`?")),
        None if !id.is_empty() => {
            failure.hint(format!("before the `/` stands one of {}", model::hosts(catalogue)))
        }
        None => failure,
    }
    .hint("`storygen models --all` lists all that are known")
}

/// Whose row holds for a model: `openai/NAME` at an address of the user's own is
/// what was listed there.
fn spoken<'a>(vendor: &'a str, id: &str, catalogue: &Catalogue, config: &Config) -> &'a str {
    let is_elsewhere = config.address().is_some() || config.endpoint(vendor).base_url.is_some();
    let is_listed = || catalogue.row(COMPATIBLE, id).is_ok_and(|row| row.model.is_some());
    if vendor == "openai" && is_elsewhere && is_listed() { COMPATIBLE } else { vendor }
}

/// What is to be known of a model, and of its hosts, each thing once.
fn quirks(model: &ModelShape, rows: &[Row]) -> Vec<String> {
    let mut all: Vec<String> = model.quirks.iter().flatten().cloned().collect();
    for row in rows {
        let host = model.hosts.get(&row.vendor.name);
        let own = host.and_then(|host| host.quirks.as_ref()).into_iter().flatten();
        for quirk in own.chain(&row.vendor.quirks) {
            all.push(format!("{}: {quirk}", row.vendor.name));
        }
    }
    all
}

/// The lines so far, none wider than the terminal.
struct Page {
    lines: Vec<String>,
    width: usize,
}

/// Under the first letter of a field's text.
const INDENT: usize = 12;

impl Page {
    fn new(terminal: Option<usize>) -> Self {
        Self { lines: Vec::new(), width: terminal.unwrap_or(80).clamp(40, 100) }
    }

    fn line(&mut self, text: &str) {
        self.lines.extend(wrapped(text, self.width));
    }

    fn field(&mut self, label: &str, text: &str) {
        for (index, line) in wrapped(text, self.width - INDENT).into_iter().enumerate() {
            let label = if index == 0 { label } else { "" };
            self.lines.push(format!("{label:<INDENT$}{line}"));
        }
    }

    fn gap(&mut self, title: &str) {
        self.lines.push(String::new());
        self.lines.push(title.to_owned());
    }

    fn item(&mut self, text: &str) {
        for (index, line) in wrapped(text, self.width - 4).into_iter().enumerate() {
            let mark = if index == 0 { "-" } else { " " };
            self.lines.push(format!("  {mark} {line}"));
        }
    }

    fn model(&mut self, catalogue: &Catalogue, name: &str, model: &ModelShape, rows: &[Row]) {
        let title = model.title.as_deref().unwrap_or(name);
        self.line(&format!("{title} ({name})"));
        if let Some(family) = &model.family {
            self.field("make", family);
        }
        if let Some(also) = model.also.as_ref().filter(|also| !also.is_empty()) {
            self.field("also", &also.join(", "));
        }
        self.field("status", &overall(model, rows));
        if let Some(licence) = &model.licence {
            self.field("licence", &licence_words(licence));
        }
        if let Some(window) = model.window {
            self.field("holds", &format!("{window} tokens, prompt and reply together"));
        }
        if let Some(reply) = model.reply {
            self.field("replies", &format!("at most {reply} tokens"));
        }
        if let Some(tokenizer) = &model.tokenizer {
            self.field("tokenizer", &catalogue.tokenizer_title(tokenizer));
        }
        if let Some(template) = &model.template {
            let ends = quoted(model.ends.iter().flatten());
            self.field("template", &format!("{template}; a turn ends with {ends}"));
        }
        if let Some(stops) = model.stops.as_ref().filter(|stops| !stops.is_empty()) {
            self.field("stops", &format!("replies also end at {}", quoted(stops.iter())));
        }
        if let Some(sampling) = &model.sampling {
            self.field("sampler", &sampler(sampling));
        }
        if let Some(absent) = &model.absent {
            self.field("hosts", absent);
        }
    }

    /// A block for each host.
    fn hosts(&mut self, model: &ModelShape, rows: &[Row], config: &Config) {
        for row in rows {
            self.gap(&row.name());
            let host = model.hosts.get(&row.vendor.name);
            let status = match state(row, config) {
                "no key" | "needs none" | "ready" | "local" => row.status.on(&open::today()),
                _ => told(&row.status),
            };
            self.field("status", &status);
            let endpoint = config.endpoint(&row.vendor.name);
            let said = endpoint.window.and_then(|window| usize::try_from(window).ok());
            let window = said.into_iter().chain(row.window).min();
            let whose = if said.is_some() && said == window { " (your configuration)" } else { "" };
            self.field(
                "limits",
                &format!(
                    "window {}{whose}, reply {}",
                    tokens(window),
                    row.reply_limit
                        .map_or_else(|| "as long as it fits".to_owned(), |n| n.to_string())
                ),
            );
            let thinking = endpoint.thinking.map_or(row.thinking, |tokens| tokens as usize);
            let thinking =
                model::thinking::within(thinking, window.unwrap_or(usize::MAX), row.reply_limit);
            if thinking > 0 {
                let what = format!("before it writes: up to {thinking} tokens more in each reply");
                self.field("thinks", &what);
            }
            let listed = listed(model, row);
            self.field("price", &price(row, listed, model::price_of_endpoint(row, config)));
            self.field("heeds", &heeds(row));
            if let Some(seen) = host.and_then(|host| host.seen.as_ref()) {
                self.field("seen", seen);
            }
        }
    }

    fn quirks(&mut self, quirks: &[String]) {
        if quirks.is_empty() {
            return;
        }
        self.gap("good to know");
        for quirk in quirks {
            self.item(quirk);
        }
    }

    /// How to use it: at a host that serves it, one with a key first.
    fn uses(&mut self, rows: &[Row], config: &Config) {
        let mut served = rows.iter().filter(|row| !row.status.is_retired());
        let first = served.clone().next();
        let ready = served.find(|row| row.vendor.is_local || has_key(&row.vendor, config));
        let Some(row) = ready.or(first) else { return };
        self.gap("use it");
        let name = match row.vendor.name.as_str() {
            COMPATIBLE => format!("openai/{}", row.id),
            _ => row.name(),
        };
        self.lines.push(format!("  storygen draft --model {name}"));
        if let Some(key) = own_key(&row.vendor, config).filter(|_| !has_key(&row.vendor, config)) {
            self.lines.push(format!("  with its key in `{key}`"));
        }
    }
}

/// What a model costs at a host: at the endpoint's price, where that counts.
fn price(row: &Row, listed: Option<&PriceShape>, said: Option<PriceSaid>) -> String {
    let part = |word: &str, price: Option<f64>| {
        price.map(|price| format!(", {word} {}", dollars(price))).unwrap_or_default()
    };
    let figures = |prompt: f64, reply: f64, cached: Option<f64>, written: Option<f64>| {
        let (cached, written) = (part("from the cache", cached), part("into the cache", written));
        format!("prompt {}, reply {}{cached}{written}", dollars(prompt), dollars(reply))
    };
    if let Some(said) = said {
        let figures = figures(said.prompt, said.reply, said.cached, said.written);
        return format!("{figures} (dollars for a million tokens, your configuration)");
    }
    if let Some(price) = listed {
        let figures = figures(price.prompt, price.reply, price.cached, price.written);
        let source = price.source.as_ref().map(|who| format!(", {who}")).unwrap_or_default();
        return format!("{figures} (dollars for a million tokens, {}{source})", price.date);
    }
    if row.vendor.is_local {
        return "nothing: it runs on your machine".to_owned();
    }
    "not known; say it in your `catalogue.yaml`".to_owned()
}

/// The status of a model, whoever serves it: what one host says against it is
/// outdone by another that serves it.
fn overall(model: &ModelShape, rows: &[Row]) -> String {
    let status = model.status.as_ref().map(Status::of).unwrap_or_default();
    let served: Vec<String> = rows
        .iter()
        .filter(|row| row.status.word < status.word)
        .map(|row| format!("`{}`", row.vendor.name))
        .collect();
    if served.is_empty() {
        return told(&status);
    }
    format!("served by {}; elsewhere {}", served.join(", "), told(&status))
}

/// A status in a sentence.
fn told(status: &Status) -> String {
    let mut words = status.on(&open::today());
    if let Some(source) = &status.source {
        words += &format!(" ({source})");
    }
    if !status.replaced_by.is_empty() {
        words += &format!("; {} may take its place", quoted(status.replaced_by.iter()));
    }
    words
}

fn quoted<'a>(names: impl Iterator<Item = &'a String>) -> String {
    names.map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

fn licence_words(licence: &LicenceShape) -> String {
    let may = match licence.commercial {
        Commercial::Allowed => "commercial use is allowed",
        Commercial::Conditions => "commercial use under conditions",
        Commercial::Forbidden => "no commercial use",
        Commercial::Unclear => "whether commercial use is allowed is not clear",
    };
    let note = licence.note.as_ref().map(|note| format!("; {note}")).unwrap_or_default();
    format!("{}: {may}{note}", licence.name)
}

/// The sampling settings that a model heeds at a host.
fn heeds(row: &Row) -> String {
    let accepts = &row.accepts;
    if accepts.parameters.is_empty() {
        return "no sampling settings".to_owned();
    }
    let names: Vec<&str> = accepts.parameters.iter().map(|parameter| parameter.name()).collect();
    let (least, most) = accepts.temperature;
    let mut words = names.join(", ");
    if names.contains(&"temperature") {
        words += &format!("; temperature {least} to {most}");
    }
    if names.contains(&"stop") && accepts.stops < 1_000 {
        words += &format!("; at most {} stops", accepts.stops);
    }
    words
}

/// The author's sampling settings.
fn sampler(own: &SamplingShape) -> String {
    let all = [
        ("temperature", own.temperature),
        ("top_p", own.top_p),
        ("min_p", own.min_p),
        ("repetition_penalty", own.repetition_penalty),
        ("frequency_penalty", own.frequency_penalty),
        ("presence_penalty", own.presence_penalty),
    ];
    let mut words: Vec<String> = all
        .into_iter()
        .filter_map(|(name, value)| value.map(|value| format!("{name} {value}")))
        .collect();
    if let Some(top_k) = own.top_k {
        words.push(format!("top_k {top_k}"));
    }
    if let Some(dry) = own.dry {
        words.push(format!("dry {}", dry.multiplier));
    }
    if let Some(xtc) = own.xtc {
        words.push(format!("xtc {}", xtc.probability));
    }
    let source = own.source.as_ref().map(|who| format!(" ({who})")).unwrap_or_default();
    format!("{}{source}", words.join(", "))
}
