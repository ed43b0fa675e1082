//! What was spent at most, as a fold over entries.

use std::collections::BTreeMap;

use super::Money;

/// One entry of an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry<Id> {
    /// A call is about to be made.
    Reserve {
        /// The call.
        id: Id,
        /// The most that it can cost.
        worst: Money,
    },
    /// A call has ended, whether it was reserved or not.
    Settle {
        /// The call.
        id: Id,
        /// What it costs: what was billed, and the worst of what may yet be.
        cost: Money,
    },
}

/// The sum of entries: what is settled, and what is reserved and may be spent.
#[derive(Clone, Debug)]
pub struct Account<Id> {
    settled: Money,
    open: BTreeMap<Id, Money>,
}

impl<Id> Default for Account<Id> {
    fn default() -> Self {
        Self { settled: Money::ZERO, open: BTreeMap::new() }
    }
}

impl<Id: Ord> Account<Id> {
    /// Takes an entry in.
    pub fn add(&mut self, entry: Entry<Id>) {
        match entry {
            Entry::Reserve { id, worst } => {
                // Two calls of one name: both count.
                let before = self.open.insert(id, worst);
                self.settled += before.unwrap_or_default();
            }
            Entry::Settle { id, cost } => {
                self.open.remove(&id);
                self.settled += cost;
            }
        }
    }

    /// What is settled.
    #[must_use]
    pub fn settled(&self) -> Money {
        self.settled
    }

    /// What is reserved for calls whose end is not known.
    #[must_use]
    pub fn reserved(&self) -> Money {
        self.open.values().copied().sum()
    }

    /// What was spent at most.
    #[must_use]
    pub fn spent(&self) -> Money {
        self.settled + self.reserved()
    }

    /// What is reserved for a call whose end is not known.
    #[must_use]
    pub fn reserved_for(&self, id: &Id) -> Option<Money> {
        self.open.get(id).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reservation_counts_until_it_is_settled() {
        let dollars = |dollars| Money::of_dollars(dollars).unwrap();
        let mut account = Account::default();
        for (entry, settled, reserved) in [
            (Entry::Reserve { id: "a", worst: dollars(3.0) }, 0.0, 3.0),
            (Entry::Reserve { id: "b", worst: dollars(2.0) }, 0.0, 5.0),
            (Entry::Settle { id: "a", cost: dollars(1.0) }, 1.0, 2.0),
            // Never reserved, but billed.
            (Entry::Settle { id: "c", cost: dollars(0.5) }, 1.5, 2.0),
            // The same name twice hides nothing.
            (Entry::Reserve { id: "b", worst: dollars(4.0) }, 3.5, 4.0),
        ] {
            account.add(entry);
            assert_eq!(
                (account.settled(), account.reserved()),
                (dollars(settled), dollars(reserved))
            );
        }
        assert_eq!(account.spent(), dollars(7.5));
        assert_eq!(account.reserved_for(&"b"), Some(dollars(4.0)));
        assert_eq!(account.reserved_for(&"a"), None);
    }
}
