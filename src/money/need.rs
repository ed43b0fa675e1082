//! What a budget has to hold for calls that are made one after another.
//!
//! Before a call its worst case is set aside, whatever it then costs. So the sum
//! of what calls cost is not enough: the dearest moment is the one at which what
//! was spent before and the worst case of the next call are the most.

use super::Money;

/// What calls need that are made one after another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Need {
    /// What they cost together.
    pub spent: Money,
    /// The most that was spent before a call and set aside for it.
    pub peak: Money,
    /// What is set aside for the last call beyond what it costs.
    last: Money,
    /// The most that is set aside for any call beyond what it costs.
    widest: Money,
}

impl Need {
    /// A call comes next that costs this much, and for which this much is set aside.
    pub fn call(&mut self, cost: Money, worst: Money) {
        self.peak = self.peak.max(self.spent + worst);
        self.spent += cost;
        self.last = worst.less(cost);
        self.widest = self.widest.max(self.last);
    }

    /// The same where no more than this much may be spent and set aside.
    #[must_use]
    pub fn within(self, most: Money) -> Self {
        let Self { spent, peak, last, widest } = self;
        Self {
            spent: spent.min(most),
            peak: peak.min(most),
            last: last.min(most.less(spent)),
            widest: widest.min(most),
        }
    }

    /// What several such rows of calls need at least that share a budget, in
    /// whatever order their calls are made: one of the rows ends last.
    #[must_use]
    pub fn at_least(rows: &[Self]) -> Money {
        let spent: Money = rows.iter().map(|row| row.spent).sum();
        let peak = rows.iter().map(|row| row.peak).max().unwrap_or_default();
        let last = rows.iter().map(|row| row.last).min().unwrap_or_default();
        peak.max(spent + last)
    }

    /// What is enough for several such rows of calls that share a budget, in
    /// whatever order their calls are made.
    #[must_use]
    pub fn enough(rows: &[Self]) -> Money {
        if let [one] = rows {
            return one.peak;
        }
        let spent: Money = rows.iter().map(|row| row.spent).sum();
        spent + rows.iter().map(|row| row.widest).max().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn row(calls: &[(u64, u64)]) -> Need {
        let mut need = Need::default();
        for (cost, more) in calls {
            need.call(Money::of_pico(*cost), Money::of_pico(cost + more));
        }
        need
    }

    /// Whether calls that are made in this order all find room in a budget.
    fn goes_through(calls: &[(u64, u64)], budget: Money) -> bool {
        let mut spent = 0;
        calls.iter().all(|(cost, more)| {
            let has_room = spent + cost + more <= budget.pico();
            spent += cost;
            has_room
        })
    }

    fn calls() -> impl Strategy<Value = Vec<(u64, u64)>> {
        proptest::collection::vec((0_u64..50, 0_u64..200), 1..12)
    }

    proptest! {
        #[test]
        fn one_row_goes_through_from_its_peak_on(calls in calls()) {
            let peak = row(&calls).peak;
            prop_assert_eq!((Need::at_least(&[row(&calls)]), Need::enough(&[row(&calls)])), (peak, peak));
            prop_assert!(goes_through(&calls, peak));
            prop_assert!(peak == Money::ZERO || !goes_through(&calls, peak.less(Money::of_pico(1))));
        }

        /// No row needs more than it may spend; one that needs less needs the same.
        #[test]
        fn a_row_needs_no_more_than_it_may_spend(calls in calls(), most in 0_u64..1_000) {
            let (whole, most) = (row(&calls), Money::of_pico(most));
            let within = whole.within(most);
            prop_assert_eq!(Need::at_least(&[within]), whole.peak.min(most));
            prop_assert_eq!(Need::enough(&[within]), whole.peak.min(most));
            prop_assert!(whole.peak > most || Need::at_least(&[within]) == Need::at_least(&[whole]));
        }

        /// Whatever the order of their calls, several rows go through with what is
        /// enough, and never with less than what is the least.
        #[test]
        fn several_rows_go_through_in_any_order(
            rows in proptest::collection::vec(calls(), 2..5),
            turns in proptest::collection::vec(0_usize..5, 60),
        ) {
            let needs: Vec<Need> = rows.iter().map(|calls| row(calls)).collect();
            let (least, enough) = (Need::at_least(&needs), Need::enough(&needs));
            let mut waiting: Vec<&[(u64, u64)]> = rows.iter().map(Vec::as_slice).collect();
            let mut order = Vec::new();
            for turn in turns {
                waiting.retain(|calls| !calls.is_empty());
                if waiting.is_empty() {
                    break;
                }
                let at = turn % waiting.len();
                order.push(waiting[at][0]);
                waiting[at] = &waiting[at][1..];
            }
            order.extend(waiting.into_iter().flatten());
            prop_assert!(goes_through(&order, enough));
            prop_assert!(least == Money::ZERO || !goes_through(&order, least.less(Money::of_pico(1))));
        }
    }
}
