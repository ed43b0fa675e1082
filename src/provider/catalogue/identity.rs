//! Which model of the catalogue a row of a vendor's list is: the one that is asked
//! for by the very id of the row, and no other.
//!
//! A list has rows for one model under several ids: variants (`:free`, `:batch`), each a
//! model of its own, and names that move (`-latest`), which are words for the model that
//! they stand for now. Were one of them taken for another, that other would be asked by
//! an id that nobody typed.

use std::collections::{BTreeMap, BTreeSet};

use super::listing::Listed;
use super::shape::{CatalogueFile, ModelShape};
use super::{Against, Catalogue};

/// Whether a name stands for one model today and for another tomorrow.
pub(super) fn moves(id: &str) -> bool {
    id.ends_with("-latest")
}

/// The id of which this one is a variant: what stands before `:free`, or before the
/// day of `-20251001`.
pub(super) fn plain(id: &str) -> Option<&str> {
    id.rsplit_once(':').map(|(plain, _)| plain).or_else(|| undated(id))
}

/// An id without the day at its end.
fn undated(id: &str) -> Option<&str> {
    let is_day = |end: &str| end.len() == 8 && end.bytes().all(|byte| byte.is_ascii_digit());
    id.rsplit_once('-').filter(|(_, end)| is_day(end)).map(|(plain, _)| plain)
}

/// The rows of a list without those of names that move, where the row of the model that
/// one stands for now has that name as a word for it: then it says all that is known.
pub(super) fn settled(list: &[Listed]) -> Vec<Listed> {
    let stands_for = |name: &Listed, other: &Listed| {
        let is_said_so = moves(&name.id) || name.title.as_ref() == Some(&other.id);
        is_said_so && other.id != name.id && name.also.contains(&other.id)
    };
    let ids: BTreeMap<&str, &Listed> = list.iter().map(|row| (row.id.as_str(), row)).collect();
    let is_moving = |row: &Listed| {
        let mut others = row.also.iter().filter_map(|word| ids.get(word.as_str()));
        others.any(|other| stands_for(row, other) && other.also.contains(&row.id))
    };
    let (moving, still): (Vec<&Listed>, Vec<&Listed>) = list.iter().partition(|row| is_moving(row));
    let mut words: BTreeMap<&str, usize> = BTreeMap::new();
    for word in still.iter().flat_map(|row| row.also.iter().collect::<BTreeSet<_>>()) {
        *words.entry(word).or_default() += 1;
    }
    // A word of two is none for either, and has to have a row of its own.
    let is_left = |row: &&Listed| words.get(row.id.as_str()) != Some(&1);
    still.into_iter().chain(moving.into_iter().filter(is_left)).cloned().collect()
}

/// The rows of a list, each with the words for it that mean nothing else there: none
/// is the id of another row, and none is said of two.
pub(super) fn told_apart(list: &[Listed]) -> Vec<Listed> {
    let mut said: BTreeMap<&str, usize> = BTreeMap::new();
    for listed in list {
        // An id counts for two: another row's word for it is never its own.
        *said.entry(&listed.id).or_default() += 2;
        for word in listed.also.iter().collect::<BTreeSet<_>>() {
            *said.entry(word).or_default() += 1;
        }
    }
    let is_its_own = |word: &String| said.get(word.as_str()).is_none_or(|count| *count < 2);
    let row = |listed: &Listed| Listed {
        also: listed.also.iter().filter(|word| is_its_own(word)).cloned().collect(),
        ..listed.clone()
    };
    list.iter().map(row).collect()
}

/// A way to tell which model a row is, by its name in the catalogue.
type Way<'f, 'a> = &'f dyn Fn(&Listed) -> Option<&'a str>;

/// The names in the catalogue of the models that the rows of a list are, each once:
/// first by their ids without the day, where the list has none such, then by their ids,
/// then by those in other letters, then by the other words of the vendor's for them. None
/// for a model that the catalogue does not know.
pub(super) fn named<'a>(
    against: Against<'a>,
    vendor: &str,
    list: &[Listed],
) -> Vec<Option<&'a str>> {
    let mut ids = asked_by(against.known, vendor);
    // Of two rows of one id the one that is built in is described.
    ids.extend(asked_by(against.built_in, vendor));
    let small: BTreeMap<String, &str> =
        ids.iter().map(|(id, name)| (id.to_lowercase(), *name)).collect();
    let by_day = dated(against.built_in, vendor, list);
    let dated = |listed: &Listed| by_day.get(listed.id.as_str()).copied();
    let by_id = |listed: &Listed| ids.get(listed.id.as_str()).copied();
    let loosely = |listed: &Listed| small.get(&listed.id.to_lowercase()).copied();
    let by_word = |listed: &Listed| {
        let mut words = listed.also.iter().filter(|_| !listed.picks_another);
        words.find_map(|word| ids.get(word.as_str()).copied())
    };
    let ways: [Way<'_, 'a>; 4] = [&dated, &by_id, &loosely, &by_word];
    let mut names = vec![None; list.len()];
    let mut taken = BTreeSet::new();
    for way in ways {
        for (listed, name) in list.iter().zip(&mut names) {
            if name.is_none() {
                *name = way(listed).filter(|one| taken.insert(*one));
            }
        }
    }
    names
}

/// The models that are built in under the ids of a list without their days, by those:
/// of a name that the list does not have itself, and gives one day alone.
fn dated<'a, 'l>(
    built_in: &'a Catalogue,
    vendor: &str,
    list: &'l [Listed],
) -> BTreeMap<&'l str, &'a str> {
    let ids = asked_by(built_in, vendor);
    let has = |id: &str| list.iter().any(|row| row.id == id);
    let days = |plain: &str| list.iter().filter(|row| undated(&row.id) == Some(plain)).count();
    let named = |row: &'l Listed| {
        let plain =
            undated(&row.id).filter(|plain| !ids.contains_key(row.id.as_str()) && !has(plain))?;
        Some((row.id.as_str(), *ids.get(plain).filter(|_| days(plain) == 1)?))
    };
    list.iter().filter_map(named).collect()
}

/// The models of lists before that were taken for other ones than those of which their
/// ids are words now.
pub(super) fn words_now<'a>(
    against: Against<'a>,
    vendor: &str,
    rows: &[Listed],
    names: &[Option<&str>],
) -> Vec<&'a str> {
    let ids = asked_by(against.known, vendor);
    let is_before = |name: &str| !against.built_in.models().contains_key(name);
    let of = |(row, name): (&Listed, Option<&str>)| {
        let words = row.also.iter().chain(name.map(|_| &row.id));
        let others = words.filter_map(|word| ids.get(word.as_str()).copied());
        others.filter(|other| Some(*other) != name && is_before(other)).collect::<Vec<_>>()
    };
    rows.iter().zip(names.iter().copied()).flat_map(of).collect()
}

/// The models that a vendor is asked for, by what is sent for each.
fn asked_by<'a>(catalogue: &'a Catalogue, vendor: &str) -> BTreeMap<&'a str, &'a str> {
    let models = catalogue.models().iter();
    let hosted = models.filter_map(|(name, model)| {
        let id = model.hosts.get(vendor)?.id.as_ref().unwrap_or(name);
        Some((id.as_str(), name.as_str()))
    });
    hosted.collect()
}

/// What is known of the make of a row's model that only the list names: that of the
/// model of which it is a variant, or another name.
pub(super) fn make(known: &Catalogue, vendor: &str, listed: &Listed) -> ModelShape {
    let mut words = plain(&listed.id).into_iter().chain(listed.also.iter().map(String::as_str));
    let found = words.find_map(|word| known.hosted(vendor, word));
    let Some(model) = found.map(|found| found.model.clone()) else {
        return ModelShape { title: listed.title.clone(), ..ModelShape::default() };
    };
    ModelShape {
        title: listed.title.clone(),
        family: None,
        also: None,
        status: None,
        files: None,
        absent: None,
        hosts: BTreeMap::new(),
        ..model
    }
}

/// The name of a new model: the last part of its id; all of it where that is taken;
/// its full name where the vendor has a model of that name under another id.
pub(super) fn new_name(
    known: &Catalogue,
    layer: &CatalogueFile,
    vendor: &str,
    listed: &Listed,
) -> String {
    let id = listed.id.to_lowercase();
    let short = id.rsplit('/').next().unwrap_or(&id);
    if known.model(short).is_none() && !layer.models.contains_key(short) {
        return short.to_owned();
    }
    let is_here = |model: &ModelShape| {
        let host = model.hosts.get(vendor);
        host.is_some_and(|host| host.id.as_ref().is_some_and(|own| !own.eq_ignore_ascii_case(&id)))
    };
    let is_another = known.models().get(&id).is_some_and(is_here);
    if is_another { format!("{vendor}/{id}") } else { id }
}

/// A list without the rows that give a model another id than it is known by, as lists
/// of long ago did: what they say is true of another model.
pub(super) fn of_known_ids(list: CatalogueFile, known: &CatalogueFile) -> CatalogueFile {
    let mut list = list;
    for (name, model) in &mut list.models {
        let Some(known) = known.models.get(name) else { continue };
        model.hosts.retain(|vendor, host| {
            let id = known.hosts.get(vendor).and_then(|known| known.id.as_ref());
            let is_it =
                |known: &String| host.id.as_ref().is_none_or(|own| own.eq_ignore_ascii_case(known));
            id.is_none_or(is_it)
        });
    }
    list
}

#[cfg(test)]
mod tests;
