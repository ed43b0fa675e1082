//! What is written of a call: in the project's journal, and in the user's ledger.

use anyhow::Result;

use super::{Allowance, Ticket};
use crate::ledger::Ledger;
use crate::money::{Caps, Limit, Money, Next, Payment, Reached, Standing};
use crate::project::accounts::Accounts;
use crate::project::journal::{CallNote, Ended, Event, Sent};
use crate::project::pen::Pen;
use crate::provider::{Reckoning, Tally};

/// The ledger, and what the journal says by now.
#[derive(Debug)]
pub(super) struct Books {
    /// None for a run that asks nobody.
    pub ledger: Option<Ledger>,
    pub accounts: Accounts,
}

impl Books {
    /// What stands against each cap at `at`.
    pub fn standings(&mut self, at: u64, allowance: &Allowance) -> Result<[Standing; 3]> {
        let book = &self.accounts.book;
        let book = (Limit::Book, book.settled(), book.reserved());
        let month = match &mut self.ledger {
            Some(ledger) => ledger.spent(at)?,
            None => (Money::ZERO, Money::ZERO),
        };
        Ok([
            (Limit::Run, allowance.settled(), allowance.reserved()),
            book,
            (Limit::Month, month.0, month.1),
        ]
        .map(|(limit, settled, reserved)| Standing { limit, settled, reserved }))
    }

    /// The month's cap, where that has no room for a call made at `at`.
    pub fn month_reached(&mut self, at: u64, worst: Money, caps: &Caps) -> Result<Option<Reached>> {
        match &mut self.ledger {
            Some(ledger) if caps.on(Limit::Month).is_some() => ledger.reached(at, worst, caps),
            _ => Ok(None),
        }
    }

    /// Writes all that has to stand before a call is made; or nothing, and gives
    /// the month's cap, where that has no room.
    pub fn reserve(
        &mut self,
        pen: &Pen<'_>,
        ticket: &mut Ticket,
        tries: u32,
        caps: &Caps,
    ) -> Result<Option<Reached>> {
        let Ticket { note, at, each, payment, .. } = ticket;
        loop {
            match payment.next() {
                Next::Ledger(_) => {
                    let worst = payment.worst();
                    let reached = match &mut self.ledger {
                        Some(ledger) => ledger.reserve(*at, &note.id, worst, caps)?,
                        None => None,
                    };
                    if reached.is_some() {
                        return Ok(reached);
                    }
                }
                Next::Journal(_) => {
                    // From here on it counts, whatever becomes of the writing.
                    self.accounts.reserve(*at, note.clone(), tries, *each);
                    let event = Event::Reserved { call: note.clone(), tries, each: *each };
                    if let Err(error) = pen.note(vec![event]) {
                        // Nothing is sent, so the month is not to pay for it.
                        if let Some(ledger) = &mut self.ledger {
                            let _ = ledger.settle(*at, &note.id, Money::ZERO);
                        }
                        return Err(error);
                    }
                }
                Next::Call | Next::Nothing => return Ok(None),
            }
            payment.written();
        }
    }

    /// Notes to whom a call was sent so far, if it was reserved for.
    pub fn sent(&mut self, pen: &Pen<'_>, id: &str, sent: &[Sent]) {
        if self.accounts.open(id).is_none() {
            return;
        }
        self.accounts.sent(id, sent.to_vec());
        // What is reserved counts whatever becomes of this line, and a disk that is full
        // is told of where the call's end cannot be noted.
        let _ = pen.jot(vec![Event::Sent { id: id.to_owned(), sent: sent.to_vec() }]);
    }

    /// Writes all that is to stand after a call that was made at `at`.
    pub fn settle(
        &mut self,
        pen: &Pen<'_>,
        payment: &mut Payment<String>,
        at: u64,
        called: Event,
    ) -> Result<()> {
        let Event::Called { call, took, .. } = &called else { return Ok(()) };
        let total = took.total();
        let (id, cost) = (call.id.clone(), total.most());
        self.accounts.settle(call, &total);
        let is_reserved = payment.worst() > Money::ZERO;
        let mut called = Some(called);
        loop {
            match payment.next() {
                Next::Journal(_) => pen.jot(called.take().into_iter().collect())?,
                // What costs nothing is no matter of the ledger.
                Next::Ledger(_) => {
                    let ledger = self.ledger.as_mut();
                    if let Some(ledger) = ledger.filter(|_| is_reserved || cost > Money::ZERO) {
                        ledger.settle(at, &id, cost)?;
                    }
                }
                Next::Call | Next::Nothing => return Ok(()),
            }
            payment.written();
        }
    }

    /// Notes a call of an earlier run that was killed before it could.
    pub fn late(
        &mut self,
        pen: &Pen<'_>,
        call: CallNote,
        ended: Ended,
        answered: Option<String>,
        took: Option<Reckoning>,
    ) -> Result<()> {
        let open = self.accounts.open(&call.id).map(|open| (open.at, open.tally.most()));
        // A reservation stands for a call of which nothing more is known.
        if self.accounts.is_noted(&call.id) || open.is_some() && took.is_none() {
            return Ok(());
        }
        let took = took.unwrap_or_else(|| Tally::unknown(1, Money::ZERO).into());
        let total = took.total();
        let id = call.id.clone();
        let called = Event::Called { call, ended, answered, took };
        if let Some((at, worst)) = open {
            let mut payment = Payment::ended(id, worst, total.most());
            return self.settle(pen, &mut payment, at, called);
        }
        // What was paid for elsewhere, or by an older version, is the book's
        // cost, but none of this month.
        if let Event::Called { call, .. } = &called {
            self.accounts.settle(call, &total);
        }
        pen.jot(vec![called])
    }
}
