//! What a catalogue says that cannot be.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::shape::{CatalogueFile, HostShape, ModelShape, PriceShape, StatusShape, VendorShape};
use crate::diagnostic;
use crate::money::{DEAREST, figure};
use crate::provider::http::Base;
use crate::provider::sampling::Parameter;

/// One thing that cannot be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CatalogueFault {
    /// The keys that lead to it, from the top of the file.
    pub path: Vec<String>,
    /// What is wrong: lower case, no final stop.
    pub message: String,
    /// A way out.
    pub hint: Option<String>,
}

/// The names that a catalogue may use.
#[derive(Clone, Copy, Debug)]
pub struct Known<'a> {
    /// The catalogue that the file is laid over, with the file.
    pub whole: &'a CatalogueFile,
    /// The names of the wires.
    pub dialects: &'a [&'a str],
    /// The names of the chat templates.
    pub templates: &'a [&'a str],
}

/// Everything in `file` that cannot be.
#[must_use]
pub fn faults(file: &CatalogueFile, known: Known<'_>) -> Vec<CatalogueFault> {
    let mut search = Search { known, faults: Vec::new() };
    for (name, vendor) in &file.vendors {
        search.vendor(name, vendor);
    }
    for (name, model) in &file.models {
        search.model(name, model);
    }
    search.rivals(&file.models);
    search.faults
}

struct Search<'a> {
    known: Known<'a>,
    faults: Vec<CatalogueFault>,
}

/// Fields of a body that are for the wire to set: they decide what is asked, and
/// what it may cost.
const OURS: [&str; 13] = [
    "best_of",
    "contents",
    "max_completion_tokens",
    "max_length",
    "max_tokens",
    "messages",
    "model",
    "n",
    "n_predict",
    "num_predict",
    "prompt",
    "stream",
    "system",
];

impl Search<'_> {
    fn vendor(&mut self, name: &str, vendor: &VendorShape) {
        let path = ["vendors", name];
        let at = |key: &'static str| [path[0], path[1], key];
        if name.is_empty() || name.contains('/') || name == "scripted" {
            let hint = "a model is written as `VENDOR/MODEL`: choose another name".to_owned();
            self.add(&path, format!("no vendor can be called `{name}`"), Some(hint));
        }
        if let Some(dialect) = &vendor.dialect {
            let known = self.known.dialects.iter().copied();
            self.name(&at("dialect"), dialect, "dialect", &known);
        }
        for ours in vendor.names.keys() {
            let parameters = Parameter::ALL.iter().map(|parameter| parameter.name());
            let path = [&at("names")[..], &[ours]].concat();
            self.name(&path, ours, "sampling setting", &parameters);
        }
        self.range(&at("temperature"), vendor.temperature);
        self.some(&at("window"), vendor.window);
        if let Some(Err(why)) = vendor.base_url.as_deref().map(Base::parse) {
            self.add(&at("base_url"), why.to_string(), None);
        }
        if vendor.key.as_ref().is_some_and(|key| !is_variable(key)) {
            let hint = "write the variable's name, such as `MY_KEY`; the key itself stands in no file of storygen's".to_owned();
            let message = "`key` has to be the name of an environment variable".to_owned();
            self.add(&at("key"), message, Some(hint));
        }
        self.fields(&at("extra"), &vendor.extra);
        self.fields(&at("strict"), &vendor.strict);
    }

    fn model(&mut self, name: &str, model: &ModelShape) {
        let whole = self.known.whole;
        let at = |key: &str| ["models", name, key].map(str::to_owned);
        if name.is_empty() {
            self.add(&["models", name], "a model needs a name".to_owned(), None);
        }
        for other in model.also.iter().flatten() {
            if other != name && whole.models.contains_key(other) {
                let message = format!("`{other}` is the name of another model");
                self.add(&["models", name, "also"], message, None);
            }
        }
        if let Some(template) = &model.template {
            let templates = self.known.templates.iter().copied();
            self.name(&["models", name, "template"], template, "chat template", &templates);
        }
        if let Some(tokenizer) = &model.tokenizer {
            let tokenizers = whole.tokenizers.keys().map(String::as_str);
            self.name(&["models", name, "tokenizer"], tokenizer, "tokenizer", &tokenizers);
        }
        self.status(&["models", name, "status"], model.status.as_ref());
        if model.status.iter().flat_map(|status| &status.replaced_by).any(|next| next == name) {
            let message = format!("`{name}` cannot take its own place");
            self.add(&["models", name, "status", "replaced_by"], message, None);
        }
        self.some(&["models", name, "window"], model.window);
        self.limits(&at("reply"), model.window, model.reply);
        for (vendor, host) in &model.hosts {
            let path = ["models", name, "hosts", vendor.as_str()];
            self.name(&path, vendor, "vendor", &whole.vendors.keys().map(String::as_str));
            self.host(&path, host, model);
        }
    }

    /// Models of one file that a host calls by the same id: which of them is meant,
    /// nobody could tell.
    fn rivals(&mut self, models: &BTreeMap<String, ModelShape>) {
        let mut first: BTreeMap<(&str, &str), &str> = BTreeMap::new();
        for (name, model) in models {
            for (vendor, host) in &model.hosts {
                let id = host.id.as_deref().unwrap_or(name);
                let other = *first.entry((vendor, id)).or_insert(name);
                if other != name {
                    let hint = "give each its own id there, or make one model of the two";
                    self.add(
                        &["models", name, "hosts", vendor, "id"],
                        format!("`{vendor}` has `{other}` as `{id}` already"),
                        Some(hint.to_owned()),
                    );
                }
            }
        }
    }

    fn host(&mut self, path: &[&str], host: &HostShape, model: &ModelShape) {
        let at = |key: &str| {
            let path = path.iter().copied().chain([key]);
            path.map(str::to_owned).collect::<Vec<_>>()
        };
        self.status(&[path, &["status"]].concat(), host.status.as_ref());
        let window = host.window.into_iter().chain(model.window).min();
        self.some(&[path, &["window"]].concat(), host.window);
        self.limits(&at("reply"), window, host.reply);
        self.fields(&[path, &["extra"]].concat(), &host.extra);
        if host.id.as_ref().is_some_and(|id| id.trim().is_empty()) {
            self.add(&[path, &["id"]].concat(), "an id without a letter".to_owned(), None);
        }
        self.range(&[path, &["temperature"]].concat(), host.temperature);
        self.day(&[path, &["seen"]].concat(), host.seen.as_deref());
        if let Some(price) = &host.price {
            self.price(&[path, &["price"]].concat(), price);
        }
    }

    /// Scheme, host and port.
    fn origin(&mut self, path: &[&str], origin: &str) {
        if Base::parse(origin).ok().is_none_or(|base| base.origin() != *origin) {
            let hint = "write scheme, host and port, such as `https://host:8443`".to_owned();
            self.add(path, format!("`{origin}` is no address of a host"), Some(hint));
        }
    }

    /// One of several names.
    fn name<'n>(
        &mut self,
        path: &[&str],
        name: &str,
        what: &str,
        known: &(impl Iterator<Item = &'n str> + Clone),
    ) {
        if known.clone().any(|one| one == name) {
            return;
        }
        let all = || {
            let all: Vec<String> = known.clone().map(|one| format!("`{one}`")).collect();
            format!("there are {}", all.join(", "))
        };
        let hint = diagnostic::did_you_mean(name, known.clone()).unwrap_or_else(all);
        self.add(path, format!("no {what} is called `{name}`"), Some(hint));
    }

    fn status(&mut self, path: &[&str], status: Option<&StatusShape>) {
        let Some(status) = status else { return };
        self.day(&[path, &["since"]].concat(), status.since.as_deref());
        self.day(&[path, &["until"]].concat(), status.until.as_deref());
        if let Some(at) = &status.at {
            self.origin(&[path, &["at"]].concat(), at);
        }
        for next in &status.replaced_by {
            let models = self.known.whole.models.keys().map(String::as_str);
            self.name(&[path, &["replaced_by"]].concat(), next, "model", &models);
        }
    }

    /// A reply has to leave room for its prompt.
    fn limits(&mut self, path: &[String], window: Option<u32>, reply: Option<u32>) {
        let path: Vec<&str> = path.iter().map(String::as_str).collect();
        self.some(&path, reply);
        if let (Some(window), Some(reply)) = (window, reply)
            && reply > window
            && window > 0
        {
            self.add(
                &path,
                format!("a reply of {reply} tokens does not fit into a window of {window}"),
                None,
            );
        }
    }

    fn some(&mut self, path: &[&str], tokens: Option<u32>) {
        if tokens == Some(0) {
            self.add(path, "a limit of no tokens leaves room for nothing".to_owned(), None);
        }
    }

    fn fields(&mut self, path: &[&str], fields: &Map<String, Value>) {
        for field in fields.keys().filter(|field| OURS.contains(&field.as_str())) {
            let path = [path, &[field.as_str()]].concat();
            self.add(&path, format!("`{field}` is set by storygen itself"), None);
        }
    }

    fn range(&mut self, path: &[&str], range: Option<[f32; 2]>) {
        if let Some([least, most]) = range
            && !(0.0..=most).contains(&least)
        {
            let hint = "write the least and the most, such as `[0, 2]`".to_owned();
            self.add(path, format!("a temperature from {least} to {most} cannot be"), Some(hint));
        }
    }

    fn price(&mut self, path: &[&str], price: &PriceShape) {
        self.day(&[path, &["date"]].concat(), Some(&price.date));
        let all = [Some(price.prompt), Some(price.reply), price.cached, price.written];
        for dollars in all.into_iter().flatten() {
            if !(0.0..=DEAREST).contains(&dollars) {
                let hint = "prices are dollars for a million tokens".to_owned();
                self.add(path, format!("{} is no price", figure(dollars)), Some(hint));
            }
        }
    }

    fn day(&mut self, path: &[&str], day: Option<&str>) {
        let Some(day) = day else { return };
        if !is_day(day) {
            let hint = "write it as `2026-11-22`".to_owned();
            self.add(path, format!("`{day}` is no day"), Some(hint));
        }
    }

    fn add(&mut self, path: &[&str], message: String, hint: Option<String>) {
        let path = path.iter().map(|&key| key.to_owned()).collect();
        self.faults.push(CatalogueFault { path, message, hint });
    }
}

/// Whether a text can be the name of an environment variable.
fn is_variable(text: &str) -> bool {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    !text.is_empty() && !text.starts_with(|c: char| c.is_ascii_digit()) && text.chars().all(is_part)
}

/// Whether a text is a day such as `2026-11-22`.
#[must_use]
pub fn is_day(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let [year, month, day] = parts[..] else { return false };
    let number = |text: &str, digits: usize| {
        (text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit()))
            .then(|| text.parse::<u32>().ok())
            .flatten()
    };
    matches!(
        (number(year, 4), number(month, 2), number(day, 2)),
        (Some(2000..=2100), Some(1..=12), Some(1..=31))
    )
}
