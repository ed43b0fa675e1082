//! The order in which a call is paid for: what is written where, and when.
//!
//! See the [module](super) for why this order keeps to every cap.

use super::{Entry, Money};

/// A call that is being paid for.
#[derive(Clone, Debug)]
pub struct Payment<Id> {
    id: Id,
    worst: Money,
    at: At,
}

#[derive(Clone, Copy, Debug)]
enum At {
    ReserveInLedger,
    ReserveInJournal,
    Call,
    SettleInJournal(Money),
    SettleInLedger(Money),
    Done,
}

/// What comes next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next<Id> {
    /// This entry goes to the user's ledger. A reservation only if the month's
    /// cap allows it, and durably.
    Ledger(Entry<Id>),
    /// This entry goes to the project's journal; a reservation durably.
    Journal(Entry<Id>),
    /// The call is made.
    Call,
    /// Nothing.
    Nothing,
}

impl<Id: Clone> Payment<Id> {
    /// A call that can cost this much, and for which the book's and the run's
    /// caps have room.
    #[must_use]
    pub fn reserved(id: Id, worst: Money) -> Self {
        Self { id, worst, at: At::ReserveInLedger }
    }

    /// A call for which nothing is reserved, since it costs nothing, or nobody
    /// knows what.
    #[must_use]
    pub fn unreserved(id: Id) -> Self {
        Self { id, worst: Money::ZERO, at: At::Call }
    }

    /// A call that was reserved for by a run that was killed, and of which now is
    /// known what it cost.
    #[must_use]
    pub fn ended(id: Id, worst: Money, cost: Money) -> Self {
        Self { id, worst, at: At::SettleInJournal(cost) }
    }

    /// The most that the call can cost.
    #[must_use]
    pub fn worst(&self) -> Money {
        self.worst
    }

    /// What comes next.
    #[must_use]
    pub fn next(&self) -> Next<Id> {
        let id = self.id.clone();
        match self.at {
            At::ReserveInLedger => Next::Ledger(Entry::Reserve { id, worst: self.worst }),
            At::ReserveInJournal => Next::Journal(Entry::Reserve { id, worst: self.worst }),
            At::Call => Next::Call,
            At::SettleInJournal(cost) => Next::Journal(Entry::Settle { id, cost }),
            At::SettleInLedger(cost) => Next::Ledger(Entry::Settle { id, cost }),
            At::Done => Next::Nothing,
        }
    }

    /// The entry that came next stands.
    pub fn written(&mut self) {
        self.at = match self.at {
            At::ReserveInLedger => At::ReserveInJournal,
            At::ReserveInJournal => At::Call,
            At::SettleInJournal(cost) => At::SettleInLedger(cost),
            At::SettleInLedger(_) => At::Done,
            at @ (At::Call | At::Done) => at,
        };
    }

    /// The call has ended, and cost this much at most.
    pub fn billed(&mut self, cost: Money) {
        if matches!(self.at, At::Call) {
            self.at = At::SettleInJournal(cost);
        }
    }
}
