//! What a project has asked of models, as its journal tells: the account of the
//! book, and which calls are noted.

use std::collections::{BTreeMap, HashSet};

use super::call_note::{CallNote, Ended};
use super::journal::{Entry, Event};
use crate::money::{Account, Entry as Amount, Money};
use crate::provider::{Reckoning, Tally, Total};

/// The calls of a project.
#[derive(Clone, Debug, Default)]
pub struct Accounts {
    /// What the book has cost.
    pub book: Account<String>,
    /// What of that is the worst case of requests without figures.
    pub unsure: Money,
    /// The calls whose end is noted, by id.
    noted: HashSet<String>,
    /// Calls that were reserved for and whose end is not known, by id.
    open: BTreeMap<String, Open>,
}

/// A call that was reserved for and whose end is not known.
#[derive(Clone, Debug)]
pub struct Open {
    /// When it was reserved for.
    pub at: u64,
    /// The call.
    pub call: CallNote,
    /// What it may have cost.
    pub tally: Tally,
}

impl Accounts {
    /// Takes in what an entry says of calls.
    pub fn take(&mut self, entry: &Entry) {
        match &entry.event {
            Event::Reserved { call, tries, each } => {
                self.reserve(entry.at, call.clone(), *tries, *each);
            }
            Event::Called { call, took, .. } => self.settle(call, &took.total()),
            _ => {}
        }
    }

    /// A call is about to be made.
    pub fn reserve(&mut self, at: u64, call: CallNote, tries: u32, each: Money) {
        let worst = each.times(u64::from(tries));
        self.book.add(Amount::Reserve { id: call.id.clone(), worst });
        // How often it was sent by then nobody knows: once, most likely.
        let tally = Tally::unknown(1, worst);
        self.open.insert(call.id.clone(), Open { at, call, tally });
    }

    /// A call has ended.
    pub fn settle(&mut self, call: &CallNote, total: &Total) {
        self.open.remove(&call.id);
        self.unsure += total.worst_unsaid;
        self.book.add(Amount::Settle { id: call.id.clone(), cost: total.most() });
        self.noted.insert(call.id.clone());
    }

    /// Whether the end of a call is noted.
    #[must_use]
    pub fn is_noted(&self, id: &str) -> bool {
        self.noted.contains(id)
    }

    /// A call that was reserved for, if its end is not known.
    #[must_use]
    pub fn open(&self, id: &str) -> Option<&Open> {
        self.open.get(id)
    }
}

/// A call as a table shows it.
#[derive(Clone, Debug)]
pub struct Call {
    /// When its end was noted, or else when it began.
    pub at: u64,
    /// The call.
    pub note: CallNote,
    /// How it ended.
    pub ended: Ended,
    /// The model that answered.
    pub answered: Option<String>,
    /// What it was billed.
    pub took: Reckoning,
}

/// Every call of a journal, oldest first. One that was reserved for and never
/// noted was under way when the program was killed.
#[must_use]
pub fn calls(entries: &[Entry]) -> Vec<Call> {
    let mut accounts = Accounts::default();
    let mut calls = Vec::new();
    for entry in entries {
        accounts.take(entry);
        if let Event::Called { call, ended, answered, took } = &entry.event {
            calls.push(Call {
                at: entry.at,
                note: call.clone(),
                ended: *ended,
                answered: answered.clone(),
                took: took.clone(),
            });
        }
    }
    let killed = accounts.open.into_values().map(|open| Call {
        at: open.at,
        note: open.call,
        ended: Ended::Killed,
        answered: None,
        took: open.tally.into(),
    });
    calls.extend(killed);
    calls.sort_by_key(|call| call.at);
    calls
}
