//! `provider/name` to one model, not yet loaded.

use std::path::Path;
use std::sync::Arc;

use anyhow::Result;

use super::counting;
use super::keys::Keys;
use super::route::{self, Route};
use super::vendors::{self, vendors};
use super::written::split;
use super::{ModelArguments, local, thinking};
use crate::chat::Tokenizer;
use crate::cli::open;
use crate::cli::ui::Ui;
use crate::config::{Choice, Config, Origin};
use crate::failure::{Exit, Failure};
use crate::money::Price;
use crate::project::wishes::{Models, Wishes};
use crate::prompt::tokens::Bound;
use crate::provider::catalogue::{COMPATIBLE, Catalogue, NoVendor, Row, Verdict};
use crate::provider::dialects::dialect;
use crate::provider::http::counting as marked;
use crate::provider::http::dialect::Prefill;
use crate::provider::ollama::OLLAMA;
use crate::provider::{Facts, Sampling, is_same_model};

/// Tokens assumed of an endpoint's model where nobody has said.
pub(super) const ASSUMED_WINDOW: usize = 32_768;

/// A model that is named, but not loaded.
pub(in crate::cli) struct Named {
    /// Its provider: `embedded`, `scripted`, or a vendor's name.
    pub provider: String,
    /// The rest of its name.
    pub name: String,
    /// What can be known of it without loading it.
    pub facts: Facts,
    /// How it counts tokens.
    pub tokenizer: Arc<dyn Tokenizer>,
    /// Whether the window was assumed.
    pub window_assumed: bool,
    /// Whether its file has to be fetched first.
    pub is_absent: bool,
    /// What is to be said before it is asked.
    pub notes: Vec<String>,
    /// What there is of a model behind an endpoint.
    pub(super) remote: Option<Distant>,
}

impl Named {
    /// Whether the model that answers is another one than this, as far as names tell.
    pub fn is_another(&self, answered: &str) -> bool {
        self.remote.as_ref().is_some_and(|distant| is_another(&distant.names, answered))
    }

    /// The texts that end the model's replies, whatever the book says.
    pub fn stops(&self) -> &[String] {
        self.remote.as_ref().map_or(&[], |distant| &distant.row.stops)
    }

    /// The sampling settings of the model's author, where the catalogue has them.
    pub fn author_sampling(&self) -> Option<&Sampling> {
        self.remote.as_ref().map(|distant| &distant.row.sampling)
    }
}

/// Whether a model answers that goes by none of these names, where there are any.
pub(super) fn is_another(names: &[String], answered: &str) -> bool {
    !names.is_empty() && !names.iter().any(|name| is_same_model(name, answered))
}

/// A model behind an endpoint.
pub(super) struct Distant {
    /// What the catalogue says of it.
    pub row: Row,
    /// Where its requests go.
    pub route: Route,
    /// Where the key that may go with them stands.
    pub keys: Keys,
    /// All names under which the model goes there; none where another one may be
    /// called by its name, as on this machine.
    pub names: Vec<String>,
    /// Who names it.
    pub origin: Origin,
    /// Counts the tokens of its texts, without the marks that a wire may add.
    pub tokenizer: Arc<dyn Tokenizer>,
}

/// What names are understood by.
pub(in crate::cli) struct Scene<'a> {
    /// The flags.
    pub arguments: &'a ModelArguments,
    /// The project's folder.
    pub project: &'a Path,
    /// What the project says.
    pub wishes: &'a Wishes,
    /// What the user says.
    pub config: &'a Config,
    /// What is known of models.
    pub catalogue: &'a Catalogue,
    /// Who tells the user of a model that is about to go.
    pub ui: &'a Ui,
}

/// The vendors that address and key of the environment are for.
pub(super) struct Meant {
    /// That of the address.
    main: Option<String>,
    /// That of the key.
    own: String,
}

impl Scene<'_> {
    /// The model of this name, whoever asks for it.
    pub fn one(&self, name: &str) -> Result<Named> {
        let choice = Choice { name: name.to_owned(), origin: Origin::User };
        let flags = Models { every: Some(name.to_owned()), ..Models::default() };
        let named = self.name(&choice, &self.meant(&flags))?;
        named.notes.iter().for_each(|note| self.ui.say(note));
        Ok(named)
    }

    /// Whom address and key of the environment are for, with these flags.
    pub(super) fn meant(&self, flags: &Models<String>) -> Meant {
        Meant {
            main: self.config.host_of_address(flags, &self.wishes.models),
            own: self.config.host_of_key(flags, &self.wishes.models),
        }
    }

    /// The model that a choice means.
    pub(super) fn name(&self, choice: &Choice, meant: &Meant) -> Result<Named> {
        let (provider, name) = split(&choice.name, choice.origin, self.catalogue)?;
        match provider {
            "embedded" => self.embedded(name),
            "scripted" => Ok(self.scripted(&choice.name, name)),
            _ => self.remote(provider, name, choice, meant),
        }
    }

    fn embedded(&self, name: &str) -> Result<Named> {
        let (facts, tokenizer) = local::facts(name, self.arguments, self.config)?;
        Ok(Named {
            provider: "embedded".to_owned(),
            name: name.to_owned(),
            facts,
            is_absent: tokenizer.is_none(),
            tokenizer: tokenizer.unwrap_or_else(|| Arc::new(Bound::new(None))),
            window_assumed: false,
            notes: Vec::new(),
            remote: None,
        })
    }

    /// The window that flags or the project ask for.
    fn asked(&self) -> Option<usize> {
        let asked = self.arguments.window.or(self.wishes.window);
        asked.and_then(|window| usize::try_from(window).ok())
    }

    fn scripted(&self, full: &str, name: &str) -> Named {
        let window = self.asked().unwrap_or(ASSUMED_WINDOW);
        Named {
            provider: "scripted".to_owned(),
            name: name.to_owned(),
            facts: Facts { price: Some(Price::FREE), is_local: true, ..Facts::plain(full, window) },
            tokenizer: Arc::new(Bound::new(None)),
            window_assumed: false,
            is_absent: false,
            notes: Vec::new(),
            remote: None,
        }
    }

    /// What is said of a model that nobody knows, where its vendor has one of
    /// almost that name.
    fn meant_another(&self, row: &Row, route: &Route) -> Option<String> {
        if row.model.is_some() || row.price.is_some() || route.is_elsewhere {
            return None;
        }
        let near = self.catalogue.nearest_row(&row.vendor.name, &row.id)?;
        Some(format!(
            "the catalogue does not know `{}`; did you mean `{}`?",
            row.name(),
            near.name()
        ))
    }

    /// What is said where a flag names a model of another host than the address of the
    /// environment is for.
    fn past_environment(
        &self,
        row: &Row,
        route: &Route,
        choice: &Choice,
        meant: &Meant,
    ) -> Option<String> {
        let host = meant.main.as_ref().filter(|host| **host != row.vendor.name)?;
        self.config.address().filter(|_| choice.origin == Origin::Flag)?;
        let (name, origin) = (row.name(), route.base.origin());
        Some(format!("`STORYGEN_BASE_URL` is for `{host}`, so `{name}` is asked at {origin}"))
    }

    fn remote(&self, vendor: &str, name: &str, choice: &Choice, meant: &Meant) -> Result<Named> {
        let nobody = |fault: NoVendor| {
            Failure::new(Exit::Usage, format!("no provider is called `{}`", fault.name))
        };
        let asked =
            route::Asked { config: self.config, wishes: self.wishes, main: meant.main.as_deref() };
        let served = self.catalogue.vendor(vendor).map_err(nobody)?;
        let route = route::route(&served, choice, asked)?;
        let there = route::there(self.catalogue, &served, &route);
        let asked_row = there.row(vendor, name).map_err(nobody)?;
        let mut row = spoken_there(&there, asked_row.clone(), &route);
        let mut notes = Vec::new();
        match row.verdict(route.elsewhere().as_deref(), &open::today()) {
            Verdict::Usable => {}
            Verdict::Ending(warning) => notes.push(warning),
            Verdict::Retired { message, hints } => {
                let message = format!("{message}; {} names `{}`", choice.origin, choice.name);
                let failure = Failure::new(Exit::Provider, message);
                return Err(hints.into_iter().fold(failure, Failure::hint).into());
            }
        }
        let keys = Keys::of(&route.base, vendor, &vendors(self.catalogue), &meant.own, self.config);
        let of_endpoint = route.endpoint.window.and_then(|window| usize::try_from(window).ok());
        let wanted = [self.asked(), of_endpoint].into_iter().flatten().min();
        // What is asked for in each request is no limit of the server's, nor is what one
        // of its kind usually has.
        let is_asked_for = route.dialect == OLLAMA.name;
        let is_usual = vendors::is_usual_window(&row)?;
        let limit = row.window.filter(|_| wanted.is_none() || !is_asked_for && !is_usual);
        let known_window = wanted.into_iter().chain(limit).min();
        let window = known_window.unwrap_or(ASSUMED_WINDOW).min(row.holds.unwrap_or(usize::MAX));
        let widened = |wanted| widened(&row, wanted, window, is_asked_for);
        notes.extend(wanted.filter(|_| is_asked_for || is_usual).and_then(widened));
        let window_way = if wanted.is_none() && is_usual {
            Some(window_way_of(vendor))
        } else {
            wanted.filter(|wanted| window < *wanted).map(|_| kept_to(vendor, window))
        };
        let thinking = route.endpoint.thinking.and_then(|tokens| usize::try_from(tokens).ok());
        let thinking = thinking.unwrap_or(row.thinking);
        notes.extend(thinking::cut(&row.name(), thinking, window, row.reply_limit));
        let price_of_all = own_price(vendor, &route)?;
        let counts = row.counts_at(route.is_elsewhere);
        notes.extend(price_of_all.filter(|_| counts).and_then(|said| passed_over(&row, said)));
        row.price = price_of_all.filter(|_| !counts).or(row.price);
        let names = names(&there, &asked_row, &route);
        notes.extend(self.meant_another(&row, &route));
        notes.extend(self.past_environment(&row, &route, choice, meant));
        let tokenizer = counting::of(&row, self.config)?;
        let facts = Facts {
            name: row.name(),
            window,
            held_by: None,
            window_way,
            reply_limit: row.reply_limit,
            thinking: thinking::within(thinking, window, row.reply_limit),
            prefill: row.prefill != Prefill::Never,
            structured: row.structured,
            accepts: row.accepts.clone(),
            price: row.price,
            steps_back: false,
            is_local: route.base.is_local(),
            tries: u32::try_from(route::patience(&route.endpoint).tries).unwrap_or(u32::MAX),
        };
        Ok(Named {
            provider: vendor.to_owned(),
            name: row.id.clone(),
            facts,
            tokenizer: match dialect(&route.dialect) {
                Some(wire) => marked(wire, &row.knobs(false, None), tokenizer.clone()),
                None => tokenizer.clone(),
            },
            window_assumed: known_window.is_none()
                && row.holds.is_none_or(|most| most > ASSUMED_WINDOW),
            is_absent: false,
            notes,
            remote: Some(Distant { row, route, keys, names, origin: choice.origin, tokenizer }),
        })
    }
}

/// `openai/NAME` at another address is any endpoint that is like `OpenAI`'s,
/// and takes no more than these have in common.
fn spoken_there(catalogue: &Catalogue, row: Row, route: &Route) -> Row {
    if row.vendor.name != "openai" || !route.is_elsewhere {
        return row;
    }
    match catalogue.row(COMPATIBLE, &row.id) {
        Ok(mut common) => {
            common.vendor.name = row.vendor.name;
            common
        }
        Err(_) => row,
    }
}

/// The names by which the model of a row may answer. A server on this machine
/// has one model at a time, and calls it by its file or a name of its own,
/// whichever was asked for.
fn names(catalogue: &Catalogue, row: &Row, route: &Route) -> Vec<String> {
    let known = row.model.as_ref().and_then(|name| catalogue.models().get_key_value(name));
    if row.vendor.is_local || known.is_none() && route.base.is_local() {
        return Vec::new();
    }
    let mut names = vec![row.id.clone()];
    if let Some((name, model)) = known {
        names.push(name.clone());
        names.extend(model.also.iter().flatten().cloned());
        let hosts = model.hosts.values();
        names.extend(
            hosts.flat_map(|host| host.id.iter().chain(host.also.iter().flatten()).cloned()),
        );
    }
    names
}

/// What is said of a window that a wish may widen, where it is not the usual one of its
/// vendor, or not the one that was wanted: it is asked for in each request, or has to be
/// there when the server is started.
fn widened(row: &Row, wanted: usize, sent: usize, is_asked_for: bool) -> Option<String> {
    let name = row.name();
    let what = if is_asked_for { "`num_ctx`" } else { "the window" };
    if sent < wanted {
        return Some(format!("`{name}` holds {sent} tokens, so {what} is {sent} and not {wanted}"));
    }
    let usual = row.window.filter(|usual| *usual < sent)?;
    Some(if is_asked_for {
        format!(
            "`{name}` is asked for a window of {sent} tokens (`num_ctx`); it takes more memory than the usual {usual}"
        )
    } else {
        format!(
            "`{name}` is taken to have a window of {sent} tokens: its server has to be started with as many, and usually has {usual}"
        )
    })
}

/// How a window that is only the usual one of its vendor is made another.
fn window_way_of(vendor: &str) -> String {
    format!(
        "`{vendor}` is taken to have the window that it usually has: where it is started with a larger one, say so by `--window TOKENS`, or in your configuration by `endpoints: {{{vendor}: {{window: TOKENS}}}}`"
    )
}

/// How a window that is smaller than the one that is asked for is made another.
fn kept_to(vendor: &str, limit: usize) -> String {
    format!(
        "the model is listed with {limit} tokens, and no larger window is used: where it holds more by now, `storygen models refresh {vendor}` asks for its list again, or a row in your `catalogue.yaml` says so"
    )
}

/// What is said of a price of the endpoint's that does not count, as the model has one
/// of its own.
fn passed_over(row: &Row, said: Price) -> Option<String> {
    let day = row.price_date.as_ref().filter(|_| row.price != Some(said))?;
    Some(format!(
        "`{}` counts at its own price of {day}: the `price` of `{}` in your configuration is for models that have none; a row in your `catalogue.yaml` gives it another",
        row.name(),
        row.vendor.name
    ))
}

/// The price that the user's configuration gives for the address of a route: one
/// that stands beside another address says nothing of this one.
///
/// # Errors
///
/// When it is no amount of money.
fn own_price(vendor: &str, route: &Route) -> Result<Option<Price>> {
    let Some(said) = route.endpoint.price.filter(|_| route.is_where_said()) else {
        return Ok(None);
    };
    let price = said.price().ok_or_else(|| {
        Failure::new(
            Exit::Usage,
            format!("the price of `{vendor}` in your configuration is no amount of money"),
        )
        .hint("write dollars for a million tokens, such as `0.40`")
    });
    Ok(Some(price?))
}
