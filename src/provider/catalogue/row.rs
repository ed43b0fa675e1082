//! One model at one host: everything that the catalogue says, in one place.

use serde_json::{Map, Value, json};

use super::COMPATIBLE;
use super::shape::{HostShape, LicenceShape, ModelShape, PriceShape, SamplingShape, StatusWord};
use super::status::{Status, Verdict};
use super::vendor::{self, Vendor, tokens};
use crate::money::Price;
use crate::prompt::tokens::Seen;
use crate::provider::http::dialect::{Caching, Knobs, Prefill};
use crate::provider::sampling::{Accepts, Sampling};

/// One model at one host.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Who serves it.
    pub vendor: Vendor,
    /// The model in the vendor's words.
    pub id: String,
    /// Its name in the catalogue; none for a model that the catalogue does not know.
    pub model: Option<String>,
    /// Its name as people write it.
    pub title: String,
    /// Whether it can still be had there.
    pub status: Status,
    /// Other hosts that serve it, as `vendor/id`.
    pub elsewhere: Vec<String>,
    /// Tokens that prompt and reply may take together: the smallest count that
    /// anyone gives; none where nobody does.
    pub window: Option<usize>,
    /// Whether that says what its local server has, whatever it serves, and nothing of
    /// the model there.
    pub is_window_of_vendor: bool,
    /// Tokens that the model itself can take, whoever serves it: no host, and nobody
    /// who asks, gets more out of it.
    pub holds: Option<usize>,
    /// The most tokens of one reply, likewise.
    pub reply_limit: Option<usize>,
    /// Tokens that a reply may take for thinking, beside its text.
    pub thinking: usize,
    /// What its tokens cost; none where nobody has said.
    pub price: Option<Price>,
    /// The day of that price, where it is the model's own.
    pub price_date: Option<String>,
    /// Whether that price was said of wherever its vendor's calls go: by the user, or
    /// by the list of a gateway to which they go. Any other is the vendor's own.
    pub is_priced_there: bool,
    /// Its vocabulary.
    pub tokenizer: Option<String>,
    /// Whether that vocabulary has been seen, so that prose can be counted with
    /// less than a token a byte.
    pub seen: Option<Seen>,
    /// Its chat template, for endpoints that take raw text.
    pub template: Option<String>,
    /// Texts that end a reply, beside those that a request names.
    pub stops: Vec<String>,
    /// The sampling settings that it heeds there.
    pub accepts: Accepts,
    /// What the limit of a reply is called there; none for the dialect's own word.
    pub reply_field: Option<String>,
    /// How the prompt cache is told what is stable.
    pub caching: Caching,
    /// How a reply that has begun is continued.
    pub prefill: Prefill,
    /// Whether a reply can be held to a JSON Schema.
    pub structured: bool,
    /// Its author's sampling settings, as far as they are heeded there.
    pub sampling: Sampling,
    /// Who gave those settings.
    pub sampling_source: Option<String>,
    /// What its author allows.
    pub licence: Option<LicenceShape>,
    /// What is worth knowing of it, of the vendor, and of the two together.
    pub quirks: Vec<String>,
    /// Fields that every request carries.
    extra: Map<String, Value>,
}

/// What of a model's row concerns its host, and how sure that is.
#[derive(Clone, Copy)]
pub(super) struct Found<'a> {
    /// The model's name in the catalogue.
    pub name: &'a str,
    /// Its row.
    pub model: &'a ModelShape,
    /// Its host's row, where that is known.
    pub host: Option<&'a HostShape>,
}

impl Row {
    /// A model that only its vendor knows.
    pub(super) fn unknown(vendor: Vendor, id: &str) -> Self {
        Self {
            id: id.to_owned(),
            model: None,
            title: id.to_owned(),
            status: Status::default(),
            elsewhere: Vec::new(),
            window: vendor.window,
            is_window_of_vendor: vendor.is_local && vendor.window.is_some(),
            holds: None,
            reply_limit: None,
            thinking: 0,
            price: vendor.is_local.then_some(Price::FREE),
            price_date: None,
            is_priced_there: false,
            tokenizer: None,
            seen: None,
            template: None,
            stops: Vec::new(),
            accepts: vendor.accepts.clone(),
            reply_field: vendor.reply_field.clone(),
            caching: vendor.caching,
            prefill: vendor.prefill,
            structured: vendor.structured,
            sampling: Sampling::default(),
            sampling_source: None,
            licence: None,
            quirks: vendor.quirks.clone(),
            extra: vendor.extra.clone(),
            vendor,
        }
    }

    /// A model of the catalogue at a host; `seen` is said of its vocabulary.
    pub(super) fn known(vendor: Vendor, id: &str, found: Found<'_>, seen: Option<Seen>) -> Self {
        let Found { name, model, .. } = found;
        let none = HostShape::default();
        let host = found.host.unwrap_or(&none);
        let base = Self::unknown(vendor, id);
        let accepts = accepts(&base.vendor.accepts, model, host);
        let author = model.sampling.clone().unwrap_or_default();
        let mut extra = base.extra;
        extra.extend(host.extra.clone());
        let quirks = [&host.quirks, &model.quirks].into_iter().flatten().flatten().cloned();
        Self {
            model: Some(name.to_owned()),
            title: model.title.clone().unwrap_or_else(|| name.to_owned()),
            status: host
                .status
                .as_ref()
                .or(model.status.as_ref())
                .map(Status::of)
                .unwrap_or_default(),
            elsewhere: elsewhere(&base.vendor.name, model),
            window: window(&base.vendor, model, found.host),
            is_window_of_vendor: base.is_window_of_vendor && host.window.is_none(),
            holds: model.window.map(tokens),
            reply_limit: smallest([host.reply, model.reply], None),
            thinking: host.thinking.or(model.thinking).map_or(0, tokens),
            price: host.price.as_ref().and_then(price).or(base.price),
            price_date: host.price.as_ref().map(|price| price.date.clone()),
            tokenizer: model.tokenizer.clone(),
            seen,
            template: model.template.clone(),
            stops: stops(&base.vendor, model),
            sampling: heeded(&author, &accepts),
            sampling_source: author.source,
            accepts,
            reply_field: host.reply_field.clone().or(base.reply_field),
            caching: host.caching.map_or(base.caching, vendor::caching),
            prefill: host.prefill.map_or(base.prefill, vendor::prefill),
            structured: host.structured.unwrap_or(base.structured),
            licence: model.licence.clone(),
            quirks: quirks.chain(base.quirks).collect(),
            extra,
            ..base
        }
    }

    /// The model's full name: `vendor/id`.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{}/{}", self.vendor.name, self.id)
    }

    /// Whether its price counts before one that is said of all that its endpoint
    /// serves; `is_elsewhere` tells that its calls do not go to the vendor itself.
    #[must_use]
    pub fn counts_at(&self, is_elsewhere: bool) -> bool {
        self.price_date.is_some() && (self.is_priced_there || !is_elsewhere)
    }

    /// What the bodies of its requests depend on. `is_strict` asks the vendor
    /// to refuse what it would otherwise ignore; `book` names the book to it.
    #[must_use]
    pub fn knobs(&self, is_strict: bool, book: Option<&str>) -> Knobs {
        let mut extra = self.extra.clone();
        if is_strict {
            lay(&mut extra, &self.vendor.strict);
        }
        self.limit_price(&mut extra);
        let session = self.vendor.session.clone().zip(book.map(str::to_owned));
        Knobs {
            model: self.id.clone(),
            window: self.window.unwrap_or_default(),
            accepts: self.accepts.clone(),
            names: self.vendor.names.clone(),
            text_bias: self.vendor.text_bias,
            bill_page: self.vendor.bill_page.clone(),
            extra,
            template: self.template.clone(),
            stops: self.stops.clone(),
            reply_field: self.reply_field.clone(),
            prefill: self.prefill,
            shape: self.vendor.shape,
            caching: self.caching,
            session,
        }
    }

    /// Asks a vendor that passes requests on not to do so for more than what the
    /// catalogue says: a reservation made at that price then holds.
    fn limit_price(&self, extra: &mut Map<String, Value>) {
        let (Some(path), Some(price)) = (&self.vendor.price_limit, self.price) else { return };
        // Dollars for a million tokens, as text.
        let dollars = |one: crate::money::Money| one.times(1_000_000).dollars().to_string();
        let most = json!({"prompt": dollars(price.prompt), "completion": dollars(price.reply)});
        let nested = path.rsplit('/').fold(most, |inner, field| json!({ field: inner }));
        if let Value::Object(fields) = nested {
            lay(extra, &fields);
        }
    }

    /// Whether it may be asked on the day `today`, `2026-11-22`. What its vendor has
    /// withdrawn may be asked `elsewhere`, the origin of the user's own where it is not
    /// the vendor's; what that one's list says of it holds there alone.
    #[must_use]
    pub fn verdict(&self, elsewhere: Option<&str>, today: &str) -> Verdict {
        super::verdict::of(self, elsewhere, today)
    }
}

/// The other hosts that serve a model.
fn elsewhere(here: &str, model: &ModelShape) -> Vec<String> {
    let serves = |host: &HostShape| {
        let status = host.status.as_ref().or(model.status.as_ref());
        status.is_none_or(|status| status.is != StatusWord::Retired)
    };
    let others = model
        .hosts
        .iter()
        .filter(|(vendor, host)| ![here, COMPATIBLE].contains(&vendor.as_str()) && serves(host));
    others.filter_map(|(vendor, host)| Some(format!("{vendor}/{}", host.id.as_ref()?))).collect()
}

/// What a model holds at a host. What a local server holds is its own matter:
/// a model that could hold more says nothing of it.
fn window(vendor: &Vendor, model: &ModelShape, host: Option<&HostShape>) -> Option<usize> {
    let of_host = host.and_then(|host| host.window);
    if vendor.is_local && of_host.is_none() {
        return vendor.window.and_then(|window| smallest([model.window], Some(window)));
    }
    smallest([of_host, model.window], None)
}

/// The smallest count that anyone gives.
fn smallest<const N: usize>(counts: [Option<u32>; N], other: Option<usize>) -> Option<usize> {
    counts.into_iter().flatten().map(tokens).chain(other).min()
}

/// What a model heeds at a host: what the host says of it, else what the model
/// does of what the vendor takes.
fn accepts(vendor: &Accepts, model: &ModelShape, host: &HostShape) -> Accepts {
    let mut accepts = vendor.clone();
    for list in [&model.parameters, &host.parameters].into_iter().flatten() {
        accepts.parameters.retain(|parameter| list.contains(parameter));
    }
    if let Some([least, most]) = host.temperature {
        accepts.temperature = (least, most);
    }
    if let Some(most) = host.most_stops {
        accepts.stops = tokens(most);
    }
    accepts
}

fn stops(vendor: &Vendor, model: &ModelShape) -> Vec<String> {
    let ends = model.ends.iter().flatten().filter(|_| vendor.ends);
    let mut stops: Vec<String> = model.stops.iter().flatten().chain(ends).cloned().collect();
    stops.truncate(vendor.accepts.stops);
    stops
}

fn price(shape: &PriceShape) -> Option<Price> {
    Price::per_million(shape.prompt, shape.reply, shape.cached, shape.written)
}

/// An author's settings, without those that the host does not heed: nobody
/// asked for them, so nobody need be told.
fn heeded(author: &SamplingShape, accepts: &Accepts) -> Sampling {
    use crate::provider::sampling::Parameter as P;
    let takes = |parameter: P| accepts.takes(parameter);
    let (least, most) = accepts.temperature;
    Sampling {
        temperature: author
            .temperature
            .filter(|_| takes(P::Temperature))
            .map(|wanted| wanted.clamp(least, most)),
        top_p: author.top_p.filter(|_| takes(P::TopP)),
        top_k: author.top_k.filter(|_| takes(P::TopK)),
        min_p: author.min_p.filter(|_| takes(P::MinP)),
        repetition_penalty: author.repetition_penalty.filter(|_| takes(P::RepetitionPenalty)),
        frequency_penalty: author.frequency_penalty.filter(|_| takes(P::FrequencyPenalty)),
        presence_penalty: author.presence_penalty.filter(|_| takes(P::PresencePenalty)),
        dry: author.dry.filter(|_| takes(P::Dry)),
        xtc: author.xtc.filter(|_| takes(P::Xtc)),
        ..Sampling::default()
    }
}

/// Lays fields over others; objects are joined.
fn lay(under: &mut Map<String, Value>, over: &Map<String, Value>) {
    for (field, value) in over {
        match (under.get_mut(field), value) {
            (Some(Value::Object(under)), Value::Object(over)) => lay(under, over),
            _ => {
                under.insert(field.clone(), value.clone());
            }
        }
    }
}
