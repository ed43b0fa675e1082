//! What a row of a list says its tokens cost, and how much of that is believed:
//! a budget is kept by it.

use crate::money::DEAREST;

/// The fewest dollars for a million tokens that are believed of what is not free.
/// The cheapest model that ever was asked a cent; a tenth of that is a unit misread.
const CHEAPEST: f64 = 0.001;

/// Dollars for a million tokens.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ListedPrice {
    /// Of the prompt.
    pub prompt: f64,
    /// Of the reply.
    pub reply: f64,
    /// Of the prompt, read from the cache.
    pub cached: Option<f64>,
    /// Of the prompt, written to the cache.
    pub written: Option<f64>,
}

/// What a row says, in dollars for a million tokens; none where it says nothing.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Said {
    pub prompt: Option<f64>,
    pub reply: Option<f64>,
    pub cached: Option<f64>,
    pub written: Option<f64>,
    /// Whether the vendor gives models away, so that a price of nothing is one. With
    /// others it stands where they have not said.
    pub may_be_free: bool,
}

/// What is believed of it, and why the rest is not.
pub(super) fn believed(said: Said) -> (Option<ListedPrice>, Option<String>) {
    let (Some(prompt), Some(reply)) = (said.prompt, said.reply) else { return (None, None) };
    let both = [("the prompt", prompt), ("the reply", reply)];
    if let Some(why) = both.into_iter().find_map(|(what, dollars)| doubt(what, dollars)) {
        return (None, Some(why));
    }
    if prompt + reply == 0.0 && !said.may_be_free {
        return (None, Some("nothing for either; that it is free, nobody has said".to_owned()));
    }
    let mut why = None;
    let mut cache = |what: &str, dollars: Option<f64>| {
        let dollars = dollars.filter(|dollars| *dollars != 0.0)?;
        let doubt = doubt(what, dollars);
        let is_believed = doubt.is_none();
        why = why.take().or(doubt);
        is_believed.then(|| rounded(dollars))
    };
    let cached = cache("what is read from the cache", said.cached);
    // Some ask for storage by the hour here, which is no price of tokens.
    let written = cache("what is written to the cache", said.written);
    let written = written.filter(|written| *written >= rounded(prompt));
    let price = ListedPrice { prompt: rounded(prompt), reply: rounded(reply), cached, written };
    (Some(price), why)
}

/// Why a figure cannot be.
fn doubt(what: &str, dollars: f64) -> Option<String> {
    let is_believed = dollars == 0.0 || (CHEAPEST..=DEAREST).contains(&dollars);
    let shown = (dollars * 1e9).round() / 1e9;
    (!is_believed).then(|| format!("{shown} dollars for a million tokens of {what}"))
}

/// To the sixth figure: what is behind it is the noise of a float.
fn rounded(dollars: f64) -> f64 {
    (dollars * 1e6).round() / 1e6
}
