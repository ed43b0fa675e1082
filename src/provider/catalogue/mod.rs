//! What is known of models and of those who serve them, as data.
//!
//! | File | What |
//! |---|---|
//! | `shape` | the YAML, the built-in one's and the user's |
//! | `merge` | the user's rows over the built-in ones, field by field |
//! | `vendor` | one who serves models, everything said |
//! | `row` | one model at one host: what a call to it needs |
//! | `status`, `verdict` | whether it can still be had, and what to say where not |
//! | `faults` | what a catalogue says that cannot be |
//! | `listing` | vendors' own lists, as they come over the wire |
//! | `refresh` | a vendor's list against the catalogue: new, dearer, gone |
//! | `identity` | which model a row of such a list is |
//! | `gateway` | lists that hold at one address alone |
//!
//! The data stands in `catalogue/` at the top of the package, with the day and
//! the source of each row. It is pure: files are read by whoever has the user's
//! folder, and handed to [`Catalogue::with`].

use std::collections::{BTreeMap, BTreeSet};

use crate::diagnostic;
use crate::prompt::tokens::Seen;

mod change;
pub mod faults;
mod gateway;
mod identity;
pub mod listing;
mod merge;
mod refresh;
mod row;
pub mod shape;
mod status;
mod vendor;
mod verdict;

pub use change::Change;
pub use faults::{CatalogueFault, Known, faults};
pub use merge::merged;
pub use refresh::{Against, at_home, refreshed};
pub use row::Row;
pub use status::{Status, Verdict};
pub use vendor::Vendor;

use gateway::Gateway;
use row::Found;
use shape::{CatalogueFile, HostShape, ModelShape, StatusWord};

/// The vendor whose row holds for any endpoint that is like `OpenAI`'s: it is
/// nowhere by itself, and written as `openai/NAME`.
pub const COMPATIBLE: &str = "compatible";

/// Models and those who serve them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Catalogue {
    file: CatalogueFile,
    /// Models that only a vendor's list knows. Their names are what the list calls
    /// them, and mean nothing that anybody else has named so.
    listed: BTreeSet<String>,
    /// The models, each with a vendor, whose prices hold wherever that one's calls go:
    /// those of the user, and of gateways that are in reach.
    priced: BTreeSet<(String, String)>,
    /// What gateways in vendors' places listed; part of `file` only where asked for.
    gateways: Vec<Gateway>,
}

/// A vendor that is not in the catalogue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoVendor {
    /// The name that was asked for.
    pub name: String,
    /// The one that was probably meant.
    pub near: Option<String>,
}

/// The files of the built-in catalogue, each with its text.
pub const FILES: &[(&str, &str)] = &[
    ("vendors.yaml", include_str!("../../../catalogue/vendors.yaml")),
    ("models/asked-for.yaml", include_str!("../../../catalogue/models/asked-for.yaml")),
    ("models/writers.yaml", include_str!("../../../catalogue/models/writers.yaml")),
    ("models/big-vendors.yaml", include_str!("../../../catalogue/models/big-vendors.yaml")),
    ("models/local.yaml", include_str!("../../../catalogue/models/local.yaml")),
];

impl Catalogue {
    /// The built-in catalogue.
    ///
    /// # Errors
    ///
    /// When a built-in file is not of its shape: a fault of the program, which
    /// a test excludes.
    pub fn built_in() -> Result<Self, serde_yaml::Error> {
        let mut whole = CatalogueFile::default();
        for (_, text) in FILES {
            // Twice as fast as the reader of the author's YAML, which this is
            // not: a test holds the two against each other.
            let file: CatalogueFile = serde_yaml::from_str(text)?;
            whole.vendors.extend(file.vendors);
            whole.tokenizers.extend(file.tokenizers);
            whole.models.extend(file.models);
        }
        Ok(Self::of(whole))
    }

    /// A catalogue that holds no more than this.
    #[must_use]
    pub fn of(file: CatalogueFile) -> Self {
        Self { file, ..Self::default() }
    }

    /// The same catalogue with what a vendor listed.
    #[must_use]
    pub fn with_list(mut self, list: CatalogueFile) -> Self {
        let list = identity::of_known_ids(list, &self.file);
        let new = list.models.keys().filter(|name| !self.file.models.contains_key(*name));
        self.listed.extend(new.cloned());
        Self { file: merged(list, self.file), ..self }
    }

    /// The same catalogue with the user's rows, which count.
    #[must_use]
    pub fn with(mut self, own: CatalogueFile) -> Self {
        self.listed.retain(|name| !own.models.contains_key(name));
        self.gateways.iter_mut().for_each(|gateway| gateway.lay(&own));
        self.priced.extend(prices(&own));
        Self { file: merged(own, self.file), ..self }
    }

    /// All that it says.
    #[must_use]
    pub fn into_file(self) -> CatalogueFile {
        self.file
    }

    /// The names of all vendors, in order.
    pub fn vendors(&self) -> impl Iterator<Item = &str> {
        self.file.vendors.keys().map(String::as_str)
    }

    /// The vendor of this name.
    ///
    /// # Errors
    ///
    /// [`NoVendor`], with the name that was probably meant.
    pub fn vendor(&self, name: &str) -> Result<Vendor, NoVendor> {
        match self.file.vendors.get(name) {
            Some(shape) => Ok(Vendor::of(name, shape)),
            None => Err(NoVendor {
                name: name.to_owned(),
                near: diagnostic::nearest(name, self.vendors()).map(str::to_owned),
            }),
        }
    }

    /// All models, by their names.
    #[must_use]
    pub fn models(&self) -> &BTreeMap<String, ModelShape> {
        &self.file.models
    }

    /// The model that is called so in the catalogue, by its name there, its title,
    /// another one it goes by, or its id at a host, whoever serves it.
    #[must_use]
    pub fn model(&self, name: &str) -> Option<(&str, &ModelShape)> {
        self.called(name, false).or_else(|| self.called(name, true))
    }

    /// The same among the models that only a list knows, or among all others.
    fn called(&self, name: &str, is_listed: bool) -> Option<(&str, &ModelShape)> {
        let plain = plain(name);
        let is_so = |own: &str| self::plain(own) == plain;
        let goes_by = |model: &ModelShape| {
            model.also.iter().flatten().any(|one| one.eq_ignore_ascii_case(name))
        };
        let is_called = |key: &str, model: &ModelShape| {
            is_so(key)
                || model.title.as_deref().is_some_and(is_so)
                || model.hosts.values().filter_map(|host| host.id.as_deref()).any(is_so)
        };
        let models = || {
            let all = self.file.models.iter();
            all.filter(|(key, _)| self.listed.contains(*key) == is_listed)
        };
        let found = models()
            .find(|(key, _)| *key == name)
            .or_else(|| models().find(|(_, model)| goes_by(model)))
            .or_else(|| models().find(|(key, model)| is_called(key, model)));
        found.map(|(name, model)| (name.as_str(), model))
    }

    /// The name of a model of the catalogue that was probably meant.
    #[must_use]
    pub fn nearest_model(&self, name: &str) -> Option<&str> {
        diagnostic::nearest(name, self.file.models.keys().map(String::as_str))
    }

    /// A model at this vendor that was probably meant by an id which the catalogue
    /// does not know: by the id without its maker, too. None that is retired.
    #[must_use]
    pub fn nearest_row(&self, vendor: &str, id: &str) -> Option<Row> {
        let rows: Vec<Row> = self
            .file
            .models
            .iter()
            .filter(|(_, model)| model.hosts.contains_key(vendor))
            .filter_map(|(name, _)| self.row(vendor, name).ok())
            .filter(|row| !row.status.is_retired())
            .collect();
        let id = id.to_lowercase();
        let last = |id: &str| id.rsplit('/').next().unwrap_or_default().to_lowercase();
        let of = |row: &Row| [Some(row.id.to_lowercase()), Some(last(&row.id)), row.model.clone()];
        let names: Vec<(String, &Row)> = rows
            .iter()
            .flat_map(|row| of(row).into_iter().flatten().map(move |name| (name, row)))
            .collect();
        let known = || names.iter().map(|(name, _)| name.as_str());
        let short = last(&id);
        let begins = || known().find(|name| short.len() > 3 && name.starts_with(&short));
        let near = diagnostic::nearest(&id, known())
            .or_else(|| diagnostic::nearest(&short, known()))
            .or_else(begins)?;
        names.iter().find(|(name, _)| name == near).map(|(_, row)| (*row).clone())
    }

    /// A vocabulary's name as people write it.
    #[must_use]
    pub fn tokenizer_title(&self, name: &str) -> String {
        let title = self.file.tokenizers.get(name).and_then(|row| row.title.clone());
        title.unwrap_or_else(|| name.to_owned())
    }

    /// A model, by its name in the catalogue or another one, at each of its hosts:
    /// those that still serve it first.
    #[must_use]
    pub fn rows(&self, name: &str) -> Vec<Row> {
        let own = self.file.models.get_key_value(name);
        let own = own.map(|(name, model)| (name.as_str(), model));
        let Some((name, model)) = own.or_else(|| self.model(name)) else { return Vec::new() };
        let mut rows: Vec<Row> = model
            .hosts
            .iter()
            .filter_map(|(vendor, host)| {
                let vendor = self.vendor(vendor).ok()?;
                let id = host.id.as_deref().unwrap_or(name);
                Some(self.known(vendor, id, Found { name, model, host: Some(host) }))
            })
            .collect();
        rows.sort_by_key(|row| row.status.word);
        rows
    }

    /// A model at a vendor: by the vendor's word for it, or by its name in the
    /// catalogue. A model that the catalogue does not know gets what its vendor's
    /// row says.
    ///
    /// # Errors
    ///
    /// [`NoVendor`] for a vendor that is not in the catalogue.
    pub fn row(&self, vendor: &str, model: &str) -> Result<Row, NoVendor> {
        let vendor = self.vendor(vendor)?;
        if let Some(found) = self.hosted(&vendor.name, model) {
            // A word of the vendor's own goes to it as it was written.
            let is_word = |host: &&HostShape| host.also.iter().flatten().any(|one| one == model);
            let host = found.host.filter(|host| !is_word(host));
            let id = host.and_then(|host| host.id.as_deref()).unwrap_or(model).to_owned();
            let mut row = self.known(vendor, &id, found);
            // When the model of today ends, a name that moves goes on to the next.
            if identity::moves(&id) && row.status.word == StatusWord::Deprecated {
                row.status = Status::default();
            }
            return Ok(row);
        }
        if let Some(found) = self.make(&vendor, model) {
            return Ok(self.known(vendor, model, found));
        }
        let mut row = Row::unknown(vendor, model);
        // Whoever serves a model of this very name, what it holds and how it
        // counts is the same.
        if let Some((_, named)) = self.model(model) {
            row.holds = named.window.map(vendor::tokens);
            row.tokenizer.clone_from(&named.tokenizer);
            row.seen = self.seen(named);
        }
        Ok(row)
    }

    /// Whether a model's vocabulary has been seen.
    fn seen(&self, model: &ModelShape) -> Option<Seen> {
        let row = model.tokenizer.as_ref().and_then(|name| self.file.tokenizers.get(name));
        row.is_some_and(|row| row.seen == Some(true)).then_some(Seen)
    }

    fn known(&self, vendor: Vendor, id: &str, found: Found<'_>) -> Row {
        let place = (found.name.to_owned(), vendor.name.clone());
        let mut row = Row::known(vendor, id, found, self.seen(found.model));
        row.is_priced_there = found.host.is_some() && self.priced.contains(&place);
        row
    }

    /// The model that a vendor calls so, or that is called so in the catalogue
    /// and served by this vendor.
    fn hosted<'a>(&'a self, vendor: &str, id: &str) -> Option<Found<'a>> {
        let all = || {
            self.file.models.iter().filter_map(move |(name, model)| {
                let host = model.hosts.get(vendor)?;
                Some((name.as_str(), model, host))
            })
        };
        let found = |(name, model, host): (&'a str, &'a ModelShape, &'a HostShape)| Found {
            name,
            model,
            host: Some(host),
        };
        let is_called = |host: &HostShape, same: fn(&str, &str) -> bool| {
            host.id.iter().chain(host.also.iter().flatten()).any(|one| same(one, id))
        };
        let exactly: fn(&str, &str) -> bool = |one, id| one == id;
        let loosely: fn(&str, &str) -> bool = |one, id| one.eq_ignore_ascii_case(id);
        // An id is of its own model, whoever else goes by it.
        let has_id = |host: &HostShape| host.id.as_deref() == Some(id);
        // Names are compared letter by letter: a list of thousands is mostly ids.
        let own = || self.model(id).map(|(name, _)| name);
        all()
            .find(|(.., host)| has_id(host))
            .or_else(|| all().find(|(.., host)| is_called(host, exactly)))
            .or_else(|| own().and_then(|own| all().find(|(name, ..)| *name == own)))
            .or_else(|| all().find(|(name, ..)| *name == id))
            .or_else(|| all().find(|(.., host)| is_called(host, loosely)))
            .map(found)
    }

    /// The make of a model that its host's row does not name: a file of a local
    /// server, or a variant (`:free`, `:nitro`, `-20251001`) of one that it does name.
    /// What a host says of its own model (limits, prices) is not true of those.
    fn make<'a>(&'a self, vendor: &Vendor, id: &str) -> Option<Found<'a>> {
        let found = |(name, model)| Found { name, model, host: None };
        if !vendor.is_local {
            let plain = identity::plain(id)?;
            return self.hosted(&vendor.name, plain).map(|found| Found { host: None, ..found });
        }
        if let Some(known) = self.called(id, false) {
            return Some(found(known));
        }
        let id = id.to_lowercase();
        let longest = |model: &ModelShape| {
            let parts = model.files.iter().flatten().filter(|part| id.contains(part.as_str()));
            parts.map(String::len).max()
        };
        self.file
            .models
            .iter()
            .filter_map(|(name, model)| Some((longest(model)?, name.as_str(), model)))
            .max_by_key(|(length, ..)| *length)
            .map(|(_, name, model)| found((name, model)))
    }
}

/// The models of a file that have prices, each with the vendor whose they are.
fn prices(file: &CatalogueFile) -> impl Iterator<Item = (String, String)> + '_ {
    file.models.iter().flat_map(|(name, model)| {
        let priced = model.hosts.iter().filter(|(_, host)| host.price.is_some());
        priced.map(|(vendor, _)| (name.clone(), vendor.clone()))
    })
}

/// A name as it is told from others: letters, digits and the points of versions, in
/// lower case.
fn plain(name: &str) -> String {
    let tells = |c: &char| c.is_alphanumeric() || *c == '.';
    name.chars().filter(tells).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests;
