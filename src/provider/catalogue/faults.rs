//! What a catalogue says that cannot be.

use super::shape::{CatalogueFile, HostShape, ModelShape, PriceShape, StatusShape};
use crate::diagnostic;
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
        let path = ["vendors", name.as_str()];
        if let Some(dialect) = &vendor.dialect {
            search.name(
                &[&path[..], &["dialect"]].concat(),
                dialect,
                "dialect",
                &known.dialects.iter().copied(),
            );
        }
        for ours in vendor.names.keys() {
            let parameters = Parameter::ALL.iter().map(|parameter| parameter.name());
            search.name(
                &[&path[..], &["names", ours]].concat(),
                ours,
                "sampling setting",
                &parameters,
            );
        }
        search.range(&[&path[..], &["temperature"]].concat(), vendor.temperature);
    }
    for (name, model) in &file.models {
        search.model(name, model);
    }
    search.faults
}

struct Search<'a> {
    known: Known<'a>,
    faults: Vec<CatalogueFault>,
}

impl<'a> Search<'a> {
    fn model(&mut self, name: &str, model: &ModelShape) {
        let whole = self.known.whole;
        let at = |key: &'a str| ["models", name, key].map(str::to_owned);
        if let Some(template) = &model.template {
            let templates = self.known.templates.iter().copied();
            self.name(&["models", name, "template"], template, "chat template", &templates);
        }
        if let Some(tokenizer) = &model.tokenizer {
            let tokenizers = whole.tokenizers.keys().map(String::as_str);
            self.name(&["models", name, "tokenizer"], tokenizer, "tokenizer", &tokenizers);
        }
        self.status(&["models", name, "status"], model.status.as_ref());
        self.limits(&at("reply"), model.window, model.reply);
        for (vendor, host) in &model.hosts {
            let path = ["models", name, "hosts", vendor.as_str()];
            self.name(&path, vendor, "vendor", &whole.vendors.keys().map(String::as_str));
            self.host(&path, host, model);
        }
    }

    fn host(&mut self, path: &[&str], host: &HostShape, model: &ModelShape) {
        let at = |key: &str| {
            let path = path.iter().copied().chain([key]);
            path.map(str::to_owned).collect::<Vec<_>>()
        };
        self.status(&[path, &["status"]].concat(), host.status.as_ref());
        let window = host.window.into_iter().chain(model.window).min();
        self.limits(&at("reply"), window, host.reply);
        self.range(&[path, &["temperature"]].concat(), host.temperature);
        self.day(&[path, &["seen"]].concat(), host.seen.as_deref());
        if let Some(price) = &host.price {
            self.price(&[path, &["price"]].concat(), price);
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
        for next in &status.replaced_by {
            let models = self.known.whole.models.keys().map(String::as_str);
            self.name(&[path, &["replaced_by"]].concat(), next, "model", &models);
        }
    }

    /// A reply has to leave room for its prompt.
    fn limits(&mut self, path: &[String], window: Option<u32>, reply: Option<u32>) {
        let path: Vec<&str> = path.iter().map(String::as_str).collect();
        if window == Some(0) || reply == Some(0) {
            self.add(&path, "a limit of no tokens leaves room for nothing".to_owned(), None);
        }
        if let (Some(window), Some(reply)) = (window, reply)
            && reply > window
        {
            self.add(
                &path,
                format!("a reply of {reply} tokens does not fit into a window of {window}"),
                None,
            );
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
            // The dearest model that ever was asked 600 dollars for a million.
            if !(0.0..=10_000.0).contains(&dollars) {
                let hint = "prices are dollars for a million tokens".to_owned();
                self.add(path, format!("{dollars} is no price"), Some(hint));
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
