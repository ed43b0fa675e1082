//! Keeping count of a call while it runs.

use super::reckoning::{Reckoning, Tried};
use super::tally::Tally;
use super::{Bill, Ear, Reply, Usage};
use crate::money::{Money, Price};

/// Keeps count of a call while it runs.
#[derive(Clone, Debug)]
pub struct Meter {
    /// Of the model that is asked now.
    tally: Tally,
    /// Of those that failed before it.
    before: Vec<Tried>,
    price: Option<Price>,
    /// The most that a try can cost.
    each: Money,
    /// The most that one may cost by what its endpoint has counted of it.
    counted: Money,
    /// The try that was sent last has no bill yet.
    is_open: bool,
    /// Some text has come.
    has_heard: bool,
    last: Option<Usage>,
    /// The model that is asked now, where that has been said.
    asked: Option<String>,
    /// The model that answers, where it has said so.
    answered: Option<String>,
}

impl Meter {
    /// For a call by this price, of which each try costs at most `each`.
    #[must_use]
    pub fn new(price: Option<Price>, each: Money) -> Self {
        Self {
            tally: Tally::default(),
            before: Vec::new(),
            price,
            each,
            counted: Money::ZERO,
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
        self.close();
    }

    /// What the call was billed; to be asked when it is over.
    #[must_use]
    pub fn reckoning(&self) -> Reckoning {
        Reckoning { tally: self.tally, before: self.before.clone() }
    }

    /// The model that was asked last, by its full name; none where a provider has
    /// only one, and need not say.
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

    /// Another model is asked: what was sent before is the other's.
    fn asks(&mut self, model: &str) {
        self.close();
        let tally = std::mem::take(&mut self.tally);
        let before = self.asked.replace(model.to_owned());
        // Of who was not sent anything there is nothing to tell.
        if let Some(model) = before.filter(|_| tally.tries > 0) {
            self.before.push(Tried { model, tally });
        }
        (self.last, self.answered) = (None, None);
        self.counted = Money::ZERO;
    }

    /// What was sent last will not be billed any more.
    fn close(&mut self) {
        self.tally.unsaid += u32::from(std::mem::take(&mut self.is_open));
        let each = self.each.max(self.counted);
        self.tally.each = if self.tally.unsaid > 0 { each } else { Money::ZERO };
    }

    fn sending(&mut self) {
        self.close();
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
        self.meter.asks(model);
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

    fn may_cost(&mut self, most: Money) {
        self.ear.may_cost(most);
        self.meter.counted = self.meter.counted.max(most);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::provider::{Finish, Total};

    /// What a try does.
    #[derive(Clone, Copy)]
    enum Try {
        Silent,
        Refused,
        Counted(u64, u64),
        Priced(u64, u64, u64),
    }

    #[test]
    fn what_was_counted_of_an_open_try_raises_what_it_may_cost() {
        let mut text = |_: &str| {};
        let mut meter = Meter::new(None, Money::of_pico(1_000));
        let mut ear = meter.on(&mut text);
        let may_cost = |ear: &mut Metered<'_>, pico| {
            ear.sending();
            ear.may_cost(Money::of_pico(pico));
        };
        ear.asks("a");
        may_cost(&mut ear, 1_500);
        may_cost(&mut ear, 900);
        ear.asks("b");
        may_cost(&mut ear, 900);
        meter.end(None);
        let took = meter.reckoning();
        let each = |tally: &Tally| (tally.unsaid, tally.each.pico());
        assert_eq!(took.tallies().map(each).collect::<Vec<_>>(), [(2, 1_500), (1, 1_000)]);
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
        let reckoning = meter.reckoning();
        assert_eq!(reckoning.before, []);
        reckoning.tally
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
    fn each_try_is_that_of_the_model_that_was_asked_with_it() {
        let usage = |prompt, reply| Usage { prompt, reply, ..Usage::default() };
        let billed = |prompt, reply| Bill { usage: usage(prompt, reply), cost: None };
        let mut text = |_: &str| {};
        let mut meter = Meter::new(None, Money::of_pico(10));
        {
            let mut ear = meter.on(&mut text);
            ear.asks("a/one");
            ear.sending();
            ear.billed(billed(7, 2));
            // Nobody says what this one takes.
            ear.sending();
            ear.answers("one");
            // It was never sent anything.
            ear.asks("b/one");
            ear.asks("c/one");
            ear.sending();
            ear.billed(billed(9, 4));
        }
        meter.end(None);
        assert_eq!((meter.asked(), meter.answered()), (Some("c/one"), None));
        assert_eq!(meter.last(), Some(usage(9, 4)));
        let one = Tally {
            tries: 2,
            unsaid: 1,
            unpriced: 1,
            usage: usage(7, 2),
            each: Money::of_pico(10),
            ..Tally::default()
        };
        let last = Tally { tries: 1, unpriced: 1, usage: usage(9, 4), ..Tally::default() };
        let reckoning = meter.reckoning();
        assert_eq!(reckoning.before, [Tried { model: "a/one".to_owned(), tally: one }]);
        assert_eq!(reckoning.tally, last);
        let total = reckoning.total();
        assert_eq!((total.tries, total.usage), (3, usage(16, 6)));
        assert_eq!(total.worst_unsaid, Money::of_pico(10));
    }

    #[derive(Clone, Debug)]
    enum Heard {
        Asks(usize),
        Sending,
        Billed(u64, u64),
    }

    fn heard() -> impl Strategy<Value = Heard> {
        prop_oneof![
            (0..3_usize).prop_map(Heard::Asks),
            Just(Heard::Sending),
            (0..50_u64, 0..50_u64).prop_map(|(prompt, reply)| Heard::Billed(prompt, reply)),
        ]
    }

    proptest! {
        /// Whatever is heard, each model has the tries that were made while it was
        /// asked, and all of them together are those of the call.
        #[test]
        fn no_try_is_lost_or_booked_twice(
            first in 0..3_usize,
            all in proptest::collection::vec(heard(), 0..30),
        ) {
            const MODELS: [&str; 3] = ["a/one", "b/one", "c/one"];
            let mut text = |_: &str| {};
            let mut meter = Meter::new(None, Money::of_pico(3));
            // Tries, those with figures, tokens; by model.
            let mut expected = [(0_u32, 0_u32, 0_u64); 3];
            let (mut asked, mut is_open) = (first, false);
            {
                let mut ear = meter.on(&mut text);
                ear.asks(MODELS[first]);
                for one in all {
                    let sums = &mut expected[asked];
                    match one {
                        Heard::Asks(model) => {
                            ear.asks(MODELS[model]);
                            (asked, is_open) = (model, false);
                        }
                        Heard::Sending => {
                            ear.sending();
                            sums.0 += 1;
                            is_open = true;
                        }
                        // A bill is that of a try which was sent.
                        Heard::Billed(prompt, reply) if is_open => {
                            let usage = Usage { prompt, reply, ..Usage::default() };
                            ear.billed(Bill { usage, cost: None });
                            *sums = (sums.0, sums.1 + 1, sums.2 + prompt + reply);
                            is_open = false;
                        }
                        Heard::Billed(..) => {}
                    }
                }
            }
            meter.end(None);
            let reckoning = meter.reckoning();
            let last = Tried { model: MODELS[asked].to_owned(), tally: reckoning.tally };
            prop_assert_eq!(meter.asked(), Some(MODELS[asked]));
            for (model, expected) in MODELS.iter().zip(expected) {
                let of = |tried: &&Tried| tried.model == *model;
                let tries = reckoning.before.iter().chain([&last]).filter(of);
                let sum: Total = tries.map(|tried| &tried.tally).collect();
                let tokens = sum.usage.prompt + sum.usage.reply;
                prop_assert_eq!((sum.tries, sum.tries - sum.unsaid, tokens), expected);
            }
            let total = reckoning.total();
            prop_assert_eq!(total.tries, expected.iter().map(|one| one.0).sum::<u32>());
            prop_assert_eq!(total.worst_unsaid, Money::of_pico(3).times(total.unsaid.into()));
        }
    }
}
