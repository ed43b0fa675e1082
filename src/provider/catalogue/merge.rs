//! One catalogue over another: what the user says counts, row by row, field by field.

use std::collections::BTreeMap;

use super::shape::{
    CatalogueFile, HostShape, ModelShape, SamplingShape, StatusShape, StatusWord, TokenizerShape,
    VendorShape,
};
use crate::provider::http::Base;

/// A row that can be laid over another one of its kind.
trait Over: Sized {
    /// This row; what it does not say is as `under` says it.
    fn over(self, under: Self) -> Self;
}

/// What `own` says, and where it says nothing, what `built_in` says.
///
/// A host that only `own` knows counts as one that serves its model, even where
/// the model itself is retired.
#[must_use]
pub fn merged(own: CatalogueFile, built_in: CatalogueFile) -> CatalogueFile {
    CatalogueFile {
        vendors: rows(own.vendors, built_in.vendors),
        tokenizers: rows(own.tokenizers, built_in.tokenizers),
        models: rows(own.models, built_in.models),
    }
}

fn rows<T: Over>(own: BTreeMap<String, T>, mut under: BTreeMap<String, T>) -> BTreeMap<String, T> {
    for (name, row) in own {
        let row = match under.remove(&name) {
            Some(known) => row.over(known),
            None => row,
        };
        under.insert(name, row);
    }
    under
}

/// The entries of both; those of the first count.
fn both<K: Ord, V>(own: BTreeMap<K, V>, mut under: BTreeMap<K, V>) -> BTreeMap<K, V> {
    under.extend(own);
    under
}

fn fields(
    own: serde_json::Map<String, serde_json::Value>,
    mut under: serde_json::Map<String, serde_json::Value>,
) -> serde_json::Map<String, serde_json::Value> {
    under.extend(own);
    under
}

impl Over for VendorShape {
    fn over(self, under: Self) -> Self {
        let origin = |address: &str| Base::parse(address).map(|base| base.origin()).ok();
        let is_moved = self.base_url.as_deref().zip(under.base_url.as_deref());
        let is_moved = is_moved.is_some_and(|(to, from)| origin(to) != origin(from));
        Self {
            title: self.title.or(under.title),
            dialect: self.dialect.or(under.dialect),
            base_url: self.base_url.or(under.base_url),
            // The variable of a key is for the address beside which it stands.
            key: self.key.or(under.key.filter(|_| !is_moved)),
            local: self.local.or(under.local),
            window: self.window.or(under.window),
            parameters: self.parameters.or(under.parameters),
            temperature: self.temperature.or(under.temperature),
            most_stops: self.most_stops.or(under.most_stops),
            whole_bias: self.whole_bias.or(under.whole_bias),
            names: both(self.names, under.names),
            reply_field: self.reply_field.or(under.reply_field),
            extra: fields(self.extra, under.extra),
            strict: fields(self.strict, under.strict),
            text_bias: self.text_bias.or(under.text_bias),
            price_limit: self.price_limit.or(under.price_limit),
            bill_page: self.bill_page.or(under.bill_page),
            session: self.session.or(under.session),
            caching: self.caching.or(under.caching),
            prefill: self.prefill.or(under.prefill),
            structured: self.structured.or(under.structured),
            schema: self.schema.or(under.schema),
            ends: self.ends.or(under.ends),
            listing: self.listing.or(under.listing),
            quirks: self.quirks.or(under.quirks),
        }
    }
}

impl Over for TokenizerShape {
    fn over(self, under: Self) -> Self {
        Self { title: self.title.or(under.title), seen: self.seen.or(under.seen) }
    }
}

impl Over for ModelShape {
    fn over(self, under: Self) -> Self {
        let known = under.hosts;
        let own = self.hosts.into_iter().map(|(vendor, host)| match known.get(&vendor) {
            Some(_) => (vendor, host),
            None => (vendor, served(host)),
        });
        Self {
            hosts: rows(own.collect(), known.clone()),
            title: self.title.or(under.title),
            family: self.family.or(under.family),
            also: self.also.or(under.also),
            status: self.status.or(under.status),
            licence: self.licence.or(under.licence),
            tokenizer: self.tokenizer.or(under.tokenizer),
            template: self.template.or(under.template),
            ends: self.ends.or(under.ends),
            stops: self.stops.or(under.stops),
            window: self.window.or(under.window),
            reply: self.reply.or(under.reply),
            thinking: self.thinking.or(under.thinking),
            parameters: self.parameters.or(under.parameters),
            sampling: match (self.sampling, under.sampling) {
                (Some(own), Some(under)) => Some(own.over(under)),
                (own, under) => own.or(under),
            },
            files: self.files.or(under.files),
            absent: self.absent.or(under.absent),
            quirks: self.quirks.or(under.quirks),
        }
    }
}

/// A host that says nothing of its status serves its model.
fn served(host: HostShape) -> HostShape {
    let active = StatusShape {
        is: StatusWord::Active,
        since: None,
        until: None,
        replaced_by: Vec::new(),
        source: None,
        at: None,
    };
    HostShape { status: host.status.or(Some(active)), ..host }
}

impl Over for HostShape {
    fn over(self, under: Self) -> Self {
        Self {
            id: self.id.or(under.id),
            also: self.also.or(under.also),
            status: self.status.or(under.status),
            window: self.window.or(under.window),
            reply: self.reply.or(under.reply),
            thinking: self.thinking.or(under.thinking),
            price: self.price.or(under.price),
            parameters: self.parameters.or(under.parameters),
            temperature: self.temperature.or(under.temperature),
            most_stops: self.most_stops.or(under.most_stops),
            reply_field: self.reply_field.or(under.reply_field),
            caching: self.caching.or(under.caching),
            prefill: self.prefill.or(under.prefill),
            structured: self.structured.or(under.structured),
            extra: fields(self.extra, under.extra),
            seen: self.seen.or(under.seen),
            quirks: self.quirks.or(under.quirks),
        }
    }
}

impl Over for SamplingShape {
    fn over(self, under: Self) -> Self {
        Self {
            temperature: self.temperature.or(under.temperature),
            top_p: self.top_p.or(under.top_p),
            top_k: self.top_k.or(under.top_k),
            min_p: self.min_p.or(under.min_p),
            repetition_penalty: self.repetition_penalty.or(under.repetition_penalty),
            frequency_penalty: self.frequency_penalty.or(under.frequency_penalty),
            presence_penalty: self.presence_penalty.or(under.presence_penalty),
            dry: self.dry.or(under.dry),
            xtc: self.xtc.or(under.xtc),
            source: self.source.or(under.source),
        }
    }
}
