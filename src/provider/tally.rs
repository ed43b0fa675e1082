//! What the tries of one call were billed, as far as their endpoint has said.

use serde::{Deserialize, Serialize};

use super::{Bill, Ear, Reply, Usage};
use crate::money::{Money, Price};

/// The sum over all tries of one call.
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

    /// The most that the call cost: what was billed, and the worst case of each
    /// try that was not.
    #[must_use]
    pub fn most(&self) -> Money {
        self.cost + self.worst_unsaid()
    }

    /// The worst case of the tries without figures.
    #[must_use]
    pub fn worst_unsaid(&self) -> Money {
        self.each.times(u64::from(self.unsaid))
    }

    /// Adds another call's.
    pub fn add(&mut self, other: &Self) {
        let worst = self.worst_unsaid() + other.worst_unsaid();
        self.tries += other.tries;
        self.unsaid += other.unsaid;
        self.unpriced += other.unpriced;
        self.usage.add(other.usage);
        self.cost += other.cost;
        // Of several calls together only the sum means anything.
        self.each = Money::of_pico(worst.pico().div_ceil(u64::from(self.unsaid.max(1))));
    }

    fn bill(&mut self, bill: Bill, price: Option<Price>) {
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

/// Keeps the tally of a call while it runs.
#[derive(Clone, Debug)]
pub struct Meter {
    tally: Tally,
    price: Option<Price>,
    /// The try that was sent last has no bill yet.
    is_open: bool,
    /// Some text has come.
    has_heard: bool,
    last: Option<Usage>,
    /// The model that was asked last, where that may be another than the first.
    asked: Option<String>,
    /// The model that answers, where it has said so.
    answered: Option<String>,
}

impl Meter {
    /// For a call by this price, of which each try costs at most `each`.
    #[must_use]
    pub fn new(price: Option<Price>, each: Money) -> Self {
        let tally = Tally { each, ..Tally::default() };
        Self {
            tally,
            price,
            is_open: false,
            has_heard: false,
            last: None,
            asked: None,
            answered: None,
        }
    }

    /// An ear that hands on what it hears, and is metered.
    pub fn on<'a>(&'a mut self, ear: &'a mut dyn Ear) -> Metered<'a> {
        Metered { ear, meter: self }
    }

    /// The call is over; `reply` is what came of it. A provider that tells of no
    /// tries has made one, if anything came.
    pub fn end(&mut self, reply: Option<&Reply>) {
        if self.tally.tries == 0 && (self.has_heard || reply.is_some()) {
            self.sending();
        }
        if let Some(usage) = reply.and_then(|reply| reply.usage).filter(|_| self.is_open) {
            self.billed(Bill { usage, cost: None });
        }
        self.tally.unsaid += u32::from(std::mem::take(&mut self.is_open));
        if self.tally.unsaid == 0 {
            self.tally.each = Money::ZERO;
        }
    }

    /// What the call was billed; to be asked when it is over.
    #[must_use]
    pub fn tally(&self) -> Tally {
        self.tally
    }

    /// The model that was asked last, where that may be another than the first.
    #[must_use]
    pub fn asked(&self) -> Option<&str> {
        self.asked.as_deref()
    }

    /// The model that answered, where it has said so.
    #[must_use]
    pub fn answered(&self) -> Option<&str> {
        self.answered.as_deref()
    }

    /// The figures of the try that was billed last.
    #[must_use]
    pub fn last(&self) -> Option<Usage> {
        self.last
    }

    fn sending(&mut self) {
        self.tally.unsaid += u32::from(self.is_open);
        self.tally.tries += 1;
        self.is_open = true;
    }

    fn billed(&mut self, bill: Bill) {
        self.is_open = false;
        self.last = Some(bill.usage).filter(|usage| *usage != Usage::default());
        self.tally.bill(bill, self.price);
    }
}

/// An ear that is metered.
pub struct Metered<'a> {
    ear: &'a mut dyn Ear,
    meter: &'a mut Meter,
}

impl Ear for Metered<'_> {
    fn text(&mut self, piece: &str) {
        self.meter.has_heard |= !piece.is_empty();
        self.ear.text(piece);
    }

    fn piece(&mut self) {
        self.ear.piece();
    }

    fn asks(&mut self, model: &str) {
        self.ear.asks(model);
        self.meter.asked = Some(model.to_owned());
    }

    fn answers(&mut self, model: &str) {
        self.ear.answers(model);
        self.meter.answered = Some(model.to_owned());
    }

    fn sending(&mut self) {
        self.ear.sending();
        self.meter.sending();
    }

    fn billed(&mut self, bill: Bill) {
        self.ear.billed(bill);
        self.meter.billed(bill);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::Finish;

    /// What a try does.
    #[derive(Clone, Copy)]
    enum Try {
        Silent,
        Refused,
        Counted(u64, u64),
        Priced(u64, u64, u64),
    }

    fn tallied(tries: &[Try], price: Option<Price>, said: Option<Usage>, answered: bool) -> Tally {
        let mut text = |_: &str| {};
        let mut meter = Meter::new(price, Money::of_pico(1_000));
        let mut ear = meter.on(&mut text);
        for one in tries {
            ear.sending();
            let usage = |prompt, reply| Usage { prompt, reply, ..Usage::default() };
            match *one {
                Try::Silent => {}
                Try::Refused => ear.billed(Bill::default()),
                Try::Counted(prompt, reply) => {
                    ear.billed(Bill { usage: usage(prompt, reply), cost: None });
                }
                Try::Priced(prompt, reply, cost) => ear
                    .billed(Bill { usage: usage(prompt, reply), cost: Some(Money::of_pico(cost)) }),
            }
        }
        let reply = Reply { finish: Finish::Stop, usage: said, model: String::new() };
        meter.end(Some(&reply).filter(|_| answered));
        meter.tally()
    }

    #[test]
    fn every_try_is_billed_or_counts_in_full() {
        use Try::{Counted, Priced, Refused, Silent};
        let pico = Money::of_pico;
        let price = Price { prompt: pico(2), cached: pico(1), written: pico(2), reply: pico(5) };
        let said = Some(Usage { prompt: 10, reply: 4, ..Usage::default() });
        // Tries, unsaid, unpriced, prompt, reply, cost, most.
        for (tries, price, said, answered, expected) in [
            (&[][..], None, None, false, (0, 0, 0, 0, 0, 0, 0)),
            // A provider that tells of no tries.
            (&[], Some(price), said, true, (1, 0, 0, 10, 4, 40, 40)),
            (&[], Some(price), None, true, (1, 1, 0, 0, 0, 0, 1_000)),
            (&[Counted(10, 4)], Some(price), said, true, (1, 0, 0, 10, 4, 40, 40)),
            // Its own word on the cost outranks the price.
            (&[Priced(10, 4, 33)], Some(price), said, true, (1, 0, 0, 10, 4, 33, 33)),
            (&[Counted(10, 4)], None, said, true, (1, 0, 1, 10, 4, 0, 0)),
            (&[Refused, Refused], None, None, false, (2, 0, 0, 0, 0, 0, 0)),
            (
                &[Silent, Refused, Counted(10, 4)],
                Some(price),
                said,
                true,
                (3, 1, 0, 10, 4, 40, 1_040),
            ),
            (&[Silent, Silent], Some(price), None, false, (2, 2, 0, 0, 0, 0, 2_000)),
        ] {
            let tally = tallied(tries, price, said, answered);
            let found = (
                tally.tries,
                tally.unsaid,
                tally.unpriced,
                tally.usage.prompt,
                tally.usage.reply,
                tally.cost.pico(),
                tally.most().pico(),
            );
            assert_eq!(found, expected, "{} tries", tries.len());
        }
    }

    #[test]
    fn sums_keep_the_worst_case() {
        let mut sum = Tally::unknown(2, Money::of_pico(7));
        sum.add(&Tally { tries: 1, cost: Money::of_pico(5), ..Tally::default() });
        sum.add(&Tally::unknown(1, Money::of_pico(10)));
        assert_eq!((sum.tries, sum.unsaid, sum.most().pico()), (4, 3, 5 + 24));
    }
}
