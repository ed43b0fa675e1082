//! What a vendor's list changes of what is known. Pure.

use super::listing::Listed;
use super::shape::{HostShape, ModelShape, StatusWord};

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
    /// It is listed no more.
    Unlisted {
        /// Its name in the catalogue.
        model: String,
        /// The day that was announced as its end, where that has come.
        end: Option<String>,
    },
    /// A price of the list that cannot be, and so is left out.
    OddPrice {
        /// Its name in the catalogue.
        model: String,
        /// What the list says.
        why: String,
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
        /// The day, where it is told.
        day: Option<String>,
        /// What takes its place, where that is told: its name in the catalogue.
        next: Option<String>,
    },
}

/// What was known before of a model that is listed.
#[derive(Clone, Copy)]
pub(super) struct Was<'a> {
    pub model: Option<&'a ModelShape>,
    pub host: Option<&'a HostShape>,
}

/// Notes what a list changes of one model.
pub(super) fn note(changes: &mut Vec<Change>, name: &str, was: Was<'_>, listed: &Listed) {
    let model = || name.to_owned();
    if let Some(why) = &listed.odd_price {
        changes.push(Change::OddPrice { model: model(), why: why.clone() });
    }
    if listed.is_ending() {
        let known = was.host.and_then(|host| host.status.as_ref());
        let is_known = known
            .is_some_and(|known| known.is == StatusWord::Deprecated && known.until == listed.ends);
        if !is_known {
            let (day, next) = (listed.ends.clone(), listed.replaced_by.clone());
            changes.push(Change::Ending { model: model(), day, next });
        }
    }
    let Some(before) = was.host else {
        changes.push(Change::New { model: model() });
        return;
    };
    if matches!(status(was.model, Some(before)), StatusWord::Retired | StatusWord::Unlisted) {
        changes.push(Change::Back { model: model() });
    }
    let price = before.price.as_ref().map(|price| (price.prompt, price.reply));
    if let Some(now) = listed.price {
        let is = (now.prompt, now.reply);
        if price.is_none_or(|was| differ(was.0, is.0) || differ(was.1, is.1)) {
            changes.push(Change::Price { model: model(), was: price, is });
        }
    }
    if let (Some(was), Some(is)) = (before.window, listed.window)
        && is < was
    {
        changes.push(Change::Window { model: model(), was, is });
    }
}

/// Whether a model can be had from a host, as far as is known.
pub(super) fn status(model: Option<&ModelShape>, host: Option<&HostShape>) -> StatusWord {
    let own = host.and_then(|host| host.status.as_ref());
    let status = own.or_else(|| model.and_then(|model| model.status.as_ref()));
    status.map_or(StatusWord::Active, |status| status.is)
}

fn differ(a: f64, b: f64) -> bool {
    (a - b).abs() > 1e-9
}
