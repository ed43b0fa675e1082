//! Every row of the built-in catalogue says what can be, and all of it.

use std::collections::{BTreeMap, BTreeSet};

use storygen::provider::catalogue::shape::{CatalogueFile, HostShape, ModelShape, StatusWord};
use storygen::provider::catalogue::{Catalogue, FILES, Known, Verdict, faults};
use storygen::provider::completion::templates::{OWN, TEMPLATES};
use storygen::provider::dialects::DIALECTS;
use storygen::provider::http::Base;
use storygen::provider::sampling::Parameter;

/// The wires that a row may name.
fn dialects() -> Vec<&'static str> {
    DIALECTS.iter().map(|dialect| dialect.name).chain(["embedded"]).collect()
}

/// The chat templates that a row may name.
fn templates() -> Vec<&'static str> {
    TEMPLATES.iter().map(|template| template.name).chain([OWN]).collect()
}

fn built_in() -> Catalogue {
    Catalogue::built_in().expect("the built-in catalogue reads")
}

fn file() -> CatalogueFile {
    built_in().into_file()
}

/// Complaints about rows, all at once.
#[derive(Default)]
struct Complaints(Vec<String>);

impl Complaints {
    fn unless(&mut self, holds: bool, row: &str, what: &str) {
        if !holds {
            self.0.push(format!("{row}: {what}"));
        }
    }
}

impl Drop for Complaints {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            assert!(self.0.is_empty(), "{}", self.0.join("\n"));
        }
    }
}

/// The reader of the built-in files is not the one of the user's, and forgives
/// more: a key twice, say.
#[test]
fn both_readers_of_yaml_read_the_same() {
    for (name, text) in FILES {
        let quick: CatalogueFile = serde_yaml::from_str(text).expect(name);
        let strict: CatalogueFile = serde_saphyr::from_str(text).expect(name);
        assert_eq!(quick, strict, "{name}");
    }
}

#[test]
fn nothing_that_cannot_be_is_said() {
    let whole = file();
    let (dialects, templates) = (dialects(), templates());
    let known = Known { whole: &whole, dialects: &dialects, templates: &templates };
    assert_eq!(faults(&whole, known), []);
}

#[test]
fn every_vendor_says_who_and_where() {
    let mut complaints = Complaints::default();
    for name in built_in().vendors() {
        let vendor = built_in().vendor(name).expect("a vendor");
        let mut must = |holds, what| complaints.unless(holds, name, what);
        must(vendor.title != name, "it has no title");
        must(vendor.key.is_some() != vendor.is_local, "a key is for those who are elsewhere");
        if let Some(key) = &vendor.key {
            let is_variable = key.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_');
            must(is_variable && key.ends_with("_KEY"), "its key is no variable");
        }
        must(
            vendor.base_url.is_some() != ["compatible", "embedded"].contains(&name),
            "its address is known unless only the user can say",
        );
        if let Some(url) = &vendor.base_url {
            must(Base::parse(url).is_ok(), "its address is not safe");
            must(url.starts_with("http://127.0.0.1") == vendor.is_local, "it is elsewhere");
        }
        must(vendor.accepts.takes(Parameter::Stop) || name == "xai", "replies cannot be ended");
        must(vendor.listing.is_some() || name == "embedded", "its models cannot be listed");
    }
}

#[test]
fn no_name_means_two_models() {
    let file = file();
    let mut seen = BTreeMap::<String, &str>::new();
    let mut complaints = Complaints::default();
    let mut once = |key: String, model| {
        if let Some(other) = seen.insert(key.to_lowercase(), model) {
            complaints.unless(other == model, model, &format!("`{key}` is `{other}`, too"));
        }
    };
    for (name, model) in &file.models {
        for own in std::iter::once(name).chain(model.also.iter().flatten()) {
            once(own.clone(), name);
        }
        for (vendor, host) in &model.hosts {
            for id in host.id.iter().chain(host.also.iter().flatten()) {
                once(format!("{vendor}/{id}"), name);
            }
        }
    }
}

fn retired(model: &ModelShape, host: &HostShape) -> bool {
    let status = host.status.as_ref().or(model.status.as_ref());
    status.is_some_and(|status| status.is == StatusWord::Retired)
}

#[test]
fn every_model_is_served_or_says_why_not() {
    let file = file();
    let mut complaints = Complaints::default();
    for (name, model) in &file.models {
        let mut must = |holds, what: &str| complaints.unless(holds, name, what);
        must(model.title.is_some() && model.family.is_some(), "title or family is missing");
        must(model.licence.is_some(), "it has no licence, not even an unknown one");
        must(model.hosts.is_empty() == model.absent.is_some(), "it is served, or says why not");
        let is_gone = model.hosts.values().any(|host| retired(model, host));
        let ways: BTreeSet<&String> = model
            .hosts
            .values()
            .filter_map(|host| host.status.as_ref())
            .chain(&model.status)
            .flat_map(|status| &status.replaced_by)
            .collect();
        must(is_gone != ways.is_empty(), "what is retired is replaced, and nothing else");
        for next in ways {
            let next = &file.models[next];
            let is_served = next.hosts.values().any(|host| !retired(next, host));
            must(is_served, "what replaces it is not served either");
        }
        for status in
            model.hosts.values().filter_map(|host| host.status.as_ref()).chain(&model.status)
        {
            must(
                status.source.is_some() && status.since.is_some(),
                "its status has no source or day",
            );
        }
        let sampler = model.sampling.as_ref();
        must(sampler.is_none_or(|own| own.source.is_some()), "who gave its sampler is not said");
        must(model.template.is_none() || model.ends.is_some(), "its template ends nothing");
        for quirk in model.quirks.iter().flatten() {
            must(!quirk.ends_with('.') && quirk.len() > 8, "a quirk is a clause");
        }
    }
}

#[test]
fn every_host_says_what_a_call_needs() {
    let file = file();
    let mut complaints = Complaints::default();
    for (name, model) in &file.models {
        for (vendor, host) in &model.hosts {
            let row = format!("{name} at {vendor}");
            let mut must = |holds, what| complaints.unless(holds, &row, what);
            let takes = &file.vendors[vendor].parameters;
            let is_local = file.vendors[vendor].local == Some(true);
            must(host.id.is_some(), "it has no id");
            must(host.window.or(model.window).is_some(), "its window is not known");
            must(host.price.is_some() != is_local, "its price is not known");
            must(host.seen.is_some() != is_local, "nobody says when that was true");
            for parameter in host.parameters.iter().flatten() {
                let known = takes.as_ref().is_some_and(|all| all.contains(parameter));
                must(known, "it takes what its vendor does not");
            }
            if let (Some(window), Some(reply)) = (host.window.or(model.window), host.reply) {
                must(reply < window, "a reply leaves no room for a prompt");
            }
        }
    }
}

/// The models that storygen was asked for, and what is true of each.
#[test]
fn the_models_that_were_asked_for_work_or_say_why_not() {
    let catalogue = built_in();
    let row = |vendor, name| catalogue.row(vendor, name).expect("a row");
    for (vendor, name, window, reply) in [
        ("openrouter", "thedrummer/unslopnemo-12b", 32_768, Some(26_214)),
        ("openrouter", "sao10k/l3.1-euryale-70b", 131_072, Some(16_384)),
        ("novita", "sao10k/l31-70b-euryale-v2.2", 8_192, None),
        ("deepinfra", "Sao10K/L3.1-70B-Euryale-v2.2", 131_072, None),
        ("novita", "sao10k/l3-70b-euryale-v2.1", 8_192, None),
        ("openrouter", "gryphe/mythomax-l2-13b", 4_096, Some(3_686)),
        ("novita", "gryphe/mythomax-l2-13b", 4_096, Some(3_200)),
        ("openrouter", "qwen/qwen-2.5-72b-instruct", 32_768, Some(8_192)),
        ("mistral", "ministral-8b-2512", 262_144, None),
    ] {
        let row = row(vendor, name);
        assert_eq!(row.verdict(None, "2026-11-23"), Verdict::Usable, "{vendor}/{name}");
        assert_eq!((row.window, row.reply_limit), (Some(window), reply), "{vendor}/{name}");
        assert!(row.price.is_some_and(|price| !price.is_free()), "{vendor}/{name}");
    }
    for (vendor, name, next) in [
        ("mistral", "labs-mistral-small-creative", "ministral-3-8b"),
        ("openrouter", "mistralai/mistral-small-creative", "ministral-3-8b"),
        ("openrouter", "sao10k/l3-euryale-70b", "euryale-70b-v2.2"),
        ("openrouter", "inflection/inflection-3-pi", "minimax-m2-her"),
    ] {
        let row = row(vendor, name);
        assert_eq!(row.status.replaced_by.first().map(String::as_str), Some(next), "{name}");
        let Verdict::Retired { hints, .. } = row.verdict(None, "2026-11-23") else {
            panic!("{name} is gone")
        };
        assert!(hints[0].contains(&format!("`{next}`")), "{hints:?}");
    }
    // Still served, only not where one would look first.
    let euryale = row("openrouter", "euryale-70b-v2.1");
    assert_eq!(euryale.elsewhere, ["novita/sao10k/l3-70b-euryale-v2.1"]);
    let pi = row("openrouter", "inflection-3-pi");
    let four: Vec<Parameter> = pi.accepts.parameters.iter().copied().collect();
    assert_eq!(four, [Parameter::Temperature, Parameter::TopP, Parameter::Stop]);
    assert_eq!(
        (pi.window, pi.reply_limit, pi.accepts.temperature),
        (Some(8_000), Some(1_024), (0.0, 1.0))
    );
    let unslop = row("openrouter", "unslopnemo-12b");
    assert!(!unslop.accepts.takes(Parameter::MinP) && !unslop.accepts.takes(Parameter::Seed));
    assert_eq!(row("openrouter", "mythomax-13b").stops, ["### Instruction:", "### Input:"]);
}
