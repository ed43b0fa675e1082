//! Money as models are billed: whole picodollars, so that no sum ever rounds.
//!
//! A picodollar is a millionth of a millionth of a dollar; a price of one dollar
//! for a million tokens is a million of them a token. Sums saturate: the cap of
//! a budget is never passed by a sum that wrapped.

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign};

use serde::{Deserialize, Serialize};

/// Picodollars in a dollar.
const DOLLAR: u64 = 1_000_000_000_000;

/// An amount of money, in picodollars; up to about 18 million dollars.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Money(u64);

impl Money {
    /// Nothing.
    pub const ZERO: Self = Self(0);
    /// More than anything costs.
    pub const MOST: Self = Self(u64::MAX);

    /// So many picodollars.
    #[must_use]
    pub const fn of_pico(pico: u64) -> Self {
        Self(pico)
    }

    /// The amount in picodollars.
    #[must_use]
    pub const fn pico(self) -> u64 {
        self.0
    }

    /// So many dollars, rounded up to the next picodollar; none for what is no
    /// amount: negative, not finite, or more than there is.
    #[must_use]
    pub fn of_dollars(dollars: f64) -> Option<Self> {
        #[expect(clippy::cast_precision_loss, reason = "twelve zeros are exact in a float")]
        let pico = (dollars * DOLLAR as f64).ceil();
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "the range is checked in the same line"
        )]
        (pico >= 0.0 && pico < u64::MAX as f64).then_some(Self(pico as u64))
    }

    /// The amount in dollars, for charts and JSON.
    #[must_use]
    pub fn dollars(self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "what is lost is far below a cent")]
        let dollars = self.0 as f64 / DOLLAR as f64;
        dollars
    }

    /// So many times this amount.
    #[must_use]
    pub const fn times(self, count: u64) -> Self {
        Self(self.0.saturating_mul(count))
    }

    /// What is left of this amount without the other; nothing where that is more.
    #[must_use]
    pub const fn less(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl Add for Money {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl AddAssign for Money {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sum for Money {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::ZERO, Add::add)
    }
}

impl fmt::Display for Money {
    /// `$0`, `$0.0042`, `$1.27`: two figures behind the point from a dollar on,
    /// four below; what is less than that is `<$0.0001`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            0 => f.write_str("$0"),
            pico if pico < DOLLAR / 10_000 => f.write_str("<$0.0001"),
            pico if pico < DOLLAR => write!(f, "${:.4}", self.dollars()),
            _ => write!(f, "${:.2}", self.dollars()),
        }
    }
}

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
    fn amounts_are_shown_as_people_write_them() {
        for (dollars, shown) in [
            (0.0, "$0"),
            (0.000_000_1, "<$0.0001"),
            (0.0001, "$0.0001"),
            (0.004_21, "$0.0042"),
            (0.5, "$0.5000"),
            (1.266, "$1.27"),
            (1_234.5, "$1234.50"),
        ] {
            assert_eq!(Money::of_dollars(dollars).unwrap().to_string(), shown);
        }
        for no_amount in [-0.01, f64::NAN, f64::INFINITY, 1e12] {
            assert_eq!(Money::of_dollars(no_amount), None, "{no_amount}");
        }
    }

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
