//! How often a call is sent, and to whom: noted while it runs, for a kill can come
//! before its end.

use super::Purse;
use crate::money::Money;
use crate::project::journal::{CallNote, Sent};
use crate::provider::{Bill, Ear};

/// An ear that hands on what it hears, and has the purse note what is sent.
pub(super) struct Sending<'a> {
    ear: &'a mut dyn Ear,
    purse: &'a Purse<'a>,
    call: &'a CallNote,
    sent: Vec<Sent>,
    /// The model that is asked now.
    asked: String,
}

impl<'a> Sending<'a> {
    /// Of a call that is not sent yet.
    pub fn of(call: &'a CallNote, purse: &'a Purse<'a>, ear: &'a mut dyn Ear) -> Self {
        Self { ear, purse, call, sent: Vec::new(), asked: call.model.clone() }
    }

    /// One more try of the model that is asked now.
    fn count(&mut self) {
        match self.sent.last_mut().filter(|last| last.model == self.asked) {
            Some(last) => last.tries += 1,
            None => self.sent.push(Sent { model: self.asked.clone(), tries: 1 }),
        }
    }

    /// Whether it is what its reservation says anyway: one try of its model.
    fn is_plain(&self) -> bool {
        matches!(&self.sent[..], [only] if only.tries == 1 && only.model == self.call.model)
    }
}

impl Ear for Sending<'_> {
    fn text(&mut self, piece: &str) {
        self.ear.text(piece);
    }

    fn piece(&mut self) {
        self.ear.piece();
    }

    fn asks(&mut self, model: &str) {
        model.clone_into(&mut self.asked);
        self.ear.asks(model);
    }

    fn answers(&mut self, model: &str) {
        self.ear.answers(model);
    }

    fn sending(&mut self) {
        self.count();
        if !self.is_plain() {
            self.purse.sent(self.call, &self.sent);
        }
        self.ear.sending();
    }

    fn billed(&mut self, bill: Bill) {
        self.ear.billed(bill);
    }

    fn may_cost(&mut self, most: Money) {
        self.ear.may_cost(most);
    }
}
