//! Budgets and prices as people write them in their configuration.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Money, Price};

/// The most that may be spent, in dollars.
#[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Budget {
    /// Dollars that one run may cost; `--max-cost` outranks it.
    #[serde(default)]
    pub run: Option<f64>,
    /// Dollars that one book may cost; its `storygen.yaml` may only lower that.
    #[serde(default)]
    pub book: Option<f64>,
    /// Dollars that all your projects together may cost in a month, by UTC.
    #[serde(default)]
    pub month: Option<f64>,
}

impl Budget {
    /// What of it is no amount of money.
    #[must_use]
    pub fn fault(&self) -> Option<&'static str> {
        [("run", self.run), ("book", self.book), ("month", self.month)]
            .into_iter()
            .find(|(_, said)| said.is_some_and(|said| Money::of_dollars(said).is_none()))
            .map(|(name, _)| name)
    }

    /// The cap on a run.
    #[must_use]
    pub fn run(&self) -> Option<Money> {
        self.run.map(cap)
    }

    /// The cap on a book.
    #[must_use]
    pub fn book(&self) -> Option<Money> {
        self.book.map(cap)
    }

    /// The cap on a month.
    #[must_use]
    pub fn month(&self) -> Option<Money> {
        self.month.map(cap)
    }
}

/// What is no amount allows nothing.
fn cap(dollars: f64) -> Money {
    Money::of_dollars(dollars).unwrap_or_default()
}

/// The most dollars for a million tokens that are believed. The dearest model that
/// ever was asked 600; ten thousand is a unit misread.
pub const DEAREST: f64 = 10_000.0;

/// A figure as it was probably written: a very large one by its power of ten.
#[must_use]
pub fn figure(dollars: f64) -> String {
    if dollars.abs() < 1e15 { dollars.to_string() } else { format!("{dollars:e}") }
}

/// The price of a model, in dollars for a million tokens.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PriceSaid {
    /// Dollars for a million tokens of prompt.
    pub prompt: f64,
    /// Dollars for a million tokens of reply.
    pub reply: f64,
    /// Dollars for a million tokens of prompt read from the endpoint's cache (default: as `prompt`).
    #[serde(default)]
    pub cached: Option<f64>,
    /// Dollars for a million tokens of prompt written to the endpoint's cache (default: as `prompt`).
    #[serde(default)]
    pub written: Option<f64>,
}

impl PriceSaid {
    /// The price; none where a figure is no amount of money.
    #[must_use]
    pub fn price(&self) -> Option<Price> {
        Price::per_million(self.prompt, self.reply, self.cached, self.written)
    }
}
