//! What the user's configuration says that cannot be, each at its place.

use super::file::{ConfigFile, EndpointShape};
use super::misplaced::{MODEL, Misplaced, is_key, misplaced};
use crate::diagnostic::{Finding, Place, did_you_mean};
use crate::money::{Budget, DEAREST, Money, PriceSaid, figure};
use crate::project::schema::ModelsShape;
use crate::project::wishes::{NO_NAME, is_name};
use crate::project::yaml::{self, Pairs};
use crate::provider::dialects::{self, DIALECTS};
use crate::provider::http::{Base, BoundHeaders};

/// Where a key may stand.
const KEY_WAY: &str = "put the key alone into a file and name that by `api_key_file`, or into a variable and name that by `api_key_env`";

/// Everything in `file` that cannot be; `text` is the file of that `name`. Keys in wrong
/// places come first: they concern more than this run.
pub(super) fn faults(file: &ConfigFile, name: &str, text: &str) -> Vec<Finding> {
    let mut search = Search { name, text, findings: Vec::new() };
    search.misplaced(file);
    search.address(&["base_url"], file.base_url.as_deref());
    search.none(&["window"], file.window);
    search.price(&["price"], file.price.as_ref());
    search.budget(&file.budget.unwrap_or_default());
    search.models(file);
    for (vendor, endpoint) in file.endpoints.iter().flatten() {
        search.endpoint(vendor, endpoint);
    }
    search.findings
}

struct Search<'a> {
    name: &'a str,
    text: &'a str,
    findings: Vec<Finding>,
}

impl Search<'_> {
    fn endpoint(&mut self, vendor: &str, endpoint: &EndpointShape) {
        let at = ["endpoints", vendor];
        if vendor.trim().is_empty() || vendor.contains('/') {
            let hint = "a model is written as `NAME/MODEL`: choose a name without `/`";
            self.add(&at, format!("no endpoint can be called `{vendor}`"), hint);
        }
        self.address(&["endpoints", vendor, "base_url"], endpoint.base_url.as_deref());
        let dialect = endpoint.dialect.as_deref();
        if let Some(name) = dialect.filter(|name| dialects::dialect(name).is_none()) {
            let known = DIALECTS.iter().map(|dialect| dialect.name);
            let all = known.clone().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
            let hint = did_you_mean(name, known).unwrap_or_else(|| format!("write one of {all}"));
            let path = ["endpoints", vendor, "dialect"];
            self.add(&path, format!("no dialect is called `{name}`"), &hint);
        }
        for (key, count) in [
            ("window", endpoint.window),
            ("idle_seconds", endpoint.idle_seconds),
            ("tries", endpoint.tries),
            ("concurrent", endpoint.concurrent),
            ("requests_per_minute", endpoint.requests_per_minute),
            ("tokens_per_minute", endpoint.tokens_per_minute),
        ] {
            self.none(&["endpoints", vendor, key], count);
        }
        self.price(&["endpoints", vendor, "price"], endpoint.price.as_ref());
        for (header, value) in endpoint.headers.iter().flat_map(|Pairs(pairs)| pairs) {
            if let Err(why) = BoundHeaders::check(header, value) {
                let hint = "write one line each, such as `X-Team: attic`, or take the header out";
                self.add(&["endpoints", vendor, "headers", header], why.to_string(), hint);
            }
        }
    }

    /// Keys that stand where names belong.
    fn misplaced(&mut self, file: &ConfigFile) {
        for Misplaced { path, wanted, .. } in misplaced(file) {
            let path: Vec<&str> = path.iter().map(String::as_str).collect();
            let message = format!("a key stands where {wanted} belongs");
            self.add(&path, message, KEY_WAY);
        }
        for named in file.models.iter().flat_map(ModelsShape::all) {
            if is_key(&named.value) {
                let place = Place::at(self.name, named.spot);
                let message = format!("a key stands where {MODEL} belongs");
                self.findings.push(Finding::error("configuration", place, message).hint(KEY_WAY));
            }
        }
    }

    /// Names that no model can have: they would break what is shown and stored.
    fn models(&mut self, file: &ConfigFile) {
        let hint = "write it in one line, such as `openrouter/NAME`";
        if file.model.as_ref().is_some_and(|model| !is_name(model)) {
            self.add(&["model"], NO_NAME.to_owned(), hint);
        }
        let named = file.models.iter().flat_map(ModelsShape::all);
        for named in named.filter(|named| !is_name(&named.value)) {
            let place = Place::at(self.name, named.spot);
            self.findings.push(Finding::error("configuration", place, NO_NAME).hint(hint));
        }
    }

    /// An address that no request is ever sent to.
    fn address(&mut self, path: &[&str], address: Option<&str>) {
        if let Some(Err(why)) = address.map(Base::parse) {
            let hint = "write it like `https://host/v1`; only this machine may be reached by http";
            self.add(path, why.to_string(), hint);
        }
    }

    /// With none of these, no call could ever be made.
    fn none(&mut self, path: &[&str], count: Option<u32>) {
        if count == Some(0) {
            let key = path.last().copied().unwrap_or_default();
            let hint = "write at least 1, or leave it out for the usual value";
            self.add(path, format!("`{key}` is 0, and so nothing can be asked"), hint);
        }
    }

    fn price(&mut self, path: &[&str], price: Option<&PriceSaid>) {
        let Some(price) = price else { return };
        for (key, dollars) in [
            ("prompt", Some(price.prompt)),
            ("reply", Some(price.reply)),
            ("cached", price.cached),
            ("written", price.written),
        ] {
            let hint = "write dollars for a million tokens, such as `0.40`";
            let path = [path, &[key]].concat();
            self.dollars(&path, dollars, hint);
            // Nobody asks for that much: it is a unit misread.
            if let Some(dollars) = dollars.filter(|one| *one > DEAREST && is_amount(*one)) {
                let message = format!(
                    "`{}` dollars for a million tokens is more than any model costs; the most is {DEAREST}",
                    figure(dollars)
                );
                self.add(&path, message, hint);
            }
        }
    }

    fn budget(&mut self, budget: &Budget) {
        for (key, dollars) in [("run", budget.run), ("book", budget.book), ("month", budget.month)]
        {
            self.dollars(&["budget", key], dollars, "write dollars, such as `2.50`");
        }
    }

    fn dollars(&mut self, path: &[&str], dollars: Option<f64>, hint: &str) {
        if let Some(dollars) = dollars
            && !is_amount(dollars)
        {
            self.add(path, format!("`{}` is no amount of money", figure(dollars)), hint);
        }
    }

    fn add(&mut self, path: &[&str], message: String, hint: &str) {
        let path: Vec<String> = path.iter().map(|&key| key.to_owned()).collect();
        let place = match yaml::spot_of(self.text, &path) {
            Some(spot) => Place::at(self.name, spot),
            None => Place::file(self.name),
        };
        self.findings.push(Finding::error("configuration", place, message).hint(hint));
    }
}

fn is_amount(dollars: f64) -> bool {
    Money::of_dollars(dollars).is_some()
}
