//! Paying for calls: each is noted in the project's journal, and one that costs
//! something is reserved for, in the journal and in the user's ledger, before it
//! is made. Why no cap is passed stands in [`crate::money`].

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use anyhow::Result;

use crate::failure::Failure;
use crate::ledger::Ledger;
use crate::money::{Caps, Limit, Money, Payment, Price, Reached, Standing, Verdict, may_ask};
use crate::project::accounts::Accounts;
use crate::project::calls::State::Whole;
use crate::project::calls::{self, Found, Kept};
use crate::project::journal::{CallNote, Ended, Event, Sent, Stage};
use crate::project::pen::Pen;
use crate::provider::{Facts, Reckoning};

mod allowance;
mod books;
mod refusal;
mod used;

use allowance::Share;
use books::Books;

pub use allowance::{Allowance, TOGETHER};
pub(super) use refusal::damaged;
pub use refusal::{Floor, no_room, too_little, unknown_price};
pub use used::Used;

/// What calls are paid from, and noted in.
///
/// By default there is none: only calls that cost nothing are made, and none is
/// noted.
#[derive(Debug, Default)]
pub struct Purse<'a> {
    terms: Terms,
    is_offline: bool,
    pen: Option<Pen<'a>>,
    /// What the command has cost, with whatever else it drafts.
    allowance: Allowance,
    state: Mutex<State>,
}

/// What the user allows.
#[derive(Clone, Copy, Debug, Default)]
pub struct Terms {
    /// The most that may be spent.
    pub caps: Caps,
    /// Whether a model may be asked of which nobody knows what it costs.
    pub unknown_is_allowed: bool,
}

#[derive(Debug, Default)]
struct State {
    books: Option<Books>,
    /// How many calls this run has made.
    made: u64,
    used: Used,
    /// What all that is still to be done needs.
    floor: Option<Floor>,
    /// The most that a call was billed beyond what it could cost, by the name under
    /// which it was asked: a price of nothing may be wrong, too.
    surprises: BTreeMap<String, Money>,
    /// The file of the last reply that was found, where that stops in the reply.
    cut: Option<String>,
}

/// A call that may be made.
#[derive(Debug)]
pub(super) struct Ticket {
    pub note: CallNote,
    /// When it is made, in seconds since 1970.
    pub at: u64,
    /// What a token costs, where that is known.
    pub price: Option<Price>,
    /// The most that one try can cost.
    pub each: Money,
    /// The name under which its provider is asked, whoever of a chain answers.
    line: String,
    payment: Payment<String>,
    /// What of the run's budget is set aside for it.
    share: Option<Share>,
}

/// What was billed though it was more than a call could cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Overbilled {
    /// The most that it could cost.
    pub worst: Money,
    /// What it was billed.
    pub cost: Money,
}

impl<'a> Purse<'a> {
    /// A purse that pays by these terms, and notes each call.
    #[must_use]
    pub fn new(pen: Pen<'a>, ledger: Ledger, accounts: Accounts, terms: Terms) -> Self {
        let purse = Self::of(pen, Books { ledger: Some(ledger), accounts });
        Self { terms, ..purse }
    }

    /// A purse of a run that asks nobody; calls that are found are noted.
    #[must_use]
    pub fn offline(pen: Pen<'a>, accounts: Accounts) -> Self {
        Self { is_offline: true, ..Self::of(pen, Books { ledger: None, accounts }) }
    }

    fn of(pen: Pen<'a>, books: Books) -> Self {
        let state = Mutex::new(State { books: Some(books), ..State::default() });
        Self { pen: Some(pen), state, ..Self::default() }
    }

    /// The same purse; what the run may cost, it shares with all purses of this
    /// allowance.
    #[must_use]
    pub fn of_allowance(self, allowance: Allowance) -> Self {
        Self { allowance, ..self }
    }

    /// The same purse; it refuses the first call that has to be paid for when
    /// there is not even enough for what is still to be done, which needs this
    /// much. Of what turns out to be kept nobody can tell what it
    /// leaves to be paid for, so then each call is judged by itself.
    #[must_use]
    pub fn with_floor(self, floor: Floor) -> Self {
        self.state().floor = Some(floor);
        self
    }

    /// Whether only replies that are kept count, and nobody is asked.
    #[must_use]
    pub fn is_offline(&self) -> bool {
        self.is_offline
    }

    /// The calls that were asked, or found, since this was last called.
    #[must_use]
    pub fn used(&self) -> Used {
        std::mem::take(&mut self.state().used)
    }

    /// What the journal says of calls by now.
    #[must_use]
    pub fn accounts(&self) -> Accounts {
        self.state().books.as_ref().map(|books| books.accounts.clone()).unwrap_or_default()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A reply was found that is kept: it is noted where a kill came before that.
    pub(super) fn found(&self, note: &CallNote, found: &Found) -> Result<()> {
        let mut state = self.state();
        state.used.add(&note.digest, &found.took.clone().unwrap_or_default());
        state.cut = (found.state != Whole).then(|| calls::path(&note.digest));
        state.floor = None;
        self.allowance.has_room();
        let id = found.id.clone().unwrap_or_else(|| note.digest.clone());
        let ended = match found.took {
            Some(_) => found.kept.ending.into(),
            None => Ended::Killed,
        };
        // Whoever stood in then is who it was asked of.
        let model = found.kept.asked.clone().unwrap_or_else(|| note.model.clone());
        let note = CallNote { id, model, ..note.clone() };
        let answered = found.kept.answered.clone();
        match (&mut state.books, &self.pen) {
            (Some(books), Some(pen)) => books.late(pen, note, ended, answered, found.took.clone()),
            _ => Ok(()),
        }
    }

    /// Why a reply that is not kept ends a run that asks nobody; `otherwise` is what
    /// the nearest kept call asked otherwise, where there is one.
    pub(super) fn not_kept(
        &self,
        about: &str,
        note: &CallNote,
        otherwise: Option<Vec<String>>,
    ) -> Failure {
        let cut = self.state().cut.take().filter(|_| note.stage == Stage::Continue);
        refusal::not_kept(about, note, otherwise, cut.as_deref())
    }

    /// A call was found that brought no reply of use.
    pub(super) fn lost(&self, note: Option<CallNote>) -> Result<()> {
        match (self.state().books.as_mut(), &self.pen, note) {
            (Some(books), Some(pen), Some(note)) => {
                books.late(pen, note, Ended::Killed, None, None)
            }
            _ => Ok(()),
        }
    }

    /// The end of a call of the same allowance: there may be room then.
    pub(super) fn next_end(&self) -> impl Future<Output = ()> + Send {
        self.allowance.next_end()
    }

    /// Reserves for a call that is about to be sent, if it can cost anything; none where
    /// other calls of the same allowance may leave room for it.
    ///
    /// # Errors
    ///
    /// When it may not be made, or what is to be noted cannot be written.
    pub(super) fn reserve(&self, note: CallNote, facts: &Facts) -> Result<Option<Ticket>> {
        let Terms { caps, unknown_is_allowed } = &self.terms;
        let mut state = self.state();
        state.made += 1;
        let mut ticket = self.ticket(note, state.made, facts.price);
        let verdict = may_ask(facts.price, facts.is_local, caps.any(), *unknown_is_allowed);
        let State { books, floor, surprises, .. } = &mut *state;
        if let Verdict::Reserve(price) = verdict {
            ticket.each = price.worst(ticket.note.prompt, ticket.note.reply);
        }
        // What was billed once more than it could cost may be so again.
        if let Some(surprise) = surprises.get(&ticket.line).filter(|_| caps.any()) {
            let share = surprise.pico().div_ceil(u64::from(facts.tries.max(1)));
            ticket.each = ticket.each.max(Money::of_pico(share));
        }
        let is_free = ticket.each == Money::ZERO;
        match (verdict, books.as_mut().zip(self.pen.as_ref())) {
            (Verdict::Free, _) | (Verdict::Unpriced, Some(_)) if is_free => Ok(Some(ticket)),
            (Verdict::Refuse, _) => Err(refusal::unknown_price(facts, caps.any()).into()),
            (_, None) => Err(refusal::unpaid(facts).into()),
            (_, Some((books, pen))) => {
                let worst = ticket.each.times(u64::from(facts.tries));
                if let Some(floor) = floor.take() {
                    self.may_begin(books.standings(ticket.at, &self.allowance)?, floor)?;
                }
                caps.hold(Limit::Book, &books.accounts.book, worst)
                    .map_err(|reached| refusal::reached(&reached, &ticket.note))?;
                // What this command's other calls leave of a month may be enough.
                let is_for_now =
                    |reached: &Reached| reached.has_room_without(self.allowance.reserved());
                match books.month_reached(ticket.at, worst, caps)? {
                    Some(reached) if is_for_now(&reached) => return Ok(None),
                    Some(reached) => return Err(refusal::reached(&reached, &ticket.note).into()),
                    None => {}
                }
                let share = match self.allowance.reserve(worst, caps) {
                    Ok(share) => share,
                    Err(no) if no.is_for_now => return Ok(None),
                    Err(no) => return Err(refusal::reached(&no.reached, &ticket.note).into()),
                };
                ticket.payment = Payment::reserved(ticket.note.id.clone(), worst);
                if let Some(reached) = books.reserve(pen, &mut ticket, facts.tries, caps)? {
                    share.release();
                    if is_for_now(&reached) {
                        return Ok(None);
                    }
                    return Err(refusal::reached(&reached, &ticket.note).into());
                }
                ticket.share = Some(share);
                Ok(Some(ticket))
            }
        }
    }

    /// Whether there is enough for all that is to be done: first what a book may cost,
    /// which is its own affair; then what it shares.
    fn may_begin(&self, standings: [Standing; 3], floor: Floor) -> Result<(), Failure> {
        let caps = &self.terms.caps;
        let (own, shared): (Vec<_>, Vec<_>) =
            standings.into_iter().partition(|one| one.limit == Limit::Book);
        too_little(caps, &own, floor)?;
        if let Some(all) = self.allowance.floor() {
            too_little(caps, &shared, all).map_err(|why| self.allowance.refuse(why))?;
            self.allowance.has_room();
        }
        too_little(caps, &shared, floor)
    }

    /// A call that is under way is sent again, or to another model: this is what it was
    /// sent to so far.
    pub(super) fn sent(&self, call: &CallNote, sent: &[Sent]) {
        let mut state = self.state();
        if let Some((books, pen)) = state.books.as_mut().zip(self.pen.as_ref()) {
            books.sent(pen, &call.id, sent);
        }
    }

    /// A call is over: it is noted, and settled if it was reserved for. Tells
    /// when it was billed more than it could cost.
    ///
    /// # Errors
    ///
    /// When it cannot be noted.
    pub(super) fn settle(
        &self,
        ticket: Ticket,
        kept: Option<&Kept>,
        is_cancelled: bool,
        took: Reckoning,
    ) -> Result<Option<Overbilled>> {
        let mut state = self.state();
        let Ticket { note, at, price, line, mut payment, share, .. } = ticket;
        if kept.is_some() {
            state.used.add(&note.digest, &took);
        }
        let (worst, cost) = (payment.worst(), took.total().most());
        payment.billed(cost);
        if cost > worst {
            let most = state.surprises.entry(line).or_default();
            *most = cost.max(*most);
        }
        let ended = match kept {
            Some(kept) => kept.ending.into(),
            None if is_cancelled => Ended::Cancelled,
            None => Ended::Failed,
        };
        let answered = kept.and_then(|kept| kept.answered.clone());
        if let Some((books, pen)) = state.books.as_mut().zip(self.pen.as_ref()) {
            let event = Event::Called { call: note, ended, answered, took };
            books.settle(pen, &mut payment, at, event)?;
        }
        // Last: until both files say so, nobody else gets what is left of it.
        match share {
            Some(share) => share.settle(cost),
            None => self.allowance.billed(cost),
        }
        Ok((price.is_some() && cost > worst).then_some(Overbilled { worst, cost }))
    }

    /// A ticket for a call that costs nothing yet, with an id of its own.
    fn ticket(&self, mut note: CallNote, number: u64, price: Option<Price>) -> Ticket {
        let (at, run) = self.pen.as_ref().map_or((0, 0), |pen| (pen.now(), pen.run()));
        note.id = format!("{at}-{run}-{number}");
        let payment = Payment::unreserved(note.id.clone());
        let line = note.model.clone();
        Ticket { note, at, price, each: Money::ZERO, line, payment, share: None }
    }
}
