//! What tries were billed, as far as their endpoint has said: those of one model in
//! one call, and those of many calls together.

use serde::{Deserialize, Serialize};

use super::{Bill, Usage};
use crate::money::{Money, Price};

/// The sum over all tries of one call with one model.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// How many times the request was sent.
    pub tries: u32,
    /// How many tries nobody has said figures for: each may be billed in full.
    #[serde(default, skip_serializing_if = "is_none")]
    pub unsaid: u32,
    /// How many tries have figures, but no cost, since their price is not known.
    #[serde(default, skip_serializing_if = "is_none")]
    pub unpriced: u32,
    /// The tokens of all tries that have figures.
    pub usage: Usage,
    /// The cost of all tries that have one.
    #[serde(default, skip_serializing_if = "is_nothing")]
    pub cost: Money,
    /// The most that a try without figures can cost, where a price is known.
    #[serde(default, skip_serializing_if = "is_nothing")]
    pub each: Money,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the shape that serde calls")]
fn is_none(count: &u32) -> bool {
    *count == 0
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the shape that serde calls")]
fn is_nothing(amount: &Money) -> bool {
    *amount == Money::ZERO
}

impl Usage {
    /// Adds what one call took to what others did.
    pub fn add(&mut self, more: Self) {
        // Figures are the endpoint's: no sum of them may stop the program.
        self.prompt = self.prompt.saturating_add(more.prompt);
        self.cached = self.cached.saturating_add(more.cached);
        self.written = self.written.saturating_add(more.written);
        self.reply = self.reply.saturating_add(more.reply);
        self.reasoning = self.reasoning.saturating_add(more.reasoning);
    }
}

impl Tally {
    /// The worst case of a call that is made so many times and of which no more
    /// is known.
    #[must_use]
    pub fn unknown(tries: u32, each: Money) -> Self {
        Self { tries, unsaid: tries, each, ..Self::default() }
    }

    /// The most that they cost: what was billed, and the worst case of each try that
    /// was not.
    #[must_use]
    pub fn most(&self) -> Money {
        self.cost + self.worst_unsaid()
    }

    /// The worst case of the tries without figures.
    #[must_use]
    pub fn worst_unsaid(&self) -> Money {
        self.each.times(u64::from(self.unsaid))
    }

    /// Takes in what a try was billed, by this price where the endpoint says no cost.
    pub(super) fn bill(&mut self, bill: Bill, price: Option<Price>) {
        let Usage { prompt, cached, written, reply, .. } = bill.usage;
        self.usage.add(bill.usage);
        let priced = || Some(price?.cost(prompt, cached, written, reply));
        match bill.cost.or_else(priced) {
            Some(cost) => self.cost += cost,
            // What took nothing costs nothing, whatever the price.
            None if bill.usage == Usage::default() => {}
            None => self.unpriced += 1,
        }
    }
}

/// The sum over several tallies. Of these no two need have the same worst case of a
/// try, so only the sum of the worst cases means anything.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Total {
    /// How many times a request was sent.
    pub tries: u32,
    /// How many tries nobody has said figures for.
    pub unsaid: u32,
    /// How many tries have figures, but no cost.
    pub unpriced: u32,
    /// The tokens of all tries that have figures.
    pub usage: Usage,
    /// The cost of all tries that have one.
    pub cost: Money,
    /// The most that the tries without figures cost.
    pub worst_unsaid: Money,
}

impl Total {
    /// Adds another sum.
    pub fn join(&mut self, other: &Self) {
        let Self { tries, unsaid, unpriced, usage, cost, worst_unsaid } = *other;
        self.tries = self.tries.saturating_add(tries);
        self.unsaid = self.unsaid.saturating_add(unsaid);
        self.unpriced = self.unpriced.saturating_add(unpriced);
        self.usage.add(usage);
        self.cost += cost;
        self.worst_unsaid += worst_unsaid;
    }

    /// The most that all of it cost.
    #[must_use]
    pub fn most(&self) -> Money {
        self.cost + self.worst_unsaid
    }
}

impl From<&Tally> for Total {
    fn from(tally: &Tally) -> Self {
        let Tally { tries, unsaid, unpriced, usage, cost, .. } = *tally;
        Self { tries, unsaid, unpriced, usage, cost, worst_unsaid: tally.worst_unsaid() }
    }
}

impl<'a> Extend<&'a Tally> for Total {
    fn extend<T: IntoIterator<Item = &'a Tally>>(&mut self, tallies: T) {
        tallies.into_iter().for_each(|tally| self.join(&tally.into()));
    }
}

impl<'a> FromIterator<&'a Tally> for Total {
    fn from_iter<T: IntoIterator<Item = &'a Tally>>(tallies: T) -> Self {
        let mut total = Self::default();
        total.extend(tallies);
        total
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_keep_the_worst_case_to_the_last_bit() {
        let tallies = [
            Tally::unknown(2, Money::of_pico(7)),
            Tally { tries: 1, cost: Money::of_pico(5), ..Tally::default() },
            Tally::unknown(1, Money::of_pico(11)),
        ];
        let sum: Total = tallies.iter().collect();
        assert_eq!((sum.tries, sum.unsaid), (4, 3));
        assert_eq!((sum.worst_unsaid.pico(), sum.most().pico()), (25, 30));
    }
}
