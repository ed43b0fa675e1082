//! Prices of models, and what a call costs by them.

use serde::{Deserialize, Serialize};

use super::Money;

/// What a model costs, each kind of token by its price for one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Price {
    /// A token of the prompt.
    pub prompt: Money,
    /// A token of the prompt that was read from the endpoint's cache.
    pub cached: Money,
    /// A token of the prompt that was written to the endpoint's cache.
    pub written: Money,
    /// A token of the reply, its reasoning included.
    pub reply: Money,
}

impl Price {
    /// The price of what runs on the user's own machine.
    pub const FREE: Self =
        Self { prompt: Money::ZERO, cached: Money::ZERO, written: Money::ZERO, reply: Money::ZERO };

    /// From the prices that vendors print: dollars for a million tokens. A cache
    /// price that is not given is that of the prompt.
    #[must_use]
    pub fn per_million(
        prompt: f64,
        reply: f64,
        cached: Option<f64>,
        written: Option<f64>,
    ) -> Option<Self> {
        let one = |dollars: f64| Money::of_dollars(dollars / 1e6);
        Some(Self {
            prompt: one(prompt)?,
            cached: one(cached.unwrap_or(prompt))?,
            written: one(written.unwrap_or(prompt))?,
            reply: one(reply)?,
        })
    }

    /// What a call of so many tokens costs. Cached and written tokens are part
    /// of the prompt's.
    #[must_use]
    pub fn cost(&self, prompt: u64, cached: u64, written: u64, reply: u64) -> Money {
        let cached = cached.min(prompt);
        let written = written.min(prompt - cached);
        self.prompt.times(prompt - cached - written)
            + self.cached.times(cached)
            + self.written.times(written)
            + self.reply.times(reply)
    }

    /// The most that a call can cost whose prompt and reply take at most so many
    /// tokens, whatever the endpoint's cache does.
    #[must_use]
    pub fn worst(&self, prompt: u64, reply: u64) -> Money {
        self.prompt.max(self.cached).max(self.written).times(prompt) + self.reply.times(reply)
    }

    /// The dearer of two prices, kind by kind.
    #[must_use]
    pub fn dearer(self, other: Self) -> Self {
        Self {
            prompt: self.prompt.max(other.prompt),
            cached: self.cached.max(other.cached),
            written: self.written.max(other.written),
            reply: self.reply.max(other.reply),
        }
    }

    /// Whether nothing costs anything.
    #[must_use]
    pub fn is_free(&self) -> bool {
        *self == Self::FREE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_costs_what_its_kinds_of_token_cost() {
        let price = Price::per_million(3.0, 15.0, Some(0.3), Some(3.75)).unwrap();
        let dollars =
            |call: (u64, u64, u64, u64)| price.cost(call.0, call.1, call.2, call.3).dollars();
        assert!((dollars((1_000_000, 0, 0, 0)) - 3.0).abs() < 1e-9);
        assert!((dollars((1_000_000, 1_000_000, 0, 0)) - 0.3).abs() < 1e-9);
        assert!((dollars((1_000_000, 400_000, 600_000, 0)) - 2.37).abs() < 1e-9);
        // An endpoint that counts more cached tokens than there are.
        assert!((dollars((1_000, 9_000, 9_000, 0)) - 0.0003).abs() < 1e-9);
        assert!((price.worst(1_000_000, 1_000_000).dollars() - 18.75).abs() < 1e-9);
        assert_eq!(Money::MOST + Money::MOST, Money::MOST);
        assert!(Price::FREE.is_free() && !price.is_free());
    }
}
