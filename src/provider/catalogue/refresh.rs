//! A vendor's list against the catalogue: what is new, dearer, gone.
//!
//! Pure. What comes out is a layer of rows between the built-in ones and the
//! user's, and what it changes.

use std::collections::BTreeSet;

use super::listing::{Listed, ListedPrice};
use super::shape::{CatalogueFile, HostShape, ModelShape, PriceShape, StatusShape, StatusWord};
use super::{Catalogue, Vendor};

/// What a list changes.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// A model that the catalogue did not know.
    New {
        /// Its name in the catalogue.
        model: String,
    },
    /// Another price, in dollars for a million tokens of prompt and reply.
    Price {
        /// Its name in the catalogue.
        model: String,
        /// Before; none where it was not known.
        was: Option<(f64, f64)>,
        /// Now.
        is: (f64, f64),
    },
    /// Another window.
    Window {
        /// Its name in the catalogue.
        model: String,
        /// Before.
        was: u32,
        /// Now.
        is: u32,
    },
    /// It is listed no more, on or after the day that was announced as its end.
    Gone {
        /// Its name in the catalogue.
        model: String,
    },
    /// It is listed no more, and nobody has announced that.
    Unlisted {
        /// Its name in the catalogue.
        model: String,
    },
    /// The list lacks so much of what is known that it says nothing of the rest.
    Partial {
        /// Models that are known of the vendor and not in the list.
        missing: usize,
        /// Models that are known of the vendor.
        known: usize,
    },
    /// It is listed again.
    Back {
        /// Its name in the catalogue.
        model: String,
    },
    /// Its end is announced.
    Ending {
        /// Its name in the catalogue.
        model: String,
        /// The day.
        day: String,
    },
}

/// What a list is held against.
#[derive(Clone, Copy, Debug)]
pub struct Against<'a> {
    /// The built-in catalogue. What a list says of limits only ever makes them
    /// smaller than what stands there: a smaller window may have its reasons,
    /// such as a price that rises with the length of a prompt.
    pub built_in: &'a Catalogue,
    /// The same with the rows of the last list: what was known until now.
    pub known: &'a Catalogue,
    /// Whether the list is the vendor's own. What a gateway in its place leaves
    /// out says nothing of the vendor.
    pub is_its_own: bool,
}

/// The rows that a vendor's list of `today` makes, and what they change.
///
/// The user's own rows are no part of this: they count anyway.
#[must_use]
pub fn refreshed(
    against: Against<'_>,
    vendor: &str,
    list: &[Listed],
    today: &str,
) -> (CatalogueFile, Vec<Change>) {
    let mut layer = CatalogueFile::default();
    let mut changes = Vec::new();
    let mut seen = BTreeSet::new();
    for listed in list {
        let found = found(against.known, vendor, listed);
        // Two ids of one model: the first is the one that counts.
        let name = match &found {
            Some((name, ..)) => (*name).to_owned(),
            None if listed.picks_another => continue,
            None => new_name(against.known, &layer, listed),
        };
        if !seen.insert(name.clone()) {
            continue;
        }
        if listed.picks_another {
            stay(against, vendor, &name, &mut layer);
            continue;
        }
        let before = found.and_then(|(_, model)| model.hosts.get(vendor));
        note(&mut changes, &name, before, found.map(|(_, model)| model), listed);
        let model = layer.models.entry(name.clone()).or_default();
        let own = against.built_in.models().get(&name);
        if own.is_none() {
            model.title.clone_from(&listed.title);
        }
        let built_in = own.and_then(|model| model.hosts.get(vendor));
        model.hosts.insert(vendor.to_owned(), host(listed, built_in, today));
    }
    miss(against, vendor, &seen, today, &mut layer, &mut changes);
    (layer, changes)
}

/// The rows of what a server on the user's machine lists: each model by its own
/// name there, with all that is known of its make.
///
/// A server that is asked for its window in each request is not asked for more
/// than its vendor's row says, whatever a model could hold; any other has the
/// window that it lists.
#[must_use]
pub fn at_home(known: &Catalogue, vendor: &Vendor, list: &[Listed]) -> CatalogueFile {
    let mut layer = CatalogueFile::default();
    for listed in list {
        let make = known.make(vendor, &listed.id).map(|found| found.model.clone());
        let name = match found(known, &vendor.name, listed) {
            Some((name, model)) if model.hosts.contains_key(&vendor.name) => name.to_owned(),
            // A name of the catalogue is of more than a file on one machine.
            _ if known.models().contains_key(&listed.id.to_lowercase()) => {
                format!("{}/{}", vendor.name, listed.id.to_lowercase())
            }
            _ => new_name(known, &layer, listed),
        };
        let least = |make: Option<u32>| make.into_iter().chain(listed.window).min();
        let (window, of_host) = match vendor.window {
            Some(_) => (least(make.as_ref().and_then(|make| make.window)), None),
            None => (make.as_ref().and_then(|make| make.window), listed.window),
        };
        let host =
            HostShape { id: Some(listed.id.clone()), window: of_host, ..HostShape::default() };
        let row = ModelShape {
            title: listed.title.clone().or_else(|| Some(listed.id.clone())),
            also: None,
            files: None,
            absent: None,
            status: None,
            window,
            hosts: [(vendor.name.clone(), host)].into(),
            ..make.unwrap_or_default()
        };
        layer.models.insert(name, row);
    }
    layer
}

/// The model of the catalogue that a row of a list means.
fn found<'a>(
    known: &'a Catalogue,
    vendor: &str,
    listed: &Listed,
) -> Option<(&'a str, &'a ModelShape)> {
    let ids = std::iter::once(&listed.id).chain(&listed.also);
    ids.filter_map(|id| known.hosted(vendor, id)).map(|found| (found.name, found.model)).next()
}

/// Marks what the vendor had and lists no more. A list may be filtered, cut
/// short or wrong: none makes a model unusable by itself, and one that lacks
/// more than half of what is known marks nothing.
fn miss(
    against: Against<'_>,
    vendor: &str,
    seen: &BTreeSet<String>,
    today: &str,
    layer: &mut CatalogueFile,
    changes: &mut Vec<Change>,
) {
    let hosted = || {
        against.known.models().iter().filter_map(|(name, model)| {
            let status = status(Some(model), Some(model.hosts.get(vendor)?));
            Some((name, status))
        })
    };
    let served = || hosted().filter(|(_, status)| *status != StatusWord::Retired);
    let known = served().count();
    let missing = served().filter(|(name, _)| !seen.contains(*name)).count();
    let is_partial = missing * 2 > known;
    if is_partial && against.is_its_own {
        changes.push(Change::Partial { missing, known });
    }
    for (name, status) in hosted().filter(|(name, _)| !seen.contains(*name)) {
        let is_marked = matches!(status, StatusWord::Retired | StatusWord::Unlisted);
        stay(against, vendor, name, layer);
        if !is_marked && !is_partial && against.is_its_own {
            mark(against.known, vendor, name, today, layer, changes);
        }
    }
}

/// Marks a model that is missing from a list.
fn mark(
    known: &Catalogue,
    vendor: &str,
    name: &str,
    today: &str,
    layer: &mut CatalogueFile,
    changes: &mut Vec<Change>,
) {
    let Some(model) = known.models().get(name) else { return };
    let Some(host) = model.hosts.get(vendor) else { return };
    let status = missing(model, host, today);
    changes.push(match status.is {
        StatusWord::Retired => Change::Gone { model: name.to_owned() },
        _ => Change::Unlisted { model: name.to_owned() },
    });
    let row = HostShape { status: Some(status), ..host.clone() };
    layer.models.entry(name.to_owned()).or_default().hosts.insert(vendor.to_owned(), row);
}

/// Keeps what the lists before have said of a model; what is built in stays anyway.
fn stay(against: Against<'_>, vendor: &str, name: &str, layer: &mut CatalogueFile) {
    let Some(model) = against.known.models().get(name) else { return };
    let own = against.built_in.models().get(name);
    let built_in = own.and_then(|own| own.hosts.get(vendor));
    let Some(host) = model.hosts.get(vendor).filter(|host| Some(*host) != built_in) else { return };
    let kept = layer.models.entry(name.to_owned()).or_default();
    if own.is_none() {
        kept.title.clone_from(&model.title);
    }
    kept.hosts.insert(vendor.to_owned(), host.clone());
}

/// The last part of the id, or all of it where that is taken.
fn new_name(known: &Catalogue, layer: &CatalogueFile, listed: &Listed) -> String {
    let short = listed.id.rsplit('/').next().unwrap_or(&listed.id).to_lowercase();
    let is_free = known.model(&short).is_none() && !layer.models.contains_key(&short);
    if is_free { short } else { listed.id.to_lowercase() }
}

fn status(model: Option<&ModelShape>, host: Option<&HostShape>) -> StatusWord {
    let own = host.and_then(|host| host.status.as_ref());
    let status = own.or_else(|| model.and_then(|model| model.status.as_ref()));
    status.map_or(StatusWord::Active, |status| status.is)
}

fn note(
    changes: &mut Vec<Change>,
    name: &str,
    before: Option<&HostShape>,
    model: Option<&ModelShape>,
    listed: &Listed,
) {
    let model_name = || name.to_owned();
    let Some(before) = before else {
        changes.push(Change::New { model: model_name() });
        return;
    };
    if matches!(status(model, Some(before)), StatusWord::Retired | StatusWord::Unlisted) {
        changes.push(Change::Back { model: model_name() });
    }
    let was = before.price.as_ref().map(|price| (price.prompt, price.reply));
    if let Some(price) = listed.price {
        let is = (price.prompt, price.reply);
        if was.is_none_or(|was| differ(was.0, is.0) || differ(was.1, is.1)) {
            changes.push(Change::Price { model: model_name(), was, is });
        }
    }
    if let (Some(was), Some(is)) = (before.window, listed.window)
        && is < was
    {
        changes.push(Change::Window { model: model_name(), was, is });
    }
    if let Some(day) = &listed.ends
        && before.status.as_ref().and_then(|status| status.until.as_ref()) != Some(day)
    {
        changes.push(Change::Ending { model: model_name(), day: day.clone() });
    }
}

fn differ(a: f64, b: f64) -> bool {
    (a - b).abs() > 1e-9
}

fn host(listed: &Listed, built_in: Option<&HostShape>, today: &str) -> HostShape {
    let least = |listed: Option<u32>, known: Option<u32>| match (listed, known) {
        (Some(listed), Some(known)) => Some(listed.min(known)),
        (listed, known) => listed.or(known),
    };
    let window = least(listed.window, built_in.and_then(|host| host.window));
    let reply = least(listed.reply, built_in.and_then(|host| host.reply));
    HostShape {
        id: Some(listed.id.clone()),
        also: (!listed.also.is_empty()).then(|| listed.also.clone()),
        status: Some(listed_status(listed, today)),
        window,
        // A reply that fills the window is no limit.
        reply: reply.filter(|reply| window.is_none_or(|window| *reply < window)),
        price: listed.price.map(|price| dated(price, today)),
        parameters: listed.parameters.clone(),
        seen: Some(today.to_owned()),
        ..HostShape::default()
    }
}

fn listed_status(listed: &Listed, today: &str) -> StatusShape {
    StatusShape {
        is: if listed.ends.is_some() { StatusWord::Deprecated } else { StatusWord::Active },
        since: None,
        until: listed.ends.clone(),
        replaced_by: Vec::new(),
        source: Some(format!("its list of {today}")),
    }
}

fn dated(price: ListedPrice, today: &str) -> PriceShape {
    PriceShape {
        prompt: price.prompt,
        reply: price.reply,
        cached: price.cached,
        written: price.written,
        date: today.to_owned(),
    }
}

/// What a list says by not naming a model: that it is gone, where its end was
/// announced for that day, and else only that it is not named.
fn missing(model: &ModelShape, host: &HostShape, today: &str) -> StatusShape {
    let known = host.status.as_ref().or(model.status.as_ref());
    let end = known.and_then(|status| status.until.as_deref());
    StatusShape {
        is: match end {
            Some(end) if end <= today => StatusWord::Retired,
            _ => StatusWord::Unlisted,
        },
        since: Some(today.to_owned()),
        until: end.map(str::to_owned),
        replaced_by: known.map(|status| status.replaced_by.clone()).unwrap_or_default(),
        source: Some(format!("not in its list of {today}")),
    }
}
