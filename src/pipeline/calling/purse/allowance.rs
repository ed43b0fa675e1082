//! What one command has spent, over all books that it drafts.
//!
//! Books that are drafted at the same time reserve from one account, so the
//! run's cap holds for all of them together. A call for which there is no room
//! only because others may still cost their most waits for one of these to end;
//! most calls end far below that.

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use super::Floor;
use crate::failure::Failure;
use crate::money::{Account, Caps, Entry, Limit, Money, Reached};

/// What is said of each book when there is not enough for all of them.
pub const TOGETHER: &str = "not begun: the budget is too low for all books together";

/// What a command's purses share; a clone is the same.
#[derive(Clone, Debug, Default)]
pub struct Allowance(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    spent: Mutex<Spent>,
    /// Told whenever a call has ended.
    ended: Notify,
}

#[derive(Debug, Default)]
struct Spent {
    account: Account<u64>,
    /// How many calls were reserved for: each has a number of its own.
    reserved: u64,
    /// What all that the command is to do needs.
    floor: Option<Floor>,
    /// Why it was not begun, where that was too much.
    refused: Option<Failure>,
}

/// The most that a call can cost, set aside. One that is dropped unsettled counts
/// in full: nobody knows what the call has cost.
#[derive(Debug)]
pub(super) struct Share {
    of: Allowance,
    number: u64,
    worst: Money,
}

/// There is no room for a call.
#[derive(Clone, Copy, Debug)]
pub(super) struct NoRoom {
    /// The cap.
    pub reached: Reached,
    /// There may be, once a call that is under way has ended.
    pub is_for_now: bool,
}

impl Allowance {
    /// Refuses the first call that has to be paid for when there is not even enough
    /// for all that the command is to do, which needs this much.
    pub fn with_floor(&self, floor: Floor) {
        self.lock().floor = Some(floor);
    }

    /// What all that the command is to do needs, as long as nobody has looked
    /// whether there is enough.
    pub(super) fn floor(&self) -> Option<Floor> {
        self.lock().floor
    }

    /// There is enough, or nobody can tell: from here on each call is judged by itself.
    pub(super) fn has_room(&self) {
        self.lock().floor = None;
    }

    /// What becomes of each book when there is not enough for all of them; why, is
    /// remembered once.
    pub(super) fn refuse(&self, why: Failure) -> Failure {
        let hints = why.hints.clone();
        let refused = Failure { hints, ..Failure::new(why.exit, TOGETHER) };
        self.lock().refused.get_or_insert(why);
        refused
    }

    /// Why nothing was begun, where there was not enough for all that the command is
    /// to do; told once.
    #[must_use]
    pub fn refused(&self) -> Option<Failure> {
        self.lock().refused.take()
    }

    /// What was spent at most.
    #[must_use]
    pub fn spent(&self) -> Money {
        self.lock().account.spent()
    }

    /// What the calls that have ended cost at most.
    pub(super) fn settled(&self) -> Money {
        self.lock().account.settled()
    }

    /// What is set aside for calls that have not ended; all hear of their ends.
    pub(super) fn reserved(&self) -> Money {
        self.lock().account.reserved()
    }

    /// Sets aside the most that a call can cost, if the run's cap has room.
    pub(super) fn reserve(&self, worst: Money, caps: &Caps) -> Result<Share, NoRoom> {
        let mut spent = self.lock();
        if let Err(reached) = caps.hold(Limit::Run, &spent.account, worst) {
            return Err(NoRoom { reached, is_for_now: reached.has_room_without(reached.reserved) });
        }
        spent.reserved += 1;
        let number = spent.reserved;
        spent.account.add(Entry::Reserve { id: number, worst });
        Ok(Share { of: self.clone(), number, worst })
    }

    /// Counts what a call has cost for which nothing was set aside.
    pub(super) fn billed(&self, cost: Money) {
        let mut spent = self.lock();
        spent.reserved += 1;
        let id = spent.reserved;
        spent.account.add(Entry::Settle { id, cost });
    }

    /// Comes when a call ends after this was asked for.
    pub(super) fn next_end(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        let mut ended = Box::pin(self.0.ended.notified());
        ended.as_mut().enable();
        ended
    }

    fn lock(&self) -> MutexGuard<'_, Spent> {
        self.0.spent.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Share {
    /// The call has ended, and cost this much at most.
    pub fn settle(mut self, cost: Money) {
        self.worst = cost;
    }

    /// The call is not made.
    pub fn release(self) {
        self.settle(Money::ZERO);
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.of.lock().account.add(Entry::Settle { id: self.number, cost: self.worst });
        self.of.0.ended.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dollars(dollars: u32) -> Money {
        Money::of_dollars(dollars.into()).unwrap()
    }

    #[test]
    fn clones_share_one_cap() {
        let caps = Caps { run: Some(dollars(10)), ..Caps::default() };
        let (one, other) = (Allowance::default(), Allowance::default());
        let twin = one.clone();
        let first = one.reserve(dollars(6), &caps).unwrap();
        // It may turn out to be cheap, so this one may wait for it.
        let no = twin.reserve(dollars(6), &caps).unwrap_err();
        assert!(no.is_for_now && no.reached.left() == dollars(4));
        // This one need not wait.
        assert!(!twin.reserve(dollars(11), &caps).unwrap_err().is_for_now);
        assert!(other.reserve(dollars(6), &caps).is_ok());
        first.settle(dollars(1));
        let second = twin.reserve(dollars(9), &caps).unwrap();
        // What nobody settles counts in full.
        drop(second);
        assert_eq!(one.spent(), dollars(10));
        assert!(!one.reserve(dollars(1), &caps).unwrap_err().is_for_now);
    }

    #[test]
    fn a_call_that_is_not_made_costs_nothing_and_others_hear_of_it() {
        let caps = Caps { run: Some(dollars(10)), ..Caps::default() };
        let one = Allowance::default();
        let share = one.reserve(dollars(10), &caps).unwrap();
        let ended = one.next_end();
        share.release();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(ended);
        assert_eq!(one.spent(), Money::ZERO);
        one.billed(dollars(3));
        assert_eq!(one.spent(), dollars(3));
    }
}
