//! Amounts of money, in whole picodollars, so that no sum ever rounds.
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
        let exact = dollars * DOLLAR as f64;
        // A price such as 0.4 has no float of its own: what is next to a whole
        // number is that number, and only what lies between two is rounded up.
        let near = exact.round();
        let pico = if (exact - near).abs() <= near * 1e-12 { near } else { exact.ceil() };
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

    /// The next amount that is shown in full: who writes what is shown has written
    /// no less than this amount.
    #[must_use]
    pub const fn rounded_up(self) -> Self {
        let step = if self.0 < DOLLAR { DOLLAR / 10_000 } else { DOLLAR / 100 };
        Self(self.0.div_ceil(step).saturating_mul(step))
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
        for (dollars, shown) in [
            (0.0, "$0"),
            (0.000_000_1, "$0.0001"),
            (0.004_21, "$0.0043"),
            (0.5, "$0.5000"),
            (0.999_99, "$1.00"),
            (1.261, "$1.27"),
        ] {
            assert_eq!(Money::of_dollars(dollars).unwrap().rounded_up().to_string(), shown);
        }
        for no_amount in [-0.01, f64::NAN, f64::INFINITY, 1e12] {
            assert_eq!(Money::of_dollars(no_amount), None, "{no_amount}");
        }
    }
}
