//! A vendor's list against the catalogue: what is new, dearer, gone.
//!
//! Pure. What comes out is a layer of rows between the built-in ones and the
//! user's, and what it changes.

use std::collections::BTreeSet;

use super::change::{Change, Was, note, status};
use super::listing::{Listed, ListedPrice};
use super::shape::{CatalogueFile, HostShape, ModelShape, PriceShape, StatusShape, StatusWord};
use super::{Catalogue, Vendor, identity};

/// What a list is held against.
#[derive(Clone, Copy, Debug)]
pub struct Against<'a> {
    /// The built-in catalogue. What a list says of limits only ever makes them
    /// smaller than what stands there: a smaller window may have its reasons,
    /// such as a price that rises with the length of a prompt.
    pub built_in: &'a Catalogue,
    /// The same with the rows of lists: what was known until now of where the list
    /// comes from.
    pub known: &'a Catalogue,
    /// The rows of the last list from there.
    pub last: &'a CatalogueFile,
    /// The origin that the list comes from, where that is not the vendor's own. What
    /// a gateway in its place leaves out says nothing of the vendor.
    pub elsewhere: Option<&'a str>,
    /// Whether the list is longer than what was read of it, so that what is missing
    /// may stand in the rest.
    pub is_cut: bool,
}

impl Against<'_> {
    /// Whether a model that is known is of what this list may leave out: the vendor's
    /// own of anything, a gateway's of what it has listed itself.
    fn is_of_this_list(&self, name: &str) -> bool {
        self.elsewhere.is_none() || self.last.models.contains_key(name)
    }

    /// What the last list says of a model at a vendor.
    fn last_of(&self, vendor: &str, name: &str) -> Option<&HostShape> {
        self.last.models.get(name)?.hosts.get(vendor)
    }
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
    let last = identity::of_known_ids(against.last.clone(), &against.built_in.file);
    let against = Against { last: &last, ..against };
    let mut layer = CatalogueFile::default();
    let mut changes = Vec::new();
    let mut seen = BTreeSet::new();
    let list = &identity::settled(list)[..];
    let rows = identity::told_apart(list);
    let names = identity::named(against, vendor, &rows);
    seen.extend(identity::words_now(against, vendor, &rows, &names).into_iter().map(str::to_owned));
    for ((said, listed), found) in list.iter().zip(&rows).zip(names) {
        let name = match found {
            Some(name) => name.to_owned(),
            None if listed.picks_another => continue,
            None => identity::new_name(against.known, &layer, vendor, listed),
        };
        if !seen.insert(name.clone()) {
            continue;
        }
        if listed.picks_another {
            stay(against, vendor, &name, &mut layer);
            continue;
        }
        let model = found.and_then(|name| against.known.models().get(name));
        let before = model.and_then(|model| model.hosts.get(vendor));
        note(&mut changes, &name, Was { model, host: before }, listed);
        let own = against.built_in.models().get(&name);
        let built_in = own.and_then(|model| model.hosts.get(vendor));
        let row = host(against, listed, before, built_in, today);
        let row = HostShape { price: priced(against, listed.price, today), ..row };
        let is_described =
            own.is_some() || found.is_none() && against.known.models().contains_key(&name);
        let make = || identity::make(against.known, vendor, said);
        let make = if is_described { ModelShape::default() } else { make() };
        let model = layer.models.entry(name).or_insert(make);
        model.hosts.insert(vendor.to_owned(), row);
    }
    follow(against.known, vendor, &mut layer, &mut changes);
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
            _ => identity::new_name(known, &layer, &vendor.name, listed),
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
    // Of what a gateway has listed, only its own list can say that it is gone.
    let hosted_here = || {
        let here = against.known.models().iter();
        here.filter(|(name, _)| against.is_of_this_list(name)).filter_map(|(name, model)| {
            let host = model.hosts.get(vendor)?;
            Some((name, status(Some(model), Some(host))))
        })
    };
    let served = || hosted_here().filter(|(_, status)| *status != StatusWord::Retired);
    let known = served().count();
    let missing = served().filter(|(name, ..)| !seen.contains(*name)).count();
    let is_partial = missing * 2 > known || against.is_cut && missing > 0;
    if is_partial {
        changes.push(Change::Partial { missing, known });
    }
    for (name, status) in hosted_here().filter(|(name, _)| !seen.contains(*name)) {
        let is_marked = matches!(status, StatusWord::Retired | StatusWord::Unlisted);
        stay(against, vendor, name, layer);
        if !is_marked && !is_partial {
            mark(against, vendor, name, today, layer, changes);
        }
    }
}

/// Marks a model that is missing from a list.
fn mark(
    against: Against<'_>,
    vendor: &str,
    name: &str,
    today: &str,
    layer: &mut CatalogueFile,
    changes: &mut Vec<Change>,
) {
    let Some(model) = against.known.models().get(name) else { return };
    let Some(host) = model.hosts.get(vendor) else { return };
    let status = missing(against, model, host, today);
    let end = status.until.clone().filter(|end| end.as_str() <= today);
    changes.push(Change::Unlisted { model: name.to_owned(), end });
    let row = against.last_of(vendor, name).cloned().unwrap_or_default();
    let row = HostShape { status: Some(status), ..row };
    layer.models.entry(name.to_owned()).or_default().hosts.insert(vendor.to_owned(), row);
}

/// Keeps what the list before has said of a model; what is built in stays anyway.
fn stay(against: Against<'_>, vendor: &str, name: &str, layer: &mut CatalogueFile) {
    let Some(model) = against.last.models.get(name) else { return };
    if model.hosts.contains_key(vendor) {
        layer.models.insert(name.to_owned(), model.clone());
    }
}

fn host(
    against: Against<'_>,
    listed: &Listed,
    before: Option<&HostShape>,
    built_in: Option<&HostShape>,
    today: &str,
) -> HostShape {
    // A model that is found by another word is asked for as before.
    let known = before.and_then(|host| host.id.as_ref());
    let id = known.filter(|known| !known.eq_ignore_ascii_case(&listed.id)).unwrap_or(&listed.id);
    let words = listed.also.iter().chain([&listed.id]).filter(|word| *word != id);
    let also: Vec<String> = words.cloned().collect();
    let least = |listed: Option<u32>, known: Option<u32>| match (listed, known) {
        (Some(listed), Some(known)) => Some(listed.min(known)),
        (listed, known) => listed.or(known),
    };
    let window = least(listed.window, built_in.and_then(|host| host.window));
    let reply = least(listed.reply, built_in.and_then(|host| host.reply));
    HostShape {
        id: Some(id.clone()),
        also: (!also.is_empty()).then_some(also),
        status: Some(listed_status(against, listed, today)),
        window,
        // A reply that fills the window is no limit.
        reply: reply.filter(|reply| window.is_none_or(|window| *reply < window)),
        parameters: listed.parameters.clone(),
        seen: Some(today.to_owned()),
        quirks: listed.dearer_past.filter(|end| Some(*end) == window).map(|end| {
            vec![format!(
                "it holds more, but past {end} tokens each one costs more; raise `window` and the price together"
            )]
        }),
        ..HostShape::default()
    }
}

/// The price of a list, with its day and whose it is.
fn priced(against: Against<'_>, price: Option<ListedPrice>, today: &str) -> Option<PriceShape> {
    let source = match against.elsewhere {
        Some(origin) => format!("the list at {origin}"),
        None => "its list".to_owned(),
    };
    price.map(|price| dated(price, today, source))
}

/// Turns the vendor's words for what takes a model's place into names of the
/// catalogue; of what it does not know, the name that asks the vendor for it.
fn follow(known: &Catalogue, vendor: &str, layer: &mut CatalogueFile, changes: &mut [Change]) {
    let named = |next: &str| {
        let is_it = |host: &HostShape| host.id.as_deref() == Some(next);
        let listed =
            layer.models.iter().find(|(_, model)| model.hosts.get(vendor).is_some_and(is_it));
        let known = || known.hosted(vendor, next).map(|found| found.name);
        let name = listed.map(|(name, _)| name.as_str()).or_else(known).map(str::to_owned);
        name.unwrap_or_else(|| format!("{vendor}/{next}"))
    };
    let nexts: Vec<(String, Vec<String>)> = layer
        .models
        .iter()
        .filter_map(|(name, model)| {
            let status = model.hosts.get(vendor)?.status.as_ref()?;
            let nexts =
                status.replaced_by.iter().map(|next| named(next)).filter(|next| next != name);
            Some((name.clone(), nexts.collect()))
        })
        .collect();
    for change in changes {
        if let Change::Ending { model, next, .. } = change {
            *next = next.take().map(|next| named(&next)).filter(|next| next != model);
        }
    }
    for (name, nexts) in nexts {
        let host = layer.models.get_mut(&name).and_then(|model| model.hosts.get_mut(vendor));
        if let Some(status) = host.and_then(|host| host.status.as_mut()) {
            status.replaced_by = nexts;
        }
    }
}

fn listed_status(against: Against<'_>, listed: &Listed, today: &str) -> StatusShape {
    StatusShape {
        is: if listed.is_ending() { StatusWord::Deprecated } else { StatusWord::Active },
        since: None,
        until: listed.ends.clone(),
        replaced_by: listed.replaced_by.iter().cloned().collect(),
        source: Some(format!("its list of {today}")),
        at: against.elsewhere.map(str::to_owned),
    }
}

fn dated(price: ListedPrice, today: &str, source: String) -> PriceShape {
    PriceShape {
        prompt: price.prompt,
        reply: price.reply,
        cached: price.cached,
        written: price.written,
        date: today.to_owned(),
        source: Some(source),
    }
}

/// What a list says by not naming a model: only that, also where its end was
/// announced for that day. The list may be cut short; whoever asks is told.
fn missing(against: Against<'_>, model: &ModelShape, host: &HostShape, today: &str) -> StatusShape {
    let known = host.status.as_ref().or(model.status.as_ref());
    StatusShape {
        is: StatusWord::Unlisted,
        since: Some(today.to_owned()),
        until: known.and_then(|status| status.until.clone()),
        replaced_by: known.map(|status| status.replaced_by.clone()).unwrap_or_default(),
        source: Some(format!("not in its list of {today}")),
        at: against.elsewhere.map(str::to_owned),
    }
}
